"""`matcher match` against 100,000 cases: a cold process, and a search in a running one beyond the models.

    python scripts/bench/match.py [CASES]

Vectors are random; the photo is drawn. Run it with OMP_NUM_THREADS=1 to compare with the figures in the README.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from matcher import Matcher
from matcher.demo.render import portrait
from matcher.domain.cases import Case, CaseDetails, CaseStatus, Photo, PhotoState
from matcher.domain.faces import Box, Quality
from matcher.domain.ids import CaseId, FaceId, PhotoId, id_text, new_id
from matcher.domain.records import Choice, StoredFace
from matcher.domain.scores import unit
from matcher.services.context import now_utc
from matcher.services.masterkeys import KeyPlace

QUALITY = Quality(60, 100, 1, 1, 0, 0, True)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        home, photo = Path(folder) / "home", Path(folder) / "probe.jpg"
        photo.write_bytes(portrait(1))
        with Matcher.create(home, key=KeyPlace(Path(folder) / "key")) as matcher:
            fill(matcher, count)
            matcher.reindex(actor="bench")
            running(matcher, photo)
        cold(home, photo)


def fill(matcher: Matcher, count: int, prefix: str = "C") -> None:
    """Cases with one photo and one face each, written straight to the store."""
    vectors = unit(np.random.default_rng(1).standard_normal((count, matcher.space.dim)))
    now = now_utc()
    for start in range(0, count, 5000):
        with matcher.context.store.write() as transaction:
            for number, vector in enumerate(vectors[start : start + 5000], start):
                case = Case(
                    id=CaseId(new_id()),
                    number=f"{prefix}-{number:06}",
                    status=CaseStatus.OPEN,
                    details=CaseDetails(),
                    created_at=now,
                    updated_at=now,
                )
                photo = Photo(
                    age=3.0 + number % 12,
                    id=PhotoId(new_id()),
                    case_id=case.id,
                    position=0,
                    blob=f"{id_text(case.id)}/none",
                    digest=f"{prefix}{number}",
                    original_digest=f"{prefix}{number}",
                    media_type="image/jpeg",
                    width=250,
                    height=250,
                    size=1,
                    state=PhotoState.READY,
                    created_at=now,
                )
                face = StoredFace(
                    id=FaceId(new_id()),
                    photo_id=photo.id,
                    number=1,
                    box=Box(60, 60, 190, 190),
                    landmarks=np.zeros((5, 2), np.float32),
                    score=1.0,
                    turn=0,
                    quality=QUALITY,
                    choice=Choice.ONLY,
                )
                transaction.cases.add(case)
                transaction.photos.add(photo)
                transaction.faces.add([face], {face.id: vector}, matcher.space.name)
                transaction.gallery.add(face.id, case.id, matcher.space.name)


def timed(run: Callable[[], object], times: int = 7) -> float:
    """Median seconds of several runs, after one that warms up."""
    run()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def running(matcher: Matcher, photo: Path) -> None:
    models = timed(lambda: matcher.faces(photo))
    whole = timed(lambda: matcher.match(photo, actor="bench", reason="bench"))
    print(f"in a running process: {whole * 1e3:.0f} ms, of which models {models * 1e3:.0f} ms", end="; ")
    print(f"beyond the models {(whole - models) * 1e3:.0f} ms")


def cold(home: Path, photo: Path) -> None:
    line = [sys.executable, "-m", "matcher", "match", str(photo), "--reason", "bench", "--home", str(home)]
    whole = timed(lambda: subprocess.run(line, check=True, capture_output=True))
    print(f"cold process, warm disk: {whole:.2f} s")


if __name__ == "__main__":
    main()
