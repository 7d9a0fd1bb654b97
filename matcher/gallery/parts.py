"""Rows that can be searched: a snapshot's, or the growing tail of faces added since; immutable values to a searcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matcher.domain.records import GalleryRow, GalleryRows, Ids
from matcher.domain.scores import Vectors

Places = NDArray[np.intp]

_SMALLEST_ROOM = 256


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Vectors (n, dim) float32 with the ids of their faces and cases, each (n,); `alive` (n,): not removed."""

    vectors: Vectors
    face_ids: Ids
    case_ids: Ids
    alive: NDArray[np.bool_]
    live: int

    @classmethod
    def whole(cls, vectors: Vectors, face_ids: Ids, case_ids: Ids) -> Part:
        """All rows, none removed."""
        return cls(vectors, face_ids, case_ids, np.ones(len(face_ids), np.bool_), len(face_ids))

    def without(self, rows: NDArray[np.intp]) -> Part:
        """The same rows with those at `rows` removed; an already removed row stays so."""
        if not len(rows):
            return self
        alive = self.alive.copy()
        alive[rows] = False
        return replace(self, alive=alive, live=int(np.count_nonzero(alive)))

    def without_faces(self, face_ids: Ids) -> Part:
        """As `without`, by face ids, for a part whose face ids ascend."""
        return self.without(self.find(face_ids)[1])

    def find(self, face_ids: Ids) -> tuple[Places, Places]:
        """Which of the distinct face ids are here and not removed, and in which rows; for ids that ascend here."""
        rows = np.searchsorted(self.face_ids, face_ids)
        places = np.flatnonzero(rows < len(self.face_ids))
        rows = rows[places]
        here = (self.face_ids[rows] == face_ids[places]) & self.alive[rows]
        return places[here], rows[here]


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """Faces added since the snapshot: `part`, whose rows are the first ones of `room`.

    A tail is never changed: `extended` gives a new one. Both may share their room, because the older one never looks
    past its own length. Only the newest tail may be extended, which the gallery's lock ensures.
    """

    room: GalleryRows
    part: Part

    @classmethod
    def empty(cls, dim: int) -> Tail:
        return _moved(_room(dim, 0), np.zeros(0, np.bool_), 0)

    def find(self, face_ids: Ids) -> tuple[Places, Places]:
        """As `Part.find`."""
        rows = np.flatnonzero(np.isin(self.part.face_ids, face_ids) & self.part.alive)
        order = np.argsort(face_ids)
        return order[np.searchsorted(face_ids, self.part.face_ids[rows], sorter=order)], rows

    def extended(self, gone: Ids, added: Sequence[GalleryRow]) -> Tail:
        """The tail without the faces `gone`, then with the rows `added`; removed rows leave memory as it grows."""
        part = self.part.without(np.flatnonzero(np.isin(self.part.face_ids, gone)))
        tail = Tail(self.room, part)
        if len(part.face_ids) + len(added) > len(self.room.face_ids):
            tail = _moved(self.room, part.alive, 2 * (part.live + len(added)))
        start, end = len(tail.part.face_ids), len(tail.part.face_ids) + len(added)
        room = tail.room
        for number, row in enumerate(added, start):
            room.vectors[number], room.face_ids[number], room.case_ids[number] = row.vector, row.face_id, row.case_id
        alive = np.concatenate((tail.part.alive, np.ones(len(added), np.bool_)))
        grown = Part(room.vectors[:end], room.face_ids[:end], room.case_ids[:end], alive, tail.part.live + len(added))
        return Tail(room, grown)


def _room(dim: int, capacity: int) -> GalleryRows:
    return GalleryRows(
        np.empty(capacity, np.int64), np.empty(capacity, np.int64), np.empty((capacity, dim), np.float32)
    )


def _moved(old: GalleryRows, alive: NDArray[np.bool_], capacity: int) -> Tail:
    """A tail in a new room that holds the rows of `old` that are `alive`, shape (rows,)."""
    room, kept = _room(old.vectors.shape[1], max(capacity, _SMALLEST_ROOM)), int(np.count_nonzero(alive))
    used = len(alive)
    room.face_ids[:kept] = old.face_ids[:used][alive]
    room.case_ids[:kept] = old.case_ids[:used][alive]
    room.vectors[:kept] = old.vectors[:used][alive]
    return Tail(room, Part.whole(room.vectors[:kept], room.face_ids[:kept], room.case_ids[:kept]))
