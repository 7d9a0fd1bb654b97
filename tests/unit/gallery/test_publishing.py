"""Finished, live and old snapshots: what is published, found again after a kill, kept while in use, and dropped."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from matcher.domain.scores import unit
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Conflict
from matcher.gallery import build
from matcher.gallery.build import SnapshotInfo, SnapshotWriter
from matcher.gallery.live import Gallery
from matcher.gallery.publishing import discard, drop_before, finished_name, forget, prune, publish
from matcher.gallery.snapshots import current_name, open_snapshot, snapshot_names
from matcher.gallery.verify import verify_snapshot

SPACE = EmbeddingSpace("test", "none", "none", mirror=False, dim=4)


def finish(folder: Path, through: int) -> SnapshotInfo:
    with SnapshotWriter(folder, SPACE, through) as writer:
        writer.append(np.arange(3), np.arange(3), unit(np.random.default_rng(1).normal(size=(3, SPACE.dim))))
        return writer.finish()


def published(folder: Path, through: int) -> SnapshotInfo:
    info = finish(folder, through)
    publish(folder, info.name)
    return info


def test_a_finished_snapshot_is_whole_and_not_live(tmp_path: Path) -> None:
    live = published(tmp_path, 1)
    assert finished_name(tmp_path) is None
    info = finish(tmp_path, 2)
    assert current_name(tmp_path) == live.name
    assert finished_name(tmp_path) == info.name
    assert verify_snapshot(info.folder).manifest.through_change == 2
    publish(tmp_path, info.name)
    publish(tmp_path, info.name)
    assert (current_name(tmp_path), finished_name(tmp_path)) == (info.name, None)


def test_publishing_never_goes_back_nor_to_what_is_gone(tmp_path: Path) -> None:
    old, live = published(tmp_path, 1), published(tmp_path, 2)
    with pytest.raises(Conflict, match="change 2"):
        publish(tmp_path, old.name)
    gone = finish(tmp_path, 3)
    finish(tmp_path, 3)  # as another process does, which removes what it takes for left behind
    with pytest.raises(Conflict, match="removed by another"):
        publish(tmp_path, gone.name)
    assert current_name(tmp_path) == live.name


def test_only_what_is_not_live_is_discarded(tmp_path: Path) -> None:
    live, info = published(tmp_path, 1), finish(tmp_path, 2)
    assert discard(tmp_path, info.name)
    assert not discard(tmp_path, live.name)
    assert snapshot_names(tmp_path) == [live.name]


def test_names_rise_even_when_the_clock_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        year_now = 2030

        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(cls.year_now, 1, 1, tzinfo=timezone.utc)

    monkeypatch.setattr(build, "datetime", Clock)
    first = published(tmp_path, 1)
    Clock.year_now = 2001
    second = finish(tmp_path, 2)
    assert first.name < second.name == finished_name(tmp_path)
    assert verify_snapshot(second.folder).manifest.created_at.year == 2001


HOLDER = """
import sys
from pathlib import Path
from matcher.domain.space import EmbeddingSpace
from matcher.gallery.snapshots import open_snapshot
space = EmbeddingSpace("test", "none", "none", mirror=False, dim=4)
snapshot = open_snapshot(Path(sys.argv[1]), space)
print("open", flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows refuses to remove open files by itself")
def test_a_snapshot_that_another_process_uses_is_not_pruned(tmp_path: Path) -> None:
    used = published(tmp_path, 1)
    arguments = [sys.executable, "-c", HOLDER, str(used.folder)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        between, live = published(tmp_path, 2), published(tmp_path, 3)
        assert prune(tmp_path, 1) == (between.name,)
        assert snapshot_names(tmp_path) == [used.name, live.name]
        process.communicate("end\n")
    assert prune(tmp_path, 1) == (used.name,)


@pytest.mark.skipif(os.name == "nt", reason="Windows refuses to remove open files by itself")
def test_a_snapshot_is_in_use_as_long_as_it_is_referred_to(tmp_path: Path) -> None:
    used = published(tmp_path, 1)
    snapshot = open_snapshot(used.folder, SPACE)
    published(tmp_path, 2)
    assert prune(tmp_path, 1) == ()
    del snapshot
    assert prune(tmp_path, 1) == (used.name,)


class Counting:
    def __init__(self, counter: int) -> None:
        self.number = counter

    def counter(self) -> int:
        return self.number

    def changes(self, after: int) -> list[object]:
        return []


def test_a_searcher_that_moves_on_lets_the_old_one_go(tmp_path: Path) -> None:
    old = published(tmp_path / SPACE.name, 1)
    feed = Counting(1)
    gallery = Gallery(tmp_path, SPACE, feed)
    assert gallery.status().snapshot == old.name
    live = published(tmp_path / SPACE.name, 2)
    feed.number = 2
    assert prune(tmp_path / SPACE.name, 1) == ()
    assert gallery.status().snapshot == live.name
    assert prune(tmp_path / SPACE.name, 1) == (old.name,)


def test_all_that_may_hold_an_erased_face_is_dropped_but_live_ones_are_told(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    old = [published(first, through) for through in (1, 2, 5)]
    live = published(first, 6)
    late, other = published(second, 4), finish(second, 4)
    (first / ".building-0123abcd").mkdir()
    (old[1].folder / "manifest.json").write_text("?")  # it may hold anybody
    held = open_snapshot(old[0].folder, SPACE)
    done = drop_before(tmp_path, 5)
    assert set(done.removed) == {f"first/{old[0].name}", f"first/{old[1].name}", f"second/{other.name}"}
    assert done.remaining == (f"second/{late.name}",)
    assert snapshot_names(first) == [old[2].name, live.name]
    assert not list(first.glob(".building-*"))
    assert len(held.part.vectors) == 3  # its searcher goes on until its next search
    published(second, 5)
    assert drop_before(tmp_path, 5).removed == (f"second/{late.name}",)
    assert drop_before(tmp_path, 5).remaining == ()


def test_forgetting_a_space_leaves_nothing_of_it(tmp_path: Path) -> None:
    published(tmp_path, 1)
    finish(tmp_path, 2)
    (tmp_path / ".building-0123abcd").mkdir()
    assert forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["build.lock"]
    assert not forget(tmp_path)
