"""Quality measures against numbers worked out by hand."""

from __future__ import annotations

from math import atan, degrees

import cv2
import numpy as np
import pytest
from faces_models import ARCFACE_POINTS

from matcher.domain.faces import NoFaceReason, Quality
from matcher.faces.points import DLIB_POINTS, PointLayout
from matcher.faces.quality import LEAST_STRUCTURE, SMALLEST_EYE_DISTANCE, Pose, measure, pose, structure, unusable

DLIB_LAYOUT, ARCFACE_LAYOUT = PointLayout.of(DLIB_POINTS), PointLayout.of(ARCFACE_POINTS)
FRONTAL = np.array([[130, 100], [110, 100], [50, 100], [70, 100], [90, 140]], np.float32)  # eyes at 60 and 120
FLAT = Pose(60.0, 0.0, 0.0)


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Points after a clockwise turn, as the viewer sees it, by `angle` degrees."""
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return (points @ np.array([[cos, sin], [-sin, cos]])).astype(np.float32)


def test_frontal_face() -> None:
    assert pose(FRONTAL, DLIB_LAYOUT) == Pose(60.0, 0.0, 0.0)


@pytest.mark.parametrize("angle", [-170, -30, 5, 90])
def test_roll_is_positive_clockwise(angle: float) -> None:
    found = pose(turned(FRONTAL, angle), DLIB_LAYOUT)
    assert found.roll == pytest.approx(angle, abs=1e-3)
    assert found.yaw == pytest.approx(0, abs=1e-3)
    assert found.inter_eye_distance == pytest.approx(60, abs=1e-3)


def test_yaw_is_positive_when_the_nose_is_to_the_right() -> None:
    points = FRONTAL.copy()
    points[4, 0] += 12  # a fifth of the distance of the eyes
    expected = degrees(atan(0.2 / DLIB_LAYOUT.nose_depth))
    assert pose(points, DLIB_LAYOUT).yaw == pytest.approx(expected)
    assert pose(turned(points, 25), DLIB_LAYOUT).yaw == pytest.approx(expected, abs=1e-3)
    points[4, 0] -= 24
    assert pose(points, DLIB_LAYOUT).yaw == pytest.approx(-expected)


def test_layout_says_which_points_are_eyes() -> None:
    points = np.array([[60, 100], [120, 100], [96, 130], [70, 160], [110, 160]], np.float32)
    found = pose(points, ARCFACE_LAYOUT)
    assert found.inter_eye_distance == 60
    assert found.yaw == pytest.approx(degrees(atan(0.1 / ARCFACE_LAYOUT.nose_depth)))


def test_angles_of_eyes_in_one_place_are_unknown() -> None:
    assert pose(np.full((5, 2), 7, np.float32), DLIB_LAYOUT) == Pose(0.0, None, None)


def test_exposure_counts_the_inner_two_thirds() -> None:
    chip = np.full((150, 150, 3), 128, np.uint8)
    chip[:25] = 0  # outside, does not count
    chip[25:50, 25:125] = 25  # a quarter of the inside, as bright as just too dark
    chip[50:60, 25:125] = 247  # a tenth, too bright
    chip[60:70, 25:125] = 26
    chip[70:80, 25:125] = 246
    found = measure(chip, FLAT, single=True)
    assert found.under_exposure_prevention == pytest.approx(0.75)
    assert found.over_exposure_prevention == pytest.approx(0.90)


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    # Columns of 0 and 200 in turn: the Laplacian (1, −2, 1 along the row) is +400 and −400, its variance 400².
    chip = np.zeros((150, 150, 3), np.uint8)
    chip[:, ::2] = 200
    assert measure(chip, FLAT, single=True).sharpness == pytest.approx(400.0**2)
    assert measure(np.full((150, 150, 3), 90, np.uint8), FLAT, single=True).sharpness == 0


def test_measures_that_come_from_elsewhere_are_passed_on() -> None:
    chip = np.zeros((112, 112, 3), np.uint8)
    found = measure(chip, Pose(33.0, None, -4.0), single=False)
    assert found == Quality(33.0, 0.0, 0.0, 1.0, None, -4.0, single_face_present=False, fine_structure=0.0)


def chip(*, noise: int, contrast: float = 1.0, blur: float = 0) -> np.ndarray:
    """Two broad dark bands, as brows and mouth are, with noise on them."""
    rows = 128 + 60 * np.cos(np.arange(150) / 12)[:, None, None]
    fine = np.kron(np.random.default_rng(0).integers(-noise, noise + 1, (30, 30, 1)), np.ones((5, 5, 1)))
    grey = np.clip(rows + fine, 0, 255)
    grey = cv2.GaussianBlur(grey, (0, 0), blur)[..., None] if blur else grey
    return np.repeat((grey * contrast).astype(np.uint8), 3, axis=2)


def test_structure_is_a_ratio_of_variances() -> None:
    # Blocks of 4×4 in columns of 50 and 150 become columns of single pixels: Laplacian ±200, grey ±50 around 100.
    columns = np.full((150, 150, 3), 50, np.uint8)
    columns[:, 1::8] = columns[:, 2::8] = columns[:, 3::8] = columns[:, 4::8] = 150
    assert structure(columns) == pytest.approx((200 / 50) ** 2, rel=0.01)
    assert structure(np.full((150, 150, 3), 90, np.uint8)) == 0


@pytest.mark.parametrize("side", [112, 160, 224])
def test_structure_does_not_depend_on_the_side_of_the_chip(side: int) -> None:
    for blur in (0, 5, 12):
        drawn = chip(noise=40, blur=blur)
        way = cv2.INTER_AREA if side < 150 else cv2.INTER_CUBIC
        other = np.asarray(cv2.resize(drawn, (side, side), interpolation=way))
        assert structure(other) == pytest.approx(structure(drawn), rel=0.25)


def test_structure_falls_with_blur_not_with_darkness() -> None:
    sharp = structure(chip(noise=40))
    assert structure(chip(noise=40, contrast=0.2)) == pytest.approx(sharp, rel=0.1)
    assert structure(chip(noise=40, blur=5)) < sharp / 3
    assert structure(chip(noise=40, blur=20)) < LEAST_STRUCTURE < sharp


def test_a_shadow_over_half_of_the_face_is_no_blur() -> None:
    sharp = chip(noise=40)
    light = 0.2 + 0.8 / (1 + np.exp((75 - np.arange(150)) / 6))
    shaded = (sharp * light[None, :, None]).astype(np.uint8)
    assert structure(shaded) == pytest.approx(structure(sharp), rel=0.3)


def quality(distance: float, detail: float | None = 1.0) -> Quality:
    return Quality(distance, 50.0, 1.0, 1.0, 0.0, 0.0, single_face_present=True, fine_structure=detail)


def test_face_is_usable_unless_too_small_or_too_blurred() -> None:
    blurred = measure(chip(noise=0, blur=20), FLAT, single=True)
    assert unusable(blurred) is NoFaceReason.TOO_BLURRED
    assert unusable(measure(chip(noise=40), FLAT, single=True)) is None
    assert unusable(quality(SMALLEST_EYE_DISTANCE)) is None
    assert unusable(quality(SMALLEST_EYE_DISTANCE - 0.01)) is NoFaceReason.TOO_SMALL
    assert unusable(quality(60, LEAST_STRUCTURE)) is None
    assert unusable(quality(60, LEAST_STRUCTURE - 0.001)) is NoFaceReason.TOO_BLURRED
    assert unusable(quality(0, 0)) is NoFaceReason.TOO_SMALL
    assert unusable(quality(60, None)) is None  # not measured
