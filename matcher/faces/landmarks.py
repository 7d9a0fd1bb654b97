"""Five landmarks by an ensemble of regression trees (Kazemi & Sullivan, CVPR 2014), computed as dlib does.

The shape lives in coordinates of the box: (0, 0) is left, top and (1, 1) right, bottom. Every cascade looks at 800
pixels around the present shape, lets 500 trees compare pairs of them and adds one leaf of each tree to the shape. Here
all splits of all trees are decided at once, and the decisions of a tree, read as the bits of one number, look up the
leaf to which they lead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.domain.faces import Box
from matcher.faces.alignment import as_complex
from matcher.faces.contracts import Image, Points
from matcher.faces.datfile import LEAVES, SPLITS, TREES, ShapePredictorArrays
from matcher.faces.points import DLIB_POINTS

# One split more than a tree has, so that the decisions of a tree fill two bytes.
_BITS = SPLITS + 1


class TreeLandmarker:
    """Finds dlib's five points.

    They are the outer and inner corner of the eye on the image's right, the outer and inner corner of the other eye and
    the base of the nose, in whole pixels as in dlib, whose recogniser was trained on chips cut by such points.
    """

    points = DLIB_POINTS

    def __init__(self, arrays: ShapePredictorArrays) -> None:
        self._mean = arrays.mean_shape.reshape(-1).astype(np.float32)
        spread = as_complex(arrays.mean_shape) - as_complex(arrays.mean_shape).mean()
        # The least-squares turn and scale from the mean shape to another is that shape's product with this vector.
        self._to_turn = spread.conj() / np.vdot(spread, spread)
        splits = np.pad(arrays.splits, ((0, 0), (0, 0), (0, 1), (0, 0)))
        thresholds = np.pad(arrays.thresholds, ((0, 0), (0, 0), (0, 1)), constant_values=np.inf)
        cascades = len(splits)
        self._first = np.ascontiguousarray(splits[..., 0].reshape(cascades, -1), dtype=np.intp)
        self._second = np.ascontiguousarray(splits[..., 1].reshape(cascades, -1), dtype=np.intp)
        self._thresholds = np.ascontiguousarray(thresholds.reshape(cascades, -1), dtype=np.float32)
        self._leaves = np.ascontiguousarray(arrays.leaves.reshape(cascades, TREES * LEAVES, -1), dtype=np.float32)
        self._anchors = arrays.anchors.astype(np.intp)
        self._offsets = as_complex(arrays.offsets).astype(np.complex64)
        self._first_leaves = np.arange(0, TREES * LEAVES, LEAVES)
        self._leaf_of = _leaf_by_decisions()

    def locate(self, image: Image, boxes: Sequence[Box]) -> Points:
        """Landmarks of each box: float32 (n, 5, 2), whole pixels that may lie outside the image."""
        if not boxes:
            return np.empty((0, 5, 2), dtype=np.float32)
        frames = np.array([(box.left, box.top, box.width, box.height) for box in boxes])[:, None, :]
        shapes = np.repeat(self._mean[None], len(boxes), axis=0)
        for cascade in range(len(self._leaves)):
            grey = self._looked_at(image, frames, shapes, cascade)
            shapes = self._improved(shapes, grey, cascade)
        return _in_photo(frames, shapes.reshape(-1, 5, 2)).astype(np.float32)

    def _looked_at(
        self, image: Image, frames: NDArray[np.float64], shapes: Points, cascade: int
    ) -> NDArray[np.float32]:
        """Grey values, (n, 800), of the pixels that this cascade compares; 0 outside the image."""
        present = shapes.view(np.complex64)
        turns = (present @ self._to_turn).astype(np.complex64)
        places = turns[:, None] * self._offsets[cascade] + present.take(self._anchors[cascade], axis=1)
        points = _in_photo(frames, places.view(np.float32).reshape(*places.shape, 2))
        height, width = image.shape[:2]
        x, y = points[..., 0], points[..., 1]
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        at = np.where(inside, y * width + x, 0).astype(np.intp)
        colours = image.reshape(-1, 3).take(at, axis=0).astype(np.uint16)
        grey = (colours[..., 0] + colours[..., 1] + colours[..., 2]) // 3
        return np.asarray(grey * inside, dtype=np.float32)

    def _improved(self, shapes: Points, grey: NDArray[np.float32], cascade: int) -> Points:
        """The shapes, (n, 10), after the trees of this cascade have spoken."""
        goes_left = (
            grey.take(self._first[cascade], axis=1) - grey.take(self._second[cascade], axis=1)
            > self._thresholds[cascade]
        )
        decisions = np.packbits(goes_left, bitorder="little").view("<u2").reshape(-1, TREES)
        leaves = self._leaves[cascade].take(self._leaf_of.take(decisions) + self._first_leaves, axis=0)
        # Summed one after the other in float32, shape first: dlib's order, so that the last bit is dlib's, too.
        return np.asarray(np.add.reduce(np.concatenate((shapes[:, None], leaves), axis=1), axis=1))


def _in_photo(frames: NDArray[np.float64], points: Points) -> NDArray[np.float64]:
    """Points of boxes, (n, m, 2), as whole pixels of the photo; halves go up."""
    return np.floor(points * frames[..., 2:] + frames[..., :2] + 0.5)


def _leaf_by_decisions() -> NDArray[np.intp]:
    """The leaf that a tree's decisions lead to; bit i of the index is set if split i goes left."""
    decisions = np.arange(2**_BITS)
    node = np.zeros_like(decisions)
    while node[0] < SPLITS:
        goes_left = decisions >> node & 1
        node = 2 * node + 2 - goes_left
    return (node - SPLITS).astype(np.intp)
