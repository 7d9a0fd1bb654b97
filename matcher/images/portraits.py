"""One person of a photo in a frame of a given shape."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.errors import WrongUse
from matcher.images.crops import PAPER
from matcher.images.decode import SourceImage, open_image

Image = NDArray[np.uint8]
Area = tuple[float, float, float, float]  # left, top, right, bottom

_FACE = 0.46  # the face's share of the height: head and shoulders
_EYES = 0.46  # how far down the middle of the face stands
_FREE = 1.06  # how much wider than the face the frame is at least
_LARGEST = 3.0  # times that pixels are enlarged before more of the photo is shown instead
_OTHER_SHAPE = (
    2.0  # times as wide or high as the frame: then the whole photo is shown, for nobody knows where the face is
)


def portrait(data: bytes, name: str, size: tuple[int, int], face: Area | None = None) -> Image:
    """The photo in a frame of `size` (width, height): uint8 RGB of just that size.

    Around the `face`, where it is known, else around the upper middle. What lies outside the photo is light grey; that
    is only seen where the face would not fit otherwise, or where a photo is much longer than its frame. `PhotoRefused`
    for bytes that are no photo.
    """
    width, height = size
    if width < 1 or height < 1:
        raise WrongUse(f"A frame of {width} × {height} pixels shows nothing: give 1 or more.")
    source = open_image(data, name)
    left, top, right, bottom = _window(source, size, face)
    scale = min(1.0, width / (right - left))
    pixels = source.pixels(max(1, math.ceil(max(source.width, source.height) * scale)))
    across, down = pixels.shape[1] / source.width, pixels.shape[0] / source.height
    part = _cut(pixels, (left * across, top * down, right * across, bottom * down))
    way = cv2.INTER_AREA if part.shape[0] > height else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, size, interpolation=way), dtype=np.uint8)


def _window(source: SourceImage, size: tuple[int, int], face: Area | None) -> Area:
    """The part of the upright photo to show, of the frame's shape; it may reach beyond the photo."""
    shape, wide, high = size[0] / size[1], source.width, source.height
    largest = min(high, wide / shape)
    if face is None:
        if not 1 / _OTHER_SHAPE <= wide / high / shape <= _OTHER_SHAPE:
            largest = max(high, wide / shape)  # all of it
        return _placed((wide / 2, high * 0.42), shape, largest, (wide, high))
    left, top, right, bottom = face
    if not all(map(math.isfinite, face)) or right <= left or bottom <= top:
        raise WrongUse(f"The face {face} is no place in a photo: it is empty or not finite.")
    wanted = max((bottom - top) / _FACE, size[1] / _LARGEST)
    least = _FREE * max(bottom - top, (right - left) / shape)
    middle = (left + right) / 2, (top + bottom) / 2
    return _placed(middle, shape, max(min(wanted, largest), min(least, 2 * high)), (wide, high))


def _placed(middle: tuple[float, float], shape: float, high: float, photo: tuple[int, int]) -> Area:
    """A window of a height with `middle` a little above its own, moved into the photo as far as it fits."""
    wide = high * shape
    left = _moved(middle[0] - wide / 2, wide, photo[0])
    top = _moved(middle[1] - _EYES * high, high, photo[1])
    return left, top, left + wide, top + high


def _moved(start: float, length: float, whole: float) -> float:
    return (whole - length) / 2 if length >= whole else min(max(start, 0.0), whole - length)


def _cut(pixels: Image, area: Area) -> Image:
    """The pixels in an area, in whole pixels, grey outside of the photo."""
    left, top, right, bottom = (math.floor(edge + 0.5) for edge in area)
    part = np.full((max(bottom - top, 1), max(right - left, 1), 3), PAPER, np.uint8)
    across, down = max(-left, 0), max(-top, 0)
    seen = pixels[max(top, 0) : top + part.shape[0], max(left, 0) : left + part.shape[1]]
    part[down : down + seen.shape[0], across : across + seen.shape[1]] = seen
    return part
