import errno
import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matcher.errors import Damaged, StoreProblem, WrongUse
from matcher.store.blobs import BlobStore


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "photos")


def test_bytes_come_back_under_their_key(blobs: BlobStore) -> None:
    assert list(blobs.list()) == []
    keys = [blobs.put(owner, sha(data), data) for owner, data in (("b", b"1"), ("a", b"2"), ("a", b""))]
    assert keys[0] == f"b/{sha(b'1')}"
    assert list(blobs.list()) == sorted(keys)
    assert [blobs.get(key) for key in keys] == [b"1", b"2", b""]
    assert blobs.get_verified(keys[0], sha) == b"1"


def test_putting_again_changes_nothing_and_mends_what_is_damaged(blobs: BlobStore, tmp_path: Path) -> None:
    key = blobs.put("a", sha(b"face"), b"face")
    file = tmp_path / "photos" / key
    before = file.stat().st_ino
    assert blobs.put("a", sha(b"face"), b"face") == key
    assert file.stat().st_ino == before
    file.write_bytes(b"fa")
    with pytest.raises(Damaged, match="backup"):
        blobs.get_verified(key, sha)
    blobs.put("a", sha(b"face"), b"face")
    assert blobs.get_verified(key, sha) == b"face"


def test_a_vanished_file_is_named(blobs: BlobStore) -> None:
    assert not blobs.exists("a/b")
    with pytest.raises(StoreProblem, match="a/b.*vanished"):
        blobs.get("a/b")


def test_deleting_takes_the_file_and_its_unfinished_parts(blobs: BlobStore, tmp_path: Path) -> None:
    keys = [blobs.put("a", digest, b"1") for digest in ("one", "two")]
    (tmp_path / "photos" / "a" / "one.0123.part").write_bytes(b"half")
    assert list(blobs.list()) == keys  # what a killed process left is no photo
    blobs.delete(keys[0])
    assert [path.name for path in (tmp_path / "photos" / "a").iterdir()] == ["two"]
    blobs.delete(keys[0])
    blobs.delete(keys[1])
    assert list(blobs.list()) == []


@pytest.mark.parametrize("key", ["", "a", "/a", "a/", "../b", "a/..", "a/b/c", "a/.b", "a\\b/c", "a/b\0", "a/b.part"])
def test_keys_that_lead_elsewhere_are_refused(blobs: BlobStore, key: str) -> None:
    for use in (blobs.get, blobs.delete, blobs.exists):
        with pytest.raises(WrongUse):
            use(key)
    owner, _, digest = key.partition("/")
    with pytest.raises(WrongUse):
        blobs.put(owner, digest, b"")


def test_only_the_owner_may_read(blobs: BlobStore, tmp_path: Path) -> None:
    blobs.put("a", "b", b"1")
    modes = [stat.S_IMODE((tmp_path / "photos" / name).stat().st_mode) for name in ("", "a", "a/b")]
    assert modes == [0o700, 0o700, 0o600]


def test_a_full_disk_leaves_nothing_half_written(
    blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    blobs.put("a", "first", b"1")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreProblem, match="No space left"):
        blobs.put("a", "second", b"2")
    assert [path.name for path in (tmp_path / "photos" / "a").iterdir()] == ["first"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="reads in /proc which files are open")
def test_the_folder_of_a_new_owner_reaches_the_disk_before_the_key_is_returned(
    blobs: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name.split(".")[0])
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    blobs.put("owner", "digest", b"1")
    assert synced == ["photos", "digest", "owner"]


def test_an_owner_may_lose_and_gain_photos_at_once(blobs: BlobStore) -> None:
    def churn(number: int) -> None:
        for _ in range(50):
            key = blobs.put("a", f"digest{number}", b"1")
            assert blobs.get(key) == b"1"
            blobs.delete(key)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(churn, range(4)))
    assert list(blobs.list()) == []


def test_deleting_where_nothing_ever_was_is_done(blobs: BlobStore) -> None:
    blobs.delete("a/b")
    assert list(blobs.list()) == []


def test_a_file_where_the_folder_should_be_is_a_store_problem(tmp_path: Path) -> None:
    (tmp_path / "photos").write_bytes(b"")
    with pytest.raises(StoreProblem, match="cannot be kept"):
        BlobStore(tmp_path / "photos").put("a", "b", b"1")
