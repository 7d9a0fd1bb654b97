"""From a photo to its faces: search, landmarks, chips, quality, embeddings.

A photo is decoded no larger than a step needs. Faces are searched where they are `Detector.smallest_face` pixels wide,
landmarks and chips are taken where a face has `_FULL_FACE` pixels if the photo has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from matcher.domain.faces import Box, Face, NoFaceReason, PhotoFaces, Quality
from matcher.domain.scores import Vectors, unit
from matcher.domain.space import EmbeddingSpace
from matcher.errors import ModelProblem
from matcher.faces.contracts import Backend, Detection, Image, Points, enlarged
from matcher.faces.quality import measure, pose, unusable
from matcher.images.decode import SourceImage
from matcher.images.turns import boxes_back, points_back, quarter_turns

# No search looks for faces of fewer photo pixels: smaller ones carry hardly any identity.
_LEAST_FACE = 36
# The smallest face that a search looks for, as a share of the photo's long side.
_COARSE, _QUICK, _THOROUGH = 0.10, 0.04, 0.025
# A quick search is done when its largest face spans this share of the short side: a portrait, not a crowd.
_PORTRAIT = 0.25
# Box of a face whose chip needs no enlarging; below, landmarks and chip are taken from a larger decoding if there is
# one.
_FULL_FACE = 130
# Photos are not decoded larger than this for small faces, whose memory would otherwise have no bound.
_LARGEST_SIDE = 4800


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
        self._backend = backend
        self._mirror = mirror
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
        reasons = [unusable(draft.quality) for draft in drafts]
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

        With mirror averaging the network's own vectors of a chip and of its mirror image are added before scaling to
        unit length.
        """
        if not self._mirror:
            return unit(self._backend.recogniser.embed(chips))
        both = np.concatenate((chips, chips[:, :, ::-1]))
        vectors = self._backend.recogniser.embed(both)
        return unit(vectors[: len(chips)] + vectors[len(chips) :])

    def _search(self, photo: _Photo, *, thorough: bool) -> tuple[_View, list[Detection]]:
        """The first turn that shows a face, with its detections in pixels of the view; no detections when none does."""
        for turn in range(4):
            view, detections = self._search_turned(photo, turn, thorough=thorough)
            if detections:
                break
        return view, detections

    def _search_turned(self, photo: _Photo, turn: int, *, thorough: bool) -> tuple[_View, list[Detection]]:
        share = _THOROUGH if thorough else _QUICK
        least = max(_LEAST_FACE, share * photo.long_side)
        first = least if thorough else max(self._backend.detector.smallest_face, _COARSE * photo.long_side)
        view, detections = self._detect(photo, turn, first)
        widths = [detection.box.width * view.ratio for detection in detections]
        if least < first and max(widths, default=0) < _PORTRAIT * photo.short_side:
            finer = self._detect(photo, turn, least)
            return finer if finer[1] else (view, detections)
        return view, detections

    def _detect(self, photo: _Photo, turn: int, least: float) -> tuple[_View, list[Detection]]:
        """Detections of faces of at least `least` photo pixels."""
        detector = self._backend.detector
        scale = detector.smallest_face / least
        view = photo.view(photo.long_side * scale, turn)
        return view, detector.detect(view.image, max(scale, 1.0))

    def _drafts(self, photo: _Photo, view: _View, detections: Sequence[Detection]) -> list[_Draft]:
        """The detected faces with their chips: largest first, ties by left, then top."""
        if not detections:
            return []
        view, detections = _nearer(photo, view, detections)
        landmarks = self._landmarks(view.image, detections)
        drafts = []
        for detection, points in zip(detections, landmarks, strict=True):
            chip = self._backend.aligner.chip(view.image, points)
            # Measured before turning back, so that roll is that of the photo as the face stands upright in it.
            seen = pose(enlarged(points, view.ratio), self._backend.aligner.layout)
            quality = measure(chip, seen, single=len(detections) == 1)
            drafts.append(
                _Draft(photo.box(detection.box, view), photo.points(points, view), detection.score, quality, chip)
            )
        return sorted(drafts, key=lambda draft: (-draft.box.area, draft.box.left, draft.box.top))

    def _landmarks(self, image: Image, detections: Sequence[Detection]) -> Points:
        if self._backend.landmarker is not None:
            return self._backend.landmarker.locate(image, [detection.box for detection in detections])
        given = [detection.landmarks for detection in detections]
        if any(points is None for points in given):
            raise ModelProblem(
                f"The detector '{self._backend.detector.name}' gave no landmarks and there is no landmarker."
            )
        return np.stack([points for points in given if points is not None])


def _nearer(photo: _Photo, view: _View, detections: Sequence[Detection]) -> tuple[_View, Sequence[Detection]]:
    """The detections in a larger view, if that shows more of the smallest of them."""
    least = min(min(detection.box.width, detection.box.height) for detection in detections)
    side = max(view.image.shape)
    wanted = min(side * _FULL_FACE / least, photo.long_side, _LARGEST_SIDE)
    if wanted <= side:
        return view, detections
    nearer = photo.view(wanted, view.turn)
    return nearer, [detection.enlarged(view.ratio / nearer.ratio) for detection in detections]
