"""Cutting the chip that a recogniser was trained on out of a photo, by five landmarks.

Points are treated as complex numbers x + iy here: turning with scaling is then one multiplication, and the
least-squares similarity one division.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.errors import WrongUse
from matcher.faces.contracts import Image, PointLayout, Points

# dlib's template for its five points in the unit square of a face: outer and inner corner of the eye on the image's
# right, outer and inner corner of the other eye, base of the nose. The recogniser's chip adds a quarter of the square
# on each side.
DLIB_TEMPLATE = (
    (0.8595674596, 0.2134981538),
    (0.6460604764, 0.2289674388),
    (0.1205750621, 0.2137274527),
    (0.3340850614, 0.2290642403),
    (0.4901123136, 0.6277975316),
)
DLIB_PADDING = 0.25
DLIB_SIDE = 150
# Where dlib says a point lies after halving; it is (0.25, −0.25) away from where its filter puts it, and the recogniser
# was trained on chips cut that way.
_DLIB_HALVING_SHIFT = complex(1.25, 0.75)

# The base of the nose stands about 22 mm before the corners of the eyes, whose middles are about 62 mm apart; the tip
# about 37 mm.
DLIB_LAYOUT = PointLayout(left_eye=(2, 3), right_eye=(0, 1), nose=4, nose_depth=0.35)

# The template of ArcFace and its kin for chips of 112 × 112: the eye on the image's left, the other eye, the tip of the
# nose, the corner of the mouth on the image's left, the other corner.
ARCFACE_TEMPLATE = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
ARCFACE_SIDE = 112
ARCFACE_LAYOUT = PointLayout(left_eye=(0,), right_eye=(1,), nose=2, nose_depth=0.6)


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


class DlibAligner:
    """Cuts chips as dlib's `get_face_chip` does with side 150 and padding 0.25, pixel for pixel."""

    name = "5pt-150"
    layout = DLIB_LAYOUT

    def __init__(self) -> None:
        self._template = (as_complex(DLIB_TEMPLATE) + DLIB_PADDING * (1 + 1j)) / (1 + 2 * DLIB_PADDING) * DLIB_SIDE

    def chip(self, image: Image, landmarks: Points) -> Image:
        """uint8 RGB (150, 150, 3); black where the chip leaves the photo."""
        similarity = Similarity.fit(self._template, as_complex(landmarks))
        scale = abs(similarity.factor)
        centre = similarity(DLIB_SIDE / 2 * (1 + 1j))
        # The chip covers a square of 150 · scale photo pixels, of which dlib maps the first and the last onto the
        # chip's own.
        step = similarity.factor / scale * (DLIB_SIDE * scale - 1) / (DLIB_SIDE - 1)
        halvings, margin = _halvings(DLIB_SIDE * scale)
        image, corner = _surroundings(image, centre, step, margin)
        centre -= corner
        for _ in range(halvings):
            image, centre, step = _halved(image), centre / 2 - _DLIB_HALVING_SHIFT, step / 2
        across = np.arange(DLIB_SIDE) - (DLIB_SIDE - 1) / 2
        return _bilinear(image, centre + step * (across[None, :] + 1j * across[:, None]))


@dataclass(frozen=True, slots=True)
class TemplateAligner:
    """Cuts chips by a template given as data, for recognisers trained on OpenCV's warp such as ArcFace and SFace.

    `template` holds points in pixels of a chip of `side` × `side`; `order[i]` says which of the five landmarks is its
    i-th point, so that one template serves detectors that number their landmarks differently.
    """

    name: str
    template: tuple[tuple[float, float], ...]
    side: int
    layout: PointLayout
    order: tuple[int, ...] = (0, 1, 2, 3, 4)

    def __post_init__(self) -> None:
        if len(self.template) != len(self.order) or not set(self.order) <= set(range(5)):
            raise WrongUse(
                f"The alignment '{self.name}' needs one landmark number 0 … 4 for each point of its template."
            )

    def chip(self, image: Image, landmarks: Points) -> Image:
        """uint8 RGB (side, side, 3); black where the chip leaves the photo."""
        to_chip = Similarity.fit(as_complex(landmarks[list(self.order)]), as_complex(self.template))
        turn, shift = to_chip.factor, to_chip.shift
        matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
        return np.asarray(cv2.warpAffine(image, matrix, (self.side, self.side), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def _halvings(covered: float) -> tuple[int, int]:
    """How often dlib halves a photo of which a chip covers so many pixels, and how wide a margin it keeps."""
    times, margin = 0, 2
    while (covered := (covered + 1) / 2) > DLIB_SIDE:
        times, margin = times + 1, 2 * margin + 2
    return times, margin


def _surroundings(image: Image, centre: complex, step: complex, margin: int) -> tuple[Image, complex]:
    """The part of the photo that the chip needs and its corner; dlib counts the pixels of its halvings from there."""
    half = (abs(step.real) + abs(step.imag)) * (DLIB_SIDE - 1) / 2 + margin
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
