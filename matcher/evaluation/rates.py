"""Error rates with their uncertainty: shares of probes, and misses at a false positive rate.

Every rate knows how to compute itself for any weights of the probes, so that one resampling of subjects serves all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from matcher.domain.intervals import wilson
from matcher.evaluation.trials import Floats, Mask, Numbers

_REPLICATES = 1000
_BLOCK = 100  # replicates in memory at a time
_FEWEST_PEOPLE = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate, 0 … 1, counted as `count` of `of` probes; `low` … `high` is its 95 % interval, if there is one."""

    value: float
    count: int
    of: int
    low: float | None = None
    high: float | None = None


class Rate(Protocol):
    """Something that can be counted among the probes."""

    @property
    def among(self) -> Mask:
        """The probes (p,) of which it is a share."""

    def counted(self) -> tuple[int, int] | None:
        """How many of how many probes; `None` where the rate cannot be told from them."""

    def replicates(self, weights: Floats) -> Floats:
        """The rate for each of some weightings of the probes, (b, p) to (b,); NaN where nothing is weighed."""


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """The share of the probes `among` that are `hit`, both (p,)."""

    hit: Mask
    among: Mask

    def counted(self) -> tuple[int, int] | None:
        of = int(np.count_nonzero(self.among))
        return (int(np.count_nonzero(self.hit & self.among)), of) if of else None

    def replicates(self, weights: Floats) -> Floats:
        return _ratio(weights @ (self.hit & self.among), weights @ self.among)


@dataclass(frozen=True, slots=True, eq=False)
class Miss:
    """The false negative identification rate (FNIR) at the lowest threshold whose FPIR is at most `fpir`.

    A mated probe (`mated`, (p,)) is missed unless the `sought` score (p,) is `>=` the threshold; a non-mated one is a
    false positive if its `best` score is. `None` where fewer than 1 / fpir non-mated probes resolve no such rate.
    """

    sought: Floats
    mated: Mask
    best: Floats
    nonmated: Mask
    fpir: float

    @property
    def among(self) -> Mask:
        return self.mated

    @property
    def threshold(self) -> float | None:
        """The lowest threshold that keeps the rate; `None` where the rate cannot be resolved."""
        return threshold(self.best[self.nonmated], self.fpir)

    def counted(self) -> tuple[int, int] | None:
        limit, of = self.threshold, int(np.count_nonzero(self.mated))
        if limit is None or not of:
            return None
        return int(np.count_nonzero(~(self.sought[self.mated] >= limit))), of

    def replicates(self, weights: Floats) -> Floats:
        falling = np.flatnonzero(self.nonmated)
        falling = falling[np.argsort(-self.best[falling], kind="stable")]
        rising = np.flatnonzero(self.mated)
        rising = rising[np.argsort(self.sought[rising], kind="stable")]
        alarms = np.cumsum(weights[:, falling], axis=1)
        allowed = np.floor(self.fpir * alarms[:, -1:] + 1e-9)
        # The first score that may not pass any more; the threshold lies just above it.
        last = np.minimum((alarms <= allowed).sum(axis=1), len(falling) - 1)
        limits = self.best[falling][last]
        missed = np.searchsorted(self.sought[rising], limits, side="right")
        below = np.concatenate((np.zeros((len(weights), 1)), np.cumsum(weights[:, rising], axis=1)), axis=1)
        return _ratio(below[np.arange(len(weights)), missed], below[:, -1])


def threshold(best: Floats, fpir: float) -> float | None:
    """The lowest threshold that at most the share `fpir` (below 1) of the best scores (n,) reach (`>=`).

    `None` if fpir · n < 1: then the data resolve no rate so small. −∞ counts as no candidate at all, which reaches no
    threshold.
    """
    allowed = int(np.floor(fpir * len(best) + 1e-9))  # 0.07 · 100 is a little more than 7, 0.29 · 100 a little less
    if allowed < 1:
        return None
    return float(np.nextafter(np.sort(best)[::-1][allowed], np.inf))


def estimates(rates: Sequence[Rate], subjects: Numbers, groups: Numbers, seed: int) -> list[Estimate | None]:
    """Each rate with its 95 % percentile interval over resampled subjects (Efron and Tibshirani 1993, chapter 13).

    `subjects` (p,) numbers the person of each probe: all of a person's probes are drawn together, as they are not
    independent. `groups` (p,) is a bit pattern of the kinds of probes; subjects are drawn within those that have the
    same kinds, so that each replicate has as many mated and non-mated ones. Where none or all are counted no sample
    differs: there the interval is Wilson's, as if each subject were one trial. `None` for a rate that cannot be told.
    """
    told = [rate for rate in rates if rate.counted() is not None]
    values = np.concatenate([_replicates(told, weights) for weights in _weights(subjects, groups, seed)], axis=1)
    intervals = iter(values)
    found: list[Estimate | None] = []
    for rate in rates:
        counted = rate.counted()
        if counted is None:
            found.append(None)
            continue
        count, of = counted
        low, high = _interval(next(intervals))
        people = len(np.unique(subjects[rate.among]))
        if count in (0, of):
            low, high = map(float, wilson(people if count else 0, people))
        elif people < _FEWEST_PEOPLE:
            low, high = None, None  # drawing so few anew says nothing of how much others would differ
        found.append(Estimate(count / of, count, of, low, high))
    return found


def _interval(values: Floats) -> tuple[float | None, float | None]:
    values = values[~np.isnan(values)]
    return tuple(np.quantile(values, (0.025, 0.975)).tolist()) if len(values) else (None, None)


def _replicates(rates: Sequence[Rate], weights: Floats) -> Floats:
    return np.stack([rate.replicates(weights) for rate in rates]) if rates else np.empty((0, len(weights)))


def _weights(subjects: Numbers, groups: Numbers, seed: int) -> Iterator[Floats]:
    """How often each probe is drawn in each replicate, in blocks (b, p)."""
    random = np.random.default_rng(seed)
    _, people = np.unique(subjects, return_inverse=True)
    kinds = np.zeros(people.max(initial=-1) + 1, np.int64)
    np.bitwise_or.at(kinds, people, groups)
    for _ in range(0, _REPLICATES, _BLOCK):
        drawn = np.empty((_BLOCK, len(kinds)))
        for kind in np.unique(kinds):
            members = np.flatnonzero(kinds == kind)
            drawn[:, members] = random.multinomial(len(members), np.full(len(members), 1 / len(members)), size=_BLOCK)
        yield drawn[:, people]


def _ratio(part: Floats, whole: Floats) -> Floats:
    shares: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares
