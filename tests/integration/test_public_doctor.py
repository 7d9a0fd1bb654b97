"""What the doctor says of reports, disputes and partners that wait for long, and of cards that nobody finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from offices import START, Office, opened
from pictures import child
from publishing import admin, alerted, missing, published, second_officer
from receivers import hook_server
from reviews import Clock

from matcher.delivery.sending import send_due
from matcher.services.doctor import examine
from matcher.services.findings import Finding
from matcher.services.report_work import look_now
from matcher.services.reports import NewReport

SUBJECTS = ("reports", "public disputes", "partners", "cards")


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0.0\n")


def finding(office: Office, subject: str) -> Finding:
    (found,) = (one for one in examine(office.matcher.context) if one.subject == subject)
    return found


def report(office: Office, photo: bytes, **more: object) -> str:
    return office.matcher.public.reports.accept(NewReport(told={"place": "x"}, **more), [photo]).id


def test_a_home_without_a_public_side_needs_nothing(office: Office) -> None:
    found = {one.subject: one for one in examine(office.matcher.context)}
    assert [found[subject].ok for subject in SUBJECTS] == [True] * 4
    assert found["partners"].text == "nobody is told of alerts"


def test_reports_that_nobody_looks_at_are_a_fault_after_a_quarter_of_an_hour(office: Office) -> None:
    held = report(office, child(1), trap="x")
    office.clock.forward(minutes=14)
    assert finding(office, "reports").ok
    office.clock.forward(minutes=1)
    late = finding(office, "reports")
    assert (late.ok, late.text[:36]) == (False, "1 wait for a look at their photos, t")
    assert "report look" in late.next_step
    assert look_now(office.matcher.context).states == {"held": 1}
    assert finding(office, "reports").text == "waiting for people: 1, none for long"
    office.clock.forward(hours=24)
    asked = finding(office, "reports")
    assert (asked.ok, asked.next_step) == (None, "See them with `matcher report list --waiting`, and decide.")
    office.matcher.public.reports.release(office.boss, held)
    assert finding(office, "reports").ok, "it waits for a look since now"
    office.clock.forward(minutes=15)
    assert finding(office, "reports").ok is False


def test_a_report_that_was_taken_back_while_people_work_with_it_waits_for_an_officer(office: Office) -> None:
    office.register(1, 2)
    receipt = office.matcher.public.reports.accept(NewReport(told={"place": "x"}), [child(1, 1)])
    look_now(office.matcher.context)
    office.pick(office.cat, "A-1")
    office.clock.forward(days=2)
    assert office.matcher.public.reports.withdraw(receipt.code) is False
    assert finding(office, "reports").ok
    office.clock.forward(days=1)
    assert finding(office, "reports").text.startswith("1 wait for a person")


def test_disputes_of_the_public_are_told_of_after_an_hour(office: Office) -> None:
    missing(office)
    card = published(office)
    office.matcher.public.disputes.open(card.code, "self", contact="139", note="it is me")
    office.clock.forward(minutes=59)
    assert finding(office, "public disputes").text == "waiting for officers: 1, none for long"
    office.clock.forward(minutes=1)
    late = finding(office, "public disputes")
    assert (late.ok, "decide-dispute" in late.next_step) == (None, True)
    (view,) = office.matcher.public.disputes.waiting(office.officer)
    office.matcher.public.disputes.decide(office.officer, view.id, upheld=False, reason="a joke")
    assert finding(office, "public disputes").ok


def test_a_partner_that_fails_for_an_hour_is_named_with_what_to_do(office: Office) -> None:
    missing(office)
    published(office)
    with hook_server() as hook:
        hook.answer = 500
        office.matcher.public.partners.add(admin(office), "app", hook.url)
        alerted(office, second_officer(office))
        send_due(office.matcher.context)
        assert finding(office, "partners").ok
        office.clock.forward(hours=1)
        failing = finding(office, "partners")
        assert (failing.ok, failing.text) == (None, "nothing reaches 'app' since 2026-03-14 09:30 UTC.")
        assert "matcher partner try-now NAME" in failing.next_step
        hook.answer = 200
        send_due(office.matcher.context)
    assert finding(office, "partners").text == "told of alerts: 1, none fails for long"


def test_cards_that_nobody_can_find_are_told_of(office: Office) -> None:
    missing(office)
    published(office)
    assert "'public_url'" in finding(office, "cards").next_step
    office.clock.forward(days=91)
    assert finding(office, "cards").ok, "it has run out"


def test_cards_are_found_where_the_settings_say(home: Path) -> None:
    for office in opened(home, Clock(START), 'public_url = "https://lost.example.org"\n'):
        missing(office)
        published(office)
        assert finding(office, "cards").text == "live: 1"
        assert finding(office, "public disputes").ok is None, "officers would see one only by chance"
        assert "smtp_host" in finding(office, "public disputes").next_step


def test_letters_that_no_font_here_has_are_told_of_before_a_picture_is_asked_for(home: Path) -> None:
    for office in opened(home, Clock(START), 'public_url = "https://lost.example.org"\n'):
        missing(office, name="\U00012000")  # cuneiform
        published(office)
        found = finding(office, "cards")
        assert (found.ok, "No font here has the letters" in found.text) == (False, True)
