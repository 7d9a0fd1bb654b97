"""What a standing watch answers: counts and random ids, nothing that names a child or orders candidates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LISTED = 100  # pairs that a view names; it counts them all


@dataclass(frozen=True, slots=True)
class NewPair:
    """A case and a sighting that reviewers are asked about from now on, by their random ids."""

    case: str
    sighting: str


@dataclass(frozen=True, slots=True)
class GonePair:
    """A pair that is not asked any more; `because` is `closed` (the case has ended) or `decided`."""

    case: str
    sighting: str
    because: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Pairs that came near and were not made candidates.

    `known` were candidates of this embedding space before, `judged` are with reviewers or decided, `off_list` have no
    place among the face's best cases, `ended` lost case, face or sighting meanwhile, and `cut` lie beyond the home's
    working point.
    """

    known: int = 0
    judged: int = 0
    off_list: int = 0
    ended: int = 0
    cut: int = 0


@dataclass(frozen=True, slots=True)
class WatchView:
    """What a watch did, and how it differs from the one before, which ended at `since` (`None`: this is the first).

    `case_faces` of `cases` were new and met `streamed` faces of sightings each; `sighting_faces` were searched against
    all cases. Of this came `new` candidates on `lists` new lists, and `reopened` lists that were done are asked again.
    `standing` pairs found by watches are asked now, `standing_before` were at the end of the one before, `gone` are
    not any more, since the case has ended or people have decided; what was erased is in neither. `unreached` faces of
    sightings the present models do not find. `new_pairs` and `gone_pairs` name the first 100 of each.
    """

    space: str
    since: datetime | None
    cases: int
    case_faces: int
    streamed: int
    sighting_faces: int
    new: int
    lists: int
    reopened: int
    skipped: Skipped
    standing: int
    standing_before: int | None
    gone: int
    unreached: int
    new_pairs: tuple[NewPair, ...]
    gone_pairs: tuple[GonePair, ...]
    seconds: float
