"""What is kept how long: plans, rules, and what stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from offices import START, Office, opened
from pictures import group
from reviews import Clock

from matcher.cli.root import root
from matcher.domain.cases import CaseStatus
from matcher.errors import Conflict, WrongUse
from matcher.services import retention
from matcher.services.inputs import ReasonCode, Who
from matcher.services.retention import Rule

WHO = Who("operator", ReasonCode.MAINTENANCE)
PROOF = ("police", "77")


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0.0\nsecond_look_rate = 0.0\n")


def due(office: Office, **how: float) -> list[tuple[Rule, str | None]]:
    return [(one.rule, one.case_id) for one in office.matcher.endings.retention_plan(**how).leaving]


def test_closed_cases_go_when_their_time_has_run_out(office: Office) -> None:
    office.register(1, 2, 3)
    office.matcher.close_case("A-1", status="located_alive", confirmation=PROOF, actor="x")
    office.matcher.close_case("A-2", status="hoax", actor="x")
    assert due(office) == []
    office.clock.forward(days=29, hours=23)
    assert due(office) == []
    assert due(office, ahead_days=1) == [(Rule.LOCATED_CASE, "A-1")]
    office.clock.forward(hours=1)
    (one,) = office.matcher.endings.retention_plan().leaving
    assert (one.rule, one.case_id, one.since, one.due) == (
        Rule.LOCATED_CASE,
        "A-1",
        START,
        START + timedelta(days=30),
    )
    assert len(office.matcher.cases()) == 3, "a plan changes nothing"
    done = office.matcher.endings.apply_retention(actor="x", accept_large=True)
    assert (done.cases, done.sightings, done.bystanders, done.kept) == (1, 0, 0, 0)
    office.clock.forward(days=60)
    office.matcher.endings.apply_retention(actor="x", accept_large=True)
    assert [one.case_id for one in office.matcher.cases()] == ["A-3"]
    assert [one.because.value for one in office.matcher.endings.erasures()] == ["located_case", "closed_case"]
    assert office.matcher.endings.apply_retention(actor="x").cases == 0


def test_a_reopened_case_stays_and_a_corrected_end_gains_no_time(office: Office) -> None:
    office.register(1, 2)
    for number in ("A-1", "A-2"):
        office.matcher.close_case(number, status="returned", actor="x")
    office.clock.forward(days=80)
    office.matcher.reopen_case("A-1", actor="x", reason="gone again")
    office.matcher.close_case("A-2", status="hoax", actor="x")
    office.clock.forward(days=10)
    assert due(office) == [(Rule.CLOSED_CASE, "A-2")]
    office.matcher.close_case("A-1", status="returned", actor="x")
    assert due(office, ahead_days=89) == [(Rule.CLOSED_CASE, "A-2")]
    assert due(office, ahead_days=90) == [(Rule.CLOSED_CASE, "A-2"), (Rule.CLOSED_CASE, "A-1")]


def test_much_at_once_stops_and_asks(office: Office) -> None:
    office.register(1, 2)
    office.matcher.close_case("A-1", status="hoax", actor="x")
    office.clock.forward(days=90)
    planned = office.matcher.endings.retention_plan()
    assert (planned.removes, planned.share, planned.large) == (1, 0.5, True)
    with pytest.raises(Conflict, match="--accept-large"):
        office.matcher.endings.apply_retention(actor="x")
    assert len(office.matcher.cases()) == 2
    assert office.matcher.endings.erasures() == []


def test_what_changed_since_the_plan_stays(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.register(1)
    office.matcher.close_case("A-1", status="hoax", actor="x")
    office.clock.forward(days=90)
    planned = retention.plan(office.matcher.context)
    office.matcher.reopen_case("A-1", actor="x", reason="an error")
    monkeypatch.setattr(retention, "plan", lambda context: planned)
    done = retention.apply(office.matcher.context, WHO, accept_large=True)
    assert (done.cases, done.kept) == (0, 1)
    assert office.matcher.case("A-1").status is CaseStatus.OPEN


def test_unmatched_sightings_go_and_matched_ones_stay(office: Office) -> None:
    office.register(1, 2, 3)
    office.submit(1)
    office.pick(office.cat, "A-1")
    waiting = office.submit(2)
    office.clock.forward(days=180, seconds=1)
    planned = office.matcher.endings.retention_plan()
    assert [(one.rule, one.id, one.unseen) for one in planned.leaving] == [(Rule.UNMATCHED_SIGHTING, waiting, True)]
    for outcome, who in (("no_candidate", office.ann), ("no_candidate", office.ben)):
        office.judge(who, outcome)
    done = office.matcher.endings.apply_retention(actor="x", reason="as every night", accept_large=True)
    assert done.sightings == 2, "an excluded pair matches nobody"
    assert office.matcher.sightings() == []
    last = office.matcher.audit()[-1]
    assert (last.entry.action, last.note) == ("retention.apply", "as every night")
    assert last.entry.details["unmatched_sighting"] == 2


def test_a_sighting_stays_as_long_as_the_case_that_it_solved(office: Office) -> None:
    office.register(1, 2)
    sighting = office.submit(1)
    office.pick(office.cat, "A-1")
    for who in (office.ann, office.ben):
        office.judge(who, "potential")
    office.matcher.desk.confirm(office.officer, office.pair(sighting, "A-1"), PROOF, "located_alive")
    office.clock.forward(days=20)
    office.clock.forward(days=5)
    assert due(office) == []
    office.clock.forward(days=200)
    assert due(office) == [(Rule.LOCATED_CASE, "A-1")], "its time ran out, but not that of its sighting"
    office.matcher.endings.apply_retention(actor="x", accept_large=True)
    assert due(office) == [(Rule.UNMATCHED_SIGHTING, None)]


def test_bystanders_lose_their_vectors_and_the_one_who_is_meant_does_not(office: Office) -> None:
    office.register(1, 2, 3)
    sighting = office.matcher.submit_sighting([group(1, 2, 3)], actor="x").id
    office.pick(office.cat, "A-1")
    office.clock.forward(days=30, seconds=1)
    assert due(office) == [], "two lists still wait"
    for _ in range(2):
        claim = office.matcher.desk.next(office.cat, "list")
        assert claim is not None
        office.matcher.desk.list_sheet(office.cat, claim.claim)
        office.matcher.desk.seal_list(office.cat, claim.claim, [])
    assert [one.rule for one in office.matcher.endings.retention_plan().leaving] == [Rule.BYSTANDER] * 2
    assert office.matcher.endings.retention_plan().removes == 0
    assert office.matcher.endings.apply_retention(actor="x").bystanders == 2
    with office.matcher.context.store.read() as reading:
        seen = reading.sightings.list()[0].sighting.id
        faces = [one for photo in reading.photos.of_sighting(seen) for one in reading.faces.of_photo(photo.id)]
        left = reading.faces.vectors([face.id for face in faces], office.matcher.space.name)
        (pair,) = [task for task in reading.tasks.of_sighting(seen) if task.case_id is not None]
    assert len(faces) == 3, "their places stay, by which they are made unrecognisable"
    assert list(left) == [pair.face_id]
    assert office.matcher.sighting(sighting).photos[0].faces
    assert office.matcher.endings.apply_retention(actor="x").bystanders == 0


def test_pictures_of_bystanders_go_too(office: Office) -> None:
    from matcher.services import pictures

    office.register(1, 2)
    office.matcher.submit_sighting([group(1, 2)], actor="x")
    office.pick(office.cat, "A-1")
    claim = office.matcher.desk.next(office.cat, "list")
    assert claim is not None
    office.matcher.desk.list_sheet(office.cat, claim.claim)
    office.matcher.desk.seal_list(office.cat, claim.claim, [])
    context = office.matcher.context
    with context.store.read() as reading:
        faces = [face for photo in reading.photos.of_sighting(reading.sightings.list()[0].sighting.id)
                 for face in reading.faces.of_photo(photo.id)]  # fmt: skip
    for face in faces:
        pictures.thumbnail(context, face.id)
        pictures.aligned(context, face.id)
    before = set(context.blobs.list())
    office.clock.forward(days=31)
    assert office.matcher.endings.apply_retention(actor="x").bystanders == 1
    gone = before - set(context.blobs.list())
    assert len(gone) == 2
    assert len({pictures.face_named(key) for key in gone}) == 1


def test_rules_are_settings(home: Path) -> None:
    for office in opened(home, Clock(START), "closed_days = 2\n"):
        office.register(1)
        office.matcher.close_case("A-1", status="hoax", actor="x")
        assert due(office, ahead_days=2) == [(Rule.CLOSED_CASE, "A-1")]
    with pytest.raises(WrongUse, match="audit_days"):
        next(opened(home, Clock(START), "audit_days = 100\n"))


def test_the_command_line_plans_and_applies(office: Office, home: Path) -> None:
    runner = CliRunner()
    assert "Nothing has been kept long enough" in runner.invoke(root, ["retention", "plan"]).output
    office.register(1, 2)
    office.matcher.close_case("A-1", status="hoax", actor="x")
    told = runner.invoke(root, ["retention", "plan", "--ahead", "4000"])
    assert "closed_days" in told.output
    assert "A-1" in told.output
    plan = json.loads(runner.invoke(root, ["retention", "plan", "--ahead", "4000", "--json"]).output)
    assert (plan["removes"], plan["share"]) == (1, 0.5)
    assert runner.invoke(root, ["retention", "apply"]).exit_code == 5
    result = runner.invoke(root, ["retention", "apply", "--accept-large"])
    assert result.exit_code == 0
    assert "Erased: 1 cases, 0 sightings" in result.output
