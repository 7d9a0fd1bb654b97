"""Backups and restorations that are killed, run out of disk, or are made while others write."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commands import finish, killed, seconds, start
from databases import PostgresDatabases, run_sql
from pictures import child, saved
from processes import Running

from matcher import Matcher
from matcher.cli import main
from matcher.errors import Busy, Conflict, MatcherError, StoreProblem, WrongUse
from matcher.services.backup_checks import listed, verified
from matcher.services.backup_folder import BackupFolder
from matcher.services.key_backup import newest
from matcher.store.database import Store
from matcher.store.files import exclusive

ME = "operator"
BOUNDARIES = ("fsync", "rename", "replace", "unlink", "mkdir")  # of `os`: between them nothing comes to last


def killed_at(number: int) -> None:
    """Make this process kill itself at the boundary of this number."""
    left = [number]

    def counted(real):
        def call(*arguments, **how):
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **how)

        return call

    for name in BOUNDARIES:
        setattr(os, name, counted(getattr(os, name)))


def back_up_killed(home: Path, folder: Path, number: int) -> None:
    with Matcher.open(home) as matcher:
        killed_at(number)
        matcher.backups.make(folder / "backups", keys=folder / "keys", kept=2, actor=ME)


def require_whole(folder: Path, public: str) -> int:
    """All backups that are there are whole, and so are the keys; how many backups."""
    names = BackupFolder(folder / "backups").names()
    if names:
        assert verified(folder / "backups").problems == ()
        newest(folder / "keys", public)
    return len(names)


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.fault)])
def test_a_backup_that_is_killed_at_any_step_leaves_whole_ones_only(
    matcher: Matcher, tmp_path: Path, stride: int
) -> None:
    public, home = matcher.context.signer.public, matcher.context.home.root
    for seed in (1, 2):
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)
    matcher.backups.make(tmp_path / "start" / "backups", keys=tmp_path / "start" / "keys", kept=2, actor=ME)
    matcher.add_case("A-3", photos=[child(3)], actor=ME)
    matcher.close()  # no connection of this process is open while it forks
    for number in range(1, 200, stride):
        folder = tmp_path / f"{number}"
        shutil.copytree(tmp_path / "start", folder)
        victim = multiprocessing.get_context("fork").Process(target=back_up_killed, args=(home, folder, number))
        victim.start()
        victim.join(60)
        assert require_whole(folder, public) in (1, 2)
        if victim.exitcode == 0:
            break
        assert victim.exitcode == -signal.SIGKILL
        with Matcher.open(home) as again:
            made = again.backups.make(folder / "backups", keys=folder / "keys", kept=2, actor=ME)
        assert (made.files, made.problems) == (4, ())
        assert require_whole(folder, public) == 2
        leftovers = [path for path in folder.rglob("*") if path.name.endswith(".part")]
        assert leftovers == []
        assert len([path for path in (folder / "backups" / "pool").rglob("*") if path.is_file()]) == 3
        shutil.rmtree(folder)
    assert 20 < number < 199, "it ran to its end, past every step"


def restore_command(folder: Path, new: Path) -> tuple[object, ...]:
    return ("restore", folder / "backups", "--home", new, "--keys", folder / "keys", "--no-erasure-list-exists")


def restore_killed(number: int, arguments: list[str]) -> None:
    killed_at(number)
    sys.argv[1:] = arguments
    main()


@pytest.mark.parametrize("number", [12, *(pytest.param(one, marks=pytest.mark.fault) for one in (2, 5, 20, 30, 40))])
def test_a_restoration_that_is_killed_is_begun_anew(matcher: Matcher, tmp_path: Path, number: int) -> None:
    for seed in (1, 2):
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)
    matcher.backups.make(tmp_path / "backups", keys=tmp_path / "keys", actor=ME)
    new, command = tmp_path / "new", restore_command(tmp_path, tmp_path / "new")
    code, said = Running(restore_killed, number, [str(argument) for argument in command]).end()
    assert code == -signal.SIGKILL, said
    with pytest.raises(MatcherError):
        Matcher.open(new)
    finish(start(*command))
    with Matcher.open(new) as again:
        assert again.verify().clean
        assert len(again.cases()) == 2


@pytest.mark.fault
def test_backups_and_restorations_killed_at_random(matcher: Matcher, tmp_path: Path) -> None:
    rng, home, public = random.Random(7), matcher.context.home.root, matcher.context.signer.public
    make = ("backup", tmp_path / "backups", "--keys", tmp_path / "keys", "--home", home, "--keep", 3)
    takes, kills, turn = seconds(*make), 0, 0
    while kills < 20 and turn < 90:
        turn += 1
        matcher.add_case(f"A-{turn}", photos=[child(turn % 9 + 1, turn // 9, size=150)], actor=ME)
        kills += killed(start(*make), rng.uniform(0, 1) * takes)
        assert require_whole(tmp_path, public) >= 1
    assert kills == 20
    finish(start(*make))
    again = restore_command(tmp_path, tmp_path / "new")
    takes, kills = seconds(*restore_command(tmp_path, tmp_path / "other")), 0
    while kills < 10 and killed(start(*again), rng.uniform(0, 0.9) * takes):
        kills += 1
    if not (tmp_path / "new" / "digest.key").exists():
        finish(start(*again))
    with Matcher.open(tmp_path / "new") as restored:
        assert restored.verify().clean
        assert len(restored.cases()) == turn


FULL = """
import os, sys
from pathlib import Path
from matcher import Matcher
from matcher.errors import MatcherError
from matcher.services.backup_checks import verified

home, disk = map(Path, sys.argv[1:])
def make(matcher):
    matcher.backups.make(disk / "backups", keys=disk / "keys", full=True, actor="test")
def free():
    return os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
with Matcher.open(home) as matcher:
    make(matcher)
    needed = free()
    make(matcher)
    needed -= free()
    for share in (0, 0.2, 0.6, 0.98):
        (disk / "filler").write_bytes(bytes(max(0, free() - int(share * needed))))
        try:
            make(matcher)
            print("made")
        except MatcherError as error:
            print(error.exit_code, error)
        print(sorted(path.name for path in disk.rglob("*.part")), verified(disk / "backups").problems)
        (disk / "filler").unlink()
    make(matcher)
    print(verified(disk / "backups"))
"""


def test_a_full_disk_leaves_the_earlier_backups(matcher: Matcher, tmp_path: Path) -> None:
    """On a small disk, in a name space of its own."""
    for seed in range(1, 4):
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)
    disk, home = tmp_path / "disk", matcher.context.home.root
    disk.mkdir()
    mount = "mount -t tmpfs -o size=9m tmpfs $1"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount, "-", disk], check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a disk of its own")
    script = f'{mount} && exec "$2" -c "$4" "$3" "$1"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "-", disk, sys.executable, home, FULL],
        check=False,
        capture_output=True,
        text=True,
    )
    said = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert all(line.startswith("8 ") and str(disk) in line for line in said[0:8:2]), said
    assert said[1:8:2] == ["[] ()"] * 4
    assert said[8] == "BackupCheck(backups=3, files=6, problems=())"


def test_a_folder_that_cannot_be_written_is_named(matcher: Matcher, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreProblem, match="file"):
        matcher.backups.make(tmp_path / "file" / "backups", keys=tmp_path / "keys", actor=ME)
    with pytest.raises(StoreProblem, match="file"):
        matcher.backups.make(tmp_path / "backups", keys=tmp_path / "file" / "keys", actor=ME)
    assert BackupFolder(tmp_path / "backups").names() == []


def test_two_at_once_do_not_meet(matcher: Matcher, tmp_path: Path) -> None:
    make = matcher.backups.make
    with (
        exclusive(tmp_path / "backups", "Somebody is here"),
        pytest.raises(Busy, match="Another process makes a backup"),
    ):
        make(tmp_path / "backups", keys=tmp_path / "keys", actor=ME)
    make(tmp_path / "backups", keys=tmp_path / "keys", actor=ME)


@pytest.mark.fault
def test_backups_while_four_processes_write(shared_home: Path, tmp_path: Path) -> None:
    for writer in range(4):
        for number in range(3):
            seed = 1 + writer * 3 + number
            saved(tmp_path, f"cases-{writer}/C-{seed:02}/photo.jpg", child(seed, size=150))
    writers = [
        start("case", "import-folders", tmp_path / f"cases-{writer}", "--home", shared_home) for writer in range(4)
    ]
    counts = []
    with Matcher.open(shared_home) as matcher:
        while any(writer.wait(0) is None for writer in writers):
            made = matcher.backups.make(tmp_path / "backups", keys=tmp_path / "keys", kept=99, actor=ME)
            assert made.problems == ()
            counts.append(made.files - 1)
        for writer in writers:
            finish(writer)
    assert counts == sorted(counts)
    assert verified(tmp_path / "backups").problems == ()
    names = [one.name for one in listed(tmp_path / "backups")]
    for name, photos in {count: (name, count) for name, count in zip(names, counts, strict=True)}.values():
        with Store.open_copy(tmp_path / "backups" / name / "matcher.db") as copy, copy.read() as reading:
            assert copy.check() == []
            assert reading.audit.verify().problem is None
            assert len(reading.cases.list()) == photos
    assert len({*counts}) > 1, "they wrote meanwhile"


def test_a_home_on_a_server_is_restored_to_a_file_and_to_a_server(
    postgres_databases: PostgresDatabases, tmp_path: Path
) -> None:
    home, how = tmp_path / "home", {"keys": tmp_path / "keys", "actor": ME}
    with postgres_databases.fresh(empty=True) as url, postgres_databases.fresh(empty=True) as other:
        with Matcher.create(home, database_url=url) as matcher:
            for seed in (1, 2, 3):
                matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)
            matcher.submit_sighting([child(2, 1)], actor=ME)
            matcher.backups.make(tmp_path / "backups", **how)
            (face,) = matcher.match(child(2, 1), actor=ME, reason="test").faces
            before = [(one.case_id, one.similarity) for one in face.candidates]
        how["never_erased"] = True
        with pytest.raises(Conflict, match="not empty"):  # the database of the living home
            Matcher.restore(tmp_path / "backups", tmp_path / "on a server", database_url=url, **how)
        Matcher.restore(tmp_path / "backups", tmp_path / "in a file", **how)
        Matcher.restore(tmp_path / "backups", tmp_path / "on a server", database_url=other, **how)
        for place in ("in a file", "on a server"):
            with Matcher.open(tmp_path / place) as again:
                assert again.verify().clean
                (face,) = again.match(child(2, 1), actor=ME, reason="test").faces
                assert [(one.case_id, one.similarity) for one in face.candidates] == before
                assert len(again.sightings()) == 1
                assert (again.context.store.file is None) is (place == "on a server")
        with Matcher.open(home) as matcher:
            assert [one.entry.action for one in matcher.audit()].count("home.restore") == 0


def test_a_server_that_was_filled_before_the_kill_is_filled_again(
    matcher: Matcher, postgres_databases: PostgresDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matcher.add_case("A-1", photos=[child(1)], actor=ME)
    how = {"keys": tmp_path / "keys", "actor": ME}
    matcher.backups.make(tmp_path / "backups", **how)
    new = tmp_path / "new"
    with postgres_databases.fresh(empty=True) as url:
        how |= {"never_erased": True, "database_url": url}
        with monkeypatch.context() as patched:
            patched.setattr("matcher.services.restore.reindex", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                Matcher.restore(tmp_path / "backups", new, **how)
        with pytest.raises(Conflict, match="not empty"):
            Matcher.restore(tmp_path / "backups", tmp_path / "elsewhere", **how)
        assert Matcher.restore(tmp_path / "backups", new, **how).faces == 1
        run_sql(url, "DELETE FROM gallery_members")  # it is this database that the home uses
        with Matcher.open(new) as again:
            assert not again.verify().clean


def test_another_database_in_the_environment_is_refused(
    matcher: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matcher.backups.make(tmp_path / "backups", keys=tmp_path / "keys", actor=ME)
    monkeypatch.setenv("MATCHER_DATABASE_URL", f"sqlite:///{tmp_path}/home/matcher.db")
    with pytest.raises(WrongUse, match="MATCHER_DATABASE_URL"):
        Matcher.restore(tmp_path / "backups", tmp_path / "new", keys=tmp_path / "keys", never_erased=True, actor=ME)
