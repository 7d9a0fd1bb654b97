"""Partners that misbehave: each is told everything in its order, nothing is lost, and no other one is held up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from offices import START, Office, opened
from publishing import admin, alerted, missing, published, second_officer
from receivers import Event, HookServer, hook_server
from reviews import Clock

from matcher.accounts.rights import Acting
from matcher.crypto.signatures import TOLERANCE, verify
from matcher.delivery import sending, webhook
from matcher.delivery.sending import Postman, send_due
from matcher.domain.messages import MessageState
from matcher.services.alerts import grow_due
from matcher.services.outbox import begin, end_with_partner, listed

SETTINGS = 'control_rate = 0.0\npublic_url = "https://find.example"\n'


@pytest.fixture
def office(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.4)
    yield from opened(home, Clock(START), SETTINGS)


@pytest.fixture
def bad() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


@pytest.fixture
def good() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


def events(server: HookServer) -> list[dict]:
    """What a partner was told, each event once, at its first time."""
    return list({event["id"]: event for event in (json.loads(one.body) for one in server.events)}.values())


def told(server: HookServer) -> list[dict]:
    return [event["data"] for event in events(server)]


def kinds(server: HookServer) -> list[str]:
    return [one["kind"] for one in told(server)]


@dataclass
class Two:
    """Two partners, and one alert about which there is something to tell."""

    office: Office
    acting: Acting
    secrets: dict[str, str]

    def step(self, kind: str) -> None:
        if kind == "alert":
            missing(self.office)
            published(self.office)
            alerted(self.office, second_officer(self.office))
        elif kind == "update":
            self.office.clock.forward(hours=1)
            assert grow_due(self.office.matcher.context) == 1
        else:
            self.office.matcher.close_case("A-1", status="returned", actor="me")

    def send(self) -> dict[MessageState, int]:
        grow_due(self.office.matcher.context)
        return send_due(self.office.matcher.context)

    def waiting(self) -> int:
        return len(listed(self.office.matcher.context, [MessageState.WAITING]))


@pytest.fixture
def two(office: Office, bad: HookServer, good: HookServer) -> Two:
    partners, acting = office.matcher.public.partners, admin(office)
    secrets = {name: partners.add(acting, name, server.url)[0] for name, server in (("bad", bad), ("good", good))}
    return Two(office, acting, secrets)


@pytest.mark.parametrize("answer", [500, 503, 301, 307, 429, "never", "halfway", "drip"])
def test_a_partner_that_misbehaves_is_told_all_in_order_later_and_the_other_at_once(
    two: Two, bad: HookServer, good: HookServer, answer: int | str
) -> None:
    bad.answer = answer
    two.step("alert")
    two.send()
    assert (kinds(good), two.waiting()) == (["alert"], 1)
    two.step("update")
    for _ in range(12):  # most of a day, in which it is tried now and then
        two.send()
        two.office.clock.forward(hours=2)
    assert (kinds(good), two.waiting()) == (["alert", "update", "update"], 3)
    tries = len(bad.events)
    assert 5 <= tries <= 13, "the first one alone is tried, again and again"
    assert len({json.loads(one.body)["id"] for one in bad.events if one.body}) == 1
    bad.answer = 200
    two.office.clock.forward(hours=7)
    two.send()
    assert two.waiting() == 0
    assert kinds(bad) == kinds(good)
    assert [one["number"] for one in told(bad)] == [1, 2, 3]
    assert {one.path for one in bad.events} == {"/"}, "no redirect is followed"
    two.step("cancel")
    two.send()
    assert kinds(bad)[-1] == kinds(good)[-1] == "cancel"
    assert all(
        verify(two.secrets["bad"], one.headers["Matcher-Signature"], one.body, sent_at(one)) for one in bad.events
    )


def sent_at(event: Event) -> float:
    return float(event.headers["Matcher-Signature"].split(",")[0].removeprefix("t="))


def test_a_partner_that_was_down_until_the_end_hears_of_the_end_alone(
    two: Two, bad: HookServer, good: HookServer
) -> None:
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


def test_a_partner_that_is_ended_is_told_so_and_then_nothing(two: Two, bad: HookServer, good: HookServer) -> None:
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
    last = listed(two.office.matcher.context, [MessageState.SENT])[-1]
    assert (last.kind, last.to) == ("partner.ended", "bad")


def test_no_card_comes_after_the_farewell_to_a_partner(two: Two, good: HookServer) -> None:
    context = two.office.matcher.context
    two.office.matcher.public.partners.end(two.acting, "bad")
    two.send()
    two.step("alert")
    under_way = begin(context, timedelta(minutes=10))
    assert (under_way.message.kind, under_way.partner.name) == ("alert.issued", "good")
    two.office.matcher.public.partners.end(two.acting, "good")
    two.send()
    assert (events(good), two.waiting()) == ([], 1)
    end_with_partner(context, under_way, None, rest=None, dead=False)
    two.send()
    assert ([one["type"] for one in events(good)], two.waiting()) == (["sighting-matcher.partner.ended"], 0)


def test_while_one_sender_tells_a_partner_another_tells_it_nothing_newer(
    two: Two, bad: HookServer, good: HookServer
) -> None:
    two.step("alert")
    two.step("update")
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
    two: Two, bad: HookServer, good: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.step("alert")

    def killed(*_arguments: object, **_more: object) -> MessageState:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(sending, "end_with_partner", killed)
        for _ in range(2):
            with pytest.raises(SystemExit):
                two.send()
    two.step("update")  # an hour later
    two.send()
    for server in (bad, good):
        assert [json.loads(one.body)["data"]["number"] for one in server.events] == [1, 1, 2]
        assert len(told(server)) == 2, "what comes twice has one id"


def test_partners_that_hang_do_not_hold_up_the_postman(
    two: Two, bad: HookServer, good: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_an_event_that_somebody_sends_again_or_makes_up_is_not_ours(two: Two, good: HookServer) -> None:
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
