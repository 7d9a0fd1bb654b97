"""The rows of a snapshot as later changes made them: what a searcher holds, in order of face id, to be written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.domain.records import GalleryChange, GalleryRows, Ids
from matcher.gallery.layout import ROWS_PER_BLOCK
from matcher.gallery.parts import Part


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """A snapshot's rows without those that later changes touched, and the rows that these added."""

    part: Part
    added: GalleryRows

    @classmethod
    def of(cls, part: Part, changes: Sequence[GalleryChange]) -> Merged:
        """The rows of a snapshot's part after changes that follow it; the last change of a face counts."""
        latest = {change.face_id: change.row for change in changes}
        touched = np.fromiter(sorted(latest), np.int64, len(latest))
        rows = sorted((row for row in latest.values() if row), key=lambda row: row.face_id)
        return cls(part.without_faces(touched), GalleryRows.of(rows, part.vectors.shape[1]))

    def ids(self) -> tuple[Ids, Ids]:
        """Face and case ids of all rows, in order of face id."""
        face_ids = np.concatenate((self.part.face_ids[self.part.alive], self.added.face_ids))
        case_ids = np.concatenate((self.part.case_ids[self.part.alive], self.added.case_ids))
        order = np.argsort(face_ids)
        return face_ids[order], case_ids[order]

    def blocks(self) -> Iterator[GalleryRows]:
        """All rows, face ids ascending within and across blocks."""
        part, done = self.part, 0
        for start in range(0, len(part.face_ids), ROWS_PER_BLOCK):
            rows = slice(start, start + ROWS_PER_BLOCK)
            end = int(np.searchsorted(self.added.face_ids, part.face_ids[rows][-1]))
            yield self._block(rows, slice(done, end))
            done = end
        yield self._block(slice(0, 0), slice(done, None))

    def _block(self, rows: slice, new: slice) -> GalleryRows:
        alive = self.part.alive[rows]
        face_ids: Ids = np.concatenate((self.part.face_ids[rows][alive], self.added.face_ids[new]))
        order = np.argsort(face_ids)
        return GalleryRows(
            face_ids[order],
            np.concatenate((self.part.case_ids[rows][alive], self.added.case_ids[new]))[order],
            np.concatenate((self.part.vectors[rows][alive], self.added.vectors[new]))[order],
        )
