"""What the standing watch keeps of itself between two nights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from matcher.domain.ids import CandidateId, CaseId, FaceId, SightingId


@dataclass(frozen=True, slots=True)
class WatchMark:
    """How far the watch of a space has come.

    Cases' faces that became searchable up to `through_change` have met all faces of sightings; `None`: not one has.
    `ended_at` is when the last watch was complete, `standing` how many of the pairs it had found stood then; `None`
    before the first one.
    """

    through_change: int | None
    ended_at: datetime | None
    standing: int | None


@dataclass(frozen=True, slots=True)
class NewMember:
    """A case's face with the number of the change that made it searchable."""

    change: int
    face_id: FaceId
    case_id: CaseId


@dataclass(frozen=True, slots=True)
class WatchedPair:
    """A case and a sighting that the watch has brought together."""

    candidate_id: CandidateId
    case_id: CaseId
    sighting_id: SightingId
