"""From a photo to its faces: search, landmarks, chips, quality, embeddings.

A photo is decoded no larger than the search needs, and landmarks and chips are taken from what was searched: there the
smallest faces are 80 pixels wide, and photos of faces half as wide still put the right person first as often as full
ones do (rank-1 0.937 at 91, 77, 59 and 45 pixels; 0.914 at 36 and 0.83 at 23).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from matcher.domain.faces import Box, Face, NoFaceReason, PhotoFaces, Quality
from matcher.domain.scores import Vectors, unit
from matcher.domain.space import EmbeddingSpace
from matcher.errors import ModelProblem
from matcher.faces.contracts import Backend, Detection, Image, Points, enlarged
from matcher.faces.quality import measure, pose, unusable
from matcher.images.decode import SourceImage
from matcher.images.turns import boxes_back, points_back, quarter_turns

# No search looks for faces of fewer photo pixels: smaller ones carry ever less identity.
_LEAST_FACE = 36
# The smallest face that a search looks for, as a share of the photo's long side.
_COARSE, _QUICK, _THOROUGH = 0.10, 0.04, 0.025
# Windows are tried at steps of 5/6, so that a face of 7/8 of the smallest window is still found as surely (127 of 127
# photos).
_REACH = 7 / 8
# A quick search is done when its largest face spans this share of the short side: a portrait, not a crowd.
_PORTRAIT = 0.25
# Pixels that the smallest face should have where landmarks and chip are taken, whatever less a detector is content
# with.
_CHIP_FACE = 80
# Two boxes with a larger intersection over union show the same face.
_SAME_FACE = 0.338


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """The photo at some size after some turns; `ratio` is photo pixels per pixel of it."""

    image: Image
    ratio: float
    turn: int


@dataclass(slots=True)
class _Photo:
    """A source whose latest decoding is kept for the next step."""

    source: SourceImage
    _side: int = 0
    _image: Image | None = None

    @property
    def long_side(self) -> int:
        return max(self.source.width, self.source.height)

    @property
    def short_side(self) -> int:
        return min(self.source.width, self.source.height)

    def least_face(self, share: float) -> float:
        """The smallest face to look for in photo pixels, by its share of the long side."""
        return max(_LEAST_FACE, share * self.long_side / _REACH)

    def view(self, long_side: float, turn: int) -> _View:
        """The photo with that long side, or at its own size if that is smaller."""
        side = min(ceil(long_side), self.long_side)
        if self._image is None or side != self._side:
            self._side, self._image = side, None  # before decoding, so that two images never lie in memory
            self._image = self.source.pixels(side)
        return _View(quarter_turns(self._image, turn), self.long_side / side, turn)

    def box(self, box: Box, view: _View) -> Box:
        """Where a box of a view lies in the photo."""
        turned = box.scaled(view.ratio)
        edges = np.array([turned.left, turned.top, turned.right, turned.bottom], dtype=np.float32)
        return Box(*boxes_back(edges, view.turn, self.source.width, self.source.height).tolist())

    def points(self, points: Points, view: _View) -> Points:
        """Where points of a view lie in the photo."""
        turned = enlarged(points, view.ratio)
        return points_back(turned, view.turn, self.source.width, self.source.height)


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """A face before it is embedded."""

    box: Box
    landmarks: Points
    score: float
    quality: Quality
    chip: Image


class FacePipeline:
    """Finds, measures and embeds the faces of photos with one backend. Safe to call from several threads at once."""

    def __init__(self, backend: Backend, *, mirror: bool = True) -> None:
        self.backend = backend
        self.space: EmbeddingSpace = backend.space(mirror=mirror)

    def find(self, source: SourceImage, *, thorough: bool = False) -> PhotoFaces:
        """All usable faces, largest first (ties by left, then top), or the reason why there are none.

        Thorough finds every face of at least 36 pixels and 2.5 % of the long side. Quick looks coarsely first, and for
        faces of 36 pixels and 4 % only when it finds nothing or its largest face is under a quarter of the short side.
        A photo without an upright face is searched again after each quarter turn. The reason is that of the largest
        face when all are unusable.
        """
        photo = _Photo(source)
        view, detections = self._search(photo, thorough=thorough)
        drafts = self._drafts(photo, view, detections)
        reasons = [unusable(draft.quality, draft.chip) for draft in drafts]
        usable = [draft for draft, reason in zip(drafts, reasons, strict=True) if reason is None]
        if not usable:
            reason = reasons[0] if reasons else NoFaceReason.NO_FACE
            return PhotoFaces((), reason, source.width, source.height)
        vectors = self.embed_chips(np.stack([draft.chip for draft in usable]))
        faces = tuple(
            Face(draft.box, draft.landmarks, draft.score, view.turn, draft.quality, vector)
            for draft, vector in zip(usable, vectors, strict=True)
        )
        return PhotoFaces(faces, None, source.width, source.height)

    def embed_chips(self, chips: Image) -> Vectors:
        """Unit vectors, float32 (n, dim), of chips (n, side, side, 3).

        With mirror averaging, the network's own vectors of a chip and of its mirror image are added and the sum is
        brought to unit length. Bringing each to unit length before makes no difference: rank-1 of 951 photos of 700
        people is the same.
        """
        recogniser = self.backend.recogniser
        if not self.space.mirror:
            return unit(recogniser.embed(chips))
        vectors = recogniser.embed(np.concatenate((chips, chips[:, :, ::-1])))
        return unit(vectors[: len(chips)] + vectors[len(chips) :])

    def _search(self, photo: _Photo, *, thorough: bool) -> tuple[_View, list[Detection]]:
        """The first turn that shows a face, with its detections in pixels of the view; no detections when none does."""
        for turn in range(4):
            view, detections = self._search_turned(photo, turn, thorough=thorough)
            if detections:
                break
        return view, detections

    def _search_turned(self, photo: _Photo, turn: int, *, thorough: bool) -> tuple[_View, list[Detection]]:
        if thorough:
            return self._detect(photo, turn, photo.least_face(_THOROUGH))
        least, first = photo.least_face(_QUICK), max(self.backend.detector.smallest_face, photo.least_face(_COARSE))
        view, detections = self._detect(photo, turn, first)
        widest = max((detection.box.width * view.ratio for detection in detections), default=0)
        if first <= least or widest >= _PORTRAIT * photo.short_side:
            return view, detections
        nearer, more = self._detect(photo, turn, least, largest=first)
        more += [detection.enlarged(view.ratio / nearer.ratio) for detection in detections]
        return nearer, _distinct(more)

    def _detect(self, photo: _Photo, turn: int, least: float, largest: float = inf) -> tuple[_View, list[Detection]]:
        """Detections of faces from `least` to `largest` photo pixels."""
        detector = self.backend.detector
        view = photo.view(photo.long_side * max(detector.smallest_face, _CHIP_FACE) / least, turn)
        scale = round(detector.smallest_face / least * view.ratio, 2)  # so that 1 is 1, which spares a resizing
        return view, detector.detect(view.image, scale, largest=largest / view.ratio)

    def _drafts(self, photo: _Photo, view: _View, detections: Sequence[Detection]) -> list[_Draft]:
        """The detected faces with their chips: largest first, ties by left, then top."""
        if not detections:
            return []
        landmarks = self._landmarks(view.image, detections)
        drafts = []
        for detection, points in zip(detections, landmarks, strict=True):
            chip = self.backend.aligner.chip(view.image, points)
            # Measured before turning back, so that roll is that of the photo as the face stands upright in it.
            seen = pose(enlarged(points, view.ratio), self.backend.aligner.layout)
            quality = measure(chip, seen, single=len(detections) == 1)
            drafts.append(
                _Draft(photo.box(detection.box, view), photo.points(points, view), detection.score, quality, chip)
            )
        return sorted(drafts, key=lambda draft: (-draft.box.area, draft.box.left, draft.box.top))

    def _landmarks(self, image: Image, detections: Sequence[Detection]) -> Points:
        if self.backend.landmarker is not None:
            return self.backend.landmarker.locate(image, [detection.box for detection in detections])
        given = [detection.landmarks for detection in detections]
        if any(points is None for points in given):
            raise ModelProblem(
                f"The detector '{self.backend.detector.name}' gave no landmarks and there is no landmarker."
            )
        return np.stack([points for points in given if points is not None])


def _distinct(detections: list[Detection]) -> list[Detection]:
    """Each face once, by its best score."""
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda found: -found.score):
        if all(detection.box.iou(other.box) <= _SAME_FACE for other in kept):
            kept.append(detection)
    return kept
