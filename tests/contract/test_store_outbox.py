"""Messages that leave the installation, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from databases import run_sql
from records import NOW
from reviews import account
from sqlalchemy.exc import IntegrityError

from matcher.domain.ids import new_id
from matcher.domain.messages import LONGEST_WAIT, Channel, Message, MessageId, MessageState
from matcher.domain.partners import FAREWELL, LONGEST_REST, TURN, Partner, PartnerId
from matcher.domain.people import Role
from matcher.errors import MatcherError
from matcher.store.database import Store

LATER = NOW + timedelta(minutes=10)
ALL = frozenset(Channel)


def message(**changes: object) -> Message:
    values = {
        "id": MessageId(new_id()),
        "channel": Channel.WEBHOOK,
        "kind": "pair.escalated",
        "about": new_id(),
        "created_at": NOW,
        "due_at": NOW,
    }
    return Message(**{**values, **changes})


def test_messages_come_back_as_they_were(store: Store) -> None:
    ann = account(store, "ann", Role.OFFICER)
    hook = message(attempts=1)
    mail = message(channel=Channel.EMAIL, person_id=ann.id, due_at=LATER, attempts=3, error="http_500")
    with store.write() as tx:
        tx.outbox.add([mail, hook])
        tx.outbox.add([])
    with store.read() as reading:
        assert reading.outbox.list([MessageState.WAITING]) == [hook, mail]
        assert reading.outbox.list([MessageState.WAITING], limit=1) == [hook]
        assert reading.outbox.list([MessageState.SENT, MessageState.DEAD]) == []
        assert reading.outbox.next_due(ALL, NOW - timedelta(microseconds=1)) is None
        assert reading.outbox.next_due(ALL, NOW) == hook
        assert reading.outbox.next_due([Channel.EMAIL], NOW) is None
        assert reading.outbox.next_due([Channel.EMAIL], LATER) == mail
        assert reading.outbox.next_due([], LATER) is None


def test_nothing_is_kept_of_a_change_that_did_not_happen(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.outbox.add([message()])
        raise ZeroDivisionError
    with store.read() as reading:
        assert reading.outbox.list(list(MessageState)) == []


def test_only_an_e_mail_has_a_person(store: Store) -> None:
    ann = account(store, "ann", Role.OFFICER)
    for wrong in (message(channel=Channel.EMAIL), message(person_id=ann.id)):
        with pytest.raises((MatcherError, IntegrityError)), store.write() as tx:
            tx.outbox.add([wrong])


def test_a_lease_keeps_others_away_until_it_ends(store: Store) -> None:
    first = message()
    with store.write() as tx:
        tx.outbox.add([first])
        leased = tx.outbox.lease(first, LATER)
    assert leased == replace(first, attempts=1, due_at=LATER)
    with store.write() as tx:
        assert tx.outbox.next_due(ALL, LATER - timedelta(microseconds=1)) is None
        assert tx.outbox.next_due(ALL, LATER) == leased
        second = tx.outbox.lease(leased, LATER + timedelta(minutes=10))
    with store.write() as tx:
        assert not tx.outbox.failed(leased, "TimeoutError", NOW, dead=True), "its lease was over"
        assert tx.outbox.next_due(ALL, LATER) is None
        assert tx.outbox.failed(second, "TimeoutError", LATER, dead=False)
        assert tx.outbox.next_due(ALL, LATER) == replace(second, due_at=LATER, error="TimeoutError")
        tx.outbox.sent(first.id, LATER)
        assert not tx.outbox.failed(second, "TimeoutError", LATER, dead=False), "what was sent stays sent"
        assert tx.outbox.list([MessageState.SENT]) == [replace(second, state=MessageState.SENT, due_at=LATER)]


def test_the_dead_are_counted_by_the_time_of_their_death_and_can_come_back(store: Store) -> None:
    with store.write() as tx:
        tx.outbox.add([message(), message(created_at=LATER, due_at=LATER)])
        (one, _) = tx.outbox.list([MessageState.WAITING])
        tx.outbox.failed(one, "http_410", LATER, dead=True)
        assert tx.outbox.count(MessageState.DEAD) == tx.outbox.count(MessageState.DEAD, since=LATER) == 1
        assert tx.outbox.count(MessageState.DEAD, since=LATER + timedelta(microseconds=1)) == 0
        assert tx.outbox.count(MessageState.WAITING) == 1
        assert tx.outbox.count(MessageState.WAITING, created_before=LATER) == 0
        assert tx.outbox.revive(LATER) == 1
        assert tx.outbox.revive(LATER) == 0
        assert tx.outbox.next_due(ALL, LATER) is not None
        assert {one.attempts for one in tx.outbox.list([MessageState.WAITING])} == {0}


def partner(store: Store, name: str, **changes: object) -> Partner:
    values = {"id": PartnerId(new_id()), "name": name, "url": "https://shop.example/events", "created_at": NOW}
    one = Partner(**{**values, **changes})
    with store.write() as tx:
        tx.partners.add(one, b"sealed")
    return one


def bulletin(to: Partner, number: int, **changes: object) -> Message:
    told = {"channel": Channel.PARTNER, "kind": "alert.issued", "about": number, "partner_id": to.id}
    return message(**{**told, **changes})


def taken(store: Store, now: datetime = NOW) -> list[int]:
    """What is due, one after the other, by what it is about."""
    found = []
    with store.write() as tx:
        while (one := tx.outbox.next_due(ALL, now)) is not None:
            found.append(one.about)
            tx.outbox.sent(one.id, now)
    return found


def test_a_partner_is_told_by_numbers_and_its_farewell_last_and_others_by_their_time(store: Store) -> None:
    shop, map_ = partner(store, "shop"), partner(store, "map")
    early, late = NOW - timedelta(minutes=2), NOW - timedelta(minutes=1)
    with store.write() as tx:
        tx.outbox.add(
            [
                bulletin(shop, 5, kind=FAREWELL, due_at=early - timedelta(minutes=1)),
                bulletin(shop, 8, due_at=early),
                bulletin(shop, 7, due_at=NOW),
                bulletin(map_, 6, due_at=late),
                message(about=4, due_at=NOW - timedelta(seconds=90)),
            ]
        )
    assert taken(store) == [7, 8, 5, 4, 6]


def test_what_a_partner_is_not_to_be_offered_yet_keeps_nothing_newer(store: Store) -> None:
    shop = partner(store, "shop")
    with store.write() as tx:
        tx.outbox.add([bulletin(shop, 1, due_at=LATER, attempts=1), bulletin(shop, 2)])
    assert (taken(store), taken(store)) == ([2], [])
    with store.write() as tx:
        assert tx.outbox.hasten(shop.id, NOW) == 1
        assert tx.outbox.hasten(shop.id, NOW) == 0
    assert taken(store) == [1]


@pytest.mark.parametrize(("column", "longest"), [("retry_at", LONGEST_REST), ("engaged_until", TURN)])
def test_no_time_of_a_partner_holds_for_longer_than_it_can_have_been_meant(
    store: Store, column: str, longest: timedelta
) -> None:
    shop = partner(store, "shop", **{column: NOW + longest})
    with store.write() as tx:
        tx.outbox.add([bulletin(shop, 1, due_at=NOW - timedelta(days=1))])
        assert tx.outbox.next_due(ALL, NOW) is None
        assert tx.outbox.next_due(ALL, NOW + longest).about == 1
        assert tx.outbox.next_due(ALL, NOW - timedelta(microseconds=1)).about == 1


def test_no_message_waits_for_longer_than_it_can_have_been_meant_to(store: Store) -> None:
    with store.write() as tx:
        tx.outbox.add([message(about=1, due_at=NOW + LONGEST_WAIT, attempts=1)])
        assert tx.outbox.next_due(ALL, NOW) is None
        assert tx.outbox.next_due(ALL, NOW - timedelta(microseconds=1)).about == 1


def test_what_was_never_tried_was_never_put_off(store: Store) -> None:
    """It was written by a clock that was ahead."""
    with store.write() as tx:
        tx.outbox.add([message(about=1, due_at=LATER)])
    assert taken(store) == [1]


def test_a_partner_is_released_by_who_engaged_it_only(store: Store) -> None:
    shop = partner(store, "shop")
    with store.write() as tx:
        first = tx.partners.engage(shop, NOW + timedelta(minutes=1))
        second = tx.partners.engage(shop, NOW + timedelta(minutes=3))
        tx.partners.release(first)
        assert tx.partners.get(shop.id) == second
        tx.partners.release(second)
        assert tx.partners.get(shop.id) == shop


def test_nothing_is_left_for_a_partner_that_is_told_nothing_more(store: Store) -> None:
    shop, map_ = partner(store, "shop"), partner(store, "map")
    with store.write() as tx:
        tx.outbox.add([bulletin(shop, 1), bulletin(shop, 2), bulletin(shop, 3), bulletin(map_, 4)])
        given_up, sent, _, _ = tx.outbox.list([MessageState.WAITING])
        tx.outbox.failed(given_up, "http_500", NOW, dead=True)
        tx.outbox.sent(sent.id, NOW)
        assert tx.outbox.drop(shop.id, NOW) == 2
        assert [one.about for one in tx.outbox.list([MessageState.WAITING, MessageState.DEAD])] == [4]
        assert tx.outbox.count(MessageState.SENT) == 1


def test_a_state_of_nobody_is_named(store: Store, database_url: str) -> None:
    with store.write() as tx:
        tx.outbox.add([message()])
    run_sql(database_url, "UPDATE outbox SET channel = 'pigeon'")
    with pytest.raises(MatcherError, match="restore a backup"), store.read() as reading:
        reading.outbox.list([MessageState.WAITING])


def test_threads_that_send_at_once_never_take_the_same_message(store: Store) -> None:
    every = [message() for _ in range(24)]
    with store.write() as tx:
        tx.outbox.add(every)
    start = threading.Barrier(6)

    def work(_number: int) -> list[int]:
        start.wait()
        taken = []
        while True:
            with store.write() as tx:
                found = tx.outbox.next_due(ALL, NOW)
                if found is None:
                    return taken
                taken.append(tx.outbox.lease(found, LATER).id)

    with ThreadPoolExecutor(6) as pool:
        taken = [number for some in pool.map(work, range(6)) for number in some]
    assert sorted(taken) == sorted(one.id for one in every)
