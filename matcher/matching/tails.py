"""The upper tail of a sample of scores, carried on beyond the last one by a generalised Pareto distribution.

Peaks over a threshold: Coles, An Introduction to Statistical Modeling of Extreme Values (2001), chapter 4. Parameters
by the method of Zhang and Stephens, Technometrics 51 (2009), 316–325, which needs no search, never puts the law's end
below a score that was seen, and is as precise as maximum likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from matcher.domain.intervals import wilson

Floats = NDArray[np.float64]

# The upper part of the sample that is taken for its tail. Between 0.3 and 0.6 the promises held equally well on 200
# splits of 700 people; the smaller part has less of the body in it.
_TAIL_SHARE = 0.3
_REPLICATES = 200
_ROUNDING = 1e-5  # scores are float32 sums: within so little all are equal
_GREAT_GAP, _POOR_FIT = 0.1, 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """A sample of `n` scores and the law of its upper part.

    `sample` (n,) rises. Above `threshold`, which a `share` of the sample exceeds, the excess follows a generalised
    Pareto distribution of this `shape` and `scale`. `replicates` (r, 3) are share, shape and scale of as many
    resampled samples: their spread is the uncertainty. `gap` is the greatest distance between the tail's measured and
    its fitted distribution (Kolmogorov–Smirnov, 0 … 1); `fit` is the share of samples *of that very law* with a gap at
    least as great, 0 … 1: the smaller, the worse the law describes what was measured.
    """

    sample: Floats
    threshold: float
    share: float
    shape: float
    scale: float
    replicates: Floats
    gap: float
    fit: float

    @classmethod
    def of(cls, scores: NDArray[np.floating], groups: NDArray[np.intp], seed: int = 0) -> Tail | None:
        """The tail of scores (n,); those of one group (n,) are resampled together. `None` where it has no spread."""
        order = np.argsort(scores, kind="stable")
        sample, groups = np.asarray(scores, np.float64)[order], groups[order]
        body = len(sample) - round(_TAIL_SHARE * len(sample))
        if not 0 < body < len(sample) or sample[-1] - sample[0] < _ROUNDING:
            return None
        # The tail is what lies above the body; equal scores are never parted.
        count = len(sample) - int(np.searchsorted(sample, sample[body - 1], side="right"))
        if count < 2:
            return None
        threshold = (sample[-count] + sample[-count - 1]) / 2
        excess = sample[-count:] - threshold
        shape, scale = (float(value[0]) for value in _pareto(excess, np.ones((1, count))))
        if not (np.isfinite(shape) and scale > 0):
            return None
        random = np.random.default_rng(seed)
        gap = float(_gaps(excess[None], np.array([shape]), np.array([scale]))[0])
        return cls(
            sample,
            float(threshold),
            count / len(sample),
            shape,
            scale,
            _replicates(excess, groups, random),
            gap,
            _fit(gap, len(np.unique(groups[-count:])), (shape, scale), random),
        )

    @property
    def lawful(self) -> bool:
        """Whether the law describes the tail: its gap is small, or no greater than chance makes it."""
        return self.gap <= _GREAT_GAP or self.fit >= _POOR_FIT

    def rates(self, scores: NDArray[np.floating]) -> tuple[Floats, Floats, Floats]:
        """The share of such samples that reach each score (`>=`), with its 95 % interval: three arrays (k,).

        Above the threshold it is the law's share, else, and where the tail is not lawful, the one that was counted.
        """
        scores, n = np.asarray(scores, np.float64), len(self.sample)
        reached = n - np.searchsorted(self.sample, scores, side="left")
        rates, (low, high) = reached / n, wilson(reached, n)
        tail = (scores >= self.threshold) & self.lawful
        if tail.any():
            excess: Floats = np.asarray(scores[tail], np.float64) - self.threshold
            rates[tail] = self.share * _survival(excess, self.shape, self.scale)
            shares, shapes, scales = (column[:, None] for column in self.replicates.T)
            # Values of the replicates themselves, next to 0.025 and 0.975 of them on the outer side.
            bounds = floor(0.025 * (len(shares) - 1)), ceil(0.975 * (len(shares) - 1))
            low[tail], high[tail] = np.sort(shares * _survival(excess, shapes, scales), axis=0)[[*bounds]]
        return rates, low, high


def _pareto(excess: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Shape and scale, each (r,), of rising excesses (m,) or (r, m), counted by weights (r, m).

    The estimate is the mean over a grid of values of θ = −shape / scale, weighted by their profile likelihood; all of
    them put the law's end beyond the largest excess.
    """
    m = weights.shape[1]
    total = weights.sum(axis=1, keepdims=True)
    excess = np.broadcast_to(excess, weights.shape)
    quartile = excess[:, [max(round(m / 4) - 1, 0)]]
    points = 20 + int(np.sqrt(m))
    grid = 1 - np.sqrt(points / (np.arange(1, points + 1) - 0.5))
    with np.errstate(divide="ignore", invalid="ignore"):
        thetas = 1 / excess[:, -1:] + grid / (3 * quartile)
        shapes = np.stack([_shape(theta[:, None], excess, weights, total) for theta in thetas.T], axis=1)
        likelihood = total * (np.log(-thetas / shapes) - shapes - 1)
        likelihood -= likelihood.max(axis=1, keepdims=True)
        theta = (thetas * np.exp(likelihood)).sum(axis=1) / np.exp(likelihood).sum(axis=1)
        shape = _shape(theta[:, None], excess, weights, total)
        return shape, -shape / theta


def _shape(theta: Floats, excess: Floats, weights: Floats, total: Floats) -> Floats:
    """The most likely shape (r,) for a θ (r, 1)."""
    return np.asarray((weights * np.log1p(-theta * excess)).sum(axis=1) / total[:, 0])


def _survival(excess: Floats, shape: Floats | float, scale: Floats | float) -> Floats:
    """The share of a generalised Pareto distribution beyond `excess`; broadcasts."""
    flat = np.abs(shape) < 1e-9  # its limit, the exponential distribution
    safe = np.where(flat, 1.0, shape)
    beyond = np.maximum(1 + safe * excess / scale, 0) ** (-1 / safe)  # 0 past the end of a law with one
    return np.asarray(np.where(flat, np.exp(-excess / scale), beyond) if np.any(flat) else beyond)


def _replicates(excess: Floats, groups: NDArray[np.intp], random: np.random.Generator) -> Floats:
    """Share, shape and scale of samples in which whole groups are drawn with replacement: (r, 3)."""
    _, members = np.unique(groups, return_inverse=True)
    count = int(members.max()) + 1
    drawn = random.multinomial(count, np.full(count, 1 / count), size=_REPLICATES)[:, members].astype(np.float64)
    tail = drawn[:, -len(excess) :]
    shapes, scales = _pareto(excess, tail)
    rows = np.column_stack((tail.sum(axis=1) / drawn.sum(axis=1), shapes, scales))
    return np.asarray(rows[np.isfinite(rows).all(axis=1) & (rows[:, 2] > 0)])


def _gaps(excess: Floats, shapes: Floats, scales: Floats) -> Floats:
    """The greatest distances between distribution functions, (r,), of rising excesses (r, m)."""
    m = excess.shape[1]
    law = 1 - _survival(excess, shapes[:, None], scales[:, None])
    steps = np.arange(1, m + 1) / m
    return np.asarray(np.maximum(steps - law, law - (steps - 1 / m)).max(axis=1))


def _fit(gap: float, count: int, law: tuple[float, float], random: np.random.Generator) -> float:
    """How often a sample of the fitted law itself, fitted anew, has at least this gap (parametric bootstrap).

    `count` is the number of groups: scores of one group are one observation, and fewer of them scatter more.
    """
    shape, scale = law
    uniform = random.random((_REPLICATES, count))
    drawn = -np.log(uniform) if abs(shape) < 1e-9 else (uniform**-shape - 1) / shape
    drawn = np.sort(scale * drawn, axis=1)
    gaps = _gaps(drawn, *_pareto(drawn, np.ones_like(drawn)))
    return float((1 + np.count_nonzero(gaps >= gap)) / (1 + _REPLICATES))
