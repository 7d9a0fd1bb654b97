"""Much from one address, and the same again: what is counted, what waits for people, what is refused and until when."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from offices import START, Office, opened
from pictures import child
from publishing import missing, published, second_officer
from reporting import line, report, state
from reviews import Clock

from matcher import Matcher
from matcher.domain.people import Language
from matcher.domain.reports import Doubt, ReportState, Via
from matcher.errors import Conflict, TooMany
from matcher.services.context import Context
from matcher.services.report_work import look_at_all

SETTINGS = "control_rate = 0.0\nreports_per_hour = 2\npartner_reports_per_hour = 3\n"
ADDRESS = "192.0.2.1"


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), SETTINGS)


def test_beyond_the_limit_reports_wait_for_a_person_and_far_beyond_it_nobody_wrote_them(office: Office) -> None:
    office.clock.forward(minutes=20)
    receipts = [report(office, child(seed), sender=ADDRESS) for seed in range(1, 21)]
    with pytest.raises(TooMany, match="call") as refused:
        report(office, child(30), sender=ADDRESS)
    assert refused.value.seconds == 10 * 60, "it is ten to ten"
    assert report(office, child(30), sender="192.0.2.2")
    look_at_all(office.matcher.context)
    assert [state(office, one) for one in receipts] == [ReportState.TAKEN] * 2 + [ReportState.HELD] * 18
    assert {line(office, one).doubts for one in receipts[2:]} == {(Doubt.MANY,)}
    office.clock.forward(seconds=refused.value.seconds - 1)
    with pytest.raises(TooMany):
        report(office, child(30), sender=ADDRESS)
    office.clock.forward(seconds=1)
    assert line(office, report(office, child(31), sender=ADDRESS)).doubts == ()


def test_what_waited_for_a_look_is_not_many_because_others_came_in_other_hours(office: Office) -> None:
    receipts = []
    for seed in range(1, 7):
        receipts.append(report(office, child(seed), sender=ADDRESS))
        office.clock.forward(minutes=30)
    look_at_all(office.matcher.context)
    assert {state(office, one) for one in receipts} == {ReportState.TAKEN}


def test_who_loads_the_answer_anew_at_the_limit_has_it(office: Office) -> None:
    first = report(office, sender=ADDRESS, key="k1")
    for seed in range(2, 21):
        report(office, child(seed), sender=ADDRESS)
    with pytest.raises(TooMany):
        report(office, child(30), sender=ADDRESS, key="k2")
    again = report(office, sender=ADDRESS, key="k1")
    assert (again.code, again.repeated) == (first.code, True)


def test_as_many_as_the_limit_come_in_at_once_and_no_more(office: Office) -> None:
    context, outcomes, ready = office.matcher.context, Counter(), threading.Barrier(24)

    def send(number: int) -> None:
        with Matcher(Context(context.home, clock=office.clock)) as matcher:
            ready.wait()
            try:
                report(_With(matcher), child(number), sender=ADDRESS)
                outcomes["taken"] += 1
            except TooMany:
                outcomes["refused"] += 1

    threads = [threading.Thread(target=send, args=(number,)) for number in range(1, 25)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert outcomes == {"taken": 20, "refused": 4}
    doubts = Counter(one.doubts for one in office.matcher.public.reports.listed(office.boss))
    assert doubts == {(): 2, (Doubt.MANY,): 18}


class _With:
    """As much of an office as a report needs."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher


def test_a_partner_is_refused_at_its_own_limit_and_none_of_its_reports_is_held_for_it(office: Office) -> None:
    me = second_officer(office, "app")
    sent = {"via": Via.PARTNER, "account": me.id, "sender": f"account {me.id}"}
    receipts = [report(office, child(seed), **sent) for seed in range(1, 4)]
    with pytest.raises(TooMany):
        report(office, child(9), **sent)
    look_at_all(office.matcher.context)
    assert {line(office, one).doubts for one in receipts} == {()}


def test_what_was_told_besides_makes_it_another_report(office: Office) -> None:
    """Else how to reach somebody, told the second time, would be lost without a word."""
    missing(office)
    card = published(office)
    first = report(office, key="k1")
    for more in ({"contact": "139"}, {"card": card.code}, {"language": Language.CHINESE}, {"adds_to": first.code}):
        with pytest.raises(Conflict, match="another sighting"):
            report(office, key="k1", **more)
    full = {"contact": "139", "card": card.code, "language": Language.CHINESE}
    second, again = report(office, key="k2", **full), report(office, key="k2", **full)
    assert (again.code, again.repeated) == (second.code, True)
