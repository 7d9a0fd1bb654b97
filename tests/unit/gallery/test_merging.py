"""Rows of a snapshot with later changes are the rows that a plain replay of the changes gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.domain.records import GalleryChange, GalleryRow
from matcher.gallery import merging
from matcher.gallery.merging import Merged
from matcher.gallery.parts import Part

DIM = 2


def vector(number: int) -> np.ndarray:
    return np.array([np.cos(number), np.sin(number)], np.float32)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "ROWS_PER_BLOCK", 3)


@settings(deadline=None)
@given(
    base=st.sets(st.integers(1, 30)),
    events=st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=30),
)
def test_merging_is_replaying(base: set[int], events: list[tuple[int, bool]]) -> None:
    rows = {face: (face % 4, vector(face)) for face in base}
    faces = np.array(sorted(base), np.int64)
    part = Part.whole(np.array([vector(face) for face in sorted(base)], np.float32).reshape(-1, DIM), faces, faces % 4)
    changes = []
    for number, (face, added) in enumerate(events, 1):
        row = GalleryRow(face, number, vector(100 + number)) if added else None
        changes.append(GalleryChange(number, face, row))
        rows.pop(face, None)
        if row is not None:
            rows[face] = (row.case_id, row.vector)
    whole = Merged.of(part, changes)
    blocks = list(whole.blocks())
    found = [
        (int(face), int(case), one.tolist())
        for block in blocks
        for face, case, one in zip(block.face_ids, block.case_ids, block.vectors, strict=True)
    ]
    assert found == [(face, case, one.tolist()) for face, (case, one) in sorted(rows.items())]
    faces, cases = whole.ids()
    assert list(zip(faces.tolist(), cases.tolist(), strict=True)) == [(face, case) for face, case, _ in found]
