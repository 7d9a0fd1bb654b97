"""What people declare about two cases: that their children are of one family, or one child registered twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from matcher.domain.ids import CaseId


class RelationKind(str, Enum):
    """How the children of two cases are related."""

    SIBLING = "sibling"
    TWIN = "twin"
    DUPLICATE = "duplicate"  # suspected: the same child registered twice

    @property
    def alike(self) -> bool:
        """Whether two different children are meant who may look much alike."""
        return self is not RelationKind.DUPLICATE


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRelation:
    """One declared relation. A pair has no direction: `first` is always the smaller id (`ValueError` otherwise)."""

    first: CaseId
    second: CaseId
    kind: RelationKind
    actor: str
    at: datetime

    def __post_init__(self) -> None:
        if not self.first < self.second:
            raise ValueError(f"The pair {self.first}, {self.second} is not in order, or one case with itself.")

    def other(self, case_id: CaseId) -> CaseId:
        """The case on the other side of one of the two."""
        return self.second if case_id == self.first else self.first


def ordered(one: CaseId, other: CaseId) -> tuple[CaseId, CaseId]:
    """A pair of cases as `CaseRelation` holds it: the smaller id first."""
    return (one, other) if one < other else (other, one)
