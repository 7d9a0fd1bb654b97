"""Quarter turns and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.images.turns import boxes_back, points_back, quarter_turns, upright

PHOTO = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)


@pytest.mark.parametrize("turns", range(-4, 8))
def test_turns_are_clockwise(turns: int) -> None:
    turned = quarter_turns(PHOTO, turns)
    assert np.array_equal(turned, np.rot90(PHOTO, -turns)) and turned.flags.c_contiguous


def test_no_turn_is_the_very_image() -> None:
    assert quarter_turns(PHOTO, 4) is PHOTO
    assert upright(PHOTO, 1) is PHOTO


def test_points_keep_shape_type_and_fractions() -> None:
    points = np.float32([[[0, 0], [1.25, 4.0]], [[2, 3], [0.5, 0.5]]])
    back = points_back(points, 1, 5, 3)
    assert back.shape == points.shape and back.dtype == np.float32
    # The first pixel of the turned photo was the lowest of the left edge.
    assert back[0].tolist() == [[0, 2], [4, 0.75]]


@pytest.mark.parametrize("turns", range(4))
def test_boxes_cover_the_same_pixels(turns: int) -> None:
    turned = quarter_turns(PHOTO, turns)
    left, top, right, bottom = boxes_back(np.float32([[0, 1, 2, 3]]), turns, 5, 3)[0].astype(int)
    assert np.array_equal(quarter_turns(PHOTO[top:bottom, left:right], turns), turned[1:3, 0:2])
