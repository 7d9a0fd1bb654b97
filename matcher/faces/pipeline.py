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

from matcher.domain.faces import Box, Face, NoFaceReason, PhotoFaces, Quality, Shortfall
from matcher.domain.scores import Vectors, unit
from matcher.domain.space import EmbeddingSpace
from matcher.errors import ModelProblem
from matcher.faces.contracts import Backend, Detection, Image, Points, enlarged
from matcher.faces.points import PointLayout
from matcher.faces.quality import measure, pose, unusable
from matcher.images.decode import SourceImage
from matcher.images.places import Places, cores
from matcher.images.turns import boxes_back, points_back, quarter_turns

# No search looks for faces of fewer photo pixels: smaller ones carry ever less identity.
_LEAST_FACE = 36
# Where a thorough search finds no face, faces of so many photo pixels are looked for, to tell people that the photo is
# too small: of 60 photos each, all with faces of 22, 24 and 26 pixels were seen; of 73 photos without a face (dogs, 12
# textures, 60 portraits whose face was painted over) none.
_LEAST_GLIMPSED = 24
# The smallest face that a search looks for, as a share of the photo's long side.
_COARSE, _QUICK, _THOROUGH = 0.15, 0.04, 0.025
# After a turn, faces of this share decide whether there are any: a face is rarely right if only a fine search after a
# turn sees it (a dog of 4 % did), and three more fine searches would take four times as long.
_TURNED = 0.06
# Windows are tried at steps of 5/6, so that a face of 7/8 of the smallest window is still found as surely (127 of 127
# photos).
_REACH = 7 / 8
# A quick search is done when its largest face spans this share of the short side: a portrait, not a crowd.
_PORTRAIT = 0.25
# Pixels that the smallest face should have where landmarks and chip are taken, whatever less a detector is content
# with.
_CHIP_FACE = 80
# Two boxes with a larger intersection over union show the same face.
SAME_FACE = 0.338


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
class _Found:
    """A detection, the view in whose pixels it is, and its box in the photo."""

    detection: Detection
    view: _View
    box: Box


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """A face before it is embedded."""

    found: _Found
    landmarks: Points
    quality: Quality
    chip: Image

    def face(self, embedding: Vectors) -> Face:
        found = self.found
        return Face(found.box, self.landmarks, found.detection.score, found.view.turn, self.quality, embedding)


class FacePipeline:
    """Finds, measures and embeds the faces of photos with one backend. Safe to call from several threads at once."""

    def __init__(self, backend: Backend, at_once: int = 0) -> None:
        """`at_once`: photos that are looked at at one time, one per core if it is 0. Others wait: each takes memory."""
        self.backend = backend
        self._places = Places(at_once or cores())
        self.space: EmbeddingSpace = backend.space()
        self._layout = PointLayout.of(backend.aligner.points)

    def find(self, source: SourceImage, *, thorough: bool = False) -> PhotoFaces:
        """All usable faces, largest first (ties by left, then top), or the reason why there are none.

        Thorough finds every face of at least 36 pixels and 2.5 % of the long side. Quick looks coarsely first, and for
        faces of 36 pixels and 4 % only when it finds nothing or its largest face is under a quarter of the short side.
        A photo without a face, or with one that may lie on its side, is searched after each quarter turn, too. The
        reason and the shortfall are those of the largest face when all are unusable or, in a thorough search, when all
        are too small to be searched; a quick one then says that there is no face.
        """
        with self._places:
            return self._find(_Photo(source), thorough=thorough)

    def _find(self, photo: _Photo, *, thorough: bool) -> PhotoFaces:
        source, drafts = photo.source, self._drafts(photo, self._search(photo, thorough=thorough))
        usable = [draft for draft in drafts if unusable(draft.quality) is None]
        if not usable:
            reason, shortfall = self._shortfall(photo, drafts, thorough=thorough)
            return PhotoFaces((), reason, source.width, source.height, shortfall)
        vectors = self.embed_chips(np.stack([draft.chip for draft in usable]))
        faces = tuple(draft.face(vector) for draft, vector in zip(usable, vectors, strict=True))
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

    def _shortfall(
        self, photo: _Photo, drafts: Sequence[_Draft], *, thorough: bool
    ) -> tuple[NoFaceReason | None, Shortfall]:
        """Why a photo has no usable face, by the largest one, and what was measured on that."""
        sought = max(_LEAST_FACE, (_THOROUGH if thorough else _QUICK) * photo.long_side)
        if drafts:
            width, quality = drafts[0].found.box.width, drafts[0].quality
            measured = Shortfall(sought, width, quality.inter_eye_distance, quality.fine_structure)
            return unusable(quality), measured
        glimpsed = self._glimpse(photo) if thorough else None
        reason = NoFaceReason.NO_FACE if glimpsed is None else NoFaceReason.TOO_SMALL
        return reason, Shortfall(sought, glimpsed)

    def _glimpse(self, photo: _Photo) -> float | None:
        """The width in photo pixels of the largest face that is too small to be searched, or `None`.

        It looks at no more than (36/24)² = 2.25 times the pixels of the upright search before, which found no face:
        thorough searches of textures of 250×250, 560×560, 900×900 and 1250×1000 took 1.3 to 1.6 times as long with it
        (0.16 → 0.21, 0.64 → 0.91, 0.92 → 1.48, 1.11 → 1.41 s). From 1260 pixels on there is nothing to look for.
        """
        least = max(_LEAST_GLIMPSED, _THOROUGH * photo.long_side / _REACH)
        if least >= _LEAST_FACE:
            return None
        widths = [found.box.width for found in self._detect(photo, 0, least, largest=_LEAST_FACE)]
        return max((width for width in widths if width < _LEAST_FACE), default=None)

    def _search(self, photo: _Photo, *, thorough: bool) -> list[_Found]:
        """The faces of the photo: largest first, ties by left, then top.

        A face that lies on its side is often seen without a turn, too, sometimes with a high score, but not most faces
        of a photo. So the search ends when more than half of the upright faces are sure ones, and where faces of
        several turns overlap, the turn wins whose scores have the largest sum.
        """
        turns = [self._search_turned(photo, 0, thorough=thorough)]
        sure = [score >= self.backend.detector.sure_score for score in _scores(turns[0])]
        if 2 * sum(sure) <= len(sure):
            turns += [
                self._search_turned(photo, turn, thorough=thorough)
                for turn in (1, 2, 3)
                if self._detect(photo, turn, photo.least_face(_TURNED))
            ]
        turns.sort(key=lambda seen: -sum(_scores(seen)))
        faces = _distinct([found for seen in turns for found in seen])
        return sorted(faces, key=lambda found: (-found.box.area, found.box.left, found.box.top))

    def _search_turned(self, photo: _Photo, turn: int, *, thorough: bool) -> list[_Found]:
        if thorough:
            return self._detect(photo, turn, photo.least_face(_THOROUGH))
        least, first = photo.least_face(_QUICK), max(self.backend.detector.smallest_face, photo.least_face(_COARSE))
        seen = self._detect(photo, turn, first)
        widest = max((min(found.box.width, found.box.height) for found in seen), default=0)
        if first <= least or widest >= _PORTRAIT * photo.short_side:
            return seen
        seen += self._detect(photo, turn, least, largest=first)
        return _distinct(sorted(seen, key=lambda found: -found.detection.score))

    def _detect(self, photo: _Photo, turn: int, least: float, largest: float = inf) -> list[_Found]:
        """Faces from `least` to `largest` photo pixels."""
        detector = self.backend.detector
        view = photo.view(photo.long_side * max(detector.smallest_face, _CHIP_FACE) / least, turn)
        scale = round(detector.smallest_face / least * view.ratio, 2)  # so that 1 is 1, which spares a resizing
        detections = detector.detect(view.image, scale, largest=largest / view.ratio)
        return [_Found(detection, view, photo.box(detection.box, view)) for detection in detections]

    def _drafts(self, photo: _Photo, seen: Sequence[_Found]) -> list[_Draft]:
        """The faces with what is measured on them, in the same order."""
        drafts = []
        for found, points in zip(seen, self._landmarks(seen), strict=True):
            view = found.view
            chip = self.backend.aligner.chip(view.image, points)
            # Measured before turning back, so that roll is that of the photo as the face stands upright in it.
            seen_pose = pose(enlarged(points, view.ratio), self._layout)
            quality = measure(chip, seen_pose, single=len(seen) == 1)
            drafts.append(_Draft(found, photo.points(points, view), quality, chip))
        return drafts

    def _landmarks(self, seen: Sequence[_Found]) -> list[Points]:
        """The landmarks of each face in pixels of its view."""
        landmarker = self.backend.landmarker
        if landmarker is None:
            given = [found.detection.landmarks for found in seen]
            if any(points is None for points in given):
                name = self.backend.detector.name
                raise ModelProblem(f"The detector '{name}' gave no landmarks and there is no landmarker.")
            return [points for points in given if points is not None]
        located: dict[int, Points] = {}
        for view in {id(found.view): found.view for found in seen}.values():
            here = [index for index, found in enumerate(seen) if found.view is view]
            boxes = [seen[index].detection.box for index in here]
            located.update(zip(here, landmarker.locate(view.image, boxes), strict=True))
        return [located[index] for index in range(len(seen))]


def _scores(seen: list[_Found]) -> list[float]:
    return [found.detection.score for found in seen]


def _distinct(seen: list[_Found]) -> list[_Found]:
    """Each face once: of those that overlap, the first."""
    kept: list[_Found] = []
    for found in seen:
        if all(found.box.iou(other.box) <= SAME_FACE for other in kept):
            kept.append(found)
    return kept
