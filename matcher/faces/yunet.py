"""YuNet-like detectors: an image in, per anchor point of three grids the chance of a face, its box and its landmarks.

A network of this kind has the outputs cls, obj, bbox and kps, each at strides of 8, 16 and 32 pixels (W. Wu, H. Peng,
S. Yu: YuNet: A Tiny Millisecond-level Face Detector, 2023; OpenCV's `FaceDetectorYN` reads the same). Everything else
that differs between them is in the card.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.domain.faces import Box
from matcher.errors import ModelProblem, WrongUse
from matcher.faces.cards import BoxMapping, Card
from matcher.faces.contracts import Detection, Image, Points, enlarged
from matcher.faces.models_session import DOCTOR, Network
from matcher.faces.onnx_files import parsed

STRIDES = (8, 16, 32)
# The outputs at each stride, with the numbers that an anchor has in them.
OUTPUTS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
_LEVEL = 4  # each size of the photo that is searched is so many times smaller than the one before
_SMALLEST_IMAGE = 8  # pixels; a shorter side cannot show a face
_LARGEST_GROWTH = 20.0  # exp of this many strides is larger than any photo


class YunetDetector:
    """A detector of this kind; finds what scores at least as the card says."""

    def __init__(self, card: Card, read: Callable[[], bytes], threads: int, advice: str = DOCTOR) -> None:
        """`read` gives the ONNX file's bytes when it is first used, `advice` is as in `Network`; `WrongUse` for another
        role's card.
        """
        if card.detector is None or card.input is None:
            raise WrongUse(f"The card of '{card.name}' is not that of a detector.")
        self.name = card.word
        self.points = card.detector.points
        self.smallest_face = card.detector.smallest_face
        self.sure_score = card.detector.sure_score
        self._input = card.input
        self._how = card.detector
        fixed = card.input.fixed_size
        self.network = Network(card.file.name, lambda: _any_size(read()) if fixed else read(), threads, advice)

    def detect(self, image: Image, scale: float = 1.0, *, largest: float = math.inf) -> list[Detection]:
        """Faces of the image, best score first, searched in the image enlarged (or shrunk) by `scale`.

        Faces from `smallest_face`/scale pixels up are found: one network pass sees up to `largest_face` pixels, so
        larger faces are looked for at a quarter of the size, and so on, up to `largest`, in pixels of the image.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise WrongUse(f"A detector takes uint8 RGB images (rows, columns, 3), not {image.dtype} {image.shape}.")
        if not (math.isfinite(scale) and scale > 0):
            raise WrongUse(f"An image cannot be searched at scale {scale}: give a number above 0.")
        found = [face for level in self._levels(image, scale, largest) for face in self._search(image, level)]
        found.sort(key=lambda face: -face[0].score)
        kept: list[tuple[Detection, Box]] = []
        for face, own in found:
            if all(own.iou(other) <= self._how.overlap for _, other in kept):
                kept.append((face, own))
        return [face for face, _ in kept]

    def _levels(self, image: Image, scale: float, largest: float) -> Iterator[float]:
        """The enlargements at which the image is searched."""
        widest = min(largest, max(image.shape[:2]))
        while min(image.shape[:2]) * scale >= _SMALLEST_IMAGE:
            yield scale
            if widest * scale <= self._how.largest_face:
                return
            scale /= _LEVEL

    def _search(self, image: Image, scale: float) -> list[tuple[Detection, Box]]:
        """Faces at one enlargement with the network's own boxes, in pixels of the image as given."""
        rows, columns = image.shape[:2]
        size = max(1, round(columns * scale)), max(1, round(rows * scale))
        smoothing = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        searched = image if size == (columns, rows) else cv2.resize(image, size, interpolation=smoothing)
        # Black below and on the right, as the networks were trained with, up to whole cells of the widest grid.
        padded = np.zeros((1, *(-(-side // STRIDES[-1]) * STRIDES[-1] for side in (size[1], size[0])), 3), np.uint8)
        padded[0, : size[1], : size[0]] = searched
        boxes, scores, points = self.decode(self.network.outputs(self._input.tensor(padded)), padded.shape[2])
        across, down = columns / size[0], rows / size[1]
        faces = []
        for edges, score, five in zip(boxes, scores, points, strict=True):
            own = Box(edges[0] * across, edges[1] * down, edges[2] * across, edges[3] * down)
            faces.append((Detection(_mapped(own, self._how.box), float(score), _back(five, across, down)), own))
        return faces

    def decode(
        self, outputs: dict[str, NDArray[np.float32]], columns: int
    ) -> tuple[list[list[float]], NDArray[np.float32], Points]:
        """Boxes (left, top, right, bottom), scores (n,) and landmarks (n, 5, 2) in pixels of the network's input.

        `columns` is the input's width. An anchor's score is the square root of cls · obj; its box lies around the
        anchor moved by the first two numbers, in strides, and is exp of the others wide and high, in strides. Boxes
        under one pixel show nothing and are left out.
        """
        boxes, scores, points = [], [], []
        for stride in STRIDES:
            cls, obj, bbox, kps = (outputs[f"{name}_{stride}"][0] for name in OUTPUTS)
            all_scores = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
            sizes = np.exp(np.minimum(bbox[:, 2:], _LARGEST_GROWTH)) * stride
            chosen = np.flatnonzero((all_scores >= self._how.least_score) & (sizes.min(axis=1) >= 1))
            row, column = np.divmod(chosen, columns // stride)
            anchors = np.stack([column, row], axis=1)
            centres, halves = (anchors + bbox[chosen, :2]) * stride, sizes[chosen] / 2
            boxes.append(np.concatenate([centres - halves, centres + halves], axis=1))
            points.append((anchors[:, None] + kps[chosen].reshape(-1, 5, 2)) * stride)
            scores.append(all_scores[chosen])
        return np.concatenate(boxes).tolist(), np.concatenate(scores), np.concatenate(points).astype(np.float32)


def _mapped(box: Box, mapping: BoxMapping) -> Box:
    half = mapping.side * math.sqrt(box.area) / 2
    x, y = box.centre[0] + mapping.right * box.width, box.centre[1] + mapping.down * box.height
    return Box(x - half, y - half, x + half, y + half)


def _back(points: Points, across: float, down: float) -> Points:
    """Points of the searched image in the image as given."""
    if across == down:
        return enlarged(points, across)
    factors = np.array([across, down], dtype=np.float32)
    return ((points + 0.5) * factors - 0.5).astype(np.float32)


def _any_size(data: bytes) -> bytes:
    """The same network with height and width of its input left open, and what follows from them left to be found."""
    model = parsed(data)
    try:
        sides = model.graph.input[0].type.tensor_type.shape.dim
        for number, side in ((2, "height"), (3, "width")):
            sides[number].dim_param = side
    except IndexError as error:
        raise ModelProblem("The network has no input of four sides: it is not a detector of YuNet's kind.") from error
    del model.graph.value_info[:]
    for output in model.graph.output:
        for number, side in enumerate(output.type.tensor_type.shape.dim):
            if number == 1:
                side.dim_param = f"{output.name}_anchors"
    return bytes(model.SerializeToString())
