"""The original `face_recognition` library as a backend: its HOG detector, its landmarks, dlib's chips and vectors.

Its vectors equal those of `mmod+dlib-resnet-v1` on equal chips, but another detector gives other boxes, hence other
landmarks and another embedding space. It loads its own model files when imported, among them 68 landmarks trained on
data for research only, of which nothing is used here: whoever installs it decides on that. dlib's objects must not be
used by two threads at once, so one lock serves all of them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from math import inf
from types import ModuleType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.domain.faces import Box
from matcher.errors import ExtraMissing
from matcher.faces.alignment import DLIB_SIDE
from matcher.faces.contracts import Backend, Detection, Image, Points
from matcher.faces.points import DLIB_POINTS

_lock = threading.Lock()
_MISSING = "The original face_recognition cannot be loaded: pip install 'sighting-matcher[face-recognition]'."


def _unlock() -> None:
    """A forked child starts with a lock of its own: the thread that held its parent's is not there to release it."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_unlock)


def original_backend() -> Backend:
    """The four parts on top of face_recognition; `ExtraMissing` where it is not installed."""
    dlib, library = _libraries()
    return Backend(
        _HogDetector(library.face_detector),
        _Landmarker(dlib, library.pose_predictor_5_point),
        _ChipAligner(dlib),
        _Encoder(library.face_encoder),
    )


def _libraries() -> tuple[ModuleType, ModuleType]:
    """dlib and face_recognition.api, whose import ends the process when its model package cannot be imported."""
    try:
        import dlib
        from face_recognition import api
    except (ImportError, SystemExit) as error:
        raise ExtraMissing(_MISSING) from error
    return dlib, api


class _HogDetector:
    name = "dlib-hog"
    points: tuple[str, ...] = ()
    sure_score = 0.0  # it does not see faces that lie on their side
    smallest_face = 40  # 80 pixels in the photo doubled once, as face_recognition does unless told otherwise

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    def detect(self, image: Image, scale: float = 1.0, *, largest: float = inf) -> list[Detection]:  # noqa: ARG002
        height, width = image.shape[:2]
        size = max(1, round(width * scale)), max(1, round(height * scale))
        searched = image if size == (width, height) else np.asarray(cv2.resize(image, size), dtype=np.uint8)
        with _lock:
            rectangles, scores, _ = self._finder.run(searched, 1, 0.0)
        across, down = width / size[0], height / size[1]
        return [
            Detection(Box(box.left() * across, box.top() * down, box.right() * across, box.bottom() * down), score)
            for box, score in sorted(zip(rectangles, scores, strict=True), key=lambda pair: -pair[1])
        ]


class _Landmarker:
    points = DLIB_POINTS

    def __init__(self, dlib: ModuleType, predictor: Any) -> None:
        self._dlib = dlib
        self._predictor = predictor

    def locate(self, image: Image, boxes: Sequence[Box]) -> Points:
        points = np.empty((len(boxes), 5, 2), dtype=np.float32)
        for row, box in zip(points, boxes, strict=True):
            edges = (round(box.left), round(box.top), round(box.right), round(box.bottom))
            with _lock:
                shape = self._predictor(image, self._dlib.rectangle(*edges))
            row[:] = [(part.x, part.y) for part in shape.parts()]
        return points


class _ChipAligner:
    name = "5pt-150"
    points = DLIB_POINTS

    def __init__(self, dlib: ModuleType) -> None:
        self._dlib = dlib

    def chip(self, image: Image, landmarks: Points) -> Image:
        parts = [self._dlib.point(round(float(x)), round(float(y))) for x, y in landmarks]
        with _lock:
            # Only the points are used; a rectangle belongs to the type.
            face = self._dlib.full_object_detection(self._dlib.rectangle(0, 0, 1, 1), parts)
            return np.asarray(self._dlib.get_face_chip(image, face, DLIB_SIDE, 0.25), dtype=np.uint8)


class _Encoder:
    name = "face-recognition"
    dim = 128

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder

    def embed(self, chips: Image) -> NDArray[np.float32]:
        if not len(chips):
            return np.empty((0, self.dim), dtype=np.float32)
        with _lock:
            vectors = self._encoder.compute_face_descriptor([np.ascontiguousarray(chip) for chip in chips], 0)
        return np.array([list(vector) for vector in vectors], dtype=np.float32)
