"""The key store: made by many at once, destroyed for good, rotated as a whole, and told when it is damaged."""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
import signal
import sqlite3
import stat
import time
from pathlib import Path

import pytest
from processes import server

from matcher.crypto.masterkey import KeySource, MasterKey, create_master_key
from matcher.errors import Conflict, Damaged, KeyProblem, MatcherError, StoreProblem
from matcher.store.keystore import SIGNING, SNAPSHOTS, KeyRing


def another(keys: KeyRing) -> KeyRing:
    """The same key store, opened by a process that knows nothing yet."""
    return KeyRing(keys.path, keys.source)


def wrapped(path: Path) -> list[bytes]:
    with sqlite3.connect(path) as connection:
        return [row[0] for row in connection.execute("SELECT wrapped FROM keys WHERE wrapped IS NOT NULL")]


def test_sealed_data_open_for_their_owner_and_name_only(keys: KeyRing) -> None:
    sealed = keys.seal(7, "a", b"face")
    assert another(keys).open(7, "a", sealed) == b"face"
    keys.ensure([8])
    for owner, name in ((7, "b"), (8, "a")):
        with pytest.raises(Damaged):
            keys.open(owner, name, sealed)
    with pytest.raises(KeyProblem, match="has no key of the case or sighting 0000000000009: restore"):
        keys.open(9, "a", sealed)


def test_files_of_any_size_are_sealed_for_an_owner(keys: KeyRing) -> None:
    file, data = io.BytesIO(), os.urandom(3_000_000)
    writer = keys.writer(SNAPSHOTS, "part", file)
    writer.write(data)
    writer.finish()
    file.seek(0)
    assert b"".join(another(keys).chunks(SNAPSHOTS, "part", file)) == data


def test_it_is_its_owners_and_made_once(keys: KeyRing) -> None:
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    before = keys.ensure([1, SIGNING])
    another(keys).create()
    assert another(keys).of([SIGNING, 1]) == before
    assert keys.counts() == (2, 0)


def _ensure(keys: KeyRing, results: multiprocessing.queues.Queue[object]) -> None:
    results.put([keys.ensure([number, number + 1, SNAPSHOTS]) for number in range(1, 30)])


def test_processes_that_make_keys_at_once_make_the_same(keys: KeyRing) -> None:
    results = server().Queue()
    running = [server().Process(target=_ensure, args=(another(keys), results)) for _ in range(4)]
    for process in running:
        process.start()
    found = [results.get(timeout=60) for _ in running]
    for process in running:
        process.join(60)
    assert all(one == found[0] for one in found)
    assert keys.counts() == (31, 0)


def test_a_destroyed_key_is_gone_from_the_file_and_never_made_again(keys: KeyRing) -> None:
    keys.ensure(range(1, 200))
    sealed = keys.seal(5, "a", b"face")
    with sqlite3.connect(keys.path) as connection:
        (gone,) = connection.execute("SELECT wrapped FROM keys WHERE owner = 5").fetchone()
    connection.close()
    other = another(keys)
    assert other.open(5, "a", sealed) == b"face"
    keys.destroy([5, 500])
    assert gone not in b"".join(path.read_bytes() for path in keys.path.parent.glob("keys.db*"))
    for use in (lambda: other.open(5, "a", sealed), lambda: other.seal(5, "a", b""), lambda: other.ensure([500])):
        with pytest.raises(KeyProblem, match="was destroyed"):
            use()
    assert keys.counts() == (198, 2)


def test_destroying_needs_no_master_key(keys: KeyRing) -> None:
    keys.ensure([1, 2])
    keys.source.file.unlink()
    another(keys).destroy([1])
    assert another(keys).counts() == (1, 1)


def test_a_destroyed_key_reaches_a_copy_made_afterwards(keys: KeyRing, tmp_path: Path) -> None:
    keys.ensure([1, 2])
    (first, second) = wrapped(keys.path)
    keys.destroy([1])
    (tmp_path / "copy").write_bytes(b"an older copy")
    keys.copy_to(tmp_path / "copy")
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    assert wrapped(tmp_path / "copy") in ([first], [second])
    copied = KeyRing(tmp_path / "copy", keys.source)
    assert copied.of([2]) == keys.of([2])
    with pytest.raises(KeyProblem, match="destroyed"):
        copied.ensure([1])
    with pytest.raises(StoreProblem, match="cannot be copied"):
        keys.copy_to(tmp_path / "no" / "copy")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_rotation_wraps_all_keys_and_running_processes_take_it_up(keys: KeyRing, tmp_path: Path) -> None:
    before, running = keys.ensure([*range(1, 40), SIGNING]), another(keys)
    running.of([1])
    old = wrapped(keys.path)
    create_master_key(tmp_path / "new.key")
    new = KeySource(file=tmp_path / "new.key").load()
    assert keys.rewrap(new) == 40
    assert not set(old) & set(wrapped(keys.path))
    (tmp_path / "new.key").replace(keys.source.file)
    for ring in (keys, running, another(keys)):
        assert ring.of(before) == before
    assert keys.problems() == []


def test_a_rotation_that_fails_changes_nothing(keys: KeyRing) -> None:
    before = keys.ensure([1, 2])
    with sqlite3.connect(keys.path) as connection:
        connection.execute("UPDATE keys SET wrapped = zeroblob(60) WHERE owner = 2")
    content = keys.path.read_bytes()
    with pytest.raises(Damaged):
        keys.rewrap(MasterKey(bytes(32), "a test"))
    assert another(keys).of([1]) == {1: before[1]}
    assert keys.path.read_bytes() == content


def _rewrap(keys: KeyRing, ready: multiprocessing.synchronize.Event) -> None:
    keys.of([1])
    ready.set()
    for number in range(1, 10_000):
        keys.rewrap(MasterKey(number.to_bytes(32, "big"), "a test"))


def test_a_rotation_that_is_killed_leaves_the_old_key_or_the_new(keys: KeyRing) -> None:
    before = keys.ensure(range(1, 2000))
    ready = server().Event()
    victim = server().Process(target=_rewrap, args=(another(keys), ready))
    victim.start()
    assert ready.wait(60)
    time.sleep(0.3)
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    candidates = [keys.source.load(), *(MasterKey(number.to_bytes(32, "big"), "a test") for number in range(10_000))]
    (right,) = [candidate for candidate in candidates if keys.fits(candidate)]
    opened = KeyRing(keys.path, KeySource(text=right.raw.hex()))
    assert opened.problems() == []
    assert opened.of(before) == before


def test_a_key_from_elsewhere_is_adopted_once(keys: KeyRing) -> None:
    keys.adopt(SIGNING, bytes(32))
    keys.adopt(SIGNING, bytes(32))
    assert keys.ensure([SIGNING]) == {SIGNING: bytes(32)}
    with pytest.raises(Conflict, match="another key of the signing"):
        keys.adopt(SIGNING, b"\x01" * 32)


def test_another_master_key_opens_nothing_and_changes_nothing(keys: KeyRing) -> None:
    keys.ensure([1])
    content = keys.path.read_bytes()
    stranger = KeyRing(keys.path, KeySource(text="00" * 32))
    for use in (lambda: stranger.of([1]), lambda: stranger.ensure([2]), stranger.master, stranger.create):
        with pytest.raises(KeyProblem, match=r"not the one that .*keys\.db' was written with"):
            use()
    with pytest.raises(KeyProblem):
        stranger.rewrap(MasterKey(bytes(32), "a test"))
    assert keys.path.read_bytes() == content


def test_a_vanished_file_is_never_made_anew(keys: KeyRing) -> None:
    ring = KeyRing(keys.path, keys.source, required=True)
    keys.path.unlink()
    assert not keys.active
    assert ring.active
    for use in (lambda: ring.ensure([1]), lambda: ring.destroy([1]), ring.counts):
        with pytest.raises(KeyProblem, match=r"keys\.db' is not there: restore it"):
            use()
    assert not keys.path.exists()


def test_a_creation_that_was_cut_short_is_completed(tmp_path: Path) -> None:
    create_master_key(tmp_path / "a.key")
    ring = KeyRing(tmp_path / "keys.db", KeySource(file=tmp_path / "a.key"))
    ring.path.touch()
    with pytest.raises(StoreProblem, match="no key store of this version"):
        ring.ensure([1])
    ring.create()
    assert ring.counts() == (0, 0)
    ring.ensure([1])


def test_every_flipped_byte_is_told_or_does_no_harm(keys: KeyRing, tmp_path: Path) -> None:
    """Most bytes of the file are unused or a counter of SQLite; a key is never another one than it was."""
    before = keys.ensure([*range(1, 60), SIGNING])
    keys.destroy([60])
    content = keys.path.read_bytes()
    told = 0
    flipped = KeyRing(tmp_path / "flipped.db", keys.source)
    for place in range(0, len(content), 31):
        shutil.copy(keys.path, flipped.path)
        with flipped.path.open("r+b") as file:
            file.seek(place)
            file.write(bytes([content[place] ^ 0xFF]))
        try:
            problems = flipped.problems()
            if not problems:
                assert flipped.of(before) == before
                with pytest.raises(KeyProblem, match="destroyed"):
                    flipped.ensure([60])
        except MatcherError:
            problems = ["it does not open"]
        told += bool(problems)
    assert told > 60 * 60 // 31  # at least the bytes of the wrapped keys themselves


def test_a_damaged_key_is_named(keys: KeyRing) -> None:
    keys.ensure([1, 2])
    with sqlite3.connect(keys.path) as connection:
        connection.execute("UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE owner = 1) WHERE owner = 2")
    assert [problem.split(" in '")[0] for problem in keys.problems()] == [
        "The key of the case or sighting 0000000000002"
    ]
    with pytest.raises(Damaged, match="0000000000002"):
        keys.of([1, 2])
