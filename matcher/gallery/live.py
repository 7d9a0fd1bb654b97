"""The gallery that is searched: always current, always exact.

A snapshot, plus the tail of faces added since, minus the faces removed since. Every search first asks for the change
counter and for the live snapshot's name; if either moved, a new state is made and swapped in, so that a running
search never sees half of an update.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from matcher.domain.records import GalleryChange, GalleryRow, Hit
from matcher.domain.scores import Vectors
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Conflict, Damaged
from matcher.gallery.cipher import Cipher
from matcher.gallery.exact import best_cases, check_probes
from matcher.gallery.layout import not_unit, space_folder
from matcher.gallery.nearest import limit_threads
from matcher.gallery.parts import Part, Tail
from matcher.gallery.snapshots import Snapshot, current_name, open_snapshot

_Notes = TypeVar("_Notes")


class ChangeFeed(Protocol):
    """The history of one space's gallery, as the database tells it.

    Changes are numbered upwards in the order in which they became visible; none appears later below a counter that
    was read. History that the live snapshot (CURRENT) contains may be forgotten, once that snapshot is published.
    """

    def counter(self) -> int:
        """The number of the last change, 0 if there is none."""

    def changes(self, after: int) -> Sequence[GalleryChange]:
        """All changes with a number above `after`, in order; `Conflict` where some of them are forgotten."""


@dataclass(frozen=True, slots=True)
class SearchResult(Generic[_Notes]):
    """For each probe the best face of each case, most similar first, and what was searched.

    `snapshot` is "<folder>@<counter>", or "live@<counter>" where none is published; `counter` is the last change that
    was searched; `gallery_size` is the number of faces. `vectors` holds those of each probe's hits, (hits, dim);
    `notes` is what was read beside the snapshot, if there is one.
    """

    hits: tuple[tuple[Hit, ...], ...]
    snapshot: str
    counter: int
    gallery_size: int
    vectors: tuple[Vectors, ...] = field(default=(), compare=False, repr=False)
    notes: _Notes | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GalleryStatus(Generic[_Notes]):
    """`tombstone_share`: removed part of the snapshot's rows, 0 … 1, `None` without rows; `size`: searchable faces.

    `created_at` is when the snapshot was made.
    """

    snapshot: str | None
    through_change: int
    counter: int
    size: int
    snapshot_size: int
    tail_size: int
    tombstones: int
    tombstone_share: float | None
    created_at: datetime | None
    notes: _Notes | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class _State(Generic[_Notes]):
    """One consistent view: snapshot and tail with all changes up to `counter`.

    `source` is the open snapshot, which no other process prunes as long as a search may still read it.
    """

    source: Snapshot | None
    snapshot: str | None
    through_change: int
    counter: int
    base: Part
    tail: Tail
    created_at: datetime | None
    notes: _Notes | None

    @property
    def parts(self) -> tuple[Part, Part]:
        return self.base, self.tail.part

    @property
    def size(self) -> int:
        return self.base.live + self.tail.part.live

    def vectors(self, hits: Sequence[Sequence[Hit]]) -> tuple[Vectors, ...]:
        """The vectors of faces that are in this view, (hits, dim) for each probe."""
        lengths = [len(found) for found in hits]
        every = np.fromiter((hit.face_id for found in hits for hit in found), np.int64, sum(lengths))
        wanted, order = np.unique(every, return_inverse=True)
        vectors = np.empty((len(wanted), self.base.vectors.shape[1]), np.float32)
        for finder, part in ((self.base, self.base), (self.tail, self.tail.part)):
            places, rows = finder.find(wanted)
            vectors[places] = part.vectors[rows]
        return tuple(np.split(vectors[order], np.cumsum(lengths)[:-1])) if hits else ()

    def after(self, changes: Sequence[GalleryChange], counter: int) -> _State[_Notes]:
        """This view moved on; the last change of a face is the one that counts."""
        latest = {change.face_id: change.row for change in changes}
        touched = np.fromiter(latest, np.int64, len(latest))
        added = [row for row in latest.values() if row is not None]
        _check_rows(added, self.base.vectors.shape[1])
        return replace(
            self,
            counter=max(counter, *(change.change for change in changes)) if changes else counter,
            base=self.base.without_faces(touched),
            tail=self.tail.extended(touched, added),
        )


class Gallery(Generic[_Notes]):
    """Searches one embedding space. Safe in threads, and in a forked child, which shares the open snapshot.

    `snapshots` is the home's folder for the snapshots of all spaces, `folder` this space's below it. `threads` is the
    number that one search may use; 0 leaves it to OpenMP, one per core. `read_notes` reads what lies beside the vectors
    of a snapshot, once for each that is opened. `cipher` opens sealed snapshots.
    """

    def __init__(
        self,
        snapshots: Path,
        space: EmbeddingSpace,
        feed: ChangeFeed,
        *,
        threads: int = 0,
        read_notes: Callable[[Snapshot], _Notes | None] = lambda _: None,
        cipher: Cipher | None = None,
    ) -> None:
        self.folder = space_folder(snapshots, space)
        self._space, self._feed, self._threads, self._read_notes = space, feed, threads, read_notes
        self._cipher = cipher
        self._source: Snapshot | None = None  # a name stands for the same rows for ever, so it is opened once
        self._forget()
        _galleries.add(self)

    def search(self, probes: Vectors, *, cases: int) -> SearchResult[_Notes]:
        """The exact best `cases` cases for each unit vector of `probes`, (n, dim), each by its most similar face.

        Order: falling similarity, then rising face id. `Damaged` if the snapshot or the change history cannot give
        the whole gallery.
        """
        probes = check_probes(probes, self._space.dim)
        state = self._fresh()
        limit_threads(self._threads)
        hits = best_cases(state.parts, probes, cases)
        name = f"{state.snapshot or 'live'}@{state.counter}"
        return SearchResult(hits, name, state.counter, state.size, state.vectors(hits), state.notes)

    def status(self) -> GalleryStatus[_Notes]:
        """The state that a search would see now."""
        state = self._fresh()
        rows = len(state.base.face_ids)
        tombstones = rows - state.base.live
        return GalleryStatus(
            snapshot=state.snapshot,
            through_change=state.through_change,
            counter=state.counter,
            size=state.size,
            snapshot_size=rows,
            tail_size=state.tail.part.live,
            tombstones=tombstones,
            tombstone_share=tombstones / rows if rows else None,
            created_at=state.created_at,
            notes=state.notes,
        )

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._state: _State[_Notes] | None = None

    def _fresh(self) -> _State[_Notes]:
        with self._lock:
            name = current_name(self.folder)
            while True:
                try:
                    state = self._caught_up(name)
                except (Damaged, Conflict):
                    # Its files may just have been pruned or its history trimmed: then CURRENT names its successor.
                    name, before = current_name(self.folder), name
                    if name == before:
                        raise
                    continue
                # History may be forgotten once a newer snapshot is live: what was read counts only if none became so
                # meanwhile.
                name, before = current_name(self.folder), name
                if name == before:
                    self._state = state
                    return state

    def _caught_up(self, name: str | None) -> _State[_Notes]:
        state = self._state
        if state is None or state.snapshot != name:
            state = self._opened(name)
        counter = self._feed.counter()
        if counter < state.counter:
            state = self._opened(name)  # the database was restored from a backup
        if counter < state.counter:
            raise Damaged(
                f"The snapshot '{name}' is complete up to change {state.counter}, but the database is at {counter}, as "
                f"after restoring a backup. Delete '{self.folder}', then run `matcher reindex`."
            )
        return state if counter == state.counter else state.after(self._feed.changes(state.counter), counter)

    def _opened(self, name: str | None) -> _State[_Notes]:
        tail = Tail.empty(self._space.dim)
        if name is None:
            self._source = None
            return _State(None, None, 0, 0, tail.part, tail, None, None)
        snapshot = self._source
        if snapshot is None or snapshot.folder.name != name:
            snapshot = self._source = open_snapshot(self.folder / name, self._space, self._cipher)
        through = snapshot.manifest.through_change
        made = snapshot.manifest.created_at
        return _State(snapshot, name, through, through, snapshot.part, tail, made, self._read_notes(snapshot))


def _check_rows(rows: Sequence[GalleryRow], dim: int) -> None:
    """A tail row that cannot be searched must not be passed over silently."""
    for row in rows:
        if row.vector.shape != (dim,):
            raise Damaged(
                f"Face {row.face_id} has a vector of shape {row.vector.shape} instead of ({dim},): embed it again."
            )
    if rows and len(wrong := not_unit(np.asarray([row.vector for row in rows], np.float32))):
        raise Damaged(f"Face {rows[wrong[0]].face_id} has no unit vector in the database: embed it again.")


_galleries: weakref.WeakSet[Gallery[Any]] = weakref.WeakSet()


def _in_child() -> None:
    """After a fork, locks may be held by threads that are gone."""
    for gallery in list(_galleries):
        gallery._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
