"""What was measured of a large gallery, carried over a night in which few of its faces changed.

Faces that went leave the cohort, and those that came get a level. Mean, transform and tails stay: they hardly move as
long as few faces in a hundred change, and come from so many that they tell of nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matcher.domain.scores import Vectors
from matcher.matching.comparable import Ids, Normaliser
from matcher.matching.significance import GalleryStatistics, among, families_of, of_family

# A smaller gallery is measured anew each time, which takes seconds; a larger one when so many of its faces changed.
_FEWEST, _SHARE = 100_000, 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """The faces (n,) of a gallery, ascending, and the case of each (n,)."""

    face_ids: Ids
    case_ids: Ids


@dataclass(frozen=True, slots=True, eq=False)
class Newcomers:
    """The faces (m,) that came, ascending, with their vectors (m, dim); one that left and came back is one of them."""

    face_ids: Ids
    vectors: Vectors


def may_be_carried(faces: int) -> bool:
    """Whether the statistics of a gallery of so many faces are ever carried over."""
    return faces >= _FEWEST


def carried(
    statistics: GalleryStatistics, before: Members, now: Members, came: Newcomers, kin: Collection[frozenset[int]]
) -> GalleryStatistics | None:
    """The statistics of a gallery as it was `before`, for the one that it is `now`.

    `kin` are sets of cases as for `GalleryStatistics.measure`. `None` where the gallery should be measured anew: it is
    small, too many faces came or went since it was, or cases that were strangers then are related.
    """
    faces = len(now.face_ids)
    stayed = ~np.isin(now.face_ids, came.face_ids, assume_unique=True)
    changes = statistics.changes + len(before.face_ids) - int(np.count_nonzero(stayed)) + len(came.face_ids)
    if not may_be_carried(faces) or changes > _SHARE * faces:
        return None
    relatives = families_of(among(kin, now.case_ids))
    if _strangers_met(relatives, statistics.kin, before.case_ids):
        return None
    normaliser = _carried_cohort(statistics.normaliser, before, now, stayed, relatives)
    levels = np.empty(faces, np.float32)
    levels[stayed] = statistics.levels[np.searchsorted(before.face_ids, now.face_ids[stayed])]
    levels[~stayed] = normaliser.levels(came.vectors, of_family(now.case_ids[~stayed], relatives))
    return GalleryStatistics(normaliser, statistics.bands, levels, relatives, changes)


def _strangers_met(kin: Mapping[int, int], before: Mapping[int, int], case_ids: Ids) -> bool:
    """Whether two of the cases from before (n,) are of one family now, and were of two."""
    cases = np.array(list(kin), np.int64)
    families: dict[int, int] = {}
    for case in cases[np.isin(cases, case_ids)].tolist():
        family = before.get(case, case)
        if families.setdefault(kin[case], family) != family:
            return True
    return False


def _carried_cohort(
    old: Normaliser, before: Members, now: Members, stayed: NDArray[np.bool_], kin: Mapping[int, int]
) -> Normaliser:
    """The same strangers, without those that left."""
    places = np.flatnonzero(np.isin(before.face_ids[old.rows], now.face_ids[stayed]))
    rows = np.searchsorted(now.face_ids, before.face_ids[old.rows[places]])
    families = of_family(now.case_ids[rows], kin)
    order = np.argsort(families)
    return replace(old, cohort=old.cohort[places[order]], families=families[order], rows=rows[order])
