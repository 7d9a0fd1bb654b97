"""What is left of an erased case or sighting: that it was erased, and how one can look for remains of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class SubjectKind(str, Enum):
    """What can be erased as a whole."""

    CASE = "case"
    SIGHTING = "sighting"


class Because(str, Enum):
    """Why something was erased: somebody asked for it or disputed it, or a rule of retention."""

    REQUEST = "request"
    DISPUTE = "dispute"  # somebody said "this is me" or "my child", and an officer agreed
    LOCATED_CASE = "located_case"
    CLOSED_CASE = "closed_case"
    UNMATCHED_SIGHTING = "unmatched_sighting"
    REFUSED_REPORT = "refused_report"  # people saw that it was spam or abuse
    ERASURE_LIST = "erasure_list"  # erased before, and back with an older database


@dataclass(frozen=True, slots=True)
class Subject:
    """A case or a sighting by its random id."""

    kind: SubjectKind
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The tombstone of a case or sighting: no field tells whom it was about.

    `id` is the random id that it had. `change` is the gallery's change counter after the erasure: a snapshot that is
    complete up to there does not hold its faces. `removed` counts rows by table. `vectors`, `pictures` and `faces` are
    keyed digests of the erased vectors, of the bytes of photos and pictures, and of the faces' ids. The three times say
    since when files, database pages and snapshots are known to be gone; `None`: that is awaited.
    """

    id: int
    kind: SubjectKind
    at: datetime
    because: Because
    change: int
    removed: Mapping[str, int]
    vectors: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    faces: tuple[str, ...] = ()
    files_gone_at: datetime | None = None
    pages_gone_at: datetime | None = None
    snapshots_gone_at: datetime | None = None

    @property
    def subject(self) -> Subject:
        """What was erased."""
        return Subject(self.kind, self.id)

    @property
    def proved_at(self) -> datetime | None:
        """When the last of the three was known to be gone; `None` while one is awaited."""
        times = [self.files_gone_at, self.pages_gone_at, self.snapshots_gone_at]
        known = [time for time in times if time is not None]
        return max(known) if len(known) == len(times) else None
