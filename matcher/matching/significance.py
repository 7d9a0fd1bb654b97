"""How often chance alone gives a similarity, measured on the gallery itself.

Every face of a sample of a gallery's children plays the unrelated person: who, of the other children of the same age
band, is most like it, and how much? The tail of these best scores says how often a search with somebody who is not in
the gallery finds a face at least so alike. Nothing comes from other galleries, and no table made of adults stands in
for children.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import log1p

import numpy as np
from numpy.typing import NDArray

from matcher.domain.ages import AgeBand
from matcher.domain.chances import Chance
from matcher.domain.leading import Leading
from matcher.domain.scores import Vectors
from matcher.matching.comparable import RECIPES, Ids, Normaliser, Places
from matcher.matching.tails import Tail

METHODS = tuple(method for method in RECIPES if method != "cosine")
# Chosen by scripts/bench/open_set.py: the fewest misses at low false positive rates on every protocol tried.
DEFAULT_METHOD = "whitened-s-norm"

# Fewer children give fewer than 30 scores in the tail, whose law is then a guess.
NEEDED = 100
# A sample of so many says all that is worth saying: rates down to one in four thousand.
_MOST_PROBES = 4096
# Of each probe's most similar strangers by rough score these are scored exactly.
_EXACT = 16
# An event that none of n observations showed happens in at most 3/n of them, at 95 % (−ln 0.05 is 3.0).
_RULE_OF_THREE = 3
# Faces of two cases that are this alike are one photo twice, not two children: of 700 people no two were more than
# 0.967 alike by the default models; photos that were cut, enlarged or saved anew were 0.995 like themselves or more.
# Where more than this share of the children have such a double, faces crowd together and nothing is left out.
_COPY, _MOST_COPIES = 0.995, 0.02
_ROWS = 1024  # compared with all probes at a time


@dataclass(frozen=True, slots=True, eq=False)
class BandStatistics:
    """What was measured for one band: how many children are in it, and the tail of the best scores of strangers.

    `tail` is `None` for a band that was not asked for, for fewer than `NEEDED` children, and where all scores are
    equal. `copies` counts the children of whom another case seems to hold a copy of the photo, which was left out.
    """

    children: int
    tail: Tail | None
    copies: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class GalleryStatistics:
    """The chances of one gallery, by the age of its children on their photos.

    `kin` maps a case to the family that it shares with its declared relatives; a case that is not in it is its own
    family. `bands` holds every band that occurs; `levels` (n,) says for each face that was measured how alike it is to
    its nearest strangers. `changes` counts the faces that came or went since it was measured, see `carrying`.
    """

    normaliser: Normaliser
    bands: Mapping[AgeBand, BandStatistics]
    levels: Vectors
    kin: Mapping[int, int] = field(default_factory=dict)
    changes: int = 0

    @classmethod
    def measure(
        cls,
        vectors: Vectors,
        case_ids: Ids,
        bands: Sequence[AgeBand],
        *,
        kin: Collection[frozenset[int]] = (),
        method: str = DEFAULT_METHOD,
        silent: Collection[AgeBand] = (),
    ) -> GalleryStatistics:
        """Measure a gallery: unit vectors (n, dim), case ids (n,) and the band of each face (n,).

        `kin` are sets of cases that are no strangers to each other: siblings, twins, one child registered twice. Bands
        that are `silent` are counted only. The same gallery gives the same statistics: what is drawn is drawn with a
        fixed seed.
        """
        relatives = families_of(among(kin, case_ids))
        families = of_family(case_ids, relatives)
        normaliser = Normaliser.of(method, vectors, families)
        gallery = _Gallery.of(normaliser, vectors, families)
        codes = np.fromiter((_CODES[band] for band in bands), np.int8, len(bands))
        measured = {
            band: _measured(gallery, np.flatnonzero(codes == code), tell=band not in silent)
            for band, code in _CODES.items()
            if np.any(codes == code)
        }
        return cls(normaliser, measured, gallery.levels, relatives)

    def levels_of(self, vectors: Vectors, case_ids: Ids) -> Vectors:
        """How alike gallery faces (k, dim) are to their nearest strangers, (k,)."""
        families = of_family(case_ids, self.kin)
        return self.normaliser.nearest(self.normaliser.transformed(vectors), families).level

    def comparable(
        self,
        probe: Vectors,
        vectors: Vectors,
        case_ids: Ids,
        levels: Vectors | None = None,
        owners: Places | None = None,
    ) -> NDArray[np.float32]:
        """Comparable scores (k,) of a probe (dim,) with candidates (k, dim) of cases (k,); higher is more alike.

        `levels` are those of the candidates, if they are known already. `owners` as in `Normaliser.scores`.
        """
        levels = self.levels_of(vectors, case_ids) if levels is None else levels
        return self.normaliser.scores(probe, vectors, of_family(case_ids, self.kin), levels, owners)

    def chances(self, band: AgeBand, scores: NDArray[np.floating], growth: float = 1.0) -> list[Chance] | None:
        """The chance of each comparable score (k,) among the children of a band; `None` where that cannot be said.

        `growth` is how many times as large the gallery has become since it was measured; the band is taken to have
        grown alike.
        """
        measured = self.bands.get(band)
        if measured is None or measured.tail is None:
            return None
        searches = len(measured.tail.sample)
        # That every search finds somebody is no more certain than that none does: half a search is left over.
        rates = 1 - (1 - np.clip(measured.tail.rates(scores), 0, 1 - 0.5 / searches)) ** growth
        least = _RULE_OF_THREE / searches
        at_most = rates[0] < least
        rates[0], rates[2] = np.maximum(rates[0], least), np.maximum(rates[2], least)
        children = measured.children * growth
        return [_chance(one, few, children) for one, few in zip(rates.T.tolist(), at_most.tolist(), strict=True)]


_CODES = {band: code for code, band in enumerate(AgeBand)}


def _chance(rates: list[float], at_most: bool, children: float) -> Chance:
    rate, low, high = rates
    # The numbers of look-alikes of unrelated searches follow Poisson's law: none is found by exp(−mean) of them.
    lookalikes = -log1p(-rate)
    return Chance(rate, low, high, at_most, lookalikes, lookalikes / children, max(1, round(children)))


def among(kin: Collection[frozenset[int]], case_ids: Ids) -> list[frozenset[int]]:
    """The same sets, without cases that are not among these (n,)."""
    named = np.array(sorted({case for group in kin for case in group}), np.int64)
    here = set(named[np.isin(named, case_ids)].tolist())
    return [group & here for group in kin]


def families_of(kin: Collection[frozenset[int]]) -> dict[int, int]:
    """Each case with a relative to the smallest id of all that are related to it, directly or by others."""
    parent: dict[int, int] = {}

    def root(case: int) -> int:
        while parent.setdefault(case, case) != case:
            case = parent[case]
        return case

    for group in kin:
        roots = sorted({root(case) for case in group})
        parent.update(dict.fromkeys(roots, roots[0]))
    return {case: root(case) for case in parent}


def of_family(case_ids: Ids, kin: Mapping[int, int]) -> Ids:
    """The family of each case (n,): itself, where `families_of` tells of no other."""
    if not kin:
        return case_ids
    return np.fromiter((kin.get(case, case) for case in case_ids.tolist()), np.int64, len(case_ids))


@dataclass(frozen=True, slots=True, eq=False)
class _Gallery:
    """All rows of a gallery. They are made comparable where that is asked for, so that there is no second copy of them.

    `levels` (n,) are those of all rows.
    """

    normaliser: Normaliser
    vectors: Vectors
    families: Ids
    levels: Vectors

    @classmethod
    def of(cls, normaliser: Normaliser, vectors: Vectors, families: Ids) -> _Gallery:
        return cls(normaliser, vectors, families, normaliser.levels(vectors, families))

    def comparable(self, rows: Places) -> Vectors:
        """The vectors of some rows (k,) where they are compared, (k, dim)."""
        return self.normaliser.transformed(self.vectors[rows], bulk=True)

    def scores(self, probes: Places, others: Places) -> NDArray[np.float32]:
        """Comparable scores (m,) of row `probes[i]`, as if it were not in the gallery, with row `others[i]`."""
        rows, place = np.unique(np.concatenate((probes, others)), return_inverse=True)
        moved, families = self.comparable(rows), self.families[rows]
        nearest, cohort = self.normaliser.nearest(moved, families, bulk=True), self.normaliser.places(families)
        probe, other = np.split(place.reshape(-1), [len(probes)])
        cosines = np.einsum("ij,ij->i", moved[probe], moved[other])
        probe_levels = nearest.level_without(probe, cohort[other])
        other_levels = nearest.level_without(other, cohort[probe])
        return np.asarray(cosines - probe_levels / 2 - other_levels / 2, np.float32)

    def strangers(self, probes: Places, others: Places) -> NDArray[np.bool_]:
        """Whether rows `probes[i]` and `others[i]` are of two families, (m,)."""
        return np.asarray(self.families[probes] != self.families[others])

    def copies(self, probes: Places, others: Places) -> NDArray[np.bool_]:
        """Whether rows `probes[i]` and `others[i]` show one photo, by all appearances, (m,)."""
        return np.asarray(np.einsum("ij,ij->i", self.vectors[probes], self.vectors[others]) >= _COPY)


def _measured(gallery: _Gallery, members: Places, *, tell: bool) -> BandStatistics:
    """The statistics of the rows `members`; without `tell` the children are counted only."""
    random = np.random.default_rng(0)
    shuffled = random.permutation(members)
    families, first = np.unique(gallery.families[shuffled], return_index=True)
    children = len(families)
    if children < NEEDED or not tell:
        return BandStatistics(children, None)
    probes = random.permutation(shuffled[first])[:_MOST_PROBES]
    near = _near(gallery, probes, members)
    best, partners, copies = _best(gallery, probes, near)
    found = np.isfinite(best)
    # Two faces that are each other's best give one number twice: they are one observation.
    pairs = np.stack((gallery.families[probes[found]], gallery.families[partners[found]]), axis=1)
    groups = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)[1]
    return BandStatistics(children, Tail.of(best[found], groups.reshape(-1)), copies)


def _near(gallery: _Gallery, probes: Places, members: Places) -> Places:
    """For each probe row the members of other families that are most like it by rough score, (probes, `_EXACT`).

    Where there are fewer, the row itself stands for the rest.
    """
    moved, families = gallery.comparable(probes), gallery.families[probes]
    leading = Leading(len(probes), min(_EXACT, len(members)))
    for start in range(0, len(members), _ROWS):
        rows = members[start : start + _ROWS]
        rough = moved @ gallery.comparable(rows).T
        rough -= gallery.levels[rows] / 2  # the probe's own level is the same for all
        rough[families[:, None] == gallery.families[rows]] = -np.inf
        leading.add(rough, rows)
    return np.where(leading.rows >= 0, leading.rows, probes[:, None])


def _best(gallery: _Gallery, probes: Places, near: Places) -> tuple[NDArray[np.float32], Places, int]:
    """The best score (p,) of each probe with a stranger near it, −∞ without one; that stranger; how many have copies.

    Copies are left out unless they are too many to be copies.
    """
    pairs = np.repeat(probes, near.shape[1]), near.reshape(-1)
    strangers = gallery.strangers(*pairs).reshape(near.shape)
    copies = gallery.copies(*pairs).reshape(near.shape) & strangers
    doubled = int(np.count_nonzero(copies.any(axis=1)))
    if doubled > _MOST_COPIES * len(probes):
        copies, doubled = np.zeros_like(copies), 0
    exact = np.where(strangers & ~copies, gallery.scores(*pairs).reshape(near.shape), -np.inf)
    top = exact.argmax(axis=1)
    rows = np.arange(len(probes))
    return exact[rows, top], near[rows, top], doubled
