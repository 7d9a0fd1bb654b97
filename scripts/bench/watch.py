"""Measure the standing watch: new cases against retained faces of sightings, all synthetic, in a real SQLite home.

Usage: python scripts/bench/watch.py [--cases 1000] [--faces 1000000] [--dim 128] [--threads 2] [--clear]
       [--home FOLDER]

The home is sealed, unless --clear is given. The rows are put in at once, the vectors through the store; the watch is
the one of `matcher watch`, in a process of its own, whose peak of memory is told. Nights in which nothing and one case
is new come after. Then a plain NumPy loop goes over the same vectors, which lie in memory: products and the best few of
each case, no database and no ties.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from matcher.config import Home
from matcher.domain.ids import new_id
from matcher.domain.scores import Vectors, unit
from matcher.domain.space import EmbeddingSpace
from matcher.services.context import Context
from matcher.services.homes import create
from matcher.services.inputs import ReasonCode, Who
from matcher.services.masterkeys import KeyPlace
from matcher.services.snapshots import build
from matcher.services.watch import watch

BLOCK = 16_384
TOP = 30
NOW = "2026-01-02 03:04:05.000000"
QUALITY = json.dumps(
    {
        "inter_eye_distance": 60.0,
        "sharpness": 120.0,
        "under_exposure_prevention": 1.0,
        "over_exposure_prevention": 1.0,
        "head_pose_yaw": 0.0,
        "head_pose_roll": 0.0,
        "single_face_present": True,
        "fine_structure": 0.2,
    }
)


def space_of(dim: int) -> EmbeddingSpace:
    return EmbeddingSpace(recogniser="synthetic", detector="none", alignment="none", mirror=False, dim=dim)


def vectors(seed: int, count: int, dim: int) -> Iterator[Vectors]:
    """Unit vectors in blocks."""
    random = np.random.default_rng(seed)
    for start in range(0, count, BLOCK):
        yield unit(random.standard_normal((min(BLOCK, count - start), dim), np.float32))


def fill(home: Path, dim: int, cases: int, faces: int, *, clear: bool) -> None:
    """A home with cases and sightings of one face each."""
    create(home, key=None if clear else KeyPlace())
    with rows(home) as database:
        enrolled = _cases(database, list(range(1, cases + 1)))
        seen = _sightings(database, faces)
        database.execute("UPDATE head SET change_counter = ?", (cases,))
    with opened(home, dim) as context:
        embed(context, [face for _, face in enrolled], vectors(1, cases, dim))
        embed(context, seen, vectors(2, faces, dim))
    with rows(home) as database:
        _members(database, enrolled, list(range(1, cases + 1)), space_of(dim).name)
    with opened(home, dim) as context:
        build(context)  # as the step before the watch does


@contextmanager
def rows(home: Path) -> Iterator[sqlite3.Connection]:
    """The database itself, for rows by the million."""
    database = sqlite3.connect(home / "matcher.db")
    database.execute("PRAGMA synchronous=OFF")
    with database:
        yield database
    database.close()


def embed(context: Context, faces: list[int], blocks: Iterable[Vectors]) -> None:
    """Keep the vectors of faces, sealed if the home is."""
    given = iter(faces)
    for block in blocks:
        with context.store.write() as transaction:
            transaction.faces.put_vectors({next(given): vector for vector in block}, context.space.name)


def _cases(database: sqlite3.Connection, numbers: list[int]) -> list[tuple[int, int]]:
    """So many cases, and the face of each."""
    ids = [(new_id(), new_id(), new_id()) for _ in numbers]
    database.executemany(
        "INSERT INTO cases (id, number, status, other_names, sex, circumstance, legal_basis, created_at, updated_at) "
        "VALUES (?, ?, 'open', '[]', 'unknown', 'unknown', 'unspecified', ?, ?)",
        [(case, f"C-{number}", NOW, NOW) for (case, _, _), number in zip(ids, numbers, strict=True)],
    )
    _photos(database, [(photo, case, None) for case, photo, _ in ids])
    _faces(database, [(face, photo, "only") for _, photo, face in ids])
    return [(case, face) for case, _, face in ids]


def _members(database: sqlite3.Connection, enrolled: list[tuple[int, int]], changes: list[int], space: str) -> None:
    database.executemany(
        "INSERT INTO gallery_members (space, face_id, case_id, change) VALUES (?, ?, ?, ?)",
        [(space, face, case, change) for (case, face), change in zip(enrolled, changes, strict=True)],
    )


def _sightings(database: sqlite3.Connection, count: int) -> list[int]:
    ids = [(new_id(), new_id(), new_id()) for _ in range(count)]
    database.executemany(
        "INSERT INTO sightings (id, how_seen, apparent_sex, created_at) VALUES (?, 'unknown', 'unknown', ?)",
        [(sighting, NOW) for sighting, _, _ in ids],
    )
    _photos(database, [(photo, None, sighting) for sighting, photo, _ in ids])
    _faces(database, [(face, photo, None) for _, photo, face in ids])
    return [face for _, _, face in ids]


def _photos(database: sqlite3.Connection, owned: list[tuple[int, int | None, int | None]]) -> None:
    database.executemany(
        "INSERT INTO photos (id, case_id, sighting_id, position, blob, digest, original_digest, media_type, width, "
        "height, size, state, created_at) VALUES (?, ?, ?, 0, ?, ?, ?, 'image/jpeg', 640, 480, 99, 'ready', ?)",
        [(photo, case, seen, f"{photo}", f"{photo:064}", f"{photo:064}", NOW) for photo, case, seen in owned],
    )


def _faces(database: sqlite3.Connection, found: list[tuple[int, int, str | None]]) -> None:
    database.executemany(
        'INSERT INTO faces (id, photo_id, number, "left", top, "right", bottom, landmarks, score, turn, quality, '
        "choice) VALUES (?, ?, 1, 0, 0, 100, 100, ?, 1, 0, ?, ?)",
        [(face, photo, bytes(40), QUALITY, choice) for face, photo, choice in found],
    )


def add_case(home: Path, dim: int, change: int) -> None:
    """One more case, as a registration leaves it."""
    with rows(home) as database:
        enrolled = _cases(database, [change])
        database.execute("UPDATE head SET change_counter = ?", (change,))
    with opened(home, dim) as context:
        embed(context, [face for _, face in enrolled], vectors(1000 + change, 1, dim))
    with rows(home) as database:
        _members(database, enrolled, [change], space_of(dim).name)


@contextmanager
def opened(home: Path, dim: int) -> Iterator[Context]:
    """The home with a made-up space instead of face models."""
    context = Context(Home(home))
    context.__dict__["_pipeline"] = SimpleNamespace(space=space_of(dim))
    yield context
    context.store.close()


def run(home: Path, dim: int) -> None:
    """A watch, in this process."""
    with opened(home, dim) as context:
        done = watch(context, Who("bench", ReasonCode.MAINTENANCE))
    peak = next(int(line.split()[1]) for line in _status() if line.startswith("VmHWM")) / 1024
    used = time.process_time()
    print(f"{done.seconds:.1f} s ({used:.1f} s of processor), peak {peak:.0f} MB: {done.case_faces} new faces of cases")
    print(f"  met {done.streamed}: {done.new} candidates, {done.lists} new lists, {done.reopened} asked again")


def _status() -> list[str]:
    """What Linux tells of this process alone; the usual figure has the memory of the process that started it too."""
    return Path("/proc/self/status").read_text().splitlines()


def plain_loop(dim: int, cases: int, faces: int) -> float:
    """Seconds in which NumPy multiplies the same vectors, already in memory, and keeps the best of each case."""
    probes = np.concatenate(list(vectors(1, cases, dim)))
    blocks = list(vectors(2, faces, dim))
    began = time.perf_counter()
    best = np.full((cases, TOP), -2.0, np.float32)
    for block in blocks:
        scores = probes @ block.T
        many = min(TOP, len(block))
        top = np.partition(scores, len(block) - many, axis=1)[:, len(block) - many :]
        best = np.sort(np.concatenate((best, top), axis=1), axis=1)[:, -TOP:]
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--home", type=Path, help="a home of this script to use again, or where to make one")
    parser.add_argument("--clear", action="store_true", help="a home without encryption")
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        run(given.home, given.dim)
        return
    os.environ.setdefault("MATCHER_KEY", secrets.token_hex(32))
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder) / "home"
        began = time.perf_counter()
        if not home.exists():
            fill(home, given.dim, given.cases, given.faces, clear=given.clear)
        size = (home / "matcher.db").stat().st_size / 2**20
        print(
            f"home: {given.cases} cases, {given.faces} faces of sightings, {size:.0f} MB, made in "
            f"{time.perf_counter() - began:.0f} s"
        )
        nights = {"first night": 0, "nothing new": 0, "one new case": 1}
        for name, added in nights.items():
            if added:
                add_case(home, given.dim, given.cases + added)
            print(f"{name}: ", end="", flush=True)
            command = [sys.executable, __file__, "--run", "--home", str(home), "--dim", str(given.dim)]
            threads = {"MATCHER_THREADS": str(given.threads), "OMP_NUM_THREADS": str(given.threads)}
            subprocess.run(command, env={**os.environ, **threads}, check=True)
    seconds = plain_loop(given.dim, given.cases, given.faces)
    print(f"plain NumPy loop over vectors in memory: {seconds:.1f} s")


if __name__ == "__main__":
    main()
