"""Quarter turns and mirrorings of images, and the way back for points and boxes.

Points are in pixels, x before y, with (0, 0) the centre of the first pixel. Box edges count pixels, the end excluded
(`left ≤ x < right`), so that a box maps as the pixels that it covers.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

_CLOCKWISE = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)

# EXIF orientation → (mirror left to right first, then so many clockwise quarter turns).
_UPRIGHT = {
    1: (False, 0),
    2: (True, 0),
    3: (False, 2),
    4: (True, 2),
    5: (True, 3),
    6: (False, 1),
    7: (True, 1),
    8: (False, 3),
}


def quarter_turns(image: Image, turns: int) -> Image:
    """The image after `turns` clockwise quarter turns (any integer), C-contiguous; the very image for none."""
    code = _CLOCKWISE[turns % 4]
    return image if code is None else np.asarray(cv2.rotate(image, code), dtype=np.uint8)


def upright(image: Image, orientation: int) -> Image:
    """The image as its EXIF orientation, 1 … 8, wants it shown."""
    mirror, turns = _UPRIGHT[orientation]
    mirrored = np.asarray(cv2.flip(image, 1), dtype=np.uint8) if mirror else image
    return quarter_turns(mirrored, turns)


def points_back(points: Floats, turns: int, width: int, height: int) -> Floats:
    """Where points, shape (…, 2), of the turned image lie in the image before `quarter_turns(image, turns)`.

    `width` and `height` are those of the image before the turns.
    """
    x, y = points[..., 0], points[..., 1]
    back = (
        (x, y),
        (y, height - 1 - x),
        (width - 1 - x, height - 1 - y),
        (width - 1 - y, x),
    )[turns % 4]
    return np.stack(back, axis=-1).astype(np.float32)


def boxes_back(boxes: Floats, turns: int, width: int, height: int) -> Floats:
    """Where boxes (left, top, right, bottom), shape (…, 4), of the turned image lie in the image before the turns."""
    left, top, right, bottom = (boxes[..., index] for index in range(4))
    back = (
        (left, top, right, bottom),
        (top, height - right, bottom, height - left),
        (width - right, height - bottom, width - left, height - top),
        (width - bottom, left, width - top, right),
    )[turns % 4]
    return np.stack(back, axis=-1).astype(np.float32)
