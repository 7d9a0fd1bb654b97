"""Faces drawn by a few ellipses: enough for a detector, no real person."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SKIN, HAIR, LIP = (224, 172, 138), (70, 45, 30), (170, 80, 80)


def drawn_face(image: NDArray[np.uint8], centre: tuple[int, int], width: int) -> None:
    """Draw a frontal face, `width` pixels from ear to ear, into the RGB image."""
    side = 3 * width
    patch = np.zeros((side, side, 4), np.uint8)
    middle, unit = side // 2, width / 100

    def ellipse(x: float, y: float, across: float, down: float, colour: tuple[int, int, int]) -> None:
        place = (round(middle + x * unit), round(middle + y * unit))
        cv2.ellipse(
            patch, place, (round(across * unit), round(down * unit)), 0, 0, 360, (*colour, 255), -1, cv2.LINE_AA
        )

    ellipse(0, -18, 58, 72, HAIR)
    ellipse(0, 0, 50, 66, SKIN)
    for eye in (-21, 21):
        ellipse(eye, -24, 14, 3, HAIR)
        ellipse(eye, -12, 11, 6, (245, 245, 245))
        ellipse(eye, -12, 5, 6, (40, 30, 25))
    ellipse(0, 8, 7, 16, (205, 150, 118))
    ellipse(-4, 20, 3, 2, (120, 70, 60))
    ellipse(4, 20, 3, 2, (120, 70, 60))
    ellipse(0, 38, 18, 6, LIP)
    shade = np.cos(np.linspace(-1.1, 0.9, side))[None, :, None]
    soft = cv2.GaussianBlur(patch, (0, 0), max(0.5, unit)).astype(np.float32)
    soft[..., :3] *= shade
    left, top = centre[0] - middle, centre[1] - middle
    rows, columns = image.shape[:2]
    x0, y0, x1, y1 = max(0, left), max(0, top), min(columns, left + side), min(rows, top + side)
    cut = soft[y0 - top : y1 - top, x0 - left : x1 - left]
    cover = cut[..., 3:] / 255
    image[y0:y1, x0:x1] = (image[y0:y1, x0:x1] * (1 - cover) + cut[..., :3] * cover).astype(np.uint8)


def drawn_photo(rows: int, columns: int, *faces: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A photo with drawn faces, each x, y of its centre and width, before a soft background."""
    down, across = np.mgrid[0:rows, 0:columns]
    image = np.stack([90 + across * 60 / columns, 110 + down * 50 / rows, 120 + 0 * down], axis=-1).astype(np.uint8)
    for x, y, width in faces:
        drawn_face(image, (x, y), width)
    return image
