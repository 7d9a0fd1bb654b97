"""dlib's CNN face detector, run by ONNX Runtime.

The network sees windows of 80×80 pixels, so the image is searched at many sizes, each 5/6 of the one before. Small
ones lie in one canvas, as dlib places them: what stands near the edge of a photo scores as with dlib only with the same
neighbours around it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.domain.faces import Box
from matcher.errors import WrongUse
from matcher.faces.contracts import Detection, Image
from matcher.faces.models import ModelFolder

_WINDOW = 80
_OVERLAP = 0.338  # boxes with a larger intersection over union show the same face
_BACKGROUND = (123, 117, 104)  # the network's mean colour: zero to it
_GAP, _MARGIN = 10, 11  # pixels between the levels, and around them all
_SMALLEST_LEVEL = 5  # pixels; a level with fewer rows is left out
_SMALLEST_IMAGE = _WINDOW // 4  # a shorter side cannot show a face that the windows fit

# Score cell r reads canvas rows 8 r … 8 r + 28 in the first three layers, and 10 cells on each side in the others.
_CELL, _FIRST_READ, _HALO = 8, 29, 10
_CELL_CENTRE = 14
# A larger canvas goes through the network in stripes: it needs about 40 bytes per pixel there.
_STRIPE_PIXELS = 6_000_000
# Levels of more pixels are searched in canvases of their own.
_ALONE_PIXELS = 400_000


@dataclass(frozen=True, slots=True)
class _Level:
    """One size of the image and where it lies in the canvas."""

    left: int
    top: int
    width: int
    height: int


class MmodDetector:
    """The detector of `mmod_human_face_detector.dat`; finds what scores above `minimum_score`, 0 as with dlib."""

    name = "mmod"
    points: tuple[str, ...] = ()
    smallest_face = _WINDOW
    # Of 166 photos 99 % had more than 1.01 when upright; a quarter turn left 54 % detected, 95 % of them below 0.91.
    sure_score = 0.95

    def __init__(self, models: ModelFolder, *, minimum_score: float = 0.0) -> None:
        self._models = models
        self._minimum_score = minimum_score

    def detect(self, image: Image, scale: float = 1.0, *, largest: float = math.inf) -> list[Detection]:
        """Faces of the image, best score first, searched in the image enlarged (or shrunk) by `scale`.

        Faces with sides from 80/scale pixels up are found. `largest`, in pixels of the image as given, ends the search
        there: a second search at a higher scale can leave out the sizes that the first one covered.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise WrongUse(f"A detector takes uint8 RGB images (rows, columns, 3), not {image.dtype} {image.shape}.")
        if not (math.isfinite(scale) and scale > 0):
            raise WrongUse(f"An image cannot be searched at scale {scale}: give a number above 0.")
        searched = _enlarged(image, scale)
        if min(searched.shape[:2]) < _SMALLEST_IMAGE:
            return []
        rows, columns = image.shape[:2]
        all_boxes, all_scores = [], []
        for levels, canvas in _canvases(searched, largest * searched.shape[1] / columns):
            scores = self._scores(canvas)
            cells = np.argwhere(scores > self._minimum_score)
            all_boxes.append(_boxes(cells, levels, columns, rows))
            all_scores.append(scores[cells[:, 0], cells[:, 1]])
        boxes, found = np.concatenate(all_boxes), np.concatenate(all_scores)
        return [
            Detection(Box(*(float(edge) for edge in boxes[index])), float(found[index]))
            for index in _best(boxes, found)
        ]

    def _scores(self, canvas: Image) -> NDArray[np.float32]:
        """The score of every cell of the canvas."""
        network = self._models.detector()
        total = _score_cells(canvas.shape[0])
        step = max(4 * _HALO, _STRIPE_PIXELS // canvas.shape[1] // _CELL)
        stripes = []
        for first in range(0, total, step):
            last = min(first + step, total)
            # Cells near a stripe's own edge lack neighbours: compute some more on both sides and drop them.
            begin, end = max(0, first - _HALO), min(total, last + _HALO)
            stripe = canvas[begin * _CELL : (end - 1) * _CELL + _FIRST_READ]
            stripes.append(network.run(stripe[np.newaxis])[first - begin : last - begin])
        return np.concatenate(stripes)


def _enlarged(image: Image, scale: float) -> Image:
    if scale == 1:
        return image
    rows, columns = image.shape[:2]
    # dlib's own enlargement has two columns and one row more than the exact size; at which of two sizes a face scores
    # best can hang on that.
    more = (1, 2) if scale > 1 else (0, 0)
    size = (max(1, round(columns * scale)) + more[1], max(1, round(rows * scale)) + more[0])
    # Down to half the size, linear interpolation still sees every pixel, at a fifth of the time.
    smoothing = cv2.INTER_LINEAR if scale >= 0.5 else cv2.INTER_AREA
    return np.asarray(cv2.resize(image, size, interpolation=smoothing), dtype=np.uint8)


def _canvases(image: Image, largest: float) -> Iterator[tuple[list[_Level], Image]]:
    """All levels of the image, and where they lie in their canvases; the last one's windows are at most `largest` wide.

    `largest` is in pixels of the image. Large levels come alone: the common canvas of such has an eighth of waste, a
    quarter without the small levels.
    """
    sizes = _sizes(image.shape[0], image.shape[1], largest)
    previous = image
    while sizes:
        rows, columns = sizes[0]
        alone = rows * columns > _ALONE_PIXELS and min(rows, columns) >= _SMALLEST_IMAGE
        count = 1 if alone else len(sizes)
        levels, canvas, previous = _canvas(previous, sizes[:count])
        yield levels, canvas
        sizes = sizes[count:]


def _canvas(previous: Image, sizes: list[tuple[int, int]]) -> tuple[list[_Level], Image, Image]:
    """Levels of these sizes, each resized from the one before: where they lie, their canvas, and the last one."""
    levels, rows, columns = _layout(sizes)
    line = np.tile(np.array(_BACKGROUND, dtype=np.uint8), (columns, 1))
    canvas = np.empty((rows, columns, 3), dtype=np.uint8)
    canvas[:] = line  # whole lines at once: filling pixel by pixel takes as long as all resizing
    for level in levels:
        place = canvas[level.top : level.top + level.height, level.left : level.left + level.width]
        if previous.shape == place.shape:
            place[:] = previous
        else:
            cv2.resize(previous, (level.width, level.height), dst=place, interpolation=cv2.INTER_LINEAR)
        previous = place
    return levels, canvas, previous


def _sizes(rows: int, columns: int, largest: float) -> list[tuple[int, int]]:
    """Rows and columns of each level."""
    sizes = [(rows, columns)]
    while True:
        smaller = (sizes[-1][0] * 5 // 6, sizes[-1][1] * 5 // 6)
        if smaller[0] < _SMALLEST_LEVEL or smaller[1] < 1 or _WINDOW * columns > largest * smaller[1]:
            return sizes
        sizes.append(smaller)


def _layout(sizes: list[tuple[int, int]]) -> tuple[list[_Level], int, int]:
    """dlib's layout of the levels, and the rows and columns of the canvas.

    Levels follow each other downwards; after half of their height below the first one the others go back up at the
    right edge, until the first level is in their way.
    """
    first_rows, first_columns = sizes[0]
    below = sum(rows + _GAP for rows, _ in sizes) - 2 * _GAP - first_rows
    levels: list[_Level] = []
    top = _MARGIN
    for rows, columns in sizes:
        fits_beside = not levels or columns <= first_columns - levels[-1].width - _GAP
        if levels and fits_beside and (top - _MARGIN - first_rows) * 2 >= below:
            break
        levels.append(_Level(_MARGIN, top, columns, rows))
        top += rows + _GAP
    bottom = top - _GAP
    end = bottom
    for rows, columns in sizes[len(levels) :]:
        if end - rows < _MARGIN + first_rows:
            break
        levels.append(_Level(_MARGIN + first_columns - columns, end - rows, columns, rows))
        end -= rows + _GAP
    return levels, bottom + _MARGIN, first_columns + 2 * _MARGIN


def _score_cells(length: int) -> int:
    """How many score cells a canvas side has."""
    return (length - _FIRST_READ) // _CELL + 1


def _boxes(cells: NDArray[np.intp], levels: list[_Level], columns: int, rows: int) -> NDArray[np.float64]:
    """The windows of score cells in an image of this size: (n, 4), left, top, right, bottom."""
    y, x = (cells * _CELL + _CELL_CENTRE).T
    placed = np.array([(level.left, level.top, level.width, level.height) for level in levels], dtype=np.float64)
    left, top, width, height = placed.T[:, :, np.newaxis]
    # A window belongs to the level that its centre lies in or next to.
    aside = np.maximum(np.maximum(left - x, x - (left + width - 1)), 0)
    above = np.maximum(np.maximum(top - y, y - (top + height - 1)), 0)
    left, top, width, height = placed[np.argmin(aside**2 + above**2, axis=0)].T
    # Pixel centres are whole numbers in both images, so that their corners at -0.5 meet.
    across, down = columns / width, rows / height
    centre_x, centre_y = (x - left + 0.5) * across - 0.5, (y - top + 0.5) * down - 0.5
    # As dlib's rectangles: 79 pixels of the level from the first pixel to the last, which our boxes do not count in.
    half = (_WINDOW - 1) / 2
    return np.stack(
        [
            centre_x - half * across,
            centre_y - half * down,
            centre_x + half * across + 1,
            centre_y + half * down + 1,
        ],
        axis=1,
    )


def _best(boxes: NDArray[np.float64], scores: NDArray[np.float32]) -> list[int]:
    """Which boxes stay when each face keeps its best window, best first."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    waiting = np.argsort(-scores, kind="stable")
    kept = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        sides = np.minimum(boxes[best, 2:], boxes[waiting, 2:]) - np.maximum(boxes[best, :2], boxes[waiting, :2])
        common = np.prod(np.maximum(sides, 0), axis=1)
        waiting = waiting[common <= _OVERLAP * (areas[best] + areas[waiting] - common)]
    return kept
