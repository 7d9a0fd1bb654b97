"""Exact search: the order is by (−similarity, face id), whatever part a face lies in and however a library adds up.

Rows are proposed by their float32 inner product, whose last bits depend on the order of summation. They are then
scored again in one fixed way, and more are fetched until no row that was not proposed could still belong to
the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matcher.domain.ids import CaseId, FaceId
from matcher.domain.records import Hit, Ids
from matcher.domain.scores import Vectors, ranking
from matcher.errors import WrongUse
from matcher.gallery.layout import ROWS_PER_BLOCK, not_unit
from matcher.gallery.nearest import nearest
from matcher.gallery.parts import Part

_SPARE = (
    32  # rows fetched beyond those asked for, so that ties, removed rows and second photos seldom cost another pass
)
_GROWTH = 4
_PROBES = 256  # that go through the vectors together
_CELLS = 1 << 22  # proposed rows in memory at a time, over all probes


@dataclass(frozen=True, slots=True, eq=False)
class _Proposal:
    """Rows that may belong to the answer for one probe; no other row is more similar than `bound`."""

    similarities: Vectors
    face_ids: Ids
    case_ids: Ids
    bound: float


def best_cases(parts: Sequence[Part], probes: Vectors, count: int) -> tuple[tuple[Hit, ...], ...]:
    """For each probe the best face of each of the `count` most similar cases, most similar first."""
    return _best(parts, probes, count, by_case=True)


def best_faces(parts: Sequence[Part], probes: Vectors, count: int) -> tuple[tuple[Hit, ...], ...]:
    """For each probe the `count` most similar faces, most similar first."""
    return _best(parts, probes, count, by_case=False)


def similarity(probe: Vectors, vectors: Vectors) -> Vectors:
    """Cosine of a probe (dim,) with each unit vector (n, dim), −1 … 1: added up in float64, then rounded to float32.

    float32 holds what two float32 vectors can tell, and makes the number equal on every processor.
    """
    scores = np.empty(len(vectors), np.float32)
    wide = probe.astype(np.float64)
    for start in range(0, len(vectors), ROWS_PER_BLOCK):
        block = slice(start, start + ROWS_PER_BLOCK)
        scores[block] = np.sum(vectors[block] * wide, axis=1)
    return np.clip(scores, -1, 1)


def check_probes(probes: Vectors, dim: int) -> Vectors:
    """The probes as a contiguous array; `WrongUse` unless they are finite unit vectors of shape (n, dim)."""
    probes = np.ascontiguousarray(probes, np.float32)
    if probes.ndim != 2 or probes.shape[1] != dim:
        raise WrongUse(f"Expected probes of shape (n, {dim}), got {probes.shape}.")
    if len(wrong := not_unit(probes)):
        raise WrongUse(f"Probe {wrong[0]} is not a unit vector: scale embeddings with `unit` before a search.")
    return probes


def _best(parts: Sequence[Part], probes: Vectors, count: int, *, by_case: bool) -> tuple[tuple[Hit, ...], ...]:
    if count < 1:
        raise WrongUse(f"A search needs a count of at least 1, not {count}.")
    found: list[tuple[Hit, ...]] = [()] * len(probes)
    pending, fetch = list(range(len(probes))), count + _SPARE
    parts = [part for part in parts if part.live]
    while pending and parts:
        unsettled = []
        together = max(1, min(_PROBES, _CELLS // fetch))
        for start in range(0, len(pending), together):
            numbers = pending[start : start + together]
            for number, proposal in zip(numbers, _propose(parts, probes[numbers], fetch), strict=True):
                hits = _settled(proposal, count, by_case=by_case)
                if hits is None:
                    unsettled.append(number)
                else:
                    found[number] = hits
        pending, fetch = unsettled, fetch * _GROWTH
    return tuple(found)


def rounding(dim: int) -> float:
    """What a float32 inner product of unit vectors may be off: dim · 2⁻²⁴ (Higham 2002, section 3.1), doubled."""
    return dim * 2.0**-23


def _settled(proposal: _Proposal, count: int, *, by_case: bool) -> tuple[Hit, ...] | None:
    """The hits, or `None` if a row that was not proposed might belong to them."""
    order = ranking(proposal.similarities, proposal.face_ids)
    if by_case:
        _, first = np.unique(proposal.case_ids[order], return_index=True)
        order = order[np.sort(first)]
    order = order[:count]
    all_seen = proposal.bound == -np.inf
    if not all_seen and (len(order) < count or proposal.similarities[order[-1]] <= proposal.bound):
        return None
    return tuple(
        Hit(FaceId(int(proposal.face_ids[row])), CaseId(int(proposal.case_ids[row])), float(proposal.similarities[row]))
        for row in order
    )


def _propose(parts: Sequence[Part], probes: Vectors, fetch: int) -> list[_Proposal]:
    """For each probe the best `fetch` rows of every part, without the removed ones."""
    nearest_rows = [nearest(part.vectors, probes, min(fetch, len(part.vectors))) for part in parts]
    proposals = []
    for number, probe in enumerate(probes):
        bound, taken = -np.inf, []
        for part, (scores, rows) in zip(parts, nearest_rows, strict=True):
            if fetch < len(part.vectors):
                bound = max(bound, float(scores[number, -1]) + rounding(probes.shape[1]))
            alive = np.sort(rows[number][part.alive[rows[number]]])
            taken.append((similarity(probe, part.vectors[alive]), part.face_ids[alive], part.case_ids[alive]))
        similarities, face_ids, case_ids = (np.concatenate(columns) for columns in zip(*taken, strict=True))
        proposals.append(_Proposal(similarities, face_ids, case_ids, bound))
    return proposals
