"""Many processes and threads, forks and kills: every search sees one whole state, and none hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from matcher.domain.records import GalleryChange, GalleryRow
from matcher.domain.scores import unit
from matcher.domain.space import EmbeddingSpace
from matcher.gallery.build import SnapshotWriter
from matcher.gallery.live import Gallery
from matcher.gallery.publishing import prune
from matcher.gallery.snapshots import current_name
from matcher.gallery.verify import verify_snapshot

DIM = 32
SPACE = EmbeddingSpace("test", "none", "none", mirror=False, dim=DIM)


def vectors(count: int) -> np.ndarray:
    """The same first rows for every count, so that galleries of different sizes agree on them."""
    return unit(np.random.default_rng(5).normal(size=(20_000, DIM)))[:count]


VECTORS = vectors(20_000)


class Feed:
    """Additions 1, 2, 3 … of face n with vector n, up to a number that may move, then removals."""

    def __init__(self, added: int, removed: Sequence[int] = ()) -> None:
        self.added = added
        self.removed = list(removed)

    def counter(self) -> int:
        return self.added + len(self.removed)

    def changes(self, after: int) -> list[GalleryChange]:
        gone = set(self.removed)
        additions = [
            GalleryChange(face, face, None if face in gone else GalleryRow(face, face, VECTORS[face]))
            for face in range(after + 1, self.added + 1)
        ]
        removals = [GalleryChange(self.added + number, face, None) for number, face in enumerate(self.removed, 1)]
        return additions + [change for change in removals if change.change > after]


def publish(snapshots: Path, through: int) -> None:
    with SnapshotWriter(snapshots / SPACE.name, SPACE, through) as writer:
        faces = np.arange(1, through + 1)
        writer.append(faces, faces, VECTORS[1 : through + 1])
        writer.publish()


# Publishes ever larger snapshots until it is killed.
BUILDER = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_gallery_processes import publish
print("ready", flush=True)
for through in range(int(sys.argv[2]), 20_000, 7):
    publish(Path(sys.argv[1]), through)
    print(through, flush=True)
"""

# Opens the live snapshot and searches it until it is told to end; every answer must be whole.
READER = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_gallery_processes import SPACE, Feed, Gallery, VECTORS
feed = Feed(0)
feed.counter = lambda: 10**6
feed.changes = lambda after: []
names = set()
print("ready", flush=True)
while not (Path(sys.argv[1]) / "stop").exists():
    result = Gallery(Path(sys.argv[1]), SPACE, feed, threads=1).search(VECTORS[1:3], cases=5)
    assert [hits[0].face_id for hits in result.hits] == [1, 2], result
    names.add((result.snapshot, result.gallery_size))
assert len({{name for name, _ in names}}) == len(names), names
print(len(names))
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_build_killed_at_any_moment_leaves_a_whole_gallery(tmp_path: Path) -> None:
    folder, through = tmp_path / SPACE.name, 500
    publish(tmp_path, through)
    random = np.random.default_rng()
    for _ in range(5):
        builder = start(BUILDER, tmp_path, through)
        time.sleep(float(random.uniform(0, 0.15)))
        builder.send_signal(signal.SIGKILL)
        said = builder.communicate()[0].split("\n")[:-1]
        report = verify_snapshot(folder / str(current_name(folder)))
        assert report.manifest.through_change >= (int(said[-1]) if said else through)
        through = report.manifest.through_change
        assert Gallery(tmp_path, SPACE, Feed(through)).search(VECTORS[1:2], cases=1).gallery_size == through
    publish(tmp_path, through)
    left = {path.name for path in folder.iterdir() if path.name.startswith(".building")}
    assert left == set()


def test_readers_see_whole_snapshots_while_others_are_published_and_old_ones_pruned(tmp_path: Path) -> None:
    publish(tmp_path, 500)
    readers = [start(READER, tmp_path) for _ in range(2)]
    for through in range(501, 521):
        publish(tmp_path, through)
        prune(tmp_path / SPACE.name, 1)
    (tmp_path / "stop").touch()
    for reader in readers:
        said, _ = reader.communicate(timeout=20)
        assert reader.returncode == 0
        assert int(said) > 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("number_of_probes", [3, 40])
def test_a_forked_child_of_a_searching_parent_searches_and_sees_removals(
    tmp_path: Path, threads: int, number_of_probes: int
) -> None:
    publish(tmp_path, 15_000)
    feed = Feed(15_010)
    gallery = Gallery(tmp_path, SPACE, feed, threads=threads)
    probes = VECTORS[7 : 7 + number_of_probes]
    with ThreadPoolExecutor(2) as pool:
        gallery.search(probes, cases=20)  # this thread's OpenMP threads do not live on in the child
        stop = threading.Event()
        busy = [pool.submit(_search_until, stop, gallery, probes) for _ in range(2)]
        try:
            codes = [_code_of_child(gallery, tmp_path, feed, probes) for _ in range(5)]
        finally:
            stop.set()
        assert all(searches.result() > 0 for searches in busy)
    assert codes == [0] * 5
    assert gallery.search(VECTORS[7:8], cases=1).hits[0][0].face_id == 7


def _search_until(stop: threading.Event, gallery: Gallery, probes: np.ndarray) -> int:
    searches = 0
    while not stop.is_set():
        gallery.search(probes, cases=20)
        searches += 1
    return searches


def _code_of_child(gallery: Gallery, home: Path, feed: Feed, probes: np.ndarray) -> int:
    """Fork; the child removes a face and searches in two threads and a new gallery. 0: good, 99: it hung."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            feed.removed = [7]
            found = [gallery.search(probes, cases=20), Gallery(home, SPACE, feed, threads=2).search(probes, cases=20)]
            thread = threading.Thread(target=lambda: found.append(gallery.search(probes, cases=20)))
            thread.start()
            thread.join()
            code = 0 if len(found) == 3 and all(result.hits[0][0].face_id != 7 for result in found) else 2
        finally:
            os._exit(code)
    for _ in range(1000):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 99


def test_threads_that_search_while_the_gallery_changes_see_whole_states(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    feed = Feed(300)
    gallery = Gallery(tmp_path, SPACE, feed, threads=1)

    def searcher() -> None:
        before = 0
        for _ in range(150):
            result = gallery.search(VECTORS[1:2], cases=10)
            assert result.gallery_size == result.counter >= before
            before = result.counter

    with ThreadPoolExecutor(4) as pool:
        searchers = [pool.submit(searcher) for _ in range(4)]
        while not all(search.done() for search in searchers):
            feed.added += 1
            if feed.added % 50 == 0:
                publish(tmp_path, feed.added - 20)
        for search in searchers:
            search.result()
    assert gallery.status().counter == feed.added
