"""The digest key: made once, private, never shown; digests that differ by key and purpose."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matcher.crypto.digests import DigestKey
from matcher.errors import Conflict, MatcherError, StoreProblem


def test_a_key_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "digest.key"
    made = DigestKey.create(path)
    assert len(path.read_bytes()) == 32
    assert DigestKey.load(path).digest(b"photo", "photo") == made.digest(b"photo", "photo")
    assert [file.name for file in tmp_path.iterdir()] == ["digest.key"]


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such mode")
def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "digest.key"
    DigestKey.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "digest.key"
    DigestKey.create(path)
    before = path.read_bytes()
    with pytest.raises(Conflict, match="never replaced"):
        DigestKey.create(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_of_several_who_create_it_one_succeeds(tmp_path: Path) -> None:
    def attempt(_: int) -> str | None:
        try:
            return DigestKey.create(tmp_path / "digest.key").digest(b"", "photo")
        except MatcherError:
            return None

    with ThreadPoolExecutor(8) as pool:
        winners = [digest for digest in pool.map(attempt, range(8)) if digest]
    assert winners == [DigestKey.load(tmp_path / "digest.key").digest(b"", "photo")]


def test_no_folder_to_write_to(tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match="cannot be written to"):
        DigestKey.create(tmp_path / "absent" / "digest.key")


def test_an_absent_key_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match=r"digest.key' cannot be read .* restore it from the backup"):
        DigestKey.load(tmp_path / "digest.key")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_the_wrong_size_is_a_clear_error(tmp_path: Path, size: int) -> None:
    path = tmp_path / "digest.key"
    path.write_bytes(b"\1" * size)
    with pytest.raises(StoreProblem, match=f"has {size} bytes instead of 32"):
        DigestKey.load(path)
    with pytest.raises(StoreProblem):
        DigestKey(b"\1" * size)


def test_digests_are_hmac_sha256_with_the_purpose_inside() -> None:
    key = DigestKey(bytes(range(32)))
    expected = hmac.new(bytes(range(32)), b"\0\0\0\5photo" + b"bytes", hashlib.sha256).hexdigest()
    assert key.digest(b"bytes", "photo") == expected


def test_digests_differ_by_data_purpose_and_key() -> None:
    one, other = DigestKey(b"\1" * 32), DigestKey(b"\2" * 32)
    digests = {
        key.digest(data, purpose) for key in (one, other) for data in (b"a", b"b") for purpose in ("photo", "note")
    }
    assert len(digests) == 8
    assert one.digest(b"xa", "photo") != one.digest(b"a", "photox")


def test_the_key_is_not_shown() -> None:
    key = DigestKey(b"KEYMATERIAL-KEYMATERIAL-KEYMATER")
    assert "KEYMATERIAL" not in f"{key!r} {key} {[key]}"
