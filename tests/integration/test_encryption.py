"""Encryption at rest on real homes: nothing to read without the key, nothing changed unnoticed, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from pictures import child

from matcher import Matcher
from matcher.cli.root import root
from matcher.config import Home, default_key_file
from matcher.crypto.masterkey import KeySource
from matcher.domain.ids import id_text
from matcher.errors import Conflict, Damaged, KeyProblem, WrongUse
from matcher.services import homes, pictures
from matcher.services.masterkeys import KeyPlace
from matcher.store.vectors import pack


@pytest.fixture
def clear(tmp_path: Path) -> Path:
    """A home from before there was encryption, with two cases and a sighting."""
    home = tmp_path / "home"
    with Matcher.create(home, key=None) as matcher:
        fill(matcher)
    return home


def fill(matcher: Matcher) -> None:
    for number in (1, 2):
        matcher.add_case(f"A-{number}", [child(number)], actor="x")
    matcher.submit_sighting([child(1, 2)], actor="x")
    for face in faces(matcher):
        pictures.thumbnail(matcher.context, face)


def faces(matcher: Matcher) -> list[int]:
    with closing(sqlite3.connect(matcher.context.home.database)) as database:
        return [row[0] for row in database.execute("SELECT id FROM faces ORDER BY id")]


def clear_bytes(matcher: Matcher) -> list[bytes]:
    """Parts of all photos, pictures and vectors, as somebody would look for them."""
    context = matcher.context
    with context.store.read() as reading:
        vectors = reading.faces.vectors(faces(matcher), context.space.name)
    files = [context.blobs.get(key) for key in context.blobs.list()]
    assert len(vectors) == 3
    assert len(files) == 6
    return [pack(vector)[64:96] for vector in vectors.values()] + [data[len(data) // 2 :][:32] for data in files]


def holding(folder: Path, wanted: list[bytes]) -> set[str]:
    """Files that hold any of these bytes; snapshots are others' business."""
    files = [path for path in folder.rglob("*") if path.is_file() and "snapshots" not in path.parts]
    return {path.name for path in files if any(one in path.read_bytes() for one in wanted)}


def answer(matcher: Matcher) -> list[tuple[str, float]]:
    found = matcher.match(child(1, 3), actor="x", reason="test").faces[0].candidates
    return [(one.case_id, one.similarity) for one in found]


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(root, [*words, "--home", str(home)])


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_new_home_holds_nothing_that_can_be_read(matcher: Matcher, home: Path) -> None:
    fill(matcher)
    wanted = clear_bytes(matcher)
    assert holding(home, wanted) == set()
    status = matcher.encryption.status()
    assert (status.encrypted, status.data_keys, status.clear_photos, status.clear_embeddings) == (True, 3, 0, 0)
    assert status.problems == ()
    key = default_key_file(home)
    assert status.key_from == f"the file '{key}'"
    assert bytes.fromhex(key.read_text()) not in b"".join(path.read_bytes() for path in home.rglob("*.*"))
    matcher.reindex(actor="x")
    assert matcher.verify().clean


def test_an_older_home_is_read_as_it_is_and_sealed_by_one_command(clear: Path) -> None:
    with Matcher.open(clear) as matcher:
        wanted, before, public = clear_bytes(matcher), answer(matcher), matcher.context.signer.public
        assert len(holding(clear, wanted)) > 6
    assert "In the clear: 6 photo files, 3 embeddings." in run(clear, "encryption", "status").output
    done = run(clear, "encryption", "on", "--actor", "x", "--json")
    assert json.loads(done.output) == {"photos": 6, "embeddings": 3, "purged": True}
    assert holding(clear, wanted) == set()
    assert not (clear / "signing.key").exists()
    with Matcher.open(clear) as matcher:
        assert clear_bytes(matcher) == wanted
        assert answer(matcher) == before
        assert matcher.context.signer.public == public
        assert matcher.verify().clean
        assert matcher.audit()[-2].entry.action == "encryption.on"
        again = matcher.encryption.turn_on(actor="x")
        assert (again.photos, again.embeddings) == (0, 0)
        with pytest.raises(Conflict, match="rotate"):
            matcher.encryption.turn_on(KeyPlace(command="false"), actor="x")


def test_a_process_that_runs_already_writes_nothing_in_the_clear(clear: Path) -> None:
    with Matcher.open(clear) as running, Matcher.open(clear) as matcher:
        matcher.encryption.turn_on(actor="x")
        running.add_case("A-3", [child(3)], actor="x")
        status = matcher.encryption.status()
        assert (status.clear_photos, status.clear_embeddings, status.data_keys) == (0, 0, 4)


STEPS = [
    "matcher.store.keystore.KeyRing.create",
    "matcher.config.Home.write_setting",
    "matcher.store.keystore.KeyRing.adopt",
    "matcher.store.blobs.BlobStore.seal_kept",
    "matcher.store.faces.FaceWriting.seal_vectors",
    "matcher.store.keystore.KeyRing.mark_whole",
    "matcher.store.audit.AuditWriting.append",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_sealing_that_is_cut_short_is_gone_on_with(
    clear: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    with Matcher.open(clear) as matcher:
        wanted, public = clear_bytes(matcher), matcher.context.signer.public
        with monkeypatch.context() as patch:
            cut_short(patch, step, after)
            with pytest.raises(KeyboardInterrupt):
                matcher.encryption.turn_on(actor="x")
    with Matcher.open(clear) as matcher:
        assert clear_bytes(matcher) == wanted
        assert matcher.context.signer.public == public
        matcher.encryption.turn_on(actor="x")
        assert clear_bytes(matcher) == wanted
        assert matcher.context.signer.public == public
        assert matcher.verify().clean
    assert holding(clear, wanted) == set()


def cut_short(patch: pytest.MonkeyPatch, step: str, after: bool) -> None:
    """End the process, as far as a test can, at a step, before or after its work."""
    owner, name = step.rsplit(".", 1)
    module, kind = owner.rsplit(".", 1)
    place = getattr(sys.modules[module], kind)
    whole: Callable[..., object] = getattr(place, name)

    def cut(*given: object, **named: object) -> object:
        if after:
            whole(*given, **named)
        raise KeyboardInterrupt

    patch.setattr(place, name, cut)


def test_a_flipped_byte_of_a_photo_is_told(matcher: Matcher, home: Path) -> None:
    fill(matcher)
    context = matcher.context
    keys = list(context.blobs.list())
    photo = next(key for key in keys if "thumbnail" not in key)
    content = (home / "photos" / photo).read_bytes()
    for place in (0, 7, 8, 20, len(content) // 2, len(content) - 1):
        flip(home / "photos" / photo, place)
        assert [problem for problem in matcher.verify().problems if "is not what was written" in problem], place
        (home / "photos" / photo).write_bytes(content)
    (home / "photos" / photo).write_bytes((home / "photos" / keys[-1]).read_bytes())
    with pytest.raises(Damaged, match=photo):
        context.blobs.get(photo)


@pytest.mark.parametrize("change", ["flip", "form", "cut", "other", "clear"])
def test_a_changed_embedding_is_told(matcher: Matcher, home: Path, change: str) -> None:
    fill(matcher)
    with closing(sqlite3.connect(home / "matcher.db")) as database:
        rows = database.execute(
            "SELECT embeddings.face_id, vector FROM embeddings JOIN gallery_members USING (face_id, space)"
        ).fetchall()
        (face, kept), (_, other) = rows
        flipped = kept[:100] + bytes([kept[100] ^ 1]) + kept[101:]
        changed = {
            "flip": flipped,
            "form": b"\x02" + kept[1:],
            "cut": kept[:512],
            "other": other,
            "clear": pack(np.eye(1, 128, dtype=np.float32)[0]),
        }
        database.execute("UPDATE embeddings SET vector = ? WHERE face_id = ?", (changed[change], face))
        database.commit()
    with matcher.context.store.read() as reading:
        for read in (
            lambda: list(reading.gallery.rows(matcher.context.space.name)),
            lambda: reading.faces.vectors([face], matcher.context.space.name),
            lambda: reading.gallery.changes(matcher.context.space.name, 0),
        ):
            with pytest.raises(Damaged, match=f"face {id_text(face)} is not what was written"):
                read()


def test_without_the_key_nothing_is_destroyed_and_what_needs_none_goes_on(matcher: Matcher, home: Path) -> None:
    fill(matcher)
    matcher.close()
    key = default_key_file(home)
    text = key.read_text()
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and path.suffix not in (".db",)}
    for content in (None, "no key", "00" * 32):
        key.unlink(missing_ok=True)
        if content is not None:
            key.write_text(content)
        photo = home.parent / "photo.png"
        photo.write_bytes(child(3))
        for words in (
            ["case", "add", "A-9", "--photo", str(photo), "--actor", "x"],
            ["encryption", "on", "--actor", "x"],
            ["encryption", "rotate", "--actor", "x"],
        ):
            done = run(home, *words)
            assert (done.exit_code, str(key) in done.output, "othing was changed" in done.output) == (8, True, True)
        for words in (["case", "list"], ["case", "show", "A-1"], ["case", "add", "--help"]):
            assert run(home, *words).exit_code == 0
        assert "FAIL encryption: " in run(home, "doctor").output
        assert run(home, "encryption", "status").exit_code == 9
        assert {path: path.read_bytes() for path in before} == before
        assert run(home, "case", "show", "A-9").exit_code == 4
    key.write_text(text)
    with Matcher.open(home) as again:
        assert again.verify().clean


def test_a_lost_key_store_stops_writing_instead_of_writing_in_the_clear(matcher: Matcher, home: Path) -> None:
    fill(matcher)
    kept = (home / "keys.db").read_bytes()
    (home / "keys.db").unlink()
    for opened in (matcher, Matcher.open(home)):
        with pytest.raises(KeyProblem, match=r"keys\.db' is not there: restore it"):
            opened.add_case("A-9", [child(3)], actor="x")
    assert not (home / "keys.db").exists()
    (home / "keys.db").write_bytes(kept)
    assert matcher.verify().clean


def test_doctor_tells_where_the_key_lies(matcher: Matcher, home: Path) -> None:
    key = default_key_file(home)
    assert f"from the file '{key}'" in encryption_line(home)
    key.chmod(0o644)
    assert f"can be read by others: chmod 600 {key}" in encryption_line(home)
    key.chmod(0o600)
    inside = home / "master.key"
    key.rename(inside)
    matcher.context.home.write_setting("key_file", str(inside))
    assert "lies in the home: whoever takes the home can read it" in encryption_line(home)


def encryption_line(home: Path) -> str:
    return next(line for line in run(home, "doctor").output.splitlines() if " encryption: " in line)


def test_doctor_tells_what_lies_in_the_clear(clear: Path) -> None:
    assert encryption_line(clear) == "note encryption: photos and embeddings lie in the clear."


@pytest.mark.parametrize("way", ["file", "command", "environment"])
def test_a_home_takes_its_key_from_where_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    home, safe = tmp_path / "home", tmp_path / "safe"
    safe.write_text("01" * 32)
    if way == "environment":
        monkeypatch.setenv("MATCHER_KEY", "01" * 32)
    words = {"file": ["--key-file", str(safe)], "command": ["--key-command", f"cat {safe}"], "environment": []}[way]
    done = run(home, "init", *words)
    assert done.exit_code == 0
    assert "01" * 32 not in done.output + Home(home).settings_file.read_text()
    assert not default_key_file(home).exists()
    with Matcher.open(home) as matcher:
        fill(matcher)
        assert matcher.encryption.status().key_id == KeySource(file=safe).load().id
    assert run(home, "init", *words).exit_code == 5


def test_a_key_within_the_home_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="would lie in the home"):
        homes.create(tmp_path / "home", key=KeyPlace(tmp_path / "home" / "a.key"))
    done = run(tmp_path / "home", "init", "--no-encryption", "--key-command", "cat a")
    assert (done.exit_code, "needs no key" in done.output) == (2, True)
    with pytest.raises(WrongUse, match="from a file or from a command"):
        homes.create(tmp_path / "home", key=KeyPlace(tmp_path / "a.key", "cat a"))


def test_a_creation_killed_between_key_and_home_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    for step in ("matcher.store.keystore.KeyRing.create", "matcher.crypto.digests.DigestKey.create"):
        with monkeypatch.context() as patch:
            cut_short(patch, step, after=False)
            with pytest.raises(KeyboardInterrupt):
                Matcher.create(home)
    key = default_key_file(home).read_text()
    with Matcher.create(home) as matcher:
        fill(matcher)
        assert matcher.encryption.status().problems == ()
    assert default_key_file(home).read_text() == key


def test_another_key_takes_the_place_of_the_old_one(matcher: Matcher, home: Path, tmp_path: Path) -> None:
    fill(matcher)
    wanted, key = clear_bytes(matcher), default_key_file(home)
    old = key.read_text()
    with Matcher.open(home) as running:
        running.verify()
        assert "3 keys are wrapped by key " in run(home, "encryption", "rotate", "--actor", "x").output
        assert key.read_text() != old
        assert sorted(path.name for path in key.parent.iterdir()) == [key.name]
        assert clear_bytes(running) == wanted
    entry = matcher.audit()[-1].entry
    assert (entry.action, entry.details["keys"]) == ("encryption.rotate", 3)
    elsewhere = tmp_path / "elsewhere.key"
    matcher.encryption.rotate(KeyPlace(elsewhere), actor="x")
    key.unlink()
    with Matcher.open(home) as again:
        assert clear_bytes(again) == wanted
        again.encryption.rotate(KeyPlace(command=f"echo {'02' * 32}"), actor="x")
    with Matcher.open(home) as again:
        assert clear_bytes(again) == wanted
        with pytest.raises(WrongUse, match="which only you can change"):
            again.encryption.rotate(actor="x")
        again.encryption.rotate(KeyPlace(elsewhere), actor="x")
    with Matcher.open(home) as again:
        assert again.context.settings.key_command is None
        assert clear_bytes(again) == wanted


@pytest.mark.parametrize(
    "step",
    [
        "matcher.store.keystore.KeyRing.rewrap",
        "matcher.services.encryption._replace",
        "matcher.store.audit.AuditWriting.append",
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_rotation_that_is_cut_short_loses_nothing(
    matcher: Matcher, home: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    fill(matcher)
    wanted, key = clear_bytes(matcher), default_key_file(home)
    with monkeypatch.context() as patch:
        if step.endswith("_replace"):
            from matcher.services import encryption

            whole = encryption._replace

            def cut(new: Path, old: Path) -> None:
                if after:
                    whole(new, old)
                raise KeyboardInterrupt

            patch.setattr(encryption, "_replace", cut)
        else:
            cut_short(patch, step, after)
        with pytest.raises(KeyboardInterrupt):
            matcher.encryption.rotate(actor="x")
    with Matcher.open(home) as again:
        assert clear_bytes(again) == wanted
        again.encryption.rotate(actor="x")
        assert clear_bytes(again) == wanted
    assert [path.name for path in key.parent.iterdir()] == [key.name]


@pytest.fixture
def writer(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that registers one case after the other."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\nfrom pictures import child\nfrom matcher import Matcher\n"
        "with Matcher.open(sys.argv[1]) as matcher:\n"
        "    for number in range(1000): matcher.add_case(f'K-{number}', [child(number)], actor='x'); print(number)\n"
    )
    tests = str(Path(__file__).parents[1])
    process = subprocess.Popen([sys.executable, "-c", code, str(home), tests], stdout=subprocess.PIPE)
    with process:
        yield process
        process.kill()


def test_a_killed_writer_leaves_no_record_without_its_key(writer: subprocess.Popen[bytes], home: Path) -> None:
    assert writer.stdout is not None
    for _ in range(3):
        assert writer.stdout.readline()
    time.sleep(0.05)
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    with Matcher.open(home) as matcher:
        assert len(matcher.cases()) >= 3
        assert matcher.verify().clean
        assert matcher.encryption.status().problems == ()
