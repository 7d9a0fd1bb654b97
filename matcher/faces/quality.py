"""What can be measured on a face before anybody compares it, and when a face is not worth comparing."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, atan2, degrees

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.domain.faces import NoFaceReason, Quality
from matcher.faces.alignment import as_complex
from matcher.faces.contracts import Image, Points
from matcher.faces.points import PointLayout

# Grey values, of 255, that count as under- and over-exposed (ISO/IEC 29794-5, luminance histogram of the face).
DARKEST_EXPOSED = 26
BRIGHTEST_EXPOSED = 246
# Below these a face is not worth an embedding. They are lenient, since a poor candidate costs a look and a refused
# photo may cost a child. Measured with 475 photos of 700 people: with the eyes 8 pixels apart the right one still comes
# first for 69 % and among the first 20 for 95 %; at 6 pixels 32 % and 77 %, at 4 pixels 6 % and 38 %.
SMALLEST_EYE_DISTANCE = 5.0
# The same photos, blurred more and more: of those below this 3 % come first. Blurred until only 8 % do (Gaussian, a
# seventh of the distance of the eyes), they have 0.34 in the median. Without blur all have more than 0.75, however dark
# or pale they are, and with one half in shadow, at a tenth of the light, 95 % have 0.65.
LEAST_STRUCTURE = 0.2
_STRUCTURE_SIDE = 25  # pixels; a quarter of the inner part of dlib's chips, on which the limit was measured


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
        fine_structure=structure(chip),
    )


def unusable(quality: Quality) -> NoFaceReason | None:
    """Why a face is not worth an embedding, or `None` when it is."""
    if quality.inter_eye_distance < SMALLEST_EYE_DISTANCE:
        return NoFaceReason.TOO_SMALL
    if quality.fine_structure is not None and quality.fine_structure < LEAST_STRUCTURE:
        return NoFaceReason.TOO_BLURRED
    return None


def structure(chip: Image) -> float:
    """How much of a face's contrast is fine: variance of the Laplacian over variance of grey, with the inner chip at
    25 × 25 pixels whatever its own size, so that one limit serves every recogniser, and in even light.

    Sharpness itself cannot tell blur from darkness: it falls with the square of the contrast, and in dark photos the
    noise of rounding is most of it. This ratio does not know the contrast, and the small size averages such noise
    away. The light is evened out first, as the difference of each pixel from its surroundings over their brightness:
    else a shadow over half of the face would be most of the contrast. 0 for a chip of one colour.
    """
    grey = _inner_grey(chip).astype(np.float32)
    small = cv2.resize(grey, (_STRUCTURE_SIDE, _STRUCTURE_SIDE), interpolation=cv2.INTER_AREA)
    around = cv2.GaussianBlur(small, (0, 0), _STRUCTURE_SIDE / 6)
    even = (small - around) / (around + 4)  # what is nearly black must not become all of it
    contrast = float(even.var())
    return float(cv2.Laplacian(even, cv2.CV_32F).var()) / contrast if contrast > 1e-6 else 0.0


def _inner_grey(chip: Image) -> NDArray[np.uint8]:
    """The inner two thirds of a chip."""
    side = chip.shape[0]
    inner = slice(side // 6, side - side // 6)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(chip[inner, inner]), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
