"""Chips: which photo pixel lands where, and what dlib would have cut."""

from __future__ import annotations

import numpy as np
import pytest
from faces_models import ARCFACE_POINTS

from matcher.errors import WrongUse
from matcher.faces.alignment import (
    DLIB_TEMPLATE,
    DlibAligner,
    Similarity,
    WarpAligner,
    as_complex,
)
from matcher.faces.points import DLIB_POINTS, PointLayout, meet

# The template of ArcFace and its kin for chips of 112 × 112.
PLACES = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
TEMPLATE = dict(zip(ARCFACE_POINTS, PLACES, strict=True))
ARCFACE = WarpAligner("arcface-112", ARCFACE_POINTS, TEMPLATE, 112)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A photo with structure at all sizes."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 16 + 1, width // 16 + 1, 3))
    fine = np.random.default_rng(seed + 1).integers(-20, 20, (height, width, 3))
    return np.clip(np.kron(coarse, np.ones((16, 16, 1)))[:height, :width] + fine, 0, 255).astype(np.uint8)


def landmarks(scale: float = 1.0, turn: float = 0.0, shift: complex = 0j) -> np.ndarray:
    """dlib's template as a face of 150 · scale pixels, turned by `turn` radians."""
    unit = as_complex(list(DLIB_TEMPLATE.values()))
    points = unit * scale * np.exp(1j * turn) + shift
    return np.stack((points.real, points.imag), axis=-1).astype(np.float32)


def test_similarity_recovers_turn_scale_and_shift() -> None:
    source = as_complex([[0, 0], [1, 0], [0, 2], [3, 3]])
    fitted = Similarity.fit(source, source * (3 + 4j) + (5 - 6j))
    assert fitted.factor == pytest.approx(3 + 4j)
    assert fitted.shift == pytest.approx(5 - 6j)
    assert fitted(1j) == pytest.approx((3 + 4j) * 1j + 5 - 6j)


def test_similarity_is_the_least_squares_one() -> None:
    # Two points that were pulled apart differently: the mean scale is 2, the residuals cancel.
    fitted = Similarity.fit(
        as_complex([[-1, 0], [1, 0], [0, -1], [0, 1]]), as_complex([[-3, 0], [3, 0], [0, -1], [0, 1]])
    )
    assert fitted.factor == pytest.approx(2)
    assert fitted.shift == pytest.approx(0)


@pytest.mark.parametrize("aligner", [DlibAligner(), ARCFACE], ids=lambda aligner: aligner.name)
def test_landmarks_in_one_place_are_refused(aligner: DlibAligner | WarpAligner) -> None:
    with pytest.raises(WrongUse, match="one place"):
        aligner.chip(noise(50, 50), np.full((5, 2), 20, np.float32))


def test_face_that_fills_its_chip_is_cut_unchanged() -> None:
    photo = noise(200, 220)
    chip = DlibAligner().chip(photo, landmarks(shift=30 + 20j))
    # The centre, 75 + 30, minus 74.5: half a pixel beside the grid, so each pixel is the mean of four.
    corner = photo[20:171, 30:181].astype(float)
    means = (corner[:-1, :-1] + corner[:-1, 1:] + corner[1:, :-1] + corner[1:, 1:]) / 4
    assert np.abs(chip - means).max() <= 1


def test_turned_photo_gives_the_turned_chip_upright() -> None:
    photo = noise(300, 300)
    upright = DlibAligner().chip(photo, landmarks(0.8, shift=90 + 90j))
    # The photo after a clockwise quarter turn shows (x, y) at (299 − y, x).
    points = landmarks(0.8, shift=90 + 90j)
    turned = np.stack((299 - points[:, 1], points[:, 0]), axis=-1)
    chip = DlibAligner().chip(np.ascontiguousarray(np.rot90(photo, -1)), turned)
    assert np.abs(chip.astype(int) - upright).max() <= 1


def test_what_lies_beyond_the_photo_is_black() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    chip = DlibAligner().chip(white, landmarks(shift=-80 + 0j))
    assert chip[:, :70].tolist() == np.zeros((150, 70, 3)).tolist() or chip[50, 60].max() == 0
    assert chip[50, 100].min() == 255
    assert chip[120].max() == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 2), (3, 500)])
def test_photos_of_hardly_any_pixels_give_a_chip(shape: tuple[int, int]) -> None:
    photo = np.full((*shape, 3), 200, np.uint8)
    for scale in (0.01, 1.0, 9.0):
        assert DlibAligner().chip(photo, landmarks(scale)).shape == (150, 150, 3)
        assert ARCFACE.chip(photo, landmarks(scale)).shape == (112, 112, 3)


@pytest.mark.parametrize("scale", [0.3, 0.9, 1.9, 1.99, 2.0, 3.3, 4.1, 7.0])
@pytest.mark.parametrize(
    ("turn", "shift"), [(0.0, 100 + 120j), (0.4, 300 + 80j), (-2.0, 500 + 700j), (0.1, -60 + 900j)]
)
def test_chips_are_those_of_dlib(scale: float, turn: float, shift: complex) -> None:
    dlib = pytest.importorskip("dlib")
    photo = noise(1100, 1000)
    points = np.round(landmarks(scale, turn, shift))
    parts = [dlib.point(int(x), int(y)) for x, y in points]
    expected = dlib.get_face_chip(photo, dlib.full_object_detection(dlib.rectangle(0, 0, 9, 9), parts), 150, 0.25)
    difference = np.abs(DlibAligner().chip(photo, points).astype(int) - expected)
    # Where a value falls on a whole number but for the last bit, one side may truncate to the number before.
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 1e-4


def test_warp_puts_landmarks_on_the_template() -> None:
    photo = np.zeros((400, 400, 3), np.uint8)
    points = np.array(PLACES, np.float32) * 2 + 60
    for x, y in np.round(points).astype(int):
        photo[y - 2 : y + 3, x - 2 : x + 3] = 255
    chip = ARCFACE.chip(photo, points)
    assert chip.shape == (112, 112, 3)
    for x, y in np.round(PLACES).astype(int):
        assert chip[y, x].min() > 100
    assert np.mean(chip > 100) < 0.01


def test_landmarks_meet_the_template_by_name_in_any_order() -> None:
    photo = noise(300, 300)
    points = np.array(PLACES, np.float32) * 1.5 + 40
    order = [4, 2, 0, 1, 3]
    other = WarpAligner("other", tuple(ARCFACE_POINTS[i] for i in order), TEMPLATE, 112)
    assert np.array_equal(other.chip(photo, points[order]), ARCFACE.chip(photo, points))


def test_points_of_the_template_that_nobody_gives_change_nothing() -> None:
    photo = noise(300, 300)
    points = np.array(PLACES, np.float32) * 1.5 + 40
    more = WarpAligner("more", ARCFACE_POINTS, TEMPLATE | {"nose_base": (56.0, 79.0)}, 112)
    assert np.array_equal(more.chip(photo, points), ARCFACE.chip(photo, points))


def test_corners_stand_for_the_middles_of_eyes() -> None:
    photo = noise(300, 300)
    # dlib's points around the template's eyes, and its base of the nose, which this template does not know.
    (left, right), aside, nose = np.array(PLACES[:2]), np.array([6.0, 0.0]), np.array([56.0, 79.0])
    points = np.array([right + aside, right - aside, left - aside, left + aside, nose], np.float32) * 1.5 + 40
    by_corners = WarpAligner("corners", DLIB_POINTS, TEMPLATE, 112).chip(photo, points)
    eyes = WarpAligner("eyes", ("eye_left", "eye_right"), TEMPLATE, 112)
    expected = eyes.chip(photo, np.array(PLACES[:2], np.float32) * 1.5 + 40)
    assert np.abs(by_corners.astype(int) - expected).max() <= 1


def test_corners_that_the_template_knows_are_not_also_taken_as_middles() -> None:
    places = TEMPLATE | {"eye_left_outer": (32.0, 52.0), "eye_right_outer": (80.0, 52.0)}
    met = meet(places, DLIB_POINTS)
    assert met is not None
    assert met.rows == ((0,), (2,))


@pytest.mark.parametrize("points", [("eye_left", "nose_tip"), ("mouth_left", "mouth_right"), ("eye_left_outer",), ()])
def test_fewer_than_two_eyes_in_common_cannot_be_aligned(points: tuple[str, ...]) -> None:
    assert meet(TEMPLATE, points) is None
    with pytest.raises(WrongUse, match="both eyes in common"):
        WarpAligner("odd", points, TEMPLATE, 112).chip(noise(50, 50), np.zeros((5, 2), np.float32))


@pytest.mark.parametrize(
    ("points", "why"),
    [
        (("eye_left", "eye_right", "eye_left", "nose_tip"), "different ones"),
        (("eye_left", "eye_right", "chin"), "different ones"),
        (("eye_left", "mouth_left", "nose_tip"), "lack an eye"),
        (("eye_left", "eye_right_inner"), "or the nose"),
    ],
)
def test_landmarks_without_a_pose_are_refused(points: tuple[str, ...], why: str) -> None:
    with pytest.raises(WrongUse, match=why):
        PointLayout.of(points)


@pytest.mark.parametrize("side", [96, 112, 200])
def test_dlib_sampling_serves_other_sides(side: int) -> None:
    template = {name: (x * side / 150, y * side / 150) for name, (x, y) in DLIB_TEMPLATE.items()}
    photo = noise(400, 400)
    chip = DlibAligner("other", DLIB_POINTS, template, side).chip(photo, landmarks(side / 150, shift=60 + 70j))
    # As in a face that fills its chip of 150 pixels: half a pixel beside the grid.
    corner = photo[70 : 71 + side, 60 : 61 + side].astype(float)
    means = (corner[:-1, :-1] + corner[:-1, 1:] + corner[1:, :-1] + corner[1:, 1:]) / 4
    assert np.abs(chip - means).max() <= 1
