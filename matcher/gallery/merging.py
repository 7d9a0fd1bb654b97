"""The rows of a snapshot as later changes made them: what a searcher holds, written down in order of face id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from matcher.domain.records import GalleryChange, GalleryRow
from matcher.gallery.layout import ROWS_PER_BLOCK, Ids, RowBlock, row_blocks
from matcher.gallery.parts import Part


def merged(part: Part, changes: Sequence[GalleryChange], dim: int) -> Iterator[RowBlock]:
    """The rows of a snapshot's part after changes that follow it, in blocks, face ids ascending within and across."""
    latest = {change.face_id: change.row for change in changes}
    part = part.without_faces(np.fromiter(sorted(latest), np.int64, len(latest)))
    added = _together(sorted((row for row in latest.values() if row), key=lambda row: row.face_id), dim)
    done = 0
    for start in range(0, len(part.face_ids), ROWS_PER_BLOCK):
        rows = slice(start, start + ROWS_PER_BLOCK)
        end = int(np.searchsorted(added.face_ids, part.face_ids[rows][-1]))
        yield _interleaved(part, rows, added, slice(done, end))
        done = end
    yield RowBlock(added.face_ids[done:], added.case_ids[done:], added.vectors[done:])


def _together(rows: Sequence[GalleryRow], dim: int) -> RowBlock:
    blocks = [*row_blocks(rows, dim), RowBlock(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, dim), "f4"))]
    return RowBlock(
        np.concatenate([block.face_ids for block in blocks]),
        np.concatenate([block.case_ids for block in blocks]),
        np.concatenate([block.vectors for block in blocks]),
    )


def _interleaved(part: Part, rows: slice, added: RowBlock, new: slice) -> RowBlock:
    alive = part.alive[rows]
    face_ids: Ids = np.concatenate((part.face_ids[rows][alive], added.face_ids[new]))
    order = np.argsort(face_ids)
    return RowBlock(
        face_ids[order],
        np.concatenate((part.case_ids[rows][alive], added.case_ids[new]))[order],
        np.concatenate((part.vectors[rows][alive], added.vectors[new]))[order],
    )
