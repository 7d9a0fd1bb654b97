"""Photos in frames: the right size always, the face in it, nothing stretched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import PhotoRefused, WrongUse
from matcher.images.crops import PAPER, to_jpeg
from matcher.images.portraits import portrait

SIZE = (60, 80)


def photo(width: int, height: int, square: tuple[int, int, int] | None = None) -> bytes:
    """A green photo with a red square: its left, top and side."""
    image = np.full((height, width, 3), (0, 200, 0), np.uint8)
    if square is not None:
        left, top, side = square
        image[top : top + side, left : left + side] = (230, 0, 0)
    return to_jpeg(image, 95)


def red(image: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is red."""
    rows, columns = np.nonzero((image[..., 0] > 150) & (image[..., 1] < 90))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_a_face_is_in_the_middle_and_as_high_as_head_and_shoulders_need() -> None:
    made = portrait(photo(600, 800, (400, 300, 100)), "x", SIZE, (400, 300, 500, 400))
    left, top, right, bottom = red(made)
    assert made.shape == (80, 60, 3)
    assert abs((left + right) / 2 - 30) <= 1 and abs((top + bottom) / 2 - 0.46 * 80) <= 1
    assert abs((bottom - top) / 80 - 0.46) < 0.03 and abs((bottom - top) - (right - left)) <= 1


def test_at_an_edge_the_frame_stays_in_the_photo() -> None:
    made = portrait(photo(600, 800, (0, 700, 100)), "x", SIZE, (0, 700, 100, 800))
    left, _, right, bottom = red(made)
    assert (left, bottom) == (0, 80) and right < 40
    assert not (made == PAPER).all(axis=2).any()


def test_a_small_face_is_not_enlarged_beyond_measure() -> None:
    left, _, right, _ = red(portrait(photo(600, 800, (300, 300, 10)), "x", (480, 640), (300, 300, 310, 310)))
    assert 24 <= right - left <= 36  # three times, not thirty


def test_a_face_as_large_as_a_photo_of_another_shape_is_all_there() -> None:
    made = portrait(photo(400, 100, (150, 0, 100)), "x", SIZE, (150, 0, 250, 100))
    left, top, right, bottom = red(made)
    assert left > 0 and right < 60 and abs((right - left) - (bottom - top)) <= 2
    assert (made[0] == PAPER).all() and (made[-1] == PAPER).all()


def test_without_a_face_the_upper_middle_is_shown() -> None:
    made = portrait(photo(600, 400, (250, 120, 100)), "x", SIZE)
    assert made[red(made)[1], 30, 0] > 150
    tall = red(portrait(photo(300, 700, (100, 180, 100)), "x", SIZE))
    assert tall[1] > 0 and tall[3] < 80


@pytest.mark.parametrize(("width", "height"), [(1000, 200), (150, 900)])
def test_without_a_face_a_long_photo_is_shown_whole(width: int, height: int) -> None:
    made = portrait(photo(width, height), "x", SIZE)
    grey = (made == PAPER).all(axis=2)
    assert 0.3 < grey.mean() < 0.95
    rows, columns = np.nonzero(~grey)
    shown = (columns.max() - columns.min() + 1) / (rows.max() - rows.min() + 1)
    assert shown == pytest.approx(width / height, rel=0.25)


@given(
    st.tuples(st.integers(1, 200), st.integers(1, 200)),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.none() | st.tuples(*[st.floats(-300, 300)] * 2, *[st.floats(0.1, 300)] * 2),
)
@settings(max_examples=60, deadline=None)
def test_any_photo_fits_any_frame(
    shape: tuple[int, int], size: tuple[int, int], place: tuple[float, float, float, float] | None
) -> None:
    face = None if place is None else (place[0], place[1], place[0] + place[2], place[1] + place[3])
    made = portrait(photo(*shape), "x", size, face)
    assert made.shape == (size[1], size[0], 3) and made.dtype == np.uint8


@pytest.mark.parametrize("face", [(0, 0, 0, 9), (9, 9, 5, 20), (0, 0, float("nan"), 9), (0, 0, float("inf"), 9)])
def test_a_face_is_a_place(face: tuple[float, float, float, float]) -> None:
    with pytest.raises(WrongUse, match="no place"):
        portrait(photo(50, 50), "x", SIZE, face)


def test_what_cannot_be_shown() -> None:
    with pytest.raises(PhotoRefused, match="K7"):
        portrait(b"no photo", "K7", SIZE)
    with pytest.raises(WrongUse, match="0 × 5"):
        portrait(photo(5, 5), "x", (0, 5))
