"""Other people's faces made unrecognisable in a photo that is given out."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from matcher.errors import WrongUse

Image = NDArray[np.uint8]

# Across a face with its margin, so about 4 across the face: half of the famous faces were still recognised by people at
# 7 × 10 pixels (Sinha et al. 2006, "Face recognition by humans: nineteen results", result 1).
BLOCKS = 6
_MARGIN = 0.25  # hair and ears tell people too


def pixelated(image: Image, boxes: Iterable[tuple[float, float, float, float]]) -> Image:
    """A copy of the RGB photo in which the faces in `boxes` (left, top, right, bottom) consist of few blocks.

    Each box is widened on each side by a quarter of its width and height and shown as at most `BLOCKS` blocks of one
    colour across and down, the mean of their pixels: nothing finer is left to be brought back. Where boxes overlap,
    the later one averages what the earlier one left. Nothing else changes. `WrongUse` for a box that is empty or not
    finite.
    """
    covered = image.copy()
    for box in boxes:
        left, top, right, bottom = box
        if not all(map(math.isfinite, box)) or right <= left or bottom <= top:
            raise WrongUse(f"The face {box} cannot be made unrecognisable: its box is empty or not finite.")
        across, down = (right - left) * _MARGIN, (bottom - top) * _MARGIN
        columns = _cuts(left - across, right + across, image.shape[1])
        rows = _cuts(top - down, bottom + down, image.shape[0])
        for y0, y1 in rows:
            for x0, x1 in columns:
                block = covered[y0:y1, x0:x1]
                block[:] = np.rint(block.mean(axis=(0, 1)))
    return covered


def _cuts(low: float, high: float, size: int) -> list[tuple[int, int]]:
    """First pixel and end of the blocks between two edges, within the photo; edges round outwards."""
    first, end = math.floor(max(low, -size)), math.ceil(min(high, 2 * size))
    step = math.ceil((end - first) / BLOCKS)
    cuts = [(max(start, 0), min(start + step, end, size)) for start in range(first, end, step)]
    return [(start, stop) for start, stop in cuts if start < stop]
