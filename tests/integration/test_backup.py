"""Backup and restore: what is kept, what is found to be damaged, and what does not come back."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pictures import child

from matcher import Matcher
from matcher.cli.root import root
from matcher.domain.ids import id_text
from matcher.errors import Conflict, Damaged, MatcherError, NotFound, WrongUse
from matcher.services import erasing, erasure_list
from matcher.services import restore as restoring
from matcher.services.backup_checks import listed, verified
from matcher.services.backup_folder import BackupFolder
from matcher.services.inputs import ReasonCode, Who
from matcher.store.database import Store

ME = "operator"
WHO = Who(ME, ReasonCode.MAINTENANCE)


def register(matcher: Matcher, *seeds: int) -> None:
    for seed in seeds:
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)


def candidates(matcher: Matcher, seed: int) -> list[tuple[str, float]]:
    (face,) = matcher.match(child(seed, 1), actor=ME, reason="test").faces
    return [(one.case_id, one.similarity) for one in face.candidates]


def shown_id(matcher: Matcher, number: str) -> str:
    with matcher.context.store.read() as reading:
        case = reading.cases.get(number)
    assert case is not None
    return id_text(case.id)


def erase(matcher: Matcher, number: str) -> None:
    erasing.erase_case(matcher.context, shown_id(matcher, number), WHO)


class Places:
    """Where backups and keys of a test go, and where homes are restored to."""

    def __init__(self, folder: Path) -> None:
        self.backups, self.keys, self.new = folder / "backups", folder / "keys", folder / "new"

    def back_up(self, matcher: Matcher, **how: object):
        return matcher.backups.make(self.backups, keys=self.keys, actor=ME, **how)

    def restore(self, **how: object):
        given = {"never_erased": True} if "erasure_list" not in how else {}
        return Matcher.restore(self.backups, self.new, keys=self.keys, actor=ME, **{**given, **how})


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_a_restored_home_finds_the_same_and_passes_every_check(matcher: Matcher, places: Places) -> None:
    register(matcher, 1, 2, 3)
    matcher.submit_sighting([child(2, 1)], actor=ME)
    matcher.close_case("A-3", status="returned", actor=ME)
    before = candidates(matcher, 2)
    made = places.back_up(matcher)
    assert (made.new_files, made.gaps, made.problems) == (4, 0, ())
    made_ones = [path for place in (places.backups, places.keys) for path in (place, *place.rglob("*"))]
    assert {path.stat().st_mode & 0o077 for path in made_ones if path.name != ".lock"} == {0}
    restored = places.restore()
    assert (restored.backup, restored.photos, restored.faces, restored.problems) == (made.name, 4, 2, ())
    with Matcher.open(places.new) as again:
        assert candidates(again, 2) == before
        assert again.verify().clean
        assert [case.case_id for case in again.cases()] == ["A-1", "A-2", "A-3"]
        assert len(again.sightings()) == 1
        actions = [one.entry.action for one in again.audit()]
        assert actions[-2] == "home.restore"
        assert [finding for finding in again.doctor() if finding.ok is False] == []
    assert not (places.new / ".restoring").exists()
    assert {path.stat().st_mode & 0o077 for path in places.new.iterdir()} == {0}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(root, [str(argument) for argument in arguments])


def test_the_second_backup_copies_what_is_new_only(matcher: Matcher, places: Places) -> None:
    register(matcher, 1, 2)
    first = places.back_up(matcher)
    second = places.back_up(matcher)
    assert (first.new_files, second.new_files, second.new_bytes) == (2, 0, 0)
    register(matcher, 3)
    assert places.back_up(matcher).new_files == 1
    full = places.back_up(matcher, full=True)
    assert (full.new_files, full.read_again, full.files) == (0, 3, 4)
    assert len(list((places.backups / "pool").rglob("*/*/*"))) == 3
    assert verified(places.backups).problems == ()
    entries = [one.entry for one in matcher.audit() if one.entry.action == "home.backup"]
    assert [entry.details["new"] for entry in entries] == [2, 0, 1, 0]


def test_files_are_read_again_within_a_month(matcher: Matcher, places: Places) -> None:
    register(matcher, 1, 2)
    context = matcher.context
    places.back_up(matcher)
    began, read = context.clock(), 0
    for day in range(30):
        context.clock = lambda day=day: began + timedelta(days=day)
        read += places.back_up(matcher).read_again
    assert read == 2


def test_old_backups_go_with_what_only_they_needed(matcher: Matcher, places: Places) -> None:
    register(matcher, 1, 2)
    first = places.back_up(matcher, kept=2)
    erase(matcher, "A-1")
    second = places.back_up(matcher, kept=2)
    assert (second.files, second.forgotten) == (2, 1)  # the database and one photo; the first backup lost one, too
    assert len(list((places.backups / "pool").rglob("*/*/*"))) == 1
    third = places.back_up(matcher, kept=2)
    assert third.pruned == (first.name,)
    assert [one.name for one in listed(places.backups)] == [second.name, third.name]
    assert verified(places.backups).problems == ()
    assert len(BackupFolder(places.keys).names()) == 1, "of keys the newest only"


def test_names_follow_each_other_when_the_clock_is_put_back(matcher: Matcher, places: Places) -> None:
    first = places.back_up(matcher)
    now = matcher.context.clock
    matcher.context.clock = lambda: now() - timedelta(days=400)
    second = places.back_up(matcher)
    assert [one.name for one in listed(places.backups)] == [first.name, second.name]
    assert places.restore().backup == second.name


def test_what_was_erased_after_a_backup_does_not_come_back(matcher: Matcher, places: Places, tmp_path: Path) -> None:
    register(matcher, 1, 2)
    sighting = matcher.submit_sighting([child(1, 1)], actor=ME)
    places.back_up(matcher)
    kept = places.backups.with_name("elsewhere")  # a copy of the backups that no later backup reaches
    shutil.copytree(places.backups, kept)
    shutil.copytree(places.keys, tmp_path / "old keys")
    erase(matcher, "A-1")
    erasing.erase_sighting(matcher.context, sighting.id, WHO)
    list_ = erasure_list.path_of(matcher.context)
    places.back_up(matcher)
    places.backups = kept
    restored = places.restore(erasure_list=list_)
    assert (restored.erased_again, restored.problems) == (2, ())
    with Matcher.open(places.new) as again:
        assert [case.case_id for case in again.cases()] == ["A-2"]
        assert again.sightings() == []
        assert [case for case, _ in candidates(again, 1)] == ["A-2"]
        assert len(list(again.context.blobs.list())) == 1
        # and the list goes on where the new home keeps it
        assert erasure_list.read(erasure_list.path_of(again.context)) == erasure_list.read(list_)


def test_no_restore_without_the_erasure_list(matcher: Matcher, places: Places, tmp_path: Path) -> None:
    register(matcher, 1, 2, 3)
    erase(matcher, "A-1")
    list_ = erasure_list.path_of(matcher.context)
    shutil.copy(list_, tmp_path / "old list")
    first = places.back_up(matcher)
    shutil.copytree(places.keys, tmp_path / "old keys")
    erase(matcher, "A-2")
    places.back_up(matcher)
    (tmp_path / "empty list").touch()
    refusals: list[tuple[type[MatcherError], str, dict[str, object]]] = [
        (WrongUse, "erasure list", {"never_erased": False}),
        (WrongUse, "erasure list", {"erasure_list": list_, "never_erased": True}),
        (NotFound, "no erasure list", {"erasure_list": tmp_path / "no list"}),
        (Conflict, "erased 2 cases and sightings", {"never_erased": True}),
        (Conflict, "lacks some of the 2", {"erasure_list": tmp_path / "old list"}),
        (Conflict, "lacks some of the 2", {"erasure_list": tmp_path / "empty list"}),
        # Where the key backup knows of no list, the tombstones in the database do.
    ]
    for kind, words, how in refusals:
        with pytest.raises(kind, match=words):
            places.restore(**how)
    assert not places.new.exists()
    done = run("restore", places.backups, "--home", places.new, "--keys", places.keys)
    assert (done.exit_code, "--erasure-list" in done.output) == (2, True)
    assert places.restore(erasure_list=list_, backup=first.name).erased_again == 1


def test_a_list_of_this_account_that_names_more_is_told(matcher: Matcher, places: Places, tmp_path: Path) -> None:
    """An empty list, or the word that there is none, would bring back what another file still names."""
    register(matcher, 1, 2)
    places.back_up(matcher)
    erase(matcher, "A-1")
    own = erasure_list.path_of(matcher.context)
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    for how in ({"erasure_list": empty}, {}):
        with pytest.raises(Conflict, match=f"'{own}' names 1 .* would come back"):
            places.restore(**how)
        assert list(places.new.glob("*")) == [], "nothing of a refused restoration stays"
    restored = places.restore(erasure_list=own)
    assert (restored.erased_again, restored.listed) == (1, 1)


def test_a_restored_home_has_a_key_of_its_own(matcher: Matcher, places: Places) -> None:
    """Rotated in one of them, a shared file would leave the other unreadable."""
    register(matcher, 1)
    places.back_up(matcher)
    shared = matcher.context.keys.source.file
    restored = places.restore()
    assert restored.key_file not in (None, shared)
    with Matcher.open(places.new) as again:
        assert again.context.keys.source.file == restored.key_file
        again.encryption.rotate(actor=ME)
        assert candidates(again, 1)[0][0] == "A-1"
        assert again.verify().clean
    matcher.encryption.rotate(actor=ME)
    assert candidates(matcher, 1)[0][0] == "A-1"
    with Matcher.open(places.new) as again:
        assert again.verify().clean


def test_a_key_from_elsewhere_stays_the_key_of_a_restored_home(
    tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATCHER_KEY", "5a" * 32)
    with Matcher.create(tmp_path / "here") as matcher:
        register(matcher, 1)
        places.back_up(matcher)
    assert places.restore().key_file is None
    with Matcher.open(places.new) as again:
        assert again.verify().clean


def test_a_list_that_lacks_what_the_database_knows_is_refused(matcher: Matcher, places: Places, tmp_path: Path) -> None:
    register(matcher, 1)
    erase(matcher, "A-1")
    erasure_list.path_of(matcher.context).unlink()
    places.back_up(matcher)
    (tmp_path / "list").touch()
    with pytest.raises(Conflict, match="erased before this backup"):
        places.restore(erasure_list=tmp_path / "list")
    assert not (places.new / "digest.key").exists()
    with pytest.raises(NotFound, match="no home"):
        Matcher.open(places.new)


KEY_FILES = {"digest.key", "keys.db", "settings.toml", "erasures.jsonl"}


def flip(path: Path, place: float) -> None:
    """Change one byte of a file, without a trace in its times."""
    data, when = bytearray(path.read_bytes()), path.stat()
    data[int(place * (len(data) - 1))] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))


def test_a_flipped_byte_in_any_file_of_a_backup_is_found_and_named(
    matcher: Matcher, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    """The corruption table: file by flipped byte."""
    register(matcher, 1)
    matcher.context.home.write_setting("desk_url", "https://desk.example.org")
    erase(matcher, "A-1")
    register(matcher, 2)
    list_ = erasure_list.path_of(matcher.context)
    places.back_up(matcher)
    files = [path for folder in (places.backups, places.keys) for path in sorted(folder.rglob("*")) if path.is_file()]
    table, tries = {}, [0.0, 0.13, 0.5, 0.77, 0.999, 1.0]
    for file in [file for file in files if file.name != ".lock"]:
        whole, found = file.read_bytes(), 0
        for place in tries:
            flip(file, place)
            with pytest.raises(Damaged) as refused:
                places.restore(erasure_list=list_)
            found += str(file) in str(refused.value)
            file.write_bytes(whole)
        table["pool/…" if "pool" in file.parts else f"{file.parents[1].name}/{file.name}"] = found
    with capsys.disabled():
        print("\n" + "\n".join(f"{name:22} {found} of {len(tries)}" for name, found in table.items()))  # noqa: T201
    assert not places.new.exists()
    keys = {f"keys/{name}" for name in ("manifest.jsonl", *KEY_FILES)}
    assert set(table) == {"backups/manifest.jsonl", "backups/matcher.db", "pool/…", *keys}
    assert set(table.values()) == {len(tries)}
    assert places.restore(erasure_list=list_).problems == ()


@pytest.mark.parametrize("loss", ["matcher.db", "manifest.jsonl", "pool"])
def test_a_lost_or_cut_file_of_a_backup_is_found(matcher: Matcher, places: Places, loss: str) -> None:
    register(matcher, 1)
    made = places.back_up(matcher)
    lost = places.backups / made.name / loss
    if loss == "pool":
        (lost,) = (path for path in (places.backups / "pool").rglob("*") if path.is_file())
    for damage in (lambda: lost.write_bytes(lost.read_bytes()[:-1]), lost.unlink):
        damage()
        done = run("backup", "verify", places.backups)
        assert (done.exit_code, str(lost) in done.output) == (9, True), done.output
        with pytest.raises(Damaged):
            places.restore()


def test_a_damaged_photo_is_named_and_taken_from_the_backup_before(matcher: Matcher, places: Places) -> None:
    register(matcher, 1, 2)
    first = places.back_up(matcher)
    flipped, lost = sorted((matcher.context.home.photos).glob("*/*"))
    whole = {path: path.read_bytes() for path in (flipped, lost)}
    flip(flipped, 0.5)
    lost.unlink()
    done = run("backup", places.backups, "--keys", places.keys, "--full", "--home", matcher.context.home.root)
    assert done.exit_code == 9
    assert f"'{flipped}' is not what was written" in done.output
    assert f"'{lost}' has vanished" in done.output
    assert "the backup itself is whole" in done.output
    second = listed(places.backups)[-1]
    assert second.name != first.name
    assert (second.files, second.gaps) == (3, ())
    places.restore()
    restored = [places.new / path.relative_to(matcher.context.home.root) for path in (flipped, lost)]
    assert [path.read_bytes() for path in restored] == list(whole.values())


def test_a_backup_with_gaps_displaces_no_whole_one(matcher: Matcher, places: Places) -> None:
    register(matcher, 1)
    whole = places.back_up(matcher, kept=1)
    register(matcher, 2)
    lost = next(
        path for path in (matcher.context.home.photos).glob("*/*") if path.parent.name == shown_id(matcher, "A-2")
    )
    lost.unlink()
    for _ in range(3):
        made = places.back_up(matcher, kept=1)
        assert (made.gaps, len(made.problems)) == (1, 1)
        assert str(lost) in made.problems[0]
    assert [one.name for one in listed(places.backups)] == [whole.name, made.name]
    assert verified(places.backups).problems == ()
    assert places.restore().backup == whole.name
    places.new = places.new.with_name("newer")
    restored = places.restore(backup=made.name)
    assert any("has vanished" in problem for problem in restored.problems)
    with Matcher.open(places.new) as again:
        assert len(again.cases()) == 2


@pytest.mark.parametrize("damage", ["cut", "pages", "header"])
def test_a_damaged_database_is_named_and_earlier_backups_stay(matcher: Matcher, places: Places, damage: str) -> None:
    register(matcher, 1)
    made, home = places.back_up(matcher, kept=1), matcher.context.home.root
    matcher.close()
    file = home / "matcher.db"
    whole = file.read_bytes()
    cut = {
        "cut": whole[: len(whole) // 2],
        "pages": whole[:8192] + bytes(len(whole) - 8192),
        "header": bytes(100) + whole[100:],
    }
    file.write_bytes(cut[damage])
    for command in (
        ("backup", places.backups, "--keys", places.keys),
        ("doctor",),
        ("case", "list"),
        ("index", "verify"),
    ):
        done = run(*command, "--home", home)
        assert done.exit_code == 9, (command, done.output)
        assert "matcher.db" in done.output or "database" in done.output
        assert "Traceback" not in done.output
        assert "Unexpected" not in done.output
    assert [one.name for one in listed(places.backups)] == [made.name]
    assert places.restore().problems == ()


def test_places_must_lie_apart(matcher: Matcher, places: Places, home: Path, tmp_path: Path) -> None:
    make = matcher.backups.make
    for folder, keys in (
        (home / "backups", places.keys),
        (places.backups, home),
        (places.backups, places.backups / "keys"),
        (places.keys / "backups", places.keys),
        (places.backups, places.backups),
        (tmp_path, places.keys),
    ):
        with pytest.raises(WrongUse, match="apart"):
            make(folder, keys=keys, actor=ME)
    with pytest.raises(WrongUse, match="--keys"):
        make(places.backups, actor=ME)
    with pytest.raises(WrongUse, match="backup_dir"):
        make(actor=ME)


def test_backups_of_two_homes_do_not_mix(matcher: Matcher, places: Places, tmp_path: Path) -> None:
    places.back_up(matcher)
    with Matcher.create(tmp_path / "second") as other:
        for folder, keys in ((places.backups, tmp_path / "k"), (tmp_path / "b", places.keys)):
            with pytest.raises(Conflict, match="another home"):
                other.backups.make(folder, keys=keys, actor=ME)
        other.backups.make(tmp_path / "b2", keys=tmp_path / "k2", actor=ME)
    places.keys = tmp_path / "k2"
    with pytest.raises(Damaged, match="another home"):
        places.restore()


def test_the_settings_say_where_to(home: Path, places: Places) -> None:
    (home / "settings.toml").write_text(
        f"backup_dir = '{places.backups}'\nkey_backup_dir = '{places.keys}'\nbackups_kept = 2\n"
    )
    for _ in range(3):
        done = run("backup", "--home", home, "--json")
        assert done.exit_code == 0, done.output
    assert len(json.loads(done.output)["pruned"]) == 1
    done = run("backup", "list", places.backups)
    assert len(done.output.splitlines()) == 3
    assert run("backup", "verify", places.backups).output == "Checked 2 backups: 2 files are whole.\n"


def test_restore_goes_into_an_empty_folder_only(matcher: Matcher, places: Places, home: Path) -> None:
    places.back_up(matcher)
    places.new.mkdir()
    (places.new / "thesis.txt").touch()
    with pytest.raises(WrongUse, match=r"thesis\.txt"):
        places.restore()
    (places.new / "thesis.txt").unlink()
    places.restore()
    with pytest.raises(Conflict, match="There is a home"):
        places.restore()
    for folder in (places.backups, places.keys):
        shutil.rmtree(folder)
        with pytest.raises(NotFound, match="no backup"):
            Matcher.restore(places.backups, home.with_name("x"), keys=places.keys, never_erased=True, actor=ME)


def test_a_restore_that_was_cut_short_is_begun_anew(
    matcher: Matcher, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(matcher, 1, 2)
    places.back_up(matcher)
    with monkeypatch.context() as patched:
        patched.setattr(restoring, "reindex", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            places.restore()
    (places.new / "photos" / "stray").write_bytes(b"of an older backup")
    assert run("case", "list", "--home", places.new).exit_code == 4
    restored = places.restore()
    assert (restored.problems, restored.photos) == ((), 2)
    assert not (places.new / "photos" / "stray").exists()


def test_a_photo_that_is_erased_meanwhile_is_no_gap(
    matcher: Matcher, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(matcher, 1, 2)
    copy_to = Store.copy_to

    def copy_then_erase(self: Store, file: Path) -> None:
        copy_to(self, file)
        erase(matcher, "A-1")

    monkeypatch.setattr(Store, "copy_to", copy_then_erase)
    made = places.back_up(matcher)
    assert (made.files, made.gaps) == (2, 0)
    restored = places.restore(erasure_list=erasure_list.path_of(matcher.context))
    assert (restored.erased_again, restored.problems) == (1, ())
