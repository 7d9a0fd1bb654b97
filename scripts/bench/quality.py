"""From which quality on photos find the right person less often: the measurements behind `matcher/domain/quality.py`.

    MATCHER_PHOTOS=FOLDER MATCHER_MODELS_DIR=MODELS python scripts/bench/quality.py

FOLDER/photos/lfw holds one folder per person, MODELS the converted models of a home. The first photo of each person is
enrolled as it is; every second one of the others is spoilt more and more. Landmarks, chip and embedding are taken from
the spoilt photo, in the box that was found before. A probe that finds its person first counts for `first`; one that is
as similar to somebody else as the top tenth of the unspoilt probes are counts for `alike`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from matcher.domain.faces import Box, Face, Quality
from matcher.faces.backends import load_backend
from matcher.faces.contracts import Image
from matcher.faces.pipeline import FacePipeline
from matcher.faces.quality import measure, pose
from matcher.images.decode import open_image

Spoil = Callable[[Image, float], Image]  # a photo and the pixels between its eyes

SMALL = (30, 20, 16, 14, 12, 11, 10, 9, 8, 7, 6, 5)
BLUR = (0.03, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.11, 0.12, 0.13, 0.143, 0.17, 0.25)
DARK = (0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03)
BRIGHT = (60, 100, 140, 160, 180, 200)
SHADE = (0.4, 0.2, 0.1)
# Where the shares are counted, all levels of one kind together: around the limits.
EYES = (5, 6, 7, 8, 9, 10, 11, 12, 14, 20)
STRUCTURE = (0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.5, 3)
UNDER = (0, 0.001, 0.05, 0.2, 0.35, 0.4, 0.5, 0.6, 0.8, 1)
OVER = (0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A photo with its largest face as it was found before spoiling, and whose it is among the enrolled."""

    photo: Image
    face: Face
    person: int


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to spoil photos: what is measured of it, how far it goes, and where the shares are counted."""

    name: str
    measured: str
    levels: Sequence[float]
    spoil: Callable[[float], Spoil]
    edges: Sequence[float]


def main() -> None:
    pipeline = FacePipeline(load_backend("dlib-onnx", Path(os.environ["MATCHER_MODELS_DIR"]), threads=1))
    gallery, probes = load(pipeline)
    print(f"{len(gallery)} people, {len(probes)} probes")
    base, first, _ = recognised(pipeline, gallery, probes, lambda photo, _eyes: photo)
    alike = float(np.quantile(base, 0.9))
    print(f"unspoilt: first {first.mean():.3f}")
    kinds = (
        Kind("pixels between the eyes", "inter_eye_distance", SMALL, shrunk, EYES),
        Kind("fine structure of the same", "fine_structure", SMALL, shrunk, STRUCTURE),
        Kind("blur, in distances of the eyes", "fine_structure", BLUR, blurred, STRUCTURE),
        Kind("share of the light", "under_exposure_prevention", DARK, darkened, UNDER),
        Kind("grey values added", "over_exposure_prevention", BRIGHT, brightened, OVER),
        Kind("light left on one half", "fine_structure", SHADE, half_shaded, STRUCTURE),
    )
    for kind in kinds:
        rows = []
        for level in kind.levels:
            others, first, qualities = recognised(pipeline, gallery, probes, kind.spoil(level))
            values = np.array([getattr(quality, kind.measured) for quality in qualities])
            rows.append((values, first, others >= alike))
            shares = f"first {first.mean():.3f}, alike {np.mean(others >= alike):.3f}"
            print(f"{kind.name} {level:g}: {shares}, {kind.measured} {np.median(values):.3f}")
        values, first, similar = map(np.concatenate, zip(*rows, strict=True))
        for low, high in pairwise(kind.edges):
            here = (values >= low) & (values < high)
            if here.sum() >= 30:
                shares = f"first {first[here].mean():.3f}, alike {similar[here].mean():.3f}"
                print(f"  {kind.measured} {low:g} … {high:g}: {shares} of {here.sum()}")


def load(pipeline: FacePipeline) -> tuple[np.ndarray, list[Probe]]:
    """Embeddings of the enrolled photos, float32 (people, dim), and the probes."""
    gallery, probes = [], []
    for folder in sorted((Path(os.environ["MATCHER_PHOTOS"]) / "photos" / "lfw").iterdir()):
        for file in sorted(folder.iterdir()):
            source = open_image(file.read_bytes(), file.name)
            found = pipeline.find(source, thorough=True)
            if not found.faces:
                continue
            if file == min(folder.iterdir()):
                gallery.append(found.faces[0].embedding)
            else:
                photo = source.pixels(max(found.width, found.height))
                probes.append(Probe(photo, found.faces[0], len(gallery) - 1))
    return np.stack(gallery), probes[::2]


def recognised(
    pipeline: FacePipeline, gallery: np.ndarray, probes: Sequence[Probe], spoil: Spoil
) -> tuple[np.ndarray, np.ndarray, list[Quality]]:
    """Per probe: the similarity of the most similar other person, whether its own comes first, and its quality."""
    backend, chips, qualities = pipeline.backend, [], []
    for probe in probes:
        photo = np.ascontiguousarray(spoil(probe.photo, probe.face.quality.inter_eye_distance))
        box: Box = probe.face.box.scaled(photo.shape[1] / probe.photo.shape[1])
        points = backend.landmarker.locate(photo, [box])[0]
        chips.append(backend.aligner.chip(photo, points))
        qualities.append(measure(chips[-1], pose(points, backend.aligner.layout), single=True))
    blocks = [np.stack(chips[start : start + 64]) for start in range(0, len(chips), 64)]
    similar = np.concatenate([pipeline.embed_chips(block) for block in blocks]) @ gallery.T
    own = np.arange(len(gallery)) == np.array([probe.person for probe in probes])[:, None]
    others = np.where(own, -2, similar).max(axis=1)
    return others, similar[own] >= others, qualities


def shrunk(eyes: float) -> Spoil:
    def spoil(photo: Image, has: float) -> Image:
        side = max(1, round(min(1.0, eyes / has) * photo.shape[0]))
        return cv2.resize(photo, (side * photo.shape[1] // photo.shape[0], side), interpolation=cv2.INTER_AREA)

    return spoil


def blurred(share: float) -> Spoil:
    return lambda photo, eyes: cv2.GaussianBlur(photo, (0, 0), share * eyes)


def darkened(light: float) -> Spoil:
    return lambda photo, _eyes: (photo * light).astype(np.uint8)


def brightened(added: float) -> Spoil:
    return lambda photo, _eyes: np.clip(photo.astype(np.int16) + int(added), 0, 255).astype(np.uint8)


def half_shaded(light: float) -> Spoil:
    """The half on the left, up to the middle of the photo, in which the face stands."""

    def spoil(photo: Image, _eyes: float) -> Image:
        across = 1 / (1 + np.exp((photo.shape[1] / 2 - np.arange(photo.shape[1])) / 6))
        return (photo * (light + (1 - light) * across)[None, :, None]).astype(np.uint8)

    return spoil


if __name__ == "__main__":
    main()
