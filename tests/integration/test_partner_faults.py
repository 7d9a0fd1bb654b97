"""Partners that misbehave: each is told everything in its order, nothing is lost, and no other one is held up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from two_partners import Two, events, kinds, numbers, sent_at, told, two_partners

from matcher.crypto.signatures import TOLERANCE, verify
from matcher.delivery import sending, webhook
from matcher.delivery.sending import Postman
from matcher.domain.messages import MessageState
from matcher.services.alerts import grow_due
from matcher.services.outbox import begin, end_with_partner, revive

LEASE = timedelta(minutes=10)


@pytest.fixture
def two(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Two]:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.4)
    yield from two_partners(home)


@pytest.mark.parametrize("answer", [500, 503, 301, 307, 401, 404, 410, 429, "never", "halfway", "drip"])
def test_a_partner_that_misbehaves_is_told_all_that_holds_later_and_the_other_at_once(
    two: Two, answer: int | str
) -> None:
    bad, good = two.bad, two.good
    bad.answer = answer
    two.step("alert")
    two.send()
    assert (kinds(good), two.waiting()) == (["alert"], 1)
    two.step("update")
    for _ in range(12):  # most of a day, in which it is tried now and then
        grow_due(two.office.matcher.context)
        two.send()
        two.office.clock.forward(hours=2)
    two.alert("A-2")
    two.send()
    assert (kinds(good), two.waiting()) == (["alert", "update", "update", "alert"], 2)
    tries = numbers(bad)
    assert 5 <= len(tries) <= 14, "one at a time is tried, again and again"
    assert set(tries) == {1, 2, 3}, "of an alert the newest"
    assert tries == sorted(tries)
    bad.answer = 200
    two.office.clock.forward(hours=8)
    two.send()
    assert two.waiting() == 0
    assert numbers(bad)[len(tries) :] == [3, 4]
    assert {one.path for one in bad.events} == {"/"}, "no redirect is followed"
    two.step("cancel")
    two.send()
    assert kinds(bad)[-1] == kinds(good)[-1] == "cancel"
    assert all(
        verify(two.secrets["bad"], one.headers["Matcher-Signature"], one.body, sent_at(one)) for one in bad.events
    )


def test_a_partner_that_was_down_until_the_end_hears_of_the_end_alone(two: Two) -> None:
    bad, good = two.bad, two.good
    bad.answer = 500
    for kind in ("alert", "update", "cancel"):
        two.step(kind)
        two.send()
    bad.answer = 200
    two.office.clock.forward(hours=7)
    two.send()
    assert (kinds(good), two.waiting()) == (["alert", "update", "cancel"], 0)
    accepted = [json.loads(one.body)["data"]["kind"] for one in bad.events][-1]
    assert accepted == "cancel"
    assert told(bad)[-1]["number"] == 3, "an app takes away what it may have, whoever told it"


def test_a_partner_that_is_ended_is_told_so_and_then_nothing(two: Two) -> None:
    bad, good = two.bad, two.good
    partners, acting = two.office.matcher.public.partners, two.acting
    two.step("alert")
    bad.answer = 500
    two.send()
    two.step("update")
    for name in ("bad", "good"):
        partners.end(acting, name)
    assert two.waiting() == 2
    two.send()
    assert [(one["type"], one["data"]) for one in events(good)][1:] == [
        ("sighting-matcher.partner.ended", {"version": 1})
    ]
    bad.answer = 200
    two.send()
    assert two.waiting() == 1, "it rests"
    two.office.clock.forward(minutes=3)
    two.step("cancel")
    two.send()
    assert two.waiting() == 0
    assert [one["type"] for one in events(bad)] == ["sighting-matcher.alert.issued", "sighting-matcher.partner.ended"]
    assert len(events(good)) == 2, "nothing more, of the cancellation neither"
    last = two.messages(MessageState.SENT)[-1]
    assert (last.kind, last.to) == ("partner.ended", "bad")


def test_no_card_comes_after_the_farewell_to_a_partner(two: Two) -> None:
    good = two.good
    context = two.office.matcher.context
    two.office.matcher.public.partners.end(two.acting, "bad")
    two.send()
    two.step("alert")
    under_way = begin(context, LEASE)
    assert (under_way.message.kind, under_way.partner.name) == ("alert.issued", "good")
    two.office.matcher.public.partners.end(two.acting, "good")
    two.send()
    assert (events(good), two.waiting()) == ([], 1)
    end_with_partner(context, under_way, None, rest=None, dead=False)
    two.send()
    assert ([one["type"] for one in events(good)], two.waiting()) == (["sighting-matcher.partner.ended"], 0)


def test_while_one_sender_tells_a_partner_another_tells_it_nothing_newer(two: Two) -> None:
    bad, good = two.bad, two.good
    two.step("alert")
    two.alert("A-2")
    bad.seconds = 0.3
    senders = [threading.Thread(target=two.send) for _ in range(3)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    two.send()
    assert [one["number"] for one in told(bad)] == [one["number"] for one in told(good)] == [1, 2]
    assert len(bad.events) == len(good.events) == 2


def test_a_sender_that_dies_while_it_tells_a_partner_gives_its_turn_back(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = two.bad, two.good
    two.step("alert")

    def killed(*_arguments: object, **_more: object) -> MessageState:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(sending, "end_with_partner", killed)
        for _ in range(2):
            with pytest.raises(SystemExit):
                two.send()
    two.alert("A-2")
    two.send()
    assert numbers(bad) == numbers(good) == [1], "its turn may still be under way"
    two.office.clock.forward(minutes=2)
    two.send()
    for server in (bad, good):
        assert numbers(server) == [1, 1, 2]
        assert len(told(server)) == 2, "what comes twice has one id"


def test_partners_that_hang_do_not_hold_up_the_postman(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = two.bad, two.good
    monkeypatch.setattr(webhook, "TIMEOUT", 5)
    bad.answer = "never"
    two.step("alert")
    with Postman(two.office.matcher.context, every=0.01):
        until(lambda: len(bad.events) == 1)
        two.step("update")
        until(lambda: kinds(good) == ["alert", "update"], 3)
        bad.done.set()


def until(happened: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_an_event_that_somebody_sends_again_or_makes_up_is_not_ours(two: Two) -> None:
    good = two.good
    two.step("alert")
    two.send()
    (event,) = good.events
    header, now = event.headers["Matcher-Signature"], sent_at(event)
    secret = two.secrets["good"]
    assert verify(secret, header, event.body, now)
    assert not verify(secret, header, event.body, now + TOLERANCE + 1), "it was recorded and is sent again"
    assert not verify(two.secrets["bad"], header, event.body, now), "it was meant for another partner"
    assert not verify(secret, header, event.body.replace(b'"kind": "alert"', b'"kind": "cancel"'), now)
    assert not verify(secret, header.replace("t=", "t=1"), event.body, now)


def test_trying_at_once_does_not_end_the_turn_of_who_is_telling(two: Two) -> None:
    context, partners = two.office.matcher.context, two.office.matcher.public.partners
    partners.end(two.acting, "bad")
    two.send()
    two.step("alert")
    two.alert("A-2")
    first = begin(context, LEASE)
    partners.try_now(two.acting, "good")
    assert begin(context, LEASE) is None
    end_with_partner(context, first, None, rest=None, dead=False)
    assert (first.told.number, begin(context, LEASE).told.number) == (1, 2)


def test_who_is_late_ends_no_turn_but_its_own(two: Two) -> None:
    context = two.office.matcher.context
    two.office.matcher.public.partners.end(two.acting, "bad")
    two.send()
    two.step("alert")
    two.alert("A-2")
    late = begin(context, LEASE)
    two.office.clock.forward(minutes=2)
    again = begin(context, LEASE)
    assert late.message.id == again.message.id
    end_with_partner(context, late, None, rest=None, dead=False)
    assert begin(context, LEASE) is None
    end_with_partner(context, again, None, rest=None, dead=False)
    assert begin(context, LEASE).told.number == 2


@pytest.mark.parametrize("hours", [20, 48])
def test_a_clock_that_was_wrong_for_a_moment_gives_no_longer_rest(two: Two, hours: int) -> None:
    two.bad.answer = 500
    two.step("alert")
    two.office.clock.forward(hours=hours)
    two.send()
    assert two.view().failures == 1
    two.office.clock.forward(hours=-hours, minutes=2)
    two.bad.answer = 200
    two.send()
    assert (numbers(two.bad), two.waiting()) == ([1, 1], 0)


def test_a_clock_that_was_wrong_while_a_partner_was_told_lets_it_be_told_the_next(two: Two) -> None:
    context = two.office.matcher.context
    two.step("alert")
    two.office.clock.forward(hours=10)
    assert begin(context, LEASE) is not None, "and its sender dies"
    two.office.clock.forward(hours=-10)
    two.send()
    assert (numbers(two.bad), numbers(two.good)) == ([1], [1])


def test_an_end_that_a_clock_that_was_ahead_wrote_is_put_off_for_no_longer_than_any(two: Two) -> None:
    two.step("alert")
    two.send()
    two.office.clock.forward(hours=5)
    two.step("cancel")
    two.office.clock.forward(hours=-5)
    two.bad.answer = 503
    two.send()
    two.bad.answer = 200
    two.office.clock.forward(minutes=2)
    two.send()
    assert (kinds(two.bad), two.waiting()) == (["alert", "cancel"], 0)


def test_what_waited_for_days_before_anybody_tried_is_not_given_up_at_its_first_failure(two: Two) -> None:
    two.step("alert")
    two.send()
    two.step("cancel")
    two.office.clock.forward(days=5)
    two.bad.answer = 503
    two.send()
    assert two.messages(MessageState.DEAD) == []
    two.bad.answer = 200
    two.office.clock.forward(minutes=2)
    two.send()
    assert (kinds(two.bad), two.waiting()) == (["alert", "cancel"], 0)


def test_a_farewell_does_not_wait_for_the_end_of_a_rest(two: Two) -> None:
    two.bad.answer = 500
    two.step("alert")
    for _ in range(8):
        two.send()
        two.office.clock.forward(hours=4)
    two.send()
    two.bad.answer = 200
    two.office.matcher.public.partners.end(two.acting, "bad")
    two.send()
    assert [one["type"] for one in events(two.bad)][-1] == "sighting-matcher.partner.ended"


def test_since_when_a_partner_fails_is_never_to_come(two: Two) -> None:
    from matcher.services.public_checks import CHECKS

    check = dict(CHECKS)["partners"]
    two.bad.answer = 500
    two.step("alert")
    two.office.clock.forward(days=2)
    two.send()
    two.office.clock.forward(days=-2)
    assert check(two.office.matcher.context).ok is None, "for how long, nobody knows"
    two.send()
    assert two.view().failing_since == two.office.clock.now


@pytest.mark.parametrize("stored", ["x'0099'", "x'7799'"])
def test_a_secret_that_cannot_be_read_keeps_nothing_from_the_others(two: Two, stored: str) -> None:
    store = two.office.matcher.context.store
    with store.write() as transaction:
        transaction.partners._connection.execute(text(f"UPDATE partners SET secret = {stored} WHERE name = 'bad'"))
    two.step("alert")
    assert two.send() == {MessageState.SENT: 1, MessageState.WAITING: 1}
    assert (numbers(two.good), two.view().failures) == ([1], 1)
    (left,) = two.messages(MessageState.WAITING)
    assert left.error == "Damaged"
    partners = two.office.matcher.public.partners
    secret = partners.renew_secret(two.acting, "bad")
    partners.try_now(two.acting, "bad")
    two.send()
    (event,) = two.bad.events
    assert verify(secret, event.headers["Matcher-Signature"], event.body, sent_at(event))


def test_areas_that_cannot_grow_keep_no_end_from_being_told(
    two: Two, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_context: object) -> int:
        raise ZeroDivisionError

    two.step("alert")
    two.send()
    two.step("cancel")
    monkeypatch.setattr(sending, "grow_due", broken)
    monkeypatch.setattr(Postman, "_help", lambda _self: None)
    with Postman(two.office.matcher.context, every=0.01):
        until(lambda: kinds(two.bad) == kinds(two.good) == ["alert", "cancel"])
    assert [one.getMessage() for one in caplog.records] == ["areas of alerts cannot grow: ZeroDivisionError"]


def test_a_name_that_was_hidden_since_is_told_to_nobody_who_was_down(two: Two) -> None:
    from matcher.domain.cards import NamePolicy
    from matcher.services.cards import NewCard

    two.bad.answer = 500
    two.step("alert")
    two.send()
    two.bad.events.clear()
    cards, officer = two.office.matcher.public.cards, two.office.officer
    hidden = cards.draft(officer, "A-1", NewCard(phone="0571-110", policy=NamePolicy.HIDDEN))
    cards.approve(two.second, hidden.id)
    two.bad.answer = 200
    two.office.clock.forward(hours=8)
    two.send()
    assert told(two.bad)[-1]["number"] == 2
    assert b"Wang Xiaoming" not in b"".join(one.body for one in two.bad.events)


def test_what_was_given_up_for_a_partner_that_ended_is_offered_to_nobody(two: Two) -> None:
    two.bad.answer = 500
    two.alert(expires_at=two.office.clock.now + timedelta(days=30))
    for _ in range(2):
        two.send()
        two.office.clock.forward(days=4)
    assert len(two.messages(MessageState.DEAD)) == 1
    two.office.matcher.public.partners.end(two.acting, "bad")
    assert two.messages(MessageState.DEAD) == []
    revive(two.office.matcher.context)
    assert [one.kind for one in two.messages(MessageState.WAITING)] == ["partner.ended"]


def test_what_waits_for_a_partner_that_ended_long_ago_waits_no_more(two: Two) -> None:
    """As where it was revived by a version that knew no better."""
    partners, store = two.office.matcher.public.partners, two.office.matcher.context.store
    two.step("alert")
    partners.end(two.acting, "bad")
    two.send()
    with store.write() as transaction:
        transaction.outbox._connection.execute(text("UPDATE outbox SET state = 'waiting' WHERE kind = 'alert.issued'"))
    two.send()
    assert (two.waiting(), kinds(two.good)) == (0, ["alert"])
    assert [one["type"] for one in events(two.bad)] == ["sighting-matcher.partner.ended"]
