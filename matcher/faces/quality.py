"""What can be measured on a face before anybody compares it, and when a face is not worth comparing."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, atan2, degrees

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.domain.faces import NoFaceReason, Quality
from matcher.faces.alignment import as_complex
from matcher.faces.contracts import Image, PointLayout, Points

# Grey values, of 255, that count as under- and over-exposed (ISO/IEC 29794-5, luminance histogram of the face).
DARKEST_EXPOSED = 26
BRIGHTEST_EXPOSED = 246
SMALLEST_EYE_DISTANCE = 10.0
LEAST_SHARPNESS = 2.0


@dataclass(frozen=True, slots=True)
class Pose:
    """Geometry of five landmarks: distance of the eyes' middles in their pixels, angles in degrees or `None`."""

    inter_eye_distance: float
    yaw: float | None
    roll: float | None


def pose(landmarks: Points, layout: PointLayout) -> Pose:
    """Distance and angles from landmarks (5, 2); the angles are `None` when both eyes are at one place.

    Roll is the slope of the line from the eye on the left to the eye on the right. Yaw is atan(shift / depth): the
    nose's shift along that line from its middle in eye distances, over how far the nose stands out. That is the
    weak-perspective view of an average head: good for telling frontal from turned, not for measuring angles.
    """
    points = as_complex(landmarks)
    left, right = points[list(layout.left_eye)].mean(), points[list(layout.right_eye)].mean()
    across = complex(right - left)
    if across == 0:
        return Pose(0.0, None, None)
    shift = ((complex(points[layout.nose]) - complex(left + right) / 2) / across).real
    return Pose(abs(across), degrees(atan(shift / layout.nose_depth)), degrees(atan2(across.imag, across.real)))


def measure(chip: Image, found: Pose, *, single: bool) -> Quality:
    """The quality of a face by its chip, uint8 RGB; `found` in photo pixels, `single` if the photo shows no other.

    Pixels count in the inner two thirds of the chip: there is the face, and seldom hair, background or the black beyond
    the photo.
    """
    grey = _inner_grey(chip)
    return Quality(
        inter_eye_distance=found.inter_eye_distance,
        sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        under_exposure_prevention=float(np.mean(grey >= DARKEST_EXPOSED)),
        over_exposure_prevention=float(np.mean(grey <= BRIGHTEST_EXPOSED)),
        head_pose_yaw=found.yaw,
        head_pose_roll=found.roll,
        single_face_present=single,
    )


def unusable(quality: Quality) -> NoFaceReason | None:
    """Why a face is not worth an embedding, or `None` when it is."""
    if quality.inter_eye_distance < SMALLEST_EYE_DISTANCE:
        return NoFaceReason.TOO_SMALL
    if quality.sharpness < LEAST_SHARPNESS:
        return NoFaceReason.TOO_BLURRED
    return None


def _inner_grey(chip: Image) -> NDArray[np.uint8]:
    side = chip.shape[0]
    inner = chip[side // 6 : side - side // 6, side // 6 : side - side // 6]
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(inner), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
