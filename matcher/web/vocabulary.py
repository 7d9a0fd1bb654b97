"""Words of enumerations as people write them: all that a page may show are here, so that each can be translated."""

from __future__ import annotations

from enum import Enum

from matcher.accounts.rights import Right
from matcher.domain.alerts import AlertEnd, AlertState, BulletinKind, Meant
from matcher.domain.cases import CaseStatus, Circumstance, ConfirmationKind, LegalBasis, PhotoState, Sex
from matcher.domain.consents import Giver, Scope
from matcher.domain.faces import NoFaceReason
from matcher.domain.names import NamePolicy
from matcher.domain.people import Role
from matcher.domain.publications import CardEnd, CardState
from matcher.domain.quality import WeaknessKind
from matcher.domain.records import Choice, Flag, HowSeen
from matcher.domain.relations import RelationKind
from matcher.domain.reports import Relation, ReportState, Via, Witness
from matcher.domain.reviews import (
    DecisionKind,
    Feature,
    Likeness,
    Outcome,
    RecusedBy,
    ReopenedBy,
    TaskKind,
    TaskState,
    Truth,
)
from matcher.services.desk_views import QueueFilter
from matcher.services.inputs import ReasonCode
from matcher.wording import english

ENUMERATIONS: tuple[type[Enum], ...] = (
    TaskState, DecisionKind, Outcome, Feature, Likeness, TaskKind, Truth, ReopenedBy, RecusedBy, QueueFilter,
    CaseStatus, ConfirmationKind, Circumstance, LegalBasis, PhotoState, Sex, RelationKind,
    Flag, HowSeen, Choice, NoFaceReason, WeaknessKind,
    Right, Role, ReasonCode,
    CardState, CardEnd, NamePolicy, AlertState, AlertEnd, Meant, BulletinKind, Giver, Scope,
    Via, ReportState, Witness, Relation,
)  # fmt: skip


# One English word may need several in another language: a "family" that took a child is another than one that knew it
# again. So each is translated under the name of its enumeration.
CONTEXTS: dict[str, str] = {
    english(member): kind.__name__ for kind in reversed(ENUMERATIONS) for member in reversed(list(kind))
}


def context(value: object) -> str | None:
    """The enumeration of a word; of a plain text, the first one that holds it; `None` for a word of none."""
    return type(value).__name__ if isinstance(value, Enum) else CONTEXTS.get(english(value))
