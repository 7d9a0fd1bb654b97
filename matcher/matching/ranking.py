"""From hits to a list of cases, or of sightings: a question for people, in an order that never depends on chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from matcher.domain.ids import CaseId, FaceId
from matcher.domain.records import Hit
from matcher.errors import WrongUse


@dataclass(frozen=True, slots=True)
class RankedCase:
    """The place of a case in a candidate list; `hit` is its most alike photo, `rank` counts from 1."""

    rank: int
    hit: Hit


def rank(hits: Iterable[Hit], top: int) -> tuple[RankedCase, ...]:
    """The `top` most alike cases, each by the maximum over its photos; ties by rising face id."""
    if top < 1:
        raise WrongUse(f"A candidate list needs at least one place, not {top}.")
    best: dict[CaseId, Hit] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.similarity, hit.face_id)):
        best.setdefault(hit.case_id, hit)
    return tuple(RankedCase(place, hit) for place, hit in enumerate(list(best.values())[:top], start=1))


def best_sightings(meetings: Iterable[tuple[CaseId, FaceId, float]], count: int) -> dict[FaceId, set[CaseId]]:
    """The `count` faces of sightings that are most alike to each case, given by face; ties by rising face id.

    A meeting is a case, a face and their similarity; of several photos of a case the most alike counts.
    """
    best: dict[CaseId, dict[FaceId, float]] = defaultdict(dict)
    for case_id, face_id, similarity in meetings:
        best[case_id][face_id] = max(similarity, best[case_id].get(face_id, similarity))
    found: dict[FaceId, set[CaseId]] = defaultdict(set)
    for case_id, faces in best.items():
        for face_id, _ in sorted(faces.items(), key=lambda one: (-one[1], one[0]))[:count]:
            found[face_id].add(case_id)
    return dict(found)
