"""Somebody says "this is me" or "this is my child": hidden at once, decided by an officer, never by a rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts import sign_in_here
from commands import as_json, run
from offices import START, Office, opened
from pictures import child
from reviews import Clock, account

from matcher import Matcher
from matcher.domain.erasures import Because
from matcher.domain.people import Role
from matcher.domain.reviews import TaskState
from matcher.errors import Conflict, MoveNotAllowed, NotFound, NotPermitted, WrongUse
from matcher.services.doctor import examine

WORDS = "the mother called"


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0.0\nsecond_look_rate = 0.0\nclosed_days = 10\n")


def found_cases(office: Office, seed: int = 1) -> list[str]:
    (face,) = office.matcher.match(child(seed, 2), actor="x", reason="test").faces
    return [one.case_id for one in face.candidates]


def face_of(office: Office, sighting: str) -> str:
    (photo,) = office.matcher.sighting(sighting).photos
    return photo.faces[0].id


def test_a_disputed_case_is_in_no_search_and_nothing_is_asked_about_it_until_an_officer_decides(office: Office) -> None:
    casework, desk = office.matcher.casework, office.matcher.desk
    office.register(1, 2)
    sighting = office.submit(1)
    office.pick(office.cat, "A-1")
    task = office.pair(sighting, "A-1")
    intake = account(office.matcher.context.store, "intake", Role.INTAKE)
    with pytest.raises(WrongUse, match="Why"):
        casework.dispute_case(intake, "A-1", note="  ")
    view = casework.dispute_case(intake, "A-1", note=WORDS)
    assert view.status.value == "disputed"
    assert found_cases(office) == ["A-2"]
    assert desk.next(office.ann, "pair") is None
    with pytest.raises(Conflict, match="disputed"):
        desk.pair(office.boss, task)
    with pytest.raises(NotPermitted):
        casework.picture(intake, "photo", view.photos[0].id)
    assert casework.picture(office.officer, "photo", view.photos[0].id)
    office.clock.forward(days=400)
    assert plan_of(office) == [], "a person decides, no rule"
    casework.reopen_case(office.officer, "A-1", note="the caller is not the mother")
    assert found_cases(office)[0] == "A-1"
    assert desk.next(office.ann, "pair") is not None


def plan_of(office: Office) -> list[str]:
    return [one.case_id for one in office.matcher.endings.retention_plan().leaving if one.case_id is not None]


def test_only_an_open_case_can_be_disputed_and_its_time_runs_from_the_decision(office: Office) -> None:
    casework = office.matcher.casework
    office.register(1, 2)
    casework.dispute_case(office.officer, "A-1", note=WORDS)
    office.clock.forward(days=50)
    casework.close_case(office.officer, "A-1", "returned")
    with pytest.raises(MoveNotAllowed):
        casework.dispute_case(office.officer, "A-1", note=WORDS)
    assert plan_of(office) == []
    office.clock.forward(days=11)
    assert plan_of(office) == ["A-1"]


def test_a_disputed_sighting_is_asked_about_and_watched_no_more_until_the_dispute_is_dismissed(office: Office) -> None:
    casework, desk = office.matcher.casework, office.matcher.desk
    office.register(1, 2)
    sighting = office.submit(1)
    office.matcher.watch(actor="night")
    held = desk.next(office.ann, "list")
    casework.dispute_sighting(office.officer, sighting, note=WORDS)
    with pytest.raises(Conflict, match="disputed"):
        desk.list_sheet(office.ann, held.claim)
    assert casework.candidates_of(office.officer, "A-1") == []
    with pytest.raises(NotPermitted):
        casework.picture(office.boss, "aligned", face_of(office, sighting))
    office.register(3)
    watched = office.matcher.watch(actor="night")
    assert (watched.case_faces, watched.sighting_faces, watched.new) == (1, 0, 0)
    with pytest.raises(Conflict, match="disputed already"):
        casework.dispute_sighting(office.officer, sighting, note=WORDS)

    with pytest.raises(NotPermitted):
        casework.dismiss_dispute(office.boss, sighting, note="no")
    casework.dismiss_dispute(office.officer, sighting, note="another child")
    with pytest.raises(Conflict, match="not disputed"):
        casework.dismiss_dispute(office.officer, sighting, note="again")
    assert len(casework.candidates_of(office.officer, "A-1")) == 1
    assert office.matcher.watch(actor="night").new == 1, "the case that came meanwhile"
    assert desk.list_sheet(office.ann, held.claim).places, "who held it goes on"


@pytest.mark.parametrize("kind", ["list", "pair"])
def test_nobody_is_given_what_waits_about_a_disputed_sighting(office: Office, kind: str) -> None:
    casework, desk = office.matcher.casework, office.matcher.desk
    office.register(1, 2)
    sighting = office.submit(1)
    if kind == "pair":
        office.pick(office.cat, "A-1")
    casework.dispute_sighting(office.officer, sighting, note=WORDS)
    assert desk.next(office.ann, kind) is None
    casework.dismiss_dispute(office.officer, sighting, note="a mistake")
    assert desk.next(office.ann, kind) is not None


def test_an_escalated_pair_of_a_disputed_sighting_cannot_be_decided(office: Office) -> None:
    office.register(1, 2)
    sighting = office.submit(1)
    office.pick(office.cat, "A-1")
    task = office.pair(sighting, "A-1")
    office.judge(office.ann, "potential")
    office.judge(office.ben, "potential")
    assert office.states() == {TaskState.ESCALATED: 1}
    office.matcher.casework.dispute_sighting(office.officer, sighting, note=WORDS)
    assert office.states() == {}
    with pytest.raises(Conflict, match="disputed"):
        office.matcher.desk.confirm(office.officer, task, ("police", "1"))
    office.matcher.casework.dismiss_dispute(office.officer, sighting, note="wrong number")
    assert office.states() == {TaskState.ESCALATED: 1}


def test_who_agrees_erases_and_the_tombstone_says_why(office: Office) -> None:
    office.register(1)
    sighting = office.submit(1)
    office.matcher.casework.dispute_sighting(office.officer, sighting, note=WORDS)
    done = office.matcher.endings.erase_sighting(office.officer, sighting)
    assert done.because is Because.DISPUTE
    with pytest.raises(NotFound):
        office.matcher.casework.dismiss_dispute(office.officer, sighting, note="too late")
    noted = [record.note for record in office.matcher.audit() if record.entry.action == "sighting.dispute"]
    assert noted == [None], "the words about the caller are gone with it"


def test_the_doctor_tells_how_many_wait_for_an_officer(office: Office) -> None:
    office.register(1, 2)
    sighting = office.submit(1)
    before = next(one for one in examine(office.matcher.context) if one.subject == "disputes")
    office.matcher.casework.dispute_sighting(office.officer, sighting, note=WORDS)
    office.matcher.casework.dispute_case(office.officer, "A-2", note=WORDS)
    after = next(one for one in examine(office.matcher.context) if one.subject == "disputes")
    assert (before.ok, after.ok) == (True, None)
    assert after.text.startswith("2 cases and sightings")


def test_commands(home: Path, tmp_path: Path) -> None:
    photo = tmp_path / "1.jpg"
    photo.write_bytes(child(1))
    with Matcher.open(home) as matcher:
        matcher.add_case("A-1", photos=[child(1)], actor="li")
    sign_in_here(home, "chen", Role.OFFICER)
    sighting = as_json("sighting", "submit", photo)["id"]
    assert "Why" in run("sighting", "dispute", sighting, code=2).stderr
    assert "Hidden" in run("sighting", "dispute", sighting, "--reason", WORDS).stdout
    (listed,) = as_json("sighting", "list")
    assert listed["disputed_at"]
    assert "disputed since" in run("sighting", "show", sighting).stdout
    assert "shown again" in run("sighting", "dismiss-dispute", sighting, "--reason", "a mistake").stdout
    assert as_json("case", "dispute", "A-1", "--reason", WORDS)["status"] == "disputed"
    assert [one["case_id"] for one in as_json("case", "list", "--status", "disputed")] == ["A-1"]
    assert as_json("case", "reopen", "A-1", "--reason", "a mistake")["status"] == "open"
