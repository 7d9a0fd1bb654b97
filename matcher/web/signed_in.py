"""Somebody who is signed in, with a browser or with a program, and the parts of the program that they work with."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.accounts.rights import Acting
from matcher.services.casework import Casework
from matcher.services.consents import Consents
from matcher.services.context import Context
from matcher.services.desk import Desk
from matcher.services.public_side import PublicSide
from matcher.services.staff import Accounts


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A request of somebody who is signed in and may make it; `token` is that of the session, or a key."""

    context: Context
    acting: Acting
    token: str

    @property
    def desk(self) -> Desk:
        """The reviewers' work."""
        return Desk(self.context)

    @property
    def casework(self) -> Casework:
        """Cases, sightings and searches."""
        return Casework(self.context)

    @property
    def consents(self) -> Consents:
        """Who allows what for a case."""
        return Consents(self.context)

    @property
    def public(self) -> PublicSide:
        """What the public sees and reports."""
        return PublicSide(self.context)

    @property
    def accounts(self) -> Accounts:
        """Who works here."""
        return Accounts(self.context)
