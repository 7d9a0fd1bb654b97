"""Building, publishing and pruning: only whole snapshots become live, one at a time, never an older one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from matcher.domain.scores import unit
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Busy, Conflict, StoreProblem, WrongUse
from matcher.gallery.build import SnapshotInfo, SnapshotWriter
from matcher.gallery.publishing import prune
from matcher.gallery.snapshots import current_name, open_snapshot, snapshot_names
from matcher.gallery.verify import verify_snapshot

SPACE = EmbeddingSpace("test", "none", "none", mirror=False, dim=4)


def vectors(count: int) -> np.ndarray:
    return unit(np.random.default_rng(count).normal(size=(count, SPACE.dim)))


def publish(folder: Path, through: int, count: int = 3) -> SnapshotInfo:
    with SnapshotWriter(folder, SPACE, through) as writer:
        writer.append(np.arange(count), np.arange(count), vectors(count))
        return writer.publish()


def finish(folder: Path, through: int, count: int = 3) -> SnapshotInfo:
    with SnapshotWriter(folder, SPACE, through) as writer:
        writer.append(np.arange(count), np.arange(count), vectors(count))
        return writer.finish()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"build.lock"}


def test_a_published_snapshot_is_live_and_whole(tmp_path: Path) -> None:
    info = publish(tmp_path, 7)
    assert (info.count, info.through_change, info.folder) == (3, 7, tmp_path / info.name)
    assert current_name(tmp_path) == info.name
    assert names(tmp_path) == {"CURRENT", info.name}
    assert verify_snapshot(info.folder).manifest.through_change == 7
    part = open_snapshot(info.folder, SPACE).part
    assert np.array_equal(part.vectors, vectors(3))
    assert not part.vectors.flags.writeable


def test_leaving_without_publishing_leaves_nothing(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path, SPACE, 7) as writer:
        writer.append(np.arange(3), np.arange(3), vectors(3))
    with pytest.raises(ZeroDivisionError), SnapshotWriter(tmp_path, SPACE, 7):
        raise ZeroDivisionError
    assert names(tmp_path) == set()
    with pytest.raises(WrongUse):
        writer.append(np.arange(3), np.arange(3), vectors(3))


def test_a_snapshot_is_published_once(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path, SPACE, 7) as writer:
        writer.publish()
        with pytest.raises(WrongUse, match="once"):
            writer.publish()


@pytest.mark.parametrize(
    ("face_ids", "rows"),
    [
        ([5, 5], vectors(2)),
        ([6, 5], vectors(2)),
        ([3], vectors(1)),
        ([-1], vectors(1)),
        ([7, 8], vectors(1)),
        ([7], np.zeros((1, 4))),
        ([7], np.full((1, 4), np.inf)),
        ([7], np.ones((1, 5))),
    ],
    ids=["doubled", "falling", "falling across blocks", "negative", "too few", "zero", "infinite", "wide"],
)
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, face_ids: list[int], rows: np.ndarray) -> None:
    with SnapshotWriter(tmp_path, SPACE, 7) as writer:
        writer.append(np.array([3]), np.array([1]), vectors(1)) if face_ids != [-1] else None
        with pytest.raises(WrongUse):
            writer.append(np.array(face_ids), np.array(face_ids), rows)


def test_an_older_build_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    newer = publish(tmp_path, 8)
    with pytest.raises(Conflict, match="change 8"), SnapshotWriter(tmp_path, SPACE, 7):
        pass
    assert current_name(tmp_path) == newer.name
    assert publish(tmp_path, 8).name == current_name(tmp_path)


def test_a_second_build_waits_and_then_gives_up(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path, SPACE, 7) as writer:
        with pytest.raises(Busy), SnapshotWriter(tmp_path, SPACE, 7, timeout=0.05):
            pass
        with pytest.raises(Busy):
            prune(tmp_path, 1, timeout=0.05)
        writer.publish()
    assert publish(tmp_path, 9).through_change == 9


def test_the_next_build_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    live = publish(tmp_path, 7)
    (tmp_path / ".building-0123abcd").mkdir()
    (tmp_path / ".building-0123abcd" / "vectors.faiss").write_bytes(b"half")
    (tmp_path / "29991231T000000.000000Z-0123abcd").mkdir()
    (tmp_path / "CURRENT.new").write_text("half")
    newer = publish(tmp_path, 8)
    assert names(tmp_path) == {"CURRENT", live.name, newer.name}


@pytest.mark.parametrize("damaged", ["CURRENT", "manifest.json"])
def test_a_damaged_live_snapshot_is_replaced(tmp_path: Path, damaged: str) -> None:
    live = publish(tmp_path, 7)
    (tmp_path / damaged if damaged == "CURRENT" else live.folder / damaged).write_text("?")
    assert publish(tmp_path, 5).name == current_name(tmp_path)


def test_prune_keeps_the_newest_and_the_live_one(tmp_path: Path) -> None:
    by_name = [publish(tmp_path, through).name for through in range(5)]
    unpublished = finish(tmp_path, 5).name
    assert prune(tmp_path, 2) == tuple(by_name[:3])
    assert snapshot_names(tmp_path) == [*by_name[3:], unpublished]
    assert prune(tmp_path, 2) == ()
    with pytest.raises(WrongUse):
        prune(tmp_path, 0)


def test_an_open_snapshot_outlives_its_removal(tmp_path: Path) -> None:
    part = open_snapshot(publish(tmp_path, 1).folder, SPACE).part
    publish(tmp_path, 2)
    publish(tmp_path, 3)
    prune(tmp_path, 1)
    assert np.array_equal(part.vectors, vectors(3))


def test_a_folder_that_cannot_be_written_is_a_store_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreProblem, match="matcher reindex"), SnapshotWriter(tmp_path / "file", SPACE, 1):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_the_live_snapshot(tmp_path: Path) -> None:
    live = publish(tmp_path, 1)
    with pytest.raises(StoreProblem, match="No space left"), SnapshotWriter(tmp_path, SPACE, 2) as writer:
        writer.append(np.arange(3), np.arange(3), vectors(3))
        (next(tmp_path.glob(".building-*")) / "faces.npy").symlink_to("/dev/full")
        writer.publish()
    assert names(tmp_path) == {"CURRENT", live.name}
    verify_snapshot(tmp_path / str(current_name(tmp_path)))
