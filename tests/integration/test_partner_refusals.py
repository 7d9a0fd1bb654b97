"""Partners that answer that they do not want something: this message, or anything of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from two_partners import Two, numbers, two_partners

from matcher.domain.messages import MessageState
from matcher.services.findings import Finding
from matcher.services.public_checks import CHECKS


@pytest.fixture
def two(home: Path) -> Iterator[Two]:
    yield from two_partners(home)


def finding(two: Two) -> Finding:
    return dict(CHECKS)["partners"](two.office.matcher.context)


@pytest.mark.parametrize("answer", [401, 403, 404, 405, 408, 409, 410, 429])
def test_a_partner_that_takes_nothing_of_ours_fails_and_is_told_all_once_it_is_well(two: Two, answer: int) -> None:
    two.bad.answer = answer
    two.alert("A-1")
    two.alert("A-2")
    two.send()
    assert (numbers(two.bad), numbers(two.good)) == ([1], [1, 2]), "nothing newer overtakes"
    assert (two.view().failures, two.view().failing_since) == (1, two.office.clock.now)
    assert timedelta(0) < two.view().retry_at - two.office.clock.now < timedelta(minutes=2)
    two.office.clock.forward(hours=1)
    assert finding(two).text == "nothing reaches 'bad' since 2026-03-14 09:30 UTC."
    two.send()
    two.bad.answer = 200
    two.office.matcher.public.partners.try_now(two.acting, "bad")
    two.send()
    assert numbers(two.bad) == [1, 1, 1, 2]
    assert two.view().failing_since is None


@pytest.mark.parametrize("answer", [400, 413, 415, 422])
def test_one_message_that_a_partner_does_not_take_keeps_no_other_and_comes_again_after_a_day(
    two: Two, answer: int
) -> None:
    two.bad.answer = answer
    two.alert("A-1")
    two.send()
    assert two.view().retry_at is None
    two.bad.answer = 200
    two.alert("A-2")
    two.send()
    assert numbers(two.bad) == [1, 2]
    assert two.view().failing_since is None, "it took the other one"
    two.office.clock.forward(hours=23)
    two.send()
    assert numbers(two.bad) == [1, 2]
    two.office.clock.forward(hours=1)
    two.send()
    assert numbers(two.bad) == [1, 2, 1]
    assert two.waiting() == 0


def test_a_partner_that_refuses_one_after_the_other_is_told_of(two: Two) -> None:
    two.bad.answer = 400
    two.alert("A-1")
    two.send()
    two.office.clock.forward(minutes=59)
    two.alert("A-2")
    two.send()
    assert numbers(two.bad) == [1, 2]
    assert (two.view().failures, finding(two).ok) == (0, True)
    two.office.clock.forward(minutes=1)
    assert finding(two).ok is None
    assert "'bad' since 2026-03-14 09:30 UTC" in finding(two).text


def test_what_a_partner_refused_makes_no_later_rest_longer(two: Two) -> None:
    two.bad.answer = 400
    for number in range(1, 4):
        two.alert(f"A-{number}")
    for _ in range(3):
        two.send()
        two.office.clock.forward(days=1)
    two.bad.answer = 503
    two.office.matcher.close_case("A-1", status="returned", actor="me")
    two.send()
    assert (two.view().failures, two.view().retry_at - two.office.clock.now < timedelta(minutes=2)) == (1, True)


def test_one_message_that_is_refused_for_days_is_given_up(two: Two) -> None:
    two.alert("A-1", expires_at=two.office.clock.now + timedelta(days=30))
    two.bad.answer = 400
    for _ in range(6):
        two.send()
        two.office.clock.forward(days=1)
    (dead,) = two.messages(MessageState.DEAD)
    assert (dead.error, dead.attempts, numbers(two.bad)) == ("http_400", 5, [1] * 5)


def test_what_cannot_be_made_an_event_keeps_nothing_else_from_anybody(two: Two) -> None:
    two.alert("A-1")
    two.alert("A-2")
    with two.office.matcher.context.store.write() as transaction:
        transaction.alerts._connection.execute(
            text("UPDATE bulletins SET content = json_remove(content, '$.facts') WHERE number = 1")
        )
    assert two.send() == {MessageState.SENT: 2, MessageState.WAITING: 2}
    assert numbers(two.bad) == numbers(two.good) == [2]
    assert {one.error for one in two.messages(MessageState.WAITING)} == {"unwritten"}
    assert two.view().failing_since is None


def test_what_a_partner_refused_is_offered_again_when_it_is_to_be_tried_now(two: Two) -> None:
    two.bad.answer = 422
    two.alert("A-1")
    two.alert("A-2")
    two.send()
    two.bad.answer = 200
    two.office.matcher.public.partners.try_now(two.acting, "bad")
    assert two.send() == {MessageState.SENT: 2}
    assert numbers(two.bad) == [1, 2, 1, 2], "in their order"
