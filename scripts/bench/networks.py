"""The two networks beside dlib's own, on one core, in one run.

    python scripts/bench/networks.py            times; with $MATCHER_PHOTOS also how often the detectors agree

$MATCHER_PHOTOS is a folder with photos/lfw/<person>/<photo>.jpg. Times are the best of several rounds in which both
take turns, so that a busy machine disturbs both alike.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from matcher.domain.faces import Box
from matcher.faces import models as folder
from matcher.faces.contracts import Image
from matcher.faces.mmod import MmodDetector
from matcher.faces.models import ModelFolder
from matcher.faces.resnet import DlibResnet

SIZES = ((250, 250), (375, 500), (604, 600))  # rows, columns
SIDES = (1800, 2000, 2800)  # working sides for the photo of 12 megapixels


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()) / "matcher-bench-models")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--side", type=int, help="only the large photo, at this working side, in this process")
    given = arguments.parse_args()
    one_core()
    models = ModelFolder(given.models, threads=1)
    models.prepare()
    if given.side:
        large(models, given.side, given.rounds)
        return
    import dlib

    print(f"{platform.platform()}, one core; dlib {dlib.__version__}: {dlib_build(dlib)}")
    embedding(models, dlib, given.rounds)
    detection(models, dlib, given.rounds)
    for side in SIDES:
        own = [sys.executable, __file__, "--models", str(given.models), "--side", str(side)]
        subprocess.run(own, check=True)
    photos = os.environ.get("MATCHER_PHOTOS")
    if photos:
        agreement(models, dlib, Path(photos) / "photos" / "lfw")
    else:
        print("agreement: set MATCHER_PHOTOS to measure it")


def one_core() -> None:
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def dlib_build(dlib: Any) -> str:
    parts = ("DLIB_USE_BLAS", "DLIB_USE_LAPACK", "DLIB_USE_CUDA", "USE_AVX_INSTRUCTIONS")
    return ", ".join(f"{part}={getattr(dlib, part)}" for part in parts)


def source(model: Any) -> str:
    return str(folder.package_folder() / model.source)


def best(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Milliseconds of each work, best of rounds in turn."""
    times = [[0.0] * rounds for _ in works]
    for turn in range(-1, rounds):  # the first turn warms up
        for row, work in zip(times, works, strict=True):
            start = time.perf_counter()
            work()
            row[turn] = (time.perf_counter() - start) * 1000
    return [min(row) for row in times]


def line(name: str, theirs: float, ours: float) -> None:
    print(f"{name:<28} dlib {theirs:8.1f} ms   here {ours:7.2f} ms   {theirs / ours:5.1f} ×")


def embedding(models: ModelFolder, dlib: Any, rounds: int) -> None:
    peer, ours = dlib.face_recognition_model_v1(source(folder.RECOGNISER)), DlibResnet(models)
    chips = np.random.default_rng(1).integers(0, 256, (32, 150, 150, 3), dtype=np.uint8)
    far = np.abs(ours.embed(chips[:4]) - np.array([peer.compute_face_descriptor(chip) for chip in chips[:4]])).max()
    for count in (1, 2, 32):
        few = chips[:count]
        theirs, here = best(rounds, lambda: peer.compute_face_descriptor(chips[0]), lambda few=few: ours.embed(few))
        line(f"embedding, {count} at once, per chip", theirs, here / count)
    print(f"largest difference of any component: {far:.1e}")


def detection(models: ModelFolder, dlib: Any, rounds: int) -> None:
    peer, ours = dlib.cnn_face_detection_model_v1(source(folder.DETECTOR)), MmodDetector(models)
    for rows, columns in SIZES:
        image = soft_noise(rows, columns)
        theirs, here = best(rounds, lambda image=image: peer(image, 0), lambda image=image: ours.detect(image))
        line(f"detection, {columns}×{rows}", theirs, here)


def large(models: ModelFolder, side: int, rounds: int) -> None:
    detector, image = MmodDetector(models), soft_noise(3000, 4000)
    (taken,) = best(rounds, lambda: detector.detect(image, side / 4000))
    print(f"detection, 4000×3000 at {side}   {taken:7.0f} ms, faces from {80 / side:.1%} of the side, peak {peak()}")


def peak() -> str:
    """The most memory that this process ever had; `getrusage` would tell the parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return "not measured on this system"
    kilobytes = int(next(row for row in status.read_text().splitlines() if row.startswith("VmHWM")).split()[1])
    return f"{kilobytes / 1024:.0f} MB"


def soft_noise(rows: int, columns: int) -> Image:
    noise = np.random.default_rng(2).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), dtype=np.uint8)


def agreement(models: ModelFolder, dlib: Any, photos: Path) -> None:
    """Every 8th photo: faces that dlib scores at least 0.3, and our best box on each of them."""
    peer, ours = dlib.cnn_face_detection_model_v1(source(folder.DETECTOR)), MmodDetector(models)
    paths = sorted(photos.glob("*/*.jpg"))[::8]
    for enlargements in (0, 1):
        overlaps, scores, extra = [], [], 0
        for path in paths:
            image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
            theirs = [(as_box(found.rect), found.confidence) for found in peer(image, enlargements)]
            mine = ours.detect(image, 2.0**enlargements)
            for box, score in theirs:
                if score >= 0.3:
                    match = max(mine, key=lambda found, box=box: found.box.iou(box), default=None)
                    overlaps.append(match.box.iou(box) if match else 0.0)
                    scores.append(match.score - score if match else np.nan)
            extra += sum(not any(found.box.iou(box) > 0.3 for box, _ in theirs) for found in mine)
        found = np.array(overlaps)
        print(
            f"agreement on {len(paths)} photos, enlarged ×{2**enlargements}: {len(found)} faces of dlib's, "
            f"IoU ≥ 0.6 on {(found >= 0.6).mean():.1%}, lowest {found.min():.2f}, median {np.median(found):.3f}; "
            f"scores differ by {np.nanmean(np.abs(scores)):.4f} on average; {extra} boxes where dlib has none"
        )


def as_box(rect: Any) -> Box:
    return Box(rect.left(), rect.top(), rect.right() + 1, rect.bottom() + 1)


if __name__ == "__main__":
    main()
