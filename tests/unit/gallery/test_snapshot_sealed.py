"""A sealed snapshot: nothing of it is on the disk in the clear, and it opens by its own key and names only."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from ciphers import OneKey

from matcher.domain.scores import unit
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Damaged
from matcher.gallery.build import SnapshotInfo, SnapshotWriter
from matcher.gallery.live import Gallery
from matcher.gallery.snapshots import open_snapshot
from matcher.gallery.verify import verify_snapshot

SPACE = EmbeddingSpace("test", "none", "none", mirror=False, dim=8)
VECTORS = unit(np.random.default_rng(1).normal(size=(20_000, SPACE.dim)))
FACES = np.arange(1, 20_001) * 10**12


def publish(folder: Path, cipher: OneKey | None = None, count: int = 20_000) -> SnapshotInfo:
    with SnapshotWriter(folder, SPACE, 7, cipher=cipher or OneKey()) as writer:
        for start in range(0, count, 7000):
            rows = slice(start, min(start + 7000, count))
            writer.append(FACES[rows], FACES[rows] + 1, VECTORS[rows])
        writer.attach("notes.json", b"a secret note")
        return writer.publish()


def test_a_sealed_snapshot_holds_the_same_rows_and_files(tmp_path: Path) -> None:
    info = publish(tmp_path)
    snapshot = open_snapshot(info.folder, SPACE, OneKey())
    assert np.array_equal(snapshot.part.vectors, VECTORS)
    assert np.array_equal(snapshot.part.face_ids, FACES)
    assert np.array_equal(snapshot.part.case_ids, FACES + 1)
    assert snapshot.attachment("notes.json") == b"a secret note"
    assert snapshot.attachment("other.json") is None
    assert not snapshot.part.vectors.flags.writeable
    report = verify_snapshot(info.folder, cipher=OneKey())
    assert (report.manifest.count, report.searches) == (20_000, 1000)


def test_an_empty_gallery_can_be_sealed(tmp_path: Path) -> None:
    info = publish(tmp_path, count=0)
    assert open_snapshot(info.folder, SPACE, OneKey()).part.vectors.shape == (0, SPACE.dim)


def test_nothing_is_on_the_disk_in_the_clear_not_even_while_it_is_built(tmp_path: Path) -> None:
    def told() -> list[str]:
        pieces = [VECTORS[5].tobytes(), FACES[5].tobytes(), b"secret"]
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        return [path.name for path in files if any(piece in path.read_bytes() for piece in pieces)]

    with SnapshotWriter(tmp_path, SPACE, 7, cipher=OneKey()) as writer:
        writer.append(FACES, FACES, VECTORS)
        assert np.array_equal(writer.rows().vectors, VECTORS)
        writer.attach("notes.json", b"a secret note")
        assert told() == []
        info = writer.publish()
    assert told() == []
    names = {path.name for path in info.folder.iterdir()}
    assert names == {"vectors.sealed", "faces.sealed", "cases.sealed", "notes.json.sealed", "manifest.json"}


@pytest.mark.parametrize(
    "cipher", [None, OneKey(bytes(32)), OneKey(bytes(32), "another")], ids=["none", "wrong key", "another key"]
)
def test_it_opens_by_its_own_key_only(tmp_path: Path, cipher: OneKey | None) -> None:
    info = publish(tmp_path)
    with pytest.raises(Damaged, match=r"vectors\.sealed.*matcher reindex"):
        open_snapshot(info.folder, SPACE, cipher)


def test_a_file_of_another_sealed_snapshot_does_not_open(tmp_path: Path) -> None:
    """Though it was sealed with the same key, and the manifest was made to fit."""
    first, second = publish(tmp_path / "a"), publish(tmp_path / "b")
    (second.folder / "vectors.sealed").write_bytes((first.folder / "vectors.sealed").read_bytes())
    with pytest.raises(Damaged, match=r"vectors\.sealed"):
        open_snapshot(second.folder, SPACE, OneKey())


class Quiet:
    def counter(self) -> int:
        return 7

    def changes(self, after: int) -> list[object]:
        raise AssertionError("nothing changed since")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_forked_process_shares_what_was_opened(tmp_path: Path) -> None:
    """It opens nothing anew: the key may be gone by then, and the memory would be needed twice."""
    publish(tmp_path / SPACE.name)
    cipher = OneKey()
    gallery = Gallery(tmp_path, SPACE, Quiet(), threads=1, cipher=cipher)
    assert gallery.search(VECTORS[5:6], cases=1).hits[0][0].face_id == FACES[5]
    cipher.key_id = "destroyed"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if gallery.search(VECTORS[6:7], cases=1).hits[0][0].face_id == FACES[6] else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
