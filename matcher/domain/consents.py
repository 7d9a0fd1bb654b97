"""Who allowed what to be done with a child's face and story, and what they took back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType

from matcher.domain.cases import LegalBasis
from matcher.domain.ids import CaseId
from matcher.errors import WrongUse

ConsentId = NewType("ConsentId", int)

# Below this age a guardian decides (China's Personal Information Protection Law, Art. 31).
GUARDED_UNTIL = 14


class Giver(str, Enum):
    """In what office somebody allows something."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    POLICE = "police"
    COURT = "court"
    OTHER = "other"

    @property
    def guards(self) -> bool:
        """Whether this is who decides for a child under 14."""
        return self in {Giver.PARENT, Giver.GUARDIAN}


class Scope(str, Enum):
    """What is allowed."""

    SEARCH = "search"  # to look for the child's face in photos of sightings
    PUBLICATION = "publication"  # to show photo and story outside
    ALERTS = "alerts"  # to call on the public to look out


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent for a case. `name` and `relationship` can be erased; `document` says where the paper lies."""

    id: ConsentId
    case_id: CaseId
    giver: Giver
    name: str | None = None
    relationship: str | None = None
    scopes: tuple[Scope, ...]
    given_at: datetime
    document: str | None = None
    recorded_by: str
    recorded_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None

    def __post_init__(self) -> None:
        if not self.scopes:
            raise WrongUse(f"What is allowed? A consent names at least one of {', '.join(Scope)}.")

    def allows(self, scope: Scope) -> bool:
        """Whether this consent holds for a scope now."""
        return self.withdrawn_at is None and scope in self.scopes


# What allows a search whatever a family says; without one of these a consent is all there is.
_STAND_ALONE = {
    LegalBasis.POLICE_ORDER,
    LegalBasis.COURT_ORDER,
    LegalBasis.STATUTORY_DUTY,
    LegalBasis.VITAL_INTEREST,
}


def stands_alone(basis: LegalBasis) -> bool:
    """Whether a legal basis allows a search without anybody's consent."""
    return basis in _STAND_ALONE


def lacks_guardian(age: float | None, basis: LegalBasis, consents: Iterable[Consent]) -> bool:
    """Whether a child of this age (years; `None`: not known) is searched without a guardian's consent or another basis.

    A child of unknown age lacks none.
    """
    if age is None or age >= GUARDED_UNTIL or stands_alone(basis):
        return False
    return not any(one.allows(Scope.SEARCH) and one.giver.guards for one in consents)


def allowed(consents: Iterable[Consent], scope: Scope) -> bool:
    """Whether some consent holds for a scope now."""
    return any(one.allows(scope) for one in consents)


def search_withdrawn(consents: Iterable[Consent]) -> bool:
    """Whether a consent to search was withdrawn, and no other holds."""
    told = list(consents)
    withdrawn = any(one.withdrawn_at is not None and Scope.SEARCH in one.scopes for one in told)
    return withdrawn and not any(one.allows(Scope.SEARCH) for one in told)
