"""Parts of photos for people to look at."""

from __future__ import annotations

import io
import math

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from matcher.errors import WrongUse

Image = NDArray[np.uint8]

PAPER = 236  # the light grey that stands for "outside the photo"


def crop(image: Image, box: tuple[float, float, float, float], margin: float = 0.0) -> Image:
    """The pixels in `box` (left, top, right, bottom), widened on each side by `margin` times its width and height.

    Edges round outwards. What lies outside the photo is light grey, so the face stays in the middle; a region that
    reaches further than one photo's size beyond the photo is cut there. `WrongUse` for an empty or not finite box.
    """
    left, top, right, bottom = box
    if not all(map(math.isfinite, (*box, margin))) or right <= left or bottom <= top or margin < 0:
        raise WrongUse(f"The box {box} with margin {margin} cannot be cut out: it is empty or not finite.")
    height, width = image.shape[:2]
    x0, x1 = _widened(left, right, margin, width)
    y0, y1 = _widened(top, bottom, margin, height)
    if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        raise WrongUse(f"The box {box} lies outside the photo of {width} × {height} pixels.")
    part = np.full((y1 - y0, x1 - x0, 3), PAPER, np.uint8)
    seen = image[max(y0, 0) : y1, max(x0, 0) : x1]
    down, across = max(-y0, 0), max(-x0, 0)
    part[down : down + seen.shape[0], across : across + seen.shape[1]] = seen
    return part


def thumbnail(image: Image, long_side: int) -> Image:
    """The image averaged down so that its longer side has `long_side` pixels; the very image when it is smaller."""
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def to_jpeg(image: Image, quality: int = 90) -> bytes:
    """The image as JPEG bytes without any metadata."""
    coded = io.BytesIO()
    PIL.Image.fromarray(image).save(coded, "JPEG", quality=quality)
    return coded.getvalue()


def _widened(low: float, high: float, margin: float, size: int) -> tuple[int, int]:
    extra = (high - low) * margin
    return math.floor(max(low - extra, -size)), math.ceil(min(high + extra, 2 * size))
