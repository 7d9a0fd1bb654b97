"""Disputes of cards from outside: how many, twice the same, what is kept of whoever disputes and for how long."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from offices import START, Office, opened
from publishing import missing, published
from reviews import Clock

from matcher.domain.ids import id_text, parse_id
from matcher.domain.messages import MessageState
from matcher.domain.reports import PublicDispute
from matcher.errors import NotFound, TooMany
from matcher.services import public_disputes
from matcher.services.cards import CardView
from matcher.services.outbox import listed
from matcher.services.public_disputes import Sent

SETTINGS = "control_rate = 0.0\ncontact_days = 30\n"
ADDRESS = "192.0.2.1"


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), SETTINGS)


@pytest.fixture
def card(office: Office) -> CardView:
    missing(office)
    return published(office)


def disputed(office: Office, card: CardView, *, note: str = "it is me", **sent: str) -> str:
    given = {"contact": "139 0000", "note": note, "sent": Sent(**sent)}
    return office.matcher.public.disputes.open(card.code, "self", **given)


def kept(office: Office) -> list[PublicDispute]:
    with office.matcher.context.store.read() as reading:
        return reading.reports.disputes_of(reading.cases.get("A-1").id)


def test_officers_are_called_for_some_from_one_address_and_many_more_wait_on_the_desk(home: Path) -> None:
    for office in opened(home, Clock(START), f'{SETTINGS}webhook_url = "http://127.0.0.1:1/"\n'):
        missing(office)
        card = published(office)
        for number in range(8):
            disputed(office, card, note=f"it is me {number}", sender=ADDRESS)
        disputed(office, card, note="this is my daughter", sender="192.0.2.2")
        assert len(kept(office)) == len(office.matcher.public.disputes.waiting(office.officer)) == 9
        assert len(listed(office.matcher.context, [MessageState.WAITING])) == 6


def test_the_card_that_took_the_place_of_another_is_disputed_by_both_codes(office: Office, card: CardView) -> None:
    newer = published(office)
    assert newer.code != card.code
    disputed(office, card)
    assert len(kept(office)) == 1
    office.matcher.public.cards.withdraw(office.officer, newer.id, reason="her aunt called")
    with pytest.raises(NotFound):
        disputed(office, card)


def test_few_disputes_are_taken_from_one_address_within_an_hour(
    office: Office, card: CardView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_disputes, "_PER_HOUR", 5)
    office.clock.forward(minutes=15)
    for number in range(5):
        disputed(office, card, note=f"it is me {number}", sender=ADDRESS)
    with pytest.raises(TooMany, match="call us") as refused:
        disputed(office, card, sender=ADDRESS)
    assert refused.value.seconds == 15 * 60, "it is a quarter to ten"
    disputed(office, card, sender="192.0.2.2")
    office.clock.forward(seconds=refused.value.seconds)
    disputed(office, card, sender=ADDRESS)
    assert len(kept(office)) == 7


def test_as_many_as_the_limit_come_in_at_once_and_no_more(
    office: Office, card: CardView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_disputes, "_PER_HOUR", 5)
    outcomes, ready = Counter(), threading.Barrier(12)

    def send() -> None:
        ready.wait()
        try:
            disputed(office, card, sender=ADDRESS)
            outcomes["taken"] += 1
        except TooMany:
            outcomes["refused"] += 1

    threads = [threading.Thread(target=send) for _ in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert outcomes == {"taken": 5, "refused": 7}


def test_a_form_that_is_sent_twice_is_one_dispute_with_one_code(office: Office, card: CardView) -> None:
    code = disputed(office, card, sender=ADDRESS, key="form 1")
    for _ in range(20):
        assert disputed(office, card, sender=ADDRESS, key="form 1") == code
    assert len(kept(office)) == 1
    other = disputed(office, card, sender=ADDRESS, key="form 1", note="it is me, call before noon")
    assert other != code, "who goes back and says more is heard"
    (first, second) = office.matcher.public.disputes.waiting(office.officer)
    assert {first.note, second.note} == {"it is me", "it is me, call before noon"}
    assert office.matcher.public.disputes.answer(code) is None
    raw = b"".join(path.read_bytes() for path in office.matcher.context.home.root.glob("matcher.db*"))
    assert code.replace("-", "").encode() not in raw
    assert b"form 1" not in raw


def test_where_it_came_from_is_forgotten_after_a_day_and_the_rest_some_days_after_the_decision(
    office: Office, card: CardView
) -> None:
    disputes = office.matcher.public.disputes
    code = disputed(office, card, sender=ADDRESS)
    disputed(office, card, note="still waits", sender=ADDRESS)
    view = next(one for one in disputes.waiting(office.officer) if one.note == "it is me")
    office.clock.forward(days=2)
    office.matcher.reindex(actor="me")
    assert {one.sender for one in kept(office)} == {None}
    office.clock.forward(days=60)
    decided = disputes.decide(office.officer, view.id, upheld=False, reason="not her")
    assert (decided.contact, decided.note) == ("139 0000", "it is me")
    for days, left in ((29, 2), (2, 1)):
        office.clock.forward(days=days)
        office.matcher.reindex(actor="me")
        assert sum(bool(one.contact) and bool(one.note) for one in kept(office)) == left
    (empty,) = [one for one in kept(office) if one.decided_at is not None]
    assert (empty.contact, empty.note, disputes.answer(code)) == (b"", b"", False)
    assert [one.note for one in disputes.waiting(office.officer)] == ["still waits"], "who waits can be reached"


def test_an_erased_dispute_is_shown_as_such(office: Office, card: CardView) -> None:
    disputes = office.matcher.public.disputes
    disputed(office, card)
    (one,) = kept(office)
    with office.matcher.context.store.read() as reading:
        view = disputes._view(reading, replace(one, contact=b"", note=b""))
    assert (view.contact, view.note) == (None, None)


def test_disputes_are_shown_some_at_a_time_and_no_look_at_others_is_recorded(office: Office, card: CardView) -> None:
    disputes = office.matcher.public.disputes
    for number in range(5):
        disputed(office, card, note=f"note {number}")
        office.clock.forward(minutes=1)
    first = disputes.waiting(office.officer, limit=2)
    entry = office.matcher.audit()[-1].entry
    assert (entry.action, set(entry.objects)) == ("dispute.view", {one.id for one in first})
    rest = disputes.waiting(office.officer, after=first[-1].id)
    assert [one.note for one in (*first, *rest)] == [f"note {number}" for number in range(5)]
    disputes.decide(office.officer, first[-1].id, upheld=False, reason="no")
    assert [one.id for one in disputes.waiting(office.officer, after=first[-1].id)] == [one.id for one in rest]
    with pytest.raises(NotFound, match="begin with the first"):
        disputes.waiting(office.officer, after=id_text(parse_id(first[0].id) + 1))
