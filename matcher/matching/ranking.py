"""From hits to a list of cases: a question for people, in an order that never depends on chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matcher.domain.ids import CaseId
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
