"""From a photo to embeddings beside face_recognition, on one core, and what a photo of 12 megapixels costs.

    MATCHER_PHOTOS=FOLDER python scripts/bench/faces.py

FOLDER holds photos/lfw/<person>/<photo>.jpg and photos/groups. The peer's chain is face_recognition's own: locate, then
encode. All take turns, and the best round counts, so that a busy machine disturbs all alike.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from matcher.config import DEFAULT_BACKEND
from matcher.faces.backends import load_backend
from matcher.faces.pipeline import FacePipeline
from matcher.images.decode import SourceImage, open_image

GROUP = "groups/2008_004176.jpg"  # seven faces


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--large", choices=["quick", "thorough"], help="only the large photo, in this process")
    given = arguments.parse_args()
    photos = os.environ.get("MATCHER_PHOTOS")
    if not photos:
        sys.exit("Set MATCHER_PHOTOS to a folder with photos/.")
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    folder = Path(photos) / "photos"
    pipeline = FacePipeline(
        load_backend(DEFAULT_BACKEND, Path(tempfile.gettempdir()) / "matcher-bench-models", threads=1)
    )
    if given.large:
        large(pipeline, folder, given.rounds, thorough=given.large == "thorough")
        return
    portraits(pipeline, folder / "lfw", given.rounds)
    for depth in ("quick", "thorough"):
        own = [sys.executable, __file__, "--large", depth, "--rounds", str(given.rounds)]
        subprocess.run(own, check=True)


def best(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Seconds of each work, best of rounds in turn."""
    times = [[0.0] * rounds for _ in works]
    for turn in range(-1, rounds):  # the first turn warms up
        for row, work in zip(times, works, strict=True):
            start = time.perf_counter()
            work()
            row[turn] = time.perf_counter() - start
    return [min(row) for row in times]


def portraits(pipeline: FacePipeline, folder: Path, rounds: int) -> None:
    """Photos of 250×250 pixels with a face of about 107, as Labeled Faces in the Wild has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import face_recognition

    paths = sorted(folder.glob("*/*.jpg"))[::200]
    data = [png(framed(path)) for path in paths]
    few = data[:3]

    def ours(thorough: bool) -> Callable[[], object]:
        return lambda: [pipeline.find(open_image(each, "photo"), thorough=thorough) for each in data]

    def original(model: str, photos: list[bytes]) -> Callable[[], object]:
        def run() -> None:
            for each in photos:
                image = open_image(each, "photo").pixels()
                face_recognition.face_encodings(image, face_recognition.face_locations(image, model=model))

        return run

    quick, thorough, hog = best(rounds, ours(False), ours(True), original("hog", data))
    quick, thorough, hog = (seconds / len(data) for seconds in (quick, thorough, hog))
    (cnn,) = best(1, original("cnn", few))
    cnn /= len(few)
    print(f"photo of 250×250 to embeddings, {len(data)} photos, one core, mirror averaging included on our side")
    print(f"  quick {quick * 1e3:.1f} ms, thorough {thorough * 1e3:.1f} ms")
    print(f"  face_recognition HOG {hog * 1e3:.0f} ms: {hog / quick:.1f} × (at least 3.5)")
    print(f"  face_recognition CNN {cnn * 1e3:.0f} ms: {cnn / quick:.1f} × (at least 40)")


def framed(path: Path) -> np.ndarray:
    """The photo of 150×150 in the middle of 250×250, before its own mean colour."""
    image = cv2.imread(str(path))
    return np.asarray(cv2.copyMakeBorder(image, 50, 50, 50, 50, cv2.BORDER_CONSTANT, value=image.mean(axis=(0, 1))))


def png(image: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", image)[1].tobytes())


def large(pipeline: FacePipeline, folder: Path, rounds: int, *, thorough: bool) -> None:
    """4000×3000 pixels: a group photo, and eight portraits whose faces have just the width that has to be found."""
    share = 0.025 if thorough else 0.04
    group = cv2.resize(cv2.imread(str(folder / GROUP)), (4000, 3000), interpolation=cv2.INTER_CUBIC)
    crowd = portraits_of_width(pipeline, folder / "lfw", round(share * 4000))
    depth, limit = ("thorough", "2 s and 700 MB") if thorough else ("quick", "0.8 s")
    for name, image in ((GROUP, group), (f"eight faces of {share:.1%}", crowd)):
        source = opened(image)
        found = len(pipeline.find(source, thorough=thorough).faces)
        (seconds,) = best(rounds, lambda source=source: pipeline.find(source, thorough=thorough))
        print(f"{depth}, 12 megapixels, {name}: {found} faces found in {seconds:.2f} s (at most {limit})")
    print(f"  peak memory of the process {peak()} MB")


def portraits_of_width(pipeline: FacePipeline, folder: Path, width: int) -> np.ndarray:
    """Portraits side by side before grey, enlarged so that each face is `width` pixels wide."""
    paths = sorted(folder.glob("*/*.jpg"))[::200][:8]
    canvas = np.tile(np.linspace(60, 200, 4000).astype(np.uint8)[None, :, None], (3000, 1, 3))
    for index, path in enumerate(paths):
        image = cv2.imread(str(path))
        # Boxes come in steps of 6/5: their mean over some scales says how wide the face is.
        seen = [pipeline.backend.detector.detect(image[..., ::-1], scale) for scale in (1.9, 1.98, 2.06, 2.15, 2.24)]
        factor = width / np.mean([found[0].box.width for found in seen])
        tile = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        left, top = 200 + 950 * (index % 4), 400 + 1300 * (index // 4)
        canvas[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return np.asarray(canvas)


def opened(image: np.ndarray) -> SourceImage:
    return open_image(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes(), "large.jpg")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
