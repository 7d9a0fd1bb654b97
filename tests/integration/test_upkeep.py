"""What the doctor says of disk, clock, files and snapshots, and what it mends: nothing that would lose something."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner
from commands import as_json, run
from filelock import FileLock
from pictures import child
from reviews import Clock, account, claim

from matcher import Matcher
from matcher.cli.root import root
from matcher.config import Home
from matcher.domain.cases import CaseStatus
from matcher.domain.people import Role
from matcher.errors import Stopped
from matcher.services.context import Context
from matcher.services.findings import Finding

DAY = 86_400


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(timezone.utc))


@pytest.fixture
def office(home: Path, clock: Clock) -> Iterator[Matcher]:
    """A home with a case that is searched, and a snapshot."""
    with Matcher(Context(Home(home), clock=clock)) as matcher:
        matcher.add_case("A-1", [child(1)], actor="li")
        matcher.reindex(actor="li")
        yield matcher


def finding(matcher: Matcher, subject: str) -> Finding:
    (found,) = (one for one in matcher.doctor() if one.subject == subject)
    return found


def words(matcher: Matcher) -> str:
    return " ".join(one.words for one in matcher.repairs.plan())


def age(path: Path, seconds: float) -> None:
    when = path.stat().st_mtime - seconds
    os.utime(path, (when, when))


def photo_of(home: Path) -> Path:
    (photo,) = (path for path in Home(home).photos.glob("*/*") if len(path.name) == 64)
    return photo


SUBJECTS = ("disk", "clock", "stop switch", "leftovers", "leases", "snapshot", "photo files", "spaces")


def test_a_home_that_is_well_needs_nothing(office: Matcher) -> None:
    assert {one.subject: one.ok for one in office.doctor() if one.subject in SUBJECTS} == dict.fromkeys(SUBJECTS, True)
    assert office.repairs.plan() == []


def test_a_disk_without_room_for_the_next_snapshot(office: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    snapshot = sum(path.stat().st_size for path in Home(office.context.home.root).snapshots.glob("*/2*/*"))
    for free, ok in ((2 * snapshot, True), (2 * snapshot - 1, False)):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, free=free: usage(free, 0, free))
        assert finding(office, "disk").ok is ok


def test_a_clock_behind_the_log_or_far_ahead_of_it(office: Matcher, clock: Clock) -> None:
    for hours, ok in ((-1, False), (-0.05, True), (71, True), (73, None)):
        clock.forward(hours=hours)
        assert finding(office, "clock").ok is ok, hours
        clock.forward(hours=-hours)


def test_a_stopped_home_says_so(office: Matcher) -> None:
    office.stop_switch.stop(actor="boss", reason="fire")
    found = finding(office, "stop switch")
    assert found.ok is None
    assert "'boss' stopped this home" in found.text


def test_leases_that_nobody_tidied_up(office: Matcher, clock: Clock) -> None:
    store = office.context.store
    person = account(store, "ann", Role.REVIEWER).id
    office.submit_sighting([child(1, 1)], actor="li")
    with store.write() as tx:
        (waiting,) = tx.tasks.of_sighting(next(row.sighting.id for row in tx.sightings.list()))
        held = claim(waiting, person, claimed_at=clock.now, expires_at=clock.now + timedelta(minutes=30))
        tx.claims.add(held)
    clock.forward(days=15)
    assert finding(office, "leases").ok is True
    clock.forward(hours=1)
    assert finding(office, "leases").ok is None


def test_a_snapshot_that_a_night_did_not_bring_up_to_date(office: Matcher, clock: Clock) -> None:
    clock.forward(hours=37)
    assert finding(office, "snapshot").ok is True  # old, and nothing has changed
    office.add_case("A-2", [child(2)], actor="li")
    assert finding(office, "snapshot").ok is None
    (repair,) = office.repairs.plan()
    assert "the live one is old" in repair.words
    (done,) = office.repairs.make([repair], actor="li")
    assert done.done
    assert office.gallery_status().tail == 0


def test_what_killed_processes_left_is_removed_when_it_is_old(office: Matcher, home: Path) -> None:
    (space,) = Home(home).snapshots.iterdir()
    building = space / ".building-0a1b2c3d"
    building.mkdir()
    (building / "vectors.faiss").write_bytes(b"half")
    stray = photo_of(home).with_name("0" * 64)
    half = photo_of(home).with_name("1" * 64 + ".0a1b.part")
    for path in (stray, half):
        path.write_bytes(b"half")
    assert finding(office, "leftovers").ok is True  # somebody may be at work on them
    for path in (building, stray, half):
        age(path, 2 * 3600)
    assert finding(office, "leftovers").text.startswith("2 half-written")
    assert finding(office, "photo files").text.startswith("1 belong to no record")
    plan = office.repairs.plan()
    assert len(plan) == 2
    assert building.exists() and stray.exists() and half.exists()
    assert all(one.done for one in office.repairs.make(plan, actor="li", reason="after the power cut"))
    assert not (building.exists() or stray.exists() or half.exists())
    assert photo_of(home).exists()
    last = office.audit()[-1]
    assert (last.entry.action, last.entry.details, last.note) == (
        "home.repair",
        {"repairs": 2, "failed": 0},
        "after the power cut",
    )


def test_a_build_that_is_under_way_keeps_its_folder(office: Matcher, home: Path) -> None:
    (space,) = Home(home).snapshots.iterdir()
    building = space / ".building-0a1b2c3d"
    building.mkdir()
    age(building, 2 * 3600)
    with FileLock(space / "build.lock"):
        (done,) = office.repairs.make(office.repairs.plan(), actor="li")
    assert not done.done
    assert "is building a snapshot" in done.outcome
    assert building.exists()
    assert office.audit()[-1].entry.details == {"repairs": 1, "failed": 1}


def test_a_vanished_photo_is_told_and_never_repaired_away(office: Matcher, home: Path) -> None:
    photo = photo_of(home)
    key = f"{photo.parent.name}/{photo.name}"
    photo.unlink()
    found = finding(office, "photo files")
    assert found.ok is False
    assert key in found.text
    assert "backup" in (found.next_step or "")
    assert office.repairs.plan() == []
    assert key in run("doctor", code=9).stdout
    with office.context.store.read() as reading:
        assert [one for _, one in reading.photos.files()] == [key]


def test_a_snapshot_that_cannot_be_used_is_written_anew(office: Matcher, home: Path) -> None:
    (space,) = Home(home).snapshots.iterdir()
    (space / "CURRENT").write_text("nonsense\n", encoding="ascii")
    assert "cannot be used" in words(office)
    assert all(one.done for one in office.repairs.make(office.repairs.plan(), actor="li"))
    assert office.verify().problems == ()


def test_faces_and_snapshot_of_other_models(office: Matcher, home: Path) -> None:
    with office.context.store.write() as tx:
        (case,) = tx.cases.list()
        (face,) = tx.faces.of_photo(tx.photos.of_case(case.id)[0].id)
        tx.gallery.remove([face.id])
        tx.faces.forget_vectors([face.id])
    (space,) = Home(home).snapshots.iterdir()
    space.rename(space.with_name("other-models"))
    with Matcher.open(home) as again:
        assert "1 chosen faces" in finding(again, "spaces").text
        assert [one.done for one in again.repairs.make(again.repairs.plan(), actor="li")] == [True]
        assert "of other models (other-models)" in finding(again, "spaces").text
        assert "there is none by the models in use" in words(again)
        again.repairs.make(again.repairs.plan(), actor="li")
        assert finding(again, "spaces").ok is True
        assert again.gallery_status().size == 1


def test_a_face_that_should_not_be_searched_is_not_mended_silently(office: Matcher) -> None:
    with office.context.store.write() as tx:
        (case,) = tx.cases.list()
        tx.cases.update(replace(case, status=CaseStatus.RETURNED))
    assert finding(office, "spaces").ok is False
    assert office.repairs.plan() == []


def test_a_stopped_home_is_not_repaired(office: Matcher, home: Path) -> None:
    stray = photo_of(home).with_name("0" * 64)
    stray.write_bytes(b"half")
    age(stray, 2 * 3600)
    plan = office.repairs.plan()
    office.stop_switch.stop(actor="boss", reason="fire")
    with pytest.raises(Stopped):
        office.repairs.make(plan, actor="li")
    assert stray.exists()


def test_the_command_lists_first_and_asks(office: Matcher, home: Path) -> None:
    assert "Nothing that can be mended" in run("doctor", "--repair").stdout
    stray = photo_of(home).with_name("0" * 64)
    stray.write_bytes(b"half")
    age(stray, DAY)
    refused = CliRunner().invoke(root, ["doctor", "--repair"], input="n\n")
    assert "1. Remove 1 photo files" in refused.stdout
    assert stray.exists()
    assert as_json("doctor", "--repair") == {
        "plan": ["Remove 1 photo files, older than an hour, that belong to no record or are half-written."],
        "done": [],
    }
    assert stray.exists()
    assert "removed 1 files" in run("doctor", "--repair", "--yes").stdout
    assert not stray.exists()
    assert as_json("doctor", "--repair", "--yes") == {"plan": [], "done": []}
    run("doctor", "--yes", code=2)
