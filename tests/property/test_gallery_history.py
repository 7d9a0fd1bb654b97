"""Whatever is added, removed, snapshotted and pruned, in any order, a search finds exactly what is open now."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from matcher.domain.records import GalleryChange, GalleryRow, GalleryRows
from matcher.domain.scores import unit
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Conflict
from matcher.gallery.build import SnapshotWriter
from matcher.gallery.live import Gallery
from matcher.gallery.publishing import prune
from matcher.gallery.verify import verify_snapshot

DIM = 4
SPACE = EmbeddingSpace("test", "none", "none", mirror=False, dim=DIM)
# Few directions, so that ties are common.
DIRECTIONS = unit(np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [-1, 1, 0, 0], [0, 0, 1, -1]]))

faces = st.integers(1, 40)


class History:
    """What the database holds, and how it came to it."""

    def __init__(self) -> None:
        self.rows: dict[int, GalleryRow] = {}
        self.log: list[tuple[int, int, bool]] = []
        self.number = 0
        self.trimmed = 0

    def put(self, row: GalleryRow) -> None:
        self.rows[row.face_id] = row
        self._note(row.face_id, added=True)

    def remove(self, face: int) -> None:
        if self.rows.pop(face, None):
            self._note(face, added=False)

    def _note(self, face: int, *, added: bool) -> None:
        self.number += 1
        self.log.append((self.number, face, added))

    def counter(self) -> int:
        return self.number

    def changes(self, after: int) -> list[GalleryChange]:
        if after < self.trimmed:
            raise Conflict("trimmed")
        return [
            GalleryChange(number, face, self.rows.get(face) if added else None)
            for number, face, added in self.log
            if number > after
        ]

    def trim(self, through: int) -> None:
        self.trimmed = through
        self.log = [change for change in self.log if change[0] > through]


class GalleryHistory(RuleBasedStateMachine):
    """One database, one gallery that searches all the time, one that opens now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.home = TemporaryDirectory()
        self.history = History()
        self.steady = Gallery(Path(self.home.name), SPACE, self.history, threads=1)

    def teardown(self) -> None:
        self.home.cleanup()

    @rule(face=faces, case=st.integers(1, 6), direction=st.integers(0, len(DIRECTIONS) - 1))
    def add(self, face: int, case: int, direction: int) -> None:
        self.history.put(GalleryRow(face, case, DIRECTIONS[direction]))

    @rule(many=st.lists(faces, min_size=5, max_size=40), case=st.integers(1, 6))
    def add_many(self, many: list[int], case: int) -> None:
        for face in many:
            self.history.put(GalleryRow(face, case, DIRECTIONS[face % len(DIRECTIONS)]))

    @rule(face=faces)
    def remove(self, face: int) -> None:
        self.history.remove(face)

    @rule(case=st.integers(1, 6))
    def close_case_and_open_it_again(self, case: int) -> None:
        closed = [row for row in self.history.rows.values() if row.case_id == case]
        for row in closed:
            self.history.remove(row.face_id)
        self.check(self.steady)
        for row in closed:
            self.history.put(row)

    @rule(trim=st.booleans(), keep=st.integers(1, 2))
    def reindex(self, trim: bool, keep: int) -> None:
        rows = GalleryRows.of((row for _, row in sorted(self.history.rows.items())), SPACE.dim)
        with SnapshotWriter(self.steady.folder, SPACE, self.history.number) as writer:
            writer.append(rows.face_ids, rows.case_ids, rows.vectors)
            info = writer.publish()
        verify_snapshot(info.folder, lambda _: [rows])
        if trim:
            self.history.trim(info.through_change)
        prune(self.steady.folder, keep)

    @rule()
    def open_anew(self) -> None:
        self.check(Gallery(Path(self.home.name), SPACE, self.history, threads=1))

    @invariant()
    def the_steady_one_is_exact(self) -> None:
        self.check(self.steady)

    def check(self, gallery: Gallery) -> None:
        for count in (3, 10):
            result = gallery.search(DIRECTIONS[:2], cases=count)
            assert result.gallery_size == len(self.history.rows)
            assert result.counter == self.history.number
            for probe, hits in zip(DIRECTIONS, result.hits, strict=False):
                found = [(hit.similarity, hit.face_id, hit.case_id) for hit in hits]
                assert found == self.expected(probe, count)

    def expected(self, probe: np.ndarray, count: int) -> list[tuple[float, int, int]]:
        scored = [
            (float(np.clip(np.float32(np.sum(row.vector * probe.astype(np.float64))), -1, 1)), row.face_id, row.case_id)
            for row in self.history.rows.values()
        ]
        best: dict[int, tuple[float, int, int]] = {}
        for entry in sorted(scored, key=lambda entry: (-entry[0], entry[1])):
            best.setdefault(entry[2], entry)
        return list(best.values())[:count]


GalleryHistory.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestGalleryHistory = GalleryHistory.TestCase
