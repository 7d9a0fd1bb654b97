"""`Accounts`: who works here, as `Matcher.accounts` gives it. Every method is one use case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matcher.accounts.rights import Acting
from matcher.domain.people import ApiKey, Language, Person
from matcher.interchange.cells import one_of
from matcher.services import accounts, signing_in
from matcher.services.accounts import NewKey, NewPerson
from matcher.services.context import Context


class Accounts:
    """Accounts of one home. `acting` is who is signed in; accounts are named by what is typed to sign in."""

    def __init__(self, context: Context) -> None:
        self._context = context

    # Signing in

    def sign_in(self, name: str, password: str, address: str) -> tuple[str, Acting]:
        """Begin a session and give its token, which is kept nowhere; `NotSignedIn`, or `TooMany` while one must wait.

        `address` is where the attempt comes from, such as an IP address.
        """
        return signing_in.sign_in(self._context, name, password, address)

    def acting(self, token: str) -> Acting:
        """Who holds a session's token or a key; `NotSignedIn` if it is not valid, or not any more."""
        return signing_in.acting(self._context, token)

    def sign_out(self, token: str) -> None:
        """End a session; one that has ended already is no error."""
        signing_in.sign_out(self._context, token)

    # Accounts

    def add(self, acting: Acting | None, new: NewPerson, *, local_actor: str | None = None) -> Person:
        """Add an account; while there is no active administrator, `local_actor` may add one without a sign-in."""
        return accounts.add_person(self._context, acting, new, local_actor=local_actor)

    def list(self, acting: Acting) -> Sequence[Person]:
        """All accounts by name, those that ended among them."""
        return accounts.people(self._context, acting)

    def change(self, acting: Acting, name: str, **changes: Any) -> Person:
        """Change `roles`, `shown_name`, `email`, `trained` or `active`; `Conflict` for the last admin."""
        return accounts.change_person(self._context, acting, name, **changes)

    def set_password(self, acting: Acting, name: str, password: str, *, old: str | None = None) -> None:
        """Give an account another password and end its sessions; one's own takes the old one."""
        accounts.set_password(self._context, acting, name, password, old=old)

    def unblock(self, acting: Acting, name: str) -> None:
        """Let an account sign in at once, after failed attempts of its owner or of others."""
        accounts.unblock(self._context, acting, name)

    def set_language(self, acting: Acting, language: Language | str | None) -> None:
        """Choose the language in which one reads; `None`: as the browser asks."""
        wanted = None if language is None else one_of(Language)(language)
        accounts.set_language(self._context, acting, wanted)

    # Keys

    def add_key(self, acting: Acting, new: NewKey) -> tuple[str, ApiKey]:
        """Make a key for an account: its text, which is shown this once, and its record."""
        return accounts.add_key(self._context, acting, new)

    def keys(self, acting: Acting, name: str) -> Sequence[ApiKey]:
        """All keys of an account, newest first."""
        return accounts.keys(self._context, acting, name)

    def revoke_key(self, acting: Acting, key: str) -> None:
        """End a key by its shown id, at once."""
        accounts.revoke_key(self._context, acting, key)
