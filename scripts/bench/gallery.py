"""Measure the gallery with synthetic vectors: opening, building, memory, and searches against a reading pass.

Usage: OMP_NUM_THREADS=1 python scripts/bench/gallery.py [--rows 1000000] [--dim 128] [--home FOLDER]

The reading pass is the fastest of several ways in which NumPy can go once over the same mapped file on one core. Times
are the best of several rounds, since other work on the machine only makes them longer; rounds of search and pass take
turns.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from matcher.domain.records import GalleryChange
from matcher.domain.scores import Vectors, unit
from matcher.domain.space import EmbeddingSpace
from matcher.gallery.build import SnapshotWriter
from matcher.gallery.exact import best_faces
from matcher.gallery.layout import VECTORS
from matcher.gallery.live import Gallery
from matcher.gallery.nearest import limit_threads
from matcher.gallery.snapshots import current_name, open_snapshot
from matcher.gallery.verify import verify_snapshot

BLOCK = 8192


class Removals:
    """A feed that removes the faces with the given ids, one change each."""

    def __init__(self, faces: range = range(0)) -> None:
        self.faces = faces

    def counter(self) -> int:
        return len(self.faces)

    def changes(self, after: int) -> list[GalleryChange]:
        return [GalleryChange(number, face, None) for number, face in enumerate(self.faces, 1) if number > after]


def best_of(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Milliseconds of each work in its best round; the works take turns."""
    times = [[_once(work) for work in works] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def _once(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begin)


def peak_mb() -> float:
    """Peak resident memory of this process, mapped pages of files included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build(folder: Path, space: EmbeddingSpace, rows: int) -> None:
    random = np.random.default_rng(1)
    begin, publishing = time.perf_counter(), 0.0
    with SnapshotWriter(folder, space, 0) as writer:
        for start in range(0, rows, BLOCK):
            faces = np.arange(start, min(start + BLOCK, rows))
            vectors = unit(random.standard_normal((len(faces), space.dim), np.float32))
            part = time.perf_counter()
            writer.append(faces, faces // 2, vectors)
            publishing += time.perf_counter() - part
        appended, begin = publishing, time.perf_counter()
        info = writer.publish()
    mapped = (info.folder / VECTORS).stat().st_size / 2**20
    print(f"build: append {appended:.2f} s, publish with verify {time.perf_counter() - begin:.2f} s")
    print(f"peak of building: {peak_mb():.0f} MB, of which up to {mapped:.0f} MB mapped")


def reading_pass(path: Path) -> tuple[str, Callable[[], object]]:
    """The fastest way found to go over all bytes of the vector file, and its name."""
    whole = np.asarray(np.memmap(path, np.uint64, mode="r", shape=(path.stat().st_size // 8,)))
    ways: dict[str, Callable[[], object]] = {
        "np.sum of uint64": whole.sum,
        "np.bitwise_or of uint64": lambda: np.bitwise_or.reduce(whole),
        "np.max of uint64": whole.max,
    }
    for way in ways.values():
        way()
    times = best_of(5, *ways.values())
    fastest = int(np.argmin(times))
    return list(ways)[fastest], list(ways.values())[fastest]


def measure(home: Path, space: EmbeddingSpace, rows: int) -> None:
    folder = home / space.name
    live = folder / str(current_name(folder))
    begin = time.perf_counter()
    open_snapshot(live, space)
    first = 1000 * (time.perf_counter() - begin)
    print(f"open_snapshot: first {first:.1f} ms, then {best_of(20, lambda: open_snapshot(live, space))[0]:.2f} ms")

    probes: Vectors = unit(np.random.default_rng(2).standard_normal((256, space.dim), np.float32))
    part = open_snapshot(live, space).part
    best_faces([part], probes, 50)
    print(f"peak of searching: {peak_mb():.0f} MB, of which up to {rows * space.dim * 4 / 2**20:.0f} MB mapped")
    name, read = reading_pass(live / VECTORS)
    passing, searching = best_of(25, read, lambda: best_faces([part], probes[:1], 50))
    print(f"one reading pass ({name}): {passing:.1f} ms")
    print(f"top 50 faces, one probe: {searching:.1f} ms = {searching / passing:.2f} passes")
    for removed in (0, 1000, 10_000):
        gallery = Gallery(home, space, Removals(range(0, removed * 7, 7)), threads=1)
        update = best_of(1, gallery.status)[0]
        passing, one = best_of(15, read, lambda g=gallery: g.search(probes[:1], cases=50))  # type: ignore[misc]
        few, many = (best_of(2, lambda g=gallery, n=n: g.search(probes[:n], cases=50))[0] / n for n in (16, 256))  # type: ignore[misc]
        print(
            f"{removed:6d} tombstones: opened with changes in {update:.0f} ms; top 50 cases, one probe {one:.1f} ms = "
            f"{one / passing:.2f} passes; 16 probes {few:.1f} ms each, 256 probes {many:.1f} ms each"
        )
    begin = time.perf_counter()
    verify_snapshot(live)
    print(f"verify_snapshot: {time.perf_counter() - begin:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--home", type=Path, help="where to build; default: a temporary folder")
    parser.add_argument("--measure", action="store_true", help="measure what an earlier run built in --home")
    given = parser.parse_args()
    space = EmbeddingSpace("bench", "none", "none", mirror=False, dim=given.dim)
    limit_threads(1)
    if given.measure:
        measure(given.home, space, given.rows)
        return
    with tempfile.TemporaryDirectory() as temporary:
        home = given.home or Path(temporary)
        build(home / space.name, space, given.rows)
        # In a process of its own, so that its memory is that of a searcher alone.
        arguments = ["--measure", "--home", str(home), "--rows", str(given.rows), "--dim", str(given.dim)]
        subprocess.run([sys.executable, __file__, *arguments], check=True)


if __name__ == "__main__":
    main()
