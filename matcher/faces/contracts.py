"""What a face backend consists of: four small parts that meet in plain arrays.

A detector finds boxes (and perhaps landmarks), a landmarker finds five points in a box, an aligner cuts the chip that
the recogniser was trained on, a recogniser turns chips into vectors. Images are RGB, uint8, shape (height, width, 3),
C-contiguous.
Coordinates are pixels of the given image, x before y, with (0, 0) the centre of the first pixel.
Every part is safe to call from several threads at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.domain.faces import Box
from matcher.domain.space import EmbeddingSpace

Image = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face that a detector found; `landmarks`, float32 (5, 2), only from detectors that give them."""

    box: Box
    score: float
    landmarks: Points | None = None

    def enlarged(self, factor: float) -> Detection:
        """The same face in the photo enlarged by `factor`."""
        points = None if self.landmarks is None else enlarged(self.landmarks, factor)
        return Detection(self.box.scaled(factor), self.score, points)


def enlarged(points: Points, factor: float) -> Points:
    """Points in a photo enlarged by `factor`; whole numbers are the middles of pixels, before and after."""
    return ((points + 0.5) * factor - 0.5).astype(np.float32)


class Detector(Protocol):
    """Finds faces.

    Its boxes are of dlib's kind, whatever its network gives: about squares, from the brows to below the chin. So a face
    that was found by one detector is known again by another, sizes mean the same, and dlib's landmarker can start from
    every box.
    """

    @property
    def name(self) -> str:
        """The detector's word in an embedding space's name."""

    @property
    def points(self) -> tuple[str, ...]:
        """The names (`points.NAMES`) of the landmarks that it gives, in their order; empty if it gives none."""

    @property
    def smallest_face(self) -> int:
        """Side in pixels of the smallest face that is found reliably at scale 1."""

    @property
    def sure_score(self) -> float:
        """From this score on a face hardly ever lies on its side; below, it may."""

    def detect(self, image: Image, scale: float = 1.0, *, largest: float = math.inf) -> list[Detection]:
        """Faces searched in the image enlarged by `scale`, in coordinates of the image as given; best score first.

        Faces wider than `largest`, in pixels of the image as given, need not be looked for.
        """


class Landmarker(Protocol):
    """Finds five points in boxes."""

    @property
    def points(self) -> tuple[str, ...]:
        """The names of the five points, in their order."""

    def locate(self, image: Image, boxes: Sequence[Box]) -> Points:
        """Landmarks of each box: float32 (n, 5, 2)."""


class Aligner(Protocol):
    """Cuts chips."""

    @property
    def name(self) -> str:
        """The alignment's word in an embedding space's name."""

    @property
    def points(self) -> tuple[str, ...]:
        """The names of the landmarks that it is given, in their order."""

    def chip(self, image: Image, landmarks: Points) -> Image:
        """The aligned chip: uint8 RGB (size, size, 3) as the recogniser wants it."""


class Recogniser(Protocol):
    """Turns chips into vectors."""

    @property
    def name(self) -> str:
        """The recogniser's word in an embedding space's name."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def embed(self, chips: Image) -> NDArray[np.float32]:
        """The network's own vectors, float32 (n, dim), *not* normalised, of chips uint8 RGB (n, size, size, 3)."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Four parts that fit together; `landmarker` is `None` when the detector's own landmarks are used.

    `mirror`: whether the embeddings of a chip and of its mirror image are averaged.
    """

    detector: Detector
    landmarker: Landmarker | None
    aligner: Aligner
    recogniser: Recogniser
    mirror: bool = True

    def space(self) -> EmbeddingSpace:
        """The embedding space of vectors made by these parts."""
        return EmbeddingSpace(
            recogniser=self.recogniser.name,
            detector=self.detector.name,
            alignment=self.aligner.name,
            mirror=self.mirror,
            dim=self.recogniser.dim,
        )
