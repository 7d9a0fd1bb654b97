"""A backend that sees coloured markers instead of faces, so that every number of the pipeline can be worked out by
hand.

A marker is a magenta square whose upper fifth is blue; only markers that stand upright in the given image are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import cv2
import numpy as np
from numpy.typing import NDArray

from matcher.domain.faces import Box
from matcher.faces.alignment import DlibAligner
from matcher.faces.contracts import Backend, Detection, Image, Points
from matcher.faces.points import DLIB_POINTS
from matcher.images.decode import SourceImage, open_image

# In parts of the box: where the marker's landmarks are, spread about as dlib's template.
PLACES = np.array([[0.75, 0.4], [0.6, 0.4], [0.25, 0.4], [0.4, 0.4], [0.5, 0.7]])


class MarkerDetector:
    name = "marker"
    points: tuple[str, ...] = ()

    def __init__(self, smallest_face: int = 80, *, sure_score: float = 0.0, eager: bool = False) -> None:
        """An eager one sees markers that lie on their left side, too, at half their score, which is the width."""
        self.sure_score = sure_score
        self.eager = eager
        self.smallest_face = smallest_face
        self.searches: list[tuple[int, int, float, float]] = []

    def detect(self, image: Image, scale: float = 1.0, *, largest: float = inf) -> list[Detection]:
        self.searches.append((image.shape[1], image.shape[0], scale, largest))
        wide = image.astype(int)
        blue = (wide[..., 2] > 150) & (wide[..., 1] < 100)
        marked = blue & (wide[..., 0] > 150)
        _, _, stats, _ = cv2.connectedComponentsWithStats(blue.astype(np.uint8), connectivity=4)
        found = []
        for left, top, width, height, _ in stats[1:]:
            part = marked[top : top + height, left : left + width]
            upright = part[height // 2 :].mean() > 0.9 and part[: max(1, height // 10)].mean() < 0.1
            lying = self.eager and part[:, width // 2 :].mean() > 0.9 and part[:, : max(1, width // 10)].mean() < 0.1
            in_reach = 0.85 * self.smallest_face <= min(width, height) * scale and width <= largest * 1.1
            if (upright or lying) and in_reach:
                score = width if upright else width / 2
                found.append(Detection(Box(left, top, left + width, top + height), float(score)))
        return sorted(found, key=lambda face: -face.score)


class MarkerLandmarker:
    points = DLIB_POINTS

    def locate(self, image: Image, boxes: Sequence[Box]) -> Points:
        corners = np.array([[box.left, box.top] for box in boxes])[:, None]
        sizes = np.array([[box.width, box.height] for box in boxes])[:, None]
        return (corners + PLACES * sizes - 0.5).astype(np.float32)


class MeanColours:
    """Mean red of the left and right halves, and mean green and blue, of a chip."""

    name = "means"
    dim = 4

    def __init__(self) -> None:
        self.batches: list[int] = []

    def embed(self, chips: Image) -> NDArray[np.float32]:
        self.batches.append(len(chips))
        half = chips.shape[2] // 2
        left, right = chips[:, :, :half], chips[:, :, half:]
        columns = (left[..., 0], right[..., 0], chips[..., 1], chips[..., 2])
        return np.stack([column.mean(axis=(1, 2)) for column in columns], axis=1).astype(np.float32)


def marker_backend(detector: MarkerDetector | None = None, *, mirror: bool = True) -> Backend:
    return Backend(detector or MarkerDetector(), MarkerLandmarker(), DlibAligner(), MeanColours(), mirror=mirror)


def draw(width: int, height: int, *squares: tuple[int, int, int]) -> Image:
    """Markers (left, top, side) on noise, so that chips are sharp."""
    noise = np.random.default_rng(0).integers(90, 140, (height, width, 1))
    photo = np.repeat(noise, 3, axis=2).astype(np.uint8)
    for left, top, side in squares:
        photo[top : top + side, left : left + side] = (255, 0, 255)
        photo[top : top + side // 5, left : left + side] = (0, 0, 255)
        middle = (slice(top + side // 3, top + side * 2 // 3), slice(left + side // 3, left + side // 2))
        photo[middle] = np.clip(photo[middle] + 80 * (noise[middle] % 2), 0, 255)
    return photo


def source(photo: Image) -> SourceImage:
    done, data = cv2.imencode(".png", photo[..., ::-1])
    assert done
    return open_image(data.tobytes(), "drawn.png")
