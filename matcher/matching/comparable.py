"""Scores that can be compared between faces: the cosine, corrected by what a gallery knows of its own faces.

Some faces, poor photos and small children above all, resemble everybody. Their cosines are high whoever they are held
against, so one cosine means different things for different faces. Three corrections, each a step of one recipe:

1. subtract the gallery's mean vector: what all its faces share tells nobody apart;
2. whiten: shrink the directions in which the gallery's faces differ most (light, photo quality);
3. subtract half of how alike the probe, and half of how alike the gallery face, is to its nearest strangers in a
   cohort (adaptive symmetric score normalisation, "s-norm", of speaker recognition).

Which recipe is best is a matter of measurement: `matcher evaluate` reports them side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from matcher.domain.scores import Vectors
from matcher.errors import WrongUse

Ids = NDArray[np.int64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a score is corrected: whether centred; how strongly whitened, as the share of the mean variance that is added
    to each direction's own for ever so many people (`None`: not at all); whether the nearest strangers count.
    """

    centred: bool
    shrinkage: float | None
    strangers: bool


# Measured on 700 people of Labeled Faces in the Wild by scripts/bench/open_set.py: at false positive rates of 0.03 and
# 0.01, where chances matter, the last recipe misses fewest, .127 and .188 against the cosine's .137 and .217; at 0.1
# and 0.3 the cosine does, .068 and .029 against .074 and .038. So it was with grey and with shrunk copies, too.
RECIPES = MappingProxyType(
    {
        "cosine": Recipe(centred=False, shrinkage=None, strangers=False),
        "s-norm": Recipe(centred=False, shrinkage=None, strangers=True),
        "centred-s-norm": Recipe(centred=True, shrinkage=None, strangers=True),
        "whitened-s-norm": Recipe(centred=True, shrinkage=10.0, strangers=True),
    }
)

# So many strangers are enough: what a face is like to its nearest ones hardly moves beyond. A cohort of all would let
# each search cost a second pass through the gallery.
_COHORT = 2048
# The nearest strangers that count: this share of the cohort, within these bounds.
_NEAREST_SHARE, _FEWEST, _MOST = 0.03, 5, 20
# The fewer people there are for each dimension, the better whitening fits them and nobody else: then they are less like
# each other than strangers are like them, and promises fail by a quarter for 100 people at a rate of 0.1. More
# shrinkage by this factor cures that (1.03 in the median), and takes next to nothing off the gain.
_FEW_PEOPLE = 2
_ABSENT = np.float32(-2)  # less than any cosine
_BLOCK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The cohort faces nearest to each of some rows, best first: cosines (n, k + 1) and positions in the cohort."""

    cosines: Vectors
    places: NDArray[np.int16]

    @property
    def level(self) -> Vectors:
        """The mean cosine of the nearest k, (n,); 0 without a cohort."""
        return _mean(self.cosines[:, :-1])

    def level_without(self, rows: Places, cohort_place: Places) -> Vectors:
        """The level of `rows` (m,) as it is when the cohort lacks one face, `cohort_place` (m,); −1: it lacks none."""
        cosines = self.cosines[rows]
        there = (self.places[rows] == cohort_place[:, None]) & (cohort_place[:, None] >= 0)
        there[:, -1] |= ~there.any(axis=1)  # the one nearest face too many goes, if no other does
        return _mean(np.where(there, 0, cosines), cosines.shape[1] - 1)


def _mean(cosines: Vectors, count: int | None = None) -> Vectors:
    count = cosines.shape[1] if count is None else count
    return np.asarray(cosines.sum(axis=1) / max(count, 1), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Normaliser:
    """A recipe with what it needs of one gallery.

    `mean` (dim,) and `transform` (dim, dim) make vectors comparable; `cohort` (c, dim) holds transformed gallery faces,
    one of each family, `families` (c,) theirs, ascending, and `rows` (c,) their rows in the gallery. A family is a
    case, or several whose children are declared to be related: its members are no strangers to each other.
    """

    method: str
    mean: Vectors
    transform: Vectors
    cohort: Vectors
    families: Ids
    rows: Places

    @classmethod
    def of(cls, method: str, vectors: Vectors, families: Ids, seed: int = 0) -> Normaliser:
        """The normaliser of a gallery: vectors (n, dim) of unit length, families (n,)."""
        if method not in RECIPES:
            raise WrongUse(f"There is no score '{method}': use {', '.join(RECIPES)}.")
        recipe, dim = RECIPES[method], vectors.shape[1]
        mean, transform = np.zeros(dim, np.float32), np.eye(dim, dtype=np.float32)
        if len(vectors) and recipe.centred:
            mean, transform = _whitening(vectors, recipe.shrinkage, len(np.unique(families)))
        rows = _cohort_rows(families, seed) if recipe.strangers else np.zeros(0, np.intp)
        return cls.with_cohort(method, (mean, transform), vectors, rows, families[rows])

    @classmethod
    def with_cohort(
        cls, method: str, made: tuple[Vectors, Vectors], vectors: Vectors, rows: Places, families: Ids
    ) -> Normaliser:
        """A normaliser whose mean and transform are `made` already, and whose cohort are these rows of the gallery."""
        return cls(method, *made, _transformed(vectors[rows], made), families, rows)

    def transformed(self, vectors: Vectors, *, bulk: bool = False) -> Vectors:
        """Vectors (n, dim) in the space in which they are compared, of unit length again; `bulk` as in `_products`."""
        return _transformed(vectors, (self.mean, self.transform), bulk=bulk)

    def nearest(self, transformed: Vectors, families: Ids, *, bulk: bool = False) -> Nearest:
        """The nearest strangers of transformed vectors (n, dim); a face's own family (n,) are no strangers.

        `bulk` as in `_products`.
        """
        fetch = self.nearest_count + 1
        cosines = np.zeros((len(transformed), fetch), np.float32)
        places = np.full((len(transformed), fetch), -1, np.int16)
        for block in _blocks(len(transformed)):
            found = _products(transformed[block], self.cohort, bulk=bulk)
            own = self.places(families[block])
            found[own >= 0, own[own >= 0]] = _ABSENT
            if found.shape[1] < fetch:
                continue  # without two strangers there is no level
            best = np.argpartition(found, -fetch, axis=1)[:, -fetch:]
            ordered = np.take_along_axis(found, best, axis=1).argsort(axis=1)[:, ::-1]
            places[block] = np.take_along_axis(best, ordered, axis=1)
            cosines[block] = np.take_along_axis(found, places[block].astype(np.intp), axis=1)
        return Nearest(cosines, places)

    def levels(self, vectors: Vectors, families: Ids) -> Vectors:
        """The levels (n,) of many vectors (n, dim), by blocks and, as in `_products`, in bulk."""
        levels = np.zeros(len(vectors), np.float32)
        fetch = self.nearest_count
        for block in _blocks(len(vectors)) if fetch else ():
            found = _products(self.transformed(vectors[block], bulk=True), self.cohort, bulk=True)
            own = self.places(families[block])
            found[own >= 0, own[own >= 0]] = _ABSENT
            best = np.sort(np.partition(found, -fetch, axis=1)[:, -fetch:], axis=1)
            levels[block] = _mean(np.ascontiguousarray(best[:, ::-1]))  # added up as `Nearest` does
        return levels

    @property
    def nearest_count(self) -> int:
        """How many of the nearest strangers count; 0 where there are too few."""
        strangers = len(self.cohort) - 2  # without the families of both faces
        return max(0, min(strangers, max(_FEWEST, min(_MOST, round(_NEAREST_SHARE * len(self.cohort))))))

    def places(self, families: Ids) -> Places:
        """Where each family (n,) is in the cohort; −1: nowhere."""
        if not len(self.families):
            return np.full(len(families), -1, np.intp)
        place = np.minimum(np.searchsorted(self.families, families), len(self.families) - 1)
        return np.where(self.families[place] == families, place, -1)

    def scores(
        self, probe: Vectors, candidates: Vectors, families: Ids, levels: Vectors, owners: Places | None = None
    ) -> Vectors:
        """Comparable scores (k,) of a probe (dim,), which is in no family, with candidates (k, dim) and their levels.

        The candidate's own family is no stranger to the probe: else the right child would count against itself. With
        `owners` (k,) there are several probes (p, dim), and it says of which row each candidate is.
        """
        seen = self.transformed(np.atleast_2d(probe))
        owners = np.zeros(len(candidates), np.intp) if owners is None else owners
        cosines = np.einsum("ij,ij->i", self.transformed(candidates), seen[owners])
        strangers = self.nearest(seen, np.full(len(seen), -1, np.int64))
        level = strangers.level_without(owners, self.places(families))
        return np.asarray(cosines - level / 2 - levels / 2, np.float32)


def _whitening(vectors: Vectors, shrinkage: float | None, people: int) -> tuple[Vectors, Vectors]:
    """Mean and whitening matrix of vectors (n, dim) of so many people; by blocks, in float64."""
    dim = vectors.shape[1]
    mean = np.sum([vectors[block].sum(axis=0, dtype=np.float64) for block in _blocks(len(vectors))], axis=0)
    mean /= len(vectors)
    if shrinkage is None:
        return mean.astype(np.float32), np.eye(dim, dtype=np.float32)
    covariance = np.zeros((dim, dim))
    for block in _blocks(len(vectors)):
        spread = vectors[block] - mean
        covariance += spread.T @ spread
    variances, directions = np.linalg.eigh(covariance / len(vectors))
    shrinkage *= 1 + _FEW_PEOPLE * dim / people
    variances = np.maximum(variances, 0) + shrinkage * max(float(variances.mean()), np.finfo(np.float64).tiny)
    scale = np.sqrt(variances.min() / variances)
    return mean.astype(np.float32), ((directions * scale) @ directions.T).astype(np.float32)


def _transformed(vectors: Vectors, made: tuple[Vectors, Vectors], *, bulk: bool = False) -> Vectors:
    mean, transform = made
    found = np.empty(vectors.shape, np.float32)
    for block in _blocks(len(vectors)):
        moved = _products(vectors[block] - mean, transform, bulk=bulk)  # which is symmetric
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        # A face that is the mean itself has no direction; it is equally unlike all others.
        found[block] = moved / np.where(lengths > 0, lengths, 1)
    return found


def _products(left: Vectors, right: Vectors, *, bulk: bool) -> Vectors:
    """The inner products of the rows of two arrays: (m, dim) and (n, dim) to (m, n).

    In `bulk` by BLAS, whose threads can hang a process that forks meanwhile: for measuring a gallery, never for a
    search.
    """
    product = left @ right.T if bulk else np.einsum("ik,jk->ij", left, right)
    return np.asarray(product, np.float32)


def _cohort_rows(families: Ids, seed: int) -> Places:
    """One row of each of at most `_COHORT` families, in order of family; which, is drawn."""
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(families))
    distinct, first = np.unique(families[shuffled], return_index=True)
    taken = np.sort(random.permutation(len(distinct))[:_COHORT])
    return shuffled[first[taken]]


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, count, _BLOCK))
