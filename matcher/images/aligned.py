"""A face upright with its eyes level and always in the same place, so that people compare two faces at one scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.errors import WrongUse
from matcher.images.crops import PAPER

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of `width` × `height` pixels in which the middles of the eyes lie `distance` pixels apart, both at
    height `level`, the same way from either side.

    The usual frame has room for hair, ears and chin: a head is about 2.4 distances between the eyes wide, and its chin
    lies about 1.9 below them.
    """

    width: int = 800
    height: int = 1000
    distance: float = 220
    level: float = 420

    @property
    def eyes(self) -> tuple[Point, Point]:
        """Where the left and the right eye of the picture land; (0, 0) is the centre of the first pixel."""
        middle = (self.width - 1) / 2
        return (middle - self.distance / 2, self.level), (middle + self.distance / 2, self.level)


def aligned(image: Image, eyes: tuple[Point, Point], frame: Frame) -> Image:
    """The face turned, scaled and shifted so that its eyes lie where the frame wants them, RGB uint8 of its size.

    `eyes` are the middles of the left and the right eye as they are seen once the face is upright, x and y in pixels of
    the RGB image, however it leans or lies there. What lies outside the photo is light grey. Nothing is stretched or
    mirrored. `WrongUse` if the eyes coincide or are not finite.
    """
    left, right = (complex(*eye) for eye in eyes)
    wanted, partner = (complex(*eye) for eye in frame.eyes)
    if not (math.isfinite(abs(left)) and math.isfinite(abs(right))) or left == right:
        raise WrongUse(f"The eyes {eyes} cannot be made level: they lie in one place or nowhere.")
    factor = (partner - wanted) / (right - left)
    shift = wanted - factor * left
    into_frame = np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag], [0, 0, 1]])
    near, into_photo = _near(image, into_frame, frame)
    if not near.size:
        return np.full((frame.height, frame.width, 3), PAPER, np.uint8)
    face = cv2.warpAffine(
        near,
        (into_frame @ into_photo)[:2],
        (frame.width, frame.height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(PAPER,) * 3,
    )
    return np.asarray(face, dtype=np.uint8)


def _near(image: Image, into_frame: Floats, frame: Frame) -> tuple[Image, Floats]:
    """The part of the photo that the frame shows, and the way from its pixels to the photo's; empty if there is none.

    Large faces are averaged down first: the warp reads four pixels across, and would leave out what lies between.
    """
    corners = np.array([[-1, frame.width, -1, frame.width], [-1, -1, frame.height, frame.height], [1, 1, 1, 1]])
    across, down, _ = np.linalg.inv(into_frame) @ corners
    left, right = _reach(across, image.shape[1])
    top, bottom = _reach(down, image.shape[0])
    part = image[top:bottom, left:right]
    scale = min(1.0, math.hypot(*into_frame[:2, 0]))
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    if not part.size or size == part.shape[1::-1]:
        return part, np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
    # A pixel's centre is half a pixel from its edge on either scale.
    x, y = part.shape[1] / size[0], part.shape[0] / size[1]
    into_photo = np.array([[x, 0, left + (x - 1) / 2], [0, y, top + (y - 1) / 2], [0, 0, 1]])
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), into_photo


def _reach(places: Floats, size: int) -> tuple[int, int]:
    """The first pixel and the end of what lies between the places, with two more for the warp, within the photo."""
    low, high = np.clip([places.min() - 2, places.max() + 3], 0, size)
    return math.floor(low), math.ceil(high)
