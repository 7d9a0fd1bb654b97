"""Cutting the chip that a recogniser was trained on out of a photo, by its landmarks.

Points are treated as complex numbers x + iy here: turning with scaling is then one multiplication, and the
least-squares similarity one division.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.errors import WrongUse
from matcher.faces.contracts import Image, Points
from matcher.faces.points import DLIB_POINTS, Meeting, meet

# Where dlib's chips of 150 × 150 show its five points: its template in the unit square of a face, with a quarter of the
# square added on each side.
DLIB_SIDE = 150
_DLIB_UNIT = (
    (0.8595674596, 0.2134981538),
    (0.6460604764, 0.2289674388),
    (0.1205750621, 0.2137274527),
    (0.3340850614, 0.2290642403),
    (0.4901123136, 0.6277975316),
)
DLIB_TEMPLATE = {
    name: ((x + 0.25) / 1.5 * DLIB_SIDE, (y + 0.25) / 1.5 * DLIB_SIDE)
    for name, (x, y) in zip(DLIB_POINTS, _DLIB_UNIT, strict=True)
}
# Where dlib says a point lies after halving; it is (0.25, −0.25) away from where its filter puts it, and the recogniser
# was trained on chips cut that way.
_DLIB_HALVING_SHIFT = complex(1.25, 0.75)


def as_complex(points: NDArray[Any] | Sequence[Sequence[float]]) -> NDArray[np.complex128]:
    """Points of shape (…, 2) as complex numbers of shape (…)."""
    return np.ascontiguousarray(points, dtype=np.float64).view(np.complex128)[..., 0]


@dataclass(frozen=True, slots=True)
class Similarity:
    """Turning, scaling and shifting of complex points: z ↦ factor · z + shift."""

    factor: complex
    shift: complex

    @classmethod
    def fit(cls, source: NDArray[np.complex128], target: NDArray[np.complex128]) -> Similarity:
        """The least-squares similarity between points (n,); `WrongUse` if all points of one side coincide."""
        spread = source - source.mean()
        factor = complex(np.vdot(spread, target - target.mean()) / (np.vdot(spread, spread).real or 1))
        if factor == 0:
            raise WrongUse("Landmarks that all lie in one place cannot be aligned.")
        return cls(factor, complex(target.mean() - factor * source.mean()))

    def __call__(self, point: complex) -> complex:
        return self.factor * point + self.shift


def aligned_by(template: Mapping[str, tuple[float, float]], points: Sequence[str]) -> Meeting:
    """How landmarks with these names meet a template; `WrongUse` if they have not both eyes in common."""
    found = meet(template, points)
    if found is None:
        raise WrongUse(
            f"Landmarks {', '.join(points)} cannot align a face for a template of {', '.join(template)}: "
            "they have not both eyes in common."
        )
    return found


@dataclass(frozen=True, slots=True)
class DlibAligner:
    """Cuts chips as dlib's `get_face_chip` does with padding 0.25, pixel for pixel, by default for its recogniser."""

    name: str = "5pt-150"
    points: tuple[str, ...] = DLIB_POINTS
    template: Mapping[str, tuple[float, float]] = field(default_factory=lambda: DLIB_TEMPLATE)
    side: int = DLIB_SIDE

    def chip(self, image: Image, landmarks: Points) -> Image:
        """uint8 RGB (side, side, 3); black where the chip leaves the photo."""
        met, side = aligned_by(self.template, self.points), self.side
        similarity = Similarity.fit(met.places, met.landmarks(as_complex(landmarks)))
        scale = abs(similarity.factor)
        centre = similarity(side / 2 * (1 + 1j))
        # The chip covers a square of side · scale photo pixels, of which dlib maps the first and the last onto the
        # chip's own.
        step = similarity.factor / scale * (side * scale - 1) / (side - 1)
        halvings, margin = _halvings(side * scale, side)
        image, corner = _surroundings(image, centre, step * (side - 1) / 2, margin)
        centre -= corner
        for _ in range(halvings):
            image, centre, step = _halved(image), centre / 2 - _DLIB_HALVING_SHIFT, step / 2
        across = np.arange(side) - (side - 1) / 2
        return _bilinear(image, centre + step * (across[None, :] + 1j * across[:, None]))


@dataclass(frozen=True, slots=True)
class WarpAligner:
    """Cuts chips by OpenCV's warp, as the training photos of ArcFace, SFace and their kin were cut."""

    name: str
    points: tuple[str, ...]
    template: Mapping[str, tuple[float, float]]
    side: int

    def chip(self, image: Image, landmarks: Points) -> Image:
        """uint8 RGB (side, side, 3); black where the chip leaves the photo."""
        met = aligned_by(self.template, self.points)
        to_chip = Similarity.fit(met.landmarks(as_complex(landmarks)), met.places)
        turn, shift = to_chip.factor, to_chip.shift
        matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
        return np.asarray(cv2.warpAffine(image, matrix, (self.side, self.side), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def _halvings(covered: float, side: int) -> tuple[int, int]:
    """How often dlib halves a photo of which a chip covers so many pixels, and how wide a margin it keeps."""
    times, margin = 0, 2
    while (covered := (covered + 1) / 2) > side:
        times, margin = times + 1, 2 * margin + 2
    return times, margin


def _surroundings(image: Image, centre: complex, reach: complex, margin: int) -> tuple[Image, complex]:
    """The part of the photo that the chip needs and its corner; dlib counts the pixels of its halvings from there.

    `reach` leads from the chip's centre to the middle of its side.
    """
    half = abs(reach.real) + abs(reach.imag) + margin
    height, width = image.shape[:2]
    left, right = _clipped(centre.real - half, width), _clipped(centre.real + half, width)
    top, bottom = _clipped(centre.imag - half, height), _clipped(centre.imag + half, height)
    return image[top : bottom + 1, left : right + 1], complex(left, top)


def _clipped(place: float, size: int) -> int:
    return floor(min(max(place, 0), size - 1) + 0.5)


def _halved(image: Image) -> Image:
    """The photo at half its size by the binomial filter 1 4 6 4 1, truncated, less the border that the filter cannot
    see.
    """
    height, width = ((side - 3) // 2 for side in image.shape[:2])
    if height < 1 or width < 1:
        return np.empty((0, 0, 3), dtype=np.uint8)
    # In float32 these sums are exact, so that truncating gives dlib's integers; OpenCV's own uint8 result is rounded.
    small = cv2.pyrDown(image.astype(np.float32))
    return small[1 : 1 + height, 1 : 1 + width].astype(np.uint8)


def _bilinear(image: Image, places: NDArray[np.complex128]) -> Image:
    """Colours at the places, truncated to uint8; black for a place that is not between four pixels."""
    height, width = image.shape[:2]
    if height < 2 or width < 2:
        return np.zeros((*places.shape, 3), dtype=np.uint8)
    x, y = places.real, places.imag
    left, top = np.floor(x), np.floor(y)
    outside = (left < 0) | (top < 0) | (left + 1 >= width) | (top + 1 >= height)
    dx, dy = (x - left)[..., None], (y - top)[..., None]
    at = (np.clip(top, 0, height - 2) * width + np.clip(left, 0, width - 2)).astype(np.intp)
    pixels = np.ascontiguousarray(image).reshape(-1, 3)
    upper = (1 - dx) * pixels.take(at, axis=0) + dx * pixels.take(at + 1, axis=0)
    lower = (1 - dx) * pixels.take(at + width, axis=0) + dx * pixels.take(at + width + 1, axis=0)
    chip: Image = ((1 - dy) * upper + dy * lower).astype(np.uint8)
    chip[outside] = 0
    return chip
