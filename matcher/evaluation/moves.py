"""How pairs that people decided about are ranked by two kinds of models, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.domain.scores import Vectors, similarities
from matcher.evaluation.rates import Estimate, Share, estimates
from matcher.evaluation.strata import FEWEST_PROBES, FEWEST_SUBJECTS
from matcher.evaluation.trials import Floats, Numbers

RANKS = (1, 20)
_ROWS = 8192  # of the gallery that are compared together
_PROBES = 256


@dataclass(frozen=True, slots=True)
class Moved:
    """The rank of one pair by the models in use and by the other ones; `None` where they do not find its faces.

    `pair` is the id of its task.
    """

    pair: str
    live_rank: int | None
    other_rank: int | None


@dataclass(frozen=True, slots=True)
class RankChange:
    """How many of `of` pairs have at most this rank by either kind of models, and which were `gained` and `lost`.

    The shares with their intervals are `None` where the pairs or the children are too few.
    """

    rank: int
    of: int
    live: int
    other: int
    gained: int
    lost: int
    live_share: Estimate | None
    other_share: Estimate | None


def changes(pairs: Sequence[Moved], subjects: Numbers) -> tuple[RankChange, ...]:
    """The changes at `RANKS`; `subjects` (n,) numbers the child of each pair, whose pairs are not independent."""
    return tuple(_change(pairs, subjects, rank) for rank in RANKS)


def insufficient(pairs: int, children: int) -> bool:
    """Whether so few pairs or children allow no rate."""
    return pairs < FEWEST_PROBES or children < FEWEST_SUBJECTS


def within(rank: int | None, length: int) -> bool:
    """Whether a pair with this rank is on a list of that length."""
    return rank is not None and rank <= length


def _change(pairs: Sequence[Moved], subjects: Numbers, rank: int) -> RankChange:
    live = np.array([within(one.live_rank, rank) for one in pairs], np.bool_)
    other = np.array([within(one.other_rank, rank) for one in pairs], np.bool_)
    shares: Sequence[Estimate | None] = (None, None)
    if not insufficient(len(pairs), len(np.unique(subjects))):
        everybody = np.ones(len(pairs), np.bool_)
        rates = [Share(live, everybody), Share(other, everybody)]
        shares = estimates(rates, subjects, np.ones(len(pairs), np.int64), seed=0)
    return RankChange(
        rank=rank,
        of=len(pairs),
        live=int(np.count_nonzero(live)),
        other=int(np.count_nonzero(other)),
        gained=int(np.count_nonzero(other & ~live)),
        lost=int(np.count_nonzero(live & ~other)),
        live_share=shares[0],
        other_share=shares[1],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """The faces that are searched: vectors (m, dim) and their cases (m,), in any order."""

    vectors: Vectors
    cases: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """Probes (n, dim), the case that each is sought in, (n,), and how alike it is to that case's best face, (n,)."""

    probes: Vectors
    cases: Numbers
    own: Floats


def ranks(gallery: Enrolled, sought: Sought) -> Numbers:
    """The ranks (n,), from 1, of the cases that are sought, which need not be in the gallery.

    Cases that are as alike, or that float32 cannot tell apart, count against them.
    """
    found = np.ones(len(sought.probes), np.int64)
    slack = gallery.vectors.shape[1] * 2.0**-23  # what an inner product of unit vectors may be off
    order = np.argsort(gallery.cases, kind="stable")
    for rows in _whole_cases(gallery.cases[order]):
        block, owners = gallery.vectors[order[rows]], gallery.cases[order[rows]]
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        for start in range(0, len(found), _PROBES):
            some = slice(start, start + _PROBES)
            best = np.maximum.reduceat(similarities(block, sought.probes[some]), starts)
            before = (best >= sought.own[some] - slack) & (owners[starts][:, None] != sought.cases[some])
            found[some] += np.count_nonzero(before, axis=0)
    return found


def _whole_cases(cases: Numbers) -> Iterator[slice]:
    """Parts of rising cases, none of which cuts one in two."""
    start = 0
    while start < len(cases):
        end = min(start + _ROWS, len(cases))
        end = int(np.searchsorted(cases, cases[end - 1], side="right"))
        yield slice(start, end)
        start = end
