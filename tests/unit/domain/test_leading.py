"""The best scores of rows that come in blocks are those of a sort of all."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.domain.leading import Leading


@pytest.mark.parametrize("block", [1, 3, 7, 100])
@pytest.mark.parametrize("distinct", [5, 10_000])
def test_the_best_of_all_blocks_are_kept(block: int, distinct: int) -> None:
    scores = np.random.default_rng(1).integers(0, distinct, (6, 100)).astype(np.float32)
    scores[2] = scores[2, 0]
    scores[3] = np.arange(100)
    leading = Leading(6, 7)
    for start in range(0, 100, block):
        rows = np.arange(start, min(start + block, 100))
        leading.add(scores[:, rows], rows)
    assert np.array_equal(leading.scores, -np.sort(-scores, axis=1)[:, :7])
    assert np.array_equal(np.take_along_axis(scores, leading.rows, axis=1), leading.scores)
    assert all(len(set(rows)) == 7 for rows in leading.rows.tolist())


def test_fewer_rows_than_places_leave_places_open() -> None:
    leading = Leading(2, 3)
    leading.add(np.array([[0.5, 0.7], [-0.5, -0.7]], np.float32), np.array([8, 9]))
    assert leading.rows.tolist() == [[9, 8, -1], [8, 9, -1]]
    assert np.isneginf(leading.scores[:, 2]).all()
