"""What was measured of a large gallery, carried over a night in which few of its faces changed.

Faces that went leave the cohort, and those that came get a level. Mean, transform and tails stay: they hardly move as
long as few faces in a hundred change, and come from so many that they tell of nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

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


def carried(
    statistics: GalleryStatistics, before: Members, now: Members, vectors: Vectors, kin: Collection[frozenset[int]]
) -> GalleryStatistics | None:
    """The statistics of a gallery as it was `before`, for the one that it is `now`, with its vectors (n, dim).

    `kin` are sets of cases as for `GalleryStatistics.measure`. `None` where the gallery should be measured anew: it is
    small, too many faces came or went since it was, or cases that were strangers then are related.
    """
    place = np.searchsorted(before.face_ids, now.face_ids)
    stayed = np.isin(now.face_ids, before.face_ids, assume_unique=True)
    faces = len(now.face_ids)
    changes = statistics.changes + len(before.face_ids) + faces - 2 * int(np.count_nonzero(stayed))
    if faces < _FEWEST or changes > _SHARE * faces:
        return None
    relatives = families_of(among(kin, now.case_ids))
    if _strangers_met(relatives, statistics.kin, before.case_ids):
        return None
    normaliser = _carried_cohort(statistics.normaliser, before, now, vectors, relatives)
    levels = np.empty(faces, np.float32)
    levels[stayed] = statistics.levels[place[stayed]]
    levels[~stayed] = normaliser.levels(vectors[~stayed], of_family(now.case_ids[~stayed], relatives))
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
    normaliser: Normaliser, before: Members, now: Members, vectors: Vectors, kin: Mapping[int, int]
) -> Normaliser:
    faces = before.face_ids[normaliser.rows]
    rows = np.searchsorted(now.face_ids, faces[np.isin(faces, now.face_ids)])
    families = of_family(now.case_ids[rows], kin)
    order = np.argsort(families)
    made = normaliser.mean, normaliser.transform
    return Normaliser.with_cohort(normaliser.method, made, vectors, rows[order], families[order])
