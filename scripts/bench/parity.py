"""How close the faces are to the original library's, on real photos.

    MATCHER_PHOTOS=FOLDER python scripts/bench/parity.py

FOLDER holds photos/lfw/<person>/<photo>.jpg, photos/groups with boxes.json, and reference/face_recognition_lfw.npz:
boxes, landmarks and encodings of face_recognition. Enlarged photos are compared with dlib itself (dlib-bin will do).
Ends with exit code 1 when a figure misses its limit. How often the detectors agree is in networks.py.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from matcher.config import DEFAULT_BACKEND
from matcher.domain.faces import Box, Face
from matcher.faces.backends import load_backend
from matcher.faces.contracts import Backend
from matcher.faces.models import RECOGNISER, package_folder
from matcher.faces.pipeline import FacePipeline
from matcher.images.decode import SourceImage, open_image

ENLARGED = (2.0, 2.5, 3.0, 4.0)
SAMPLE = 20  # every so many photos are enlarged


def main() -> None:
    photos = os.environ.get("MATCHER_PHOTOS")
    if not photos:
        sys.exit("Set MATCHER_PHOTOS to a folder with photos/ and reference/.")
    backend = load_backend(DEFAULT_BACKEND, Path(tempfile.gettempdir()) / "matcher-bench-models")
    folder = Path(photos)
    missed = [
        *embeddings(backend, folder),
        *groups(FacePipeline(backend), folder / "photos" / "groups"),
    ]
    sys.exit("missed: " + ", ".join(missed) if missed else 0)


def line(name: str, figure: float, limit: float, *, at_least: bool = False) -> list[str]:
    """Print one figure with its limit; the name again if it is missed."""
    good = figure >= limit if at_least else figure <= limit
    print(f"{name:<66} {figure:10.6g}   {'≥' if at_least else '≤'} {limit:<6g} {'' if good else 'MISSED'}")
    return [] if good else [name]


def opened(path: Path) -> SourceImage:
    return open_image(path.read_bytes(), path.name)


def embeddings(backend: Backend, folder: Path) -> list[str]:
    """Landmarks and embeddings of every photo of the reference, and of some enlarged."""
    reference = np.load(folder / "reference" / "face_recognition_lfw.npz")
    landmarker = backend.landmarker or sys.exit("This backend has no landmarker.")
    chips, distances, enlarged = [], [], []
    for row, name in enumerate(reference["photo"]):
        image = opened(folder / "photos" / "lfw" / str(name)).pixels()
        top, right, bottom, left = (float(edge) for edge in reference["box_top_right_bottom_left"][row])
        points = reference["landmarks5_xy"][row].astype(np.float32)
        found = landmarker.locate(image, [Box(left, top, right, bottom)])[0]
        distances.append(np.hypot(*(found - points).T).max())
        chips.append(backend.aligner.chip(image, points))
        if row % SAMPLE == 0:
            enlarged += [(image, points, factor) for factor in ENLARGED]
    apart = np.linalg.norm(backend.recogniser.embed(np.stack(chips)) - reference["encoding"], axis=1)
    equal = np.mean(np.array(distances) == 0)
    print(f"{len(chips)} photos of the reference; landmarks exactly equal on {equal:.2%}")
    return [
        *line("landmarks from the original's boxes, largest distance in pixels", max(distances), 1),
        *line("embeddings from the original's landmarks, largest L2", apart.max(), 0.002),
        *enlarged_photos(backend, enlarged),
    ]


def enlarged_photos(backend: Backend, photos: list[tuple[Any, Any, float]]) -> list[str]:
    try:
        import dlib
    except ImportError:
        print("enlarged photos: install dlib-bin to compare them")
        return []
    encoder = dlib.face_recognition_model_v1(str(package_folder() / RECOGNISER.source))
    apart, pixels = [], []
    for image, points, factor in photos:
        large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        places = np.round(points * factor)
        parts = [dlib.point(int(x), int(y)) for x, y in places]
        face = dlib.full_object_detection(dlib.rectangle(0, 0, *large.shape[1::-1]), parts)
        chip = backend.aligner.chip(large, places)
        pixels.append(np.mean(chip != dlib.get_face_chip(large, face, 150, 0.25)))
        theirs = np.array(encoder.compute_face_descriptor(large, face))
        apart.append(np.linalg.norm(backend.recogniser.embed(chip[None])[0] - theirs))
    print(f"{len(photos)} enlarged photos; share of chip values that differ from dlib's: {np.mean(pixels):.2g}")
    return line("embeddings of photos enlarged 2 to 4 times, largest L2 from dlib", max(apart), 0.02)


def groups(pipeline: FacePipeline, folder: Path) -> list[str]:
    """Marked faces found by a thorough search, and faces where none is."""
    marked = {
        name: [Box(box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"]) for box in boxes]
        for name, boxes in json.loads((folder / "boxes.json").read_text()).items()
    }
    hits = extras = 0
    for name, boxes in marked.items():
        faces = pipeline.find(opened(folder / name), thorough=True).faces
        hits += sum(any(same(box, face) for face in faces) for box in boxes)
        extras += sum(not any(same(box, face) for box in boxes) for face in faces)
    total = sum(len(boxes) for boxes in marked.values())
    dogs = pipeline.find(opened(folder / "dogs.jpg"), thorough=True)
    return [
        *line(f"marked faces of {len(marked)} group photos found, of {total}", hits, 42, at_least=True),
        *line("faces elsewhere on them", extras, 0),
        *line("faces among the dogs", len(dogs.faces), 0),
    ]


def same(box: Box, face: Face) -> bool:
    """Whether a face is the marked one: enough in common, or around its middle."""
    x, y = face.box.centre
    return box.iou(face.box) >= 0.4 or (box.left <= x <= box.right and box.top <= y <= box.bottom)


if __name__ == "__main__":
    main()
