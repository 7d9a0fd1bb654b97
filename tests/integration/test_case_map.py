"""The map of a case: which sightings are on it, who may look, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts import sign_in_here
from commands import run
from lxml import etree
from offices import START, Office, opened
from pictures import child, small
from publishing import HANGZHOU, alerted, missing, published, second_officer
from reviews import Clock, account

from matcher.domain.ids import SightingId, id_text, parse_id
from matcher.domain.people import Language, Role
from matcher.domain.positions import Position
from matcher.errors import NotFound, NotPermitted, WrongUse
from matcher.interchange.sighting_map import sighting_map
from matcher.services.case_map import CaseMap
from matcher.services.report_work import look_at_all
from matcher.services.reports import NewReport
from matcher.web.languages import speech

SUZHOU = Position(31.33, 120.607)


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0.0\n")


def seen(office: Office, case: str = "A-1") -> CaseMap:
    return office.matcher.casework.case_map(office.officer, case)


def told(office: Office, card: str, *photos: bytes, **how: object) -> str:
    """A report on a card, looked at; its sighting's id."""
    office.clock.forward(seconds=1)  # of two that come at once a random one counts as the first
    new = NewReport(told={"place": "the station", "position": SUZHOU}, card=card, **how)
    receipt = office.matcher.public.reports.accept(new, photos)
    look_at_all(office.matcher.context)
    return receipt.id


def test_a_candidate_is_on_no_map_until_a_reviewer_picks_it_nor_after_two_exclude_it(office: Office) -> None:
    office.register(1, 2)
    sighting = office.submit(1, place="Suzhou", position=SUZHOU, seen_at=START)
    assert len(office.matcher.sighting(sighting).photos[0].faces[0].candidates) == 2
    assert seen(office).sightings == (), "the score is high, and decides nothing"
    office.pick(office.cat, "A-1")
    found = seen(office)
    assert found.sightings == (sighting,)
    assert (found.sheet.sightings[0].label, found.sheet.sightings[0].position) == ("Suzhou", SUZHOU)
    assert seen(office, "A-2").sightings == ()
    office.judge(office.ann, "no_candidate")
    assert seen(office).sightings == (sighting,)
    office.judge(office.ben, "no_candidate")
    assert seen(office).sightings == ()


def test_what_was_reported_on_the_card_is_on_the_map_unless_somebody_has_to_look_first(office: Office) -> None:
    missing(office)
    code = published(office).code
    first = told(office, code, child(1, 1))
    spam = told(office, code, child(2, 1), trap="buy")
    again = told(office, code, small(child(2, 1), 240), trap="buy")
    repeated = told(office, code, small(child(1, 1), 240))
    elsewhere = office.matcher.public.reports.accept(NewReport(told={"place": "x"}), [child(3, 1)]).id
    look_at_all(office.matcher.context)
    reports = office.matcher.public.reports
    states = [reports.line(office.boss, one).state.value for one in (first, spam, again, repeated, elsewhere)]
    assert states == ["taken", "held", "duplicate", "duplicate", "taken"]
    assert seen(office).sightings == (first,), "neither spam nor what repeats spam, and one of each happening"
    reports.release(office.boss, spam)
    look_at_all(office.matcher.context)
    assert sorted(seen(office).sightings) == sorted((first, spam))
    reports.split(office.boss, repeated)
    reports.refuse(office.boss, repeated, reason="the same again")
    assert sorted(seen(office).sightings) == sorted((first, spam))


def test_sightings_are_numbered_by_time_and_their_ids_stay_with_them(office: Office) -> None:
    office.register(1)
    office.matcher.update_case("A-1", actor="me", last_seen=HANGZHOU, last_seen_place="West Lake", missing_since=START)
    late = office.matcher.submit_sighting([child(1, 1)], actor="me", place="late", seen_at="2026-03-16T10:00Z").id
    never = office.matcher.submit_sighting([child(1, 2)], actor="me", place="never").id
    early = office.matcher.submit_sighting(
        [child(1, 3)], actor="me", place="early", seen_at="2026-03-14T14:30Z", position=SUZHOU
    ).id
    for _ in range(3):
        office.pick(office.cat, "A-1")
    found = seen(office)
    assert found.sightings == (early, late, never)
    assert [line.seen.label for line in found.sheet.lines] == ["West Lake", "early", "late", "never"]
    assert found.sheet.lines[1].from_start == "127 km in 5 h: 25 km/h"
    assert (found.sheet.lines[2].from_start, found.sheet.lines[3].from_before) == (None, None)


def test_whoever_looks_is_recused_and_the_look_is_on_record(office: Office) -> None:
    office.register(1, 2)
    sighting = SightingId(parse_id(office.submit(1)))
    office.pick(office.cat, "A-1")
    pair = office.pair(id_text(sighting), "A-1")
    boss = office.boss
    assert office.matcher.casework.case_map(boss, "A-1").sightings == (id_text(sighting),)
    with office.matcher.context.store.read() as reading:
        (task,) = [one for one in reading.tasks.of_sighting(sighting) if id_text(one.id) == pair]
        assert reading.recusals.from_task(boss.id, task)
        assert not reading.recusals.from_task(office.ann.id, task)
        case = reading.cases.get("A-1")
    entry = office.matcher.audit()[-1].entry
    assert (entry.action, entry.actor, entry.objects) == (
        "case.map",
        "boss",
        (id_text(case.id), id_text(sighting)),
    )


def test_a_map_takes_the_rights_to_both_and_that_of_a_disputed_case_an_officer(office: Office) -> None:
    office.register(1)
    casework, store = office.matcher.casework, office.matcher.context.store
    for role in (Role.REVIEWER, Role.INTAKE, Role.SERVICE, Role.AUDITOR, Role.ADMIN):
        with pytest.raises(NotPermitted):
            casework.case_map(account(store, f"a-{role.value}", role), "A-1")
    with pytest.raises(NotFound):
        seen(office, "A-2")
    with pytest.raises(WrongUse):
        seen(office, " ")
    casework.dispute_case(office.officer, "A-1", note="her mother called")
    with pytest.raises(NotPermitted):
        casework.case_map(office.boss, "A-1")
    assert seen(office).case_id == "A-1"


def test_a_disputed_sighting_is_on_no_map(office: Office) -> None:
    office.register(1)
    sighting = office.submit(1)
    office.pick(office.cat, "A-1")
    office.matcher.casework.dispute_sighting(office.officer, sighting, note="it is his own child")
    assert seen(office).sightings == ()
    office.matcher.casework.dismiss_dispute(office.officer, sighting, note="another child")
    assert seen(office).sightings == (sighting,)


def test_areas_are_those_of_actual_alerts_that_are_heard_now(office: Office) -> None:
    missing(office)
    published(office)
    alerts = office.matcher.public.alerts
    alerts.issue(office.officer, alerts.draft(office.officer, "A-1").id, "test")
    assert seen(office).sheet.areas == ()
    alerted(office, second_officer(office))
    (area,) = seen(office).sheet.areas
    assert (area.circle.centre, area.circle.radius_km, area.label) == (HANGZHOU, 100, "100 km")
    office.clock.forward(hours=1)
    assert seen(office).sheet.areas[0].label == "200 km"
    office.clock.forward(days=8)
    assert seen(office).sheet.areas == ()


def test_the_map_speaks_its_readers_language_and_promises_nothing(office: Office) -> None:
    missing(office)
    chinese = speech(Language.CHINESE)
    found = office.matcher.casework.case_map(office.officer, "A-1", chinese.reader)
    assert found.sheet.title != "Map of case A-1"
    drawn = sighting_map(found.sheet)
    assert 'lang="zh-Hans"' in drawn
    assert "不代表身份" in drawn or "身份" in drawn
    assert "not an identification" in sighting_map(seen(office).sheet)
    assert "identification" not in sighting_map(seen(office).sheet, whole=False).partition("</desc>")[2]


def test_a_case_of_which_nothing_is_known_has_an_empty_map(office: Office) -> None:
    office.register(1)
    found = seen(office)
    assert (found.sheet.last_seen, found.sheet.lines) == (None, ())
    assert "no position is known" in sighting_map(found.sheet)


def test_the_command_writes_a_new_private_drawing(office: Office, home: Path, tmp_path: Path) -> None:
    missing(office)
    run("case", "map", "A-1", "--output", tmp_path / "x.svg", "--home", home, code=11)
    sign_in_here(home)
    file = tmp_path / "map.svg"
    done = run("case", "map", "A-1", "--output", file, "--home", home)
    assert f"Written: {file}" in done.stderr
    assert etree.parse(file).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    assert "is there already" in run("case", "map", "A-1", "--output", file, "--home", home, code=2).stderr
    assert file.read_bytes() == before
    run("case", "map", "A-1", "--output", tmp_path / "zh.svg", "--language", "zh-Hans", "--home", home)
    assert "zh-Hans" in (tmp_path / "zh.svg").read_text(encoding="utf-8")
    run("case", "map", "nowhere", "--output", tmp_path / "no.svg", "--home", home, code=4)
    assert not (tmp_path / "no.svg").exists()
