"""How long what is kept about people may stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from matcher.domain.cases import CaseStatus
from matcher.domain.ids import CaseId, FaceId, SightingId


@dataclass(frozen=True, slots=True)
class EndedCase:
    """A case that is not searched; `since` is when it left the searches and has not come back."""

    id: CaseId
    number: str
    status: CaseStatus
    since: datetime


@dataclass(frozen=True, slots=True)
class UnmatchedSighting:
    """A sighting of which no pair is open or confirmed; `unseen`: a list of it still waits for a first look."""

    id: SightingId
    since: datetime
    unseen: bool


@dataclass(frozen=True, slots=True)
class Bystander:
    """A face beside the one that is meant on a sighting, with a vector; `since` is when the sighting came in."""

    face_id: FaceId
    sighting_id: SightingId
    since: datetime


@dataclass(frozen=True, slots=True)
class RefusedReport:
    """A report of the public that somebody refused at `since`."""

    id: SightingId
    since: datetime
