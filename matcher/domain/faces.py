"""A face that was found in a photo, with what was measured on it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright photo: `left ≤ x < right`, `top ≤ y < bottom`; may leave the photo."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        if not (self.right > self.left and self.bottom > self.top):
            raise ValueError(f"A box needs a positive width and height, got {self}.")

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def scaled(self, factor: float) -> Box:
        """The same rectangle in a photo enlarged by `factor`."""
        return Box(self.left * factor, self.top * factor, self.right * factor, self.bottom * factor)

    def iou(self, other: Box) -> float:
        """Area of the intersection over area of the union, 0 … 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        common = width * height
        return common / (self.area + other.area - common)


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one face under the names of ISO/IEC 29794-5 (OFIQ), in snake case; `None` where not measurable.

    `inter_eye_distance` in photo pixels; `sharpness` (variance of the Laplacian on the chip, ≥ 0); exposure measures
    0 … 1, the share of pixels *not* under- or over-exposed (higher is better); angles in degrees, positive yaw = the
    face looks to the viewer's right, positive roll = the head leans clockwise as seen by the viewer. `fine_structure`
    (≥ 0, higher is sharper) is no measure of the standard: how much of the face's contrast is fine, which tells blur
    from darkness as sharpness cannot; `None` on faces that were stored before it was measured.
    """

    inter_eye_distance: float
    sharpness: float
    under_exposure_prevention: float
    over_exposure_prevention: float
    head_pose_yaw: float | None
    head_pose_roll: float | None
    single_face_present: bool
    fine_structure: float | None = None

    def as_ofiq(self) -> dict[str, float | bool | None]:
        """The measures under OFIQ's own names, and `FineStructure`, which is not of the standard."""
        return {
            "".join(part.capitalize() for part in field.name.split("_")): getattr(self, field.name)
            for field in fields(self)
        }


class NoFaceReason(str, Enum):
    """Why a photo gave no usable face: a result, not an error."""

    NO_FACE = "no_face"
    TOO_SMALL = "too_small"
    TOO_BLURRED = "too_blurred"


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What was measured on a photo without a usable face, so that people can be told what it lacks.

    `sought` is the width from which on faces were looked for. The others are of the largest face that was seen, `None`
    where none was or where it was not measured: `width` of its box, `inter_eye_distance`, and `fine_structure` as in
    `Quality`. Lengths are in pixels of the photo.
    """

    sought: float
    width: float | None = None
    inter_eye_distance: float | None = None
    fine_structure: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face: where, how well seen, and its embedding.

    `landmarks` is float32 of shape (5, 2), x and y in pixels of the upright photo; their order is the detector's own,
    which the alignment of its embedding space knows. `turn` counts the clockwise quarter turns (0 … 3) after which the
    face stands upright; box and landmarks are in the photo as it is shown, before those turns. `score` is the
    detector's own confidence (no unit). `embedding` is float32, unit length.
    """

    box: Box
    landmarks: NDArray[np.float32]
    score: float
    turn: int
    quality: Quality
    embedding: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.landmarks.shape != (5, 2) or self.landmarks.dtype != np.float32:
            raise ValueError(f"landmarks must be float32 (5, 2), got {self.landmarks.dtype} {self.landmarks.shape}")
        if self.embedding.ndim != 1 or self.embedding.dtype != np.float32:
            raise ValueError(f"embedding must be float32 (dim,), got {self.embedding.dtype} {self.embedding.shape}")
        if self.turn not in (0, 1, 2, 3):
            raise ValueError(f"turn counts quarter turns 0 … 3, got {self.turn}")


@dataclass(frozen=True, slots=True)
class PhotoFaces:
    """All usable faces of a photo, largest first, or the reason why there are none and what was measured instead."""

    faces: tuple[Face, ...]
    reason: NoFaceReason | None
    width: int
    height: int
    shortfall: Shortfall | None = None

    def __post_init__(self) -> None:
        if bool(self.faces) == (self.reason is not None):
            raise ValueError("A photo has usable faces or a reason why not, never both or neither.")
        if self.faces and self.shortfall is not None:
            raise ValueError("A photo with usable faces falls short of nothing.")
