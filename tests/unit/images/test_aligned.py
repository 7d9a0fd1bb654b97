"""Aligned faces: the eyes land where the frame says, however the head leans, lies or leaves the photo."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import WrongUse
from matcher.images.aligned import Frame, aligned
from matcher.images.turns import points_back, quarter_turns

FRAME = Frame(width=200, height=250, distance=60, level=100)
EYES = {"red": (255, 0, 0), "blue": (0, 0, 255)}


def photo(left: tuple[float, float], right: tuple[float, float], size: float, shape: tuple[int, int] = (400, 500)):
    """A grey photo with a soft red spot on the left eye and a blue one on the right, `size` pixels wide."""
    down, across = np.mgrid[0 : shape[0], 0 : shape[1]]
    image = np.full((*shape, 3), 128.0)
    for (x, y), colour in ((left, EYES["red"]), (right, EYES["blue"])):
        weight = np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * size**2))[..., None]
        image = image * (1 - weight) + np.array(colour) * weight
    return np.rint(image).astype(np.uint8)


def spot(image: np.ndarray, colour: str) -> tuple[float, float]:
    """Where the middle of a spot lies: the mean place of its colour."""
    flat = image.astype(float)
    weight = np.clip((flat[..., 0] - flat[..., 2]) * (1 if colour == "red" else -1) - 8, 0, None)
    down, across = np.mgrid[0 : image.shape[0], 0 : image.shape[1]]
    return (weight * across).sum() / weight.sum(), (weight * down).sum() / weight.sum()


def check(image: np.ndarray, eyes: tuple[tuple[float, float], tuple[float, float]], within: float = 0.5) -> None:
    face = aligned(image, eyes, FRAME)
    assert face.shape == (250, 200, 3) and face.dtype == np.uint8
    assert math.dist(spot(face, "red"), FRAME.eyes[0]) < within
    assert math.dist(spot(face, "blue"), FRAME.eyes[1]) < within


def test_the_frame_has_the_eyes_level_and_as_far_from_either_side() -> None:
    assert FRAME.eyes == ((69.5, 100), (129.5, 100))


@given(
    angle=st.floats(0, 2 * math.pi),
    distance=st.floats(30, 150),
    x=st.floats(180, 320),
    y=st.floats(150, 250),
)
@settings(max_examples=40, deadline=None)
def test_eyes_land_to_half_a_pixel_at_every_lean_and_size(angle: float, distance: float, x: float, y: float) -> None:
    dx, dy = distance / 2 * math.cos(angle), distance / 2 * math.sin(angle)
    eyes = (x - dx, y - dy), (x + dx, y + dy)
    check(photo(*eyes, size=distance / 12), eyes)


def test_a_face_in_place_already_is_its_very_pixels() -> None:
    image = np.random.default_rng(1).integers(0, 256, (250, 200, 3), dtype=np.uint8)
    assert np.array_equal(aligned(image, FRAME.eyes, FRAME), image)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photo_that_lies_on_its_side_gives_the_same_face(turns: int) -> None:
    image = np.random.default_rng(2).integers(0, 256, (250, 200, 3), dtype=np.uint8)
    lying = quarter_turns(image, -turns)
    eyes = points_back(np.array(FRAME.eyes, np.float32), turns, lying.shape[1], lying.shape[0])
    left, right = ((float(x), float(y)) for x, y in eyes)
    difference = aligned(lying, (left, right), FRAME).astype(int) - image
    assert np.abs(difference).max() <= 1


def test_very_large_faces_are_averaged_and_still_in_place() -> None:
    eyes = (900.3, 1400.7), (2100.9, 1330.2)  # twenty times the frame's distance
    image = photo(*eyes, size=90, shape=(2600, 3000))
    check(image, eyes)
    image[::2] = 0  # lines that a warp alone would hit or miss
    image[1::2] = 200
    face = aligned(image, eyes, FRAME)
    assert np.abs(face[80:120, 60:140].astype(int) - 100).max() <= 8


def test_outside_is_light_grey_and_a_face_at_the_border_stays_in_place() -> None:
    eyes = (10.0, 30.0), (50.0, 30.0)  # the frame begins 54 pixels to the left and 37 above
    image = photo(*eyes, size=4)
    check(image, eyes)
    face = aligned(image, eyes, FRAME)
    assert (face[:, :50] == 236).all() and (face[:50] == 236).all()
    assert (face[70, 150] == 128).all()


def test_a_face_far_outside_is_all_grey() -> None:
    assert (aligned(photo((9, 9), (20, 9), 3), ((5000.0, 9.0), (5060.0, 9.0)), FRAME) == 236).all()


@pytest.mark.parametrize("right", [(5.0, 5.0), (math.nan, 5.0), (math.inf, 5.0)])
def test_eyes_in_one_place_or_nowhere_are_wrong_use(right: tuple[float, float]) -> None:
    with pytest.raises(WrongUse, match="cannot be made level"):
        aligned(photo((5, 5), (9, 5), 2), ((5.0, 5.0), right), FRAME)
