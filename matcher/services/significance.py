"""Statistics of the gallery: measured by a reindex, kept beside its snapshot, read by every search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matcher.domain.ages import AgeBand
from matcher.domain.records import GalleryRows, Hit, Ids
from matcher.domain.scores import Vectors
from matcher.errors import Damaged
from matcher.gallery.merging import Merged
from matcher.gallery.parts import Places
from matcher.gallery.snapshots import Snapshot
from matcher.matching.carrying import Members, Newcomers, carried
from matcher.matching.meaning import UNTOLD
from matcher.matching.plausibility import age_in_photo
from matcher.matching.significance import GalleryStatistics, among, families_of
from matcher.matching.statistics_files import ARRAYS, TABLE, decoded
from matcher.store.database import Reading


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """The statistics of a snapshot with the ids of the faces that it holds, ascending."""

    statistics: GalleryStatistics
    face_ids: Ids

    def comparable(
        self, probe: Vectors, hits: Sequence[Hit], vectors: Vectors, owners: Places | None = None
    ) -> Vectors:
        """Comparable scores (k,) of a probe (dim,) with its hits, whose vectors are (k, dim).

        With `owners` (k,) there are several probes (p, dim), and it says of which row each hit is.
        """
        faces = np.fromiter((hit.face_id for hit in hits), np.int64, len(hits))
        cases = np.fromiter((hit.case_id for hit in hits), np.int64, len(hits))
        return self.statistics.comparable(probe, vectors, cases, self._levels(faces, cases, vectors), owners)

    def _levels(self, faces: Ids, cases: Ids, vectors: Vectors) -> Vectors:
        """Measured levels of the faces, and new ones of those that came since."""
        levels = np.empty(len(faces), np.float32)
        rows = np.searchsorted(self.face_ids, faces)
        known = np.isin(faces, self.face_ids[rows[rows < len(self.face_ids)]])
        levels[known] = self.statistics.levels[rows[known]]
        levels[~known] = self.statistics.levels_of(vectors[~known], cases[~known])
        return levels

    def growth(self, gallery_size: int) -> float:
        """How many times as many faces there are now."""
        return gallery_size / max(len(self.face_ids), 1)


def read_scale(snapshot: Snapshot) -> Scale | None:
    """The scale of a snapshot; `None` for one whose statistics are damaged or absent, as in one of an older version."""
    try:
        table, arrays = snapshot.attachment(TABLE), snapshot.attachment(ARRAYS)
        if table is None or arrays is None:
            return None
        statistics = decoded(table, arrays, snapshot.part.vectors, str(snapshot.folder))
    except Damaged:
        return None  # a search that finds a child without a sentence is better than none; `index verify` names the file
    return None if statistics is None else Scale(statistics, snapshot.part.face_ids)


def measure(reading: Reading, space: str, rows: GalleryRows, method: str) -> GalleryStatistics:
    """Measure a gallery whose rows are those of this reading."""
    bands: list[AgeBand] = []
    for dating in reading.gallery.datings(space):
        if len(bands) == len(rows.face_ids) or dating.face_id != rows.face_ids[len(bands)]:
            break
        bands.append(AgeBand.of(age_in_photo(dating.case, dating.taken, dating.age)))
    if len(bands) < len(rows.face_ids):
        raise Damaged("Some gallery faces have no photo or no case: restore a backup.")
    return GalleryStatistics.measure(
        rows.vectors, rows.case_ids, bands, kin=kin_of(reading), method=method, silent=UNTOLD
    )


def measured_alike(reading: Reading, scale: Scale, case_ids: Ids, method: str) -> bool:
    """Whether statistics of a gallery with these cases (n,) were measured by this method, with the kin of today."""
    kin = families_of(among(kin_of(reading), case_ids))
    return scale.statistics.normaliser.method == method and scale.statistics.kin == kin


def carry(reading: Reading, base: Snapshot, rows: Merged, method: str) -> GalleryStatistics | None:
    """What was measured of a snapshot's gallery, for its rows of today; `None`: measure them anew."""
    scale = read_scale(base)
    if scale is None or scale.statistics.normaliser.method != method:
        return None
    before, now = Members(base.part.face_ids, base.part.case_ids), Members(*rows.ids())
    came = Newcomers(rows.added.face_ids, rows.added.vectors)
    return carried(scale.statistics, before, now, came, kin_of(reading))


def kin_of(reading: Reading) -> list[frozenset[int]]:
    """Cases that are no strangers to each other: declared relatives, and those that hold one picture together."""
    declared = [frozenset[int](pair[:2]) for pair in reading.relations.pairs()]
    return declared + [frozenset[int](holders) for holders in reading.photos.shared_between_cases()]
