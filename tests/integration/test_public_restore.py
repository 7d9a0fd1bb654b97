"""A restored home shows the public nothing of which it cannot know whether it was taken back meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from commands import run
from offices import START, Office, opened
from publishing import admin, alerted, missing, published, second_officer
from receivers import hook_server
from reviews import Clock

from matcher import Matcher
from matcher.config import Home
from matcher.delivery.sending import send_due
from matcher.domain.alerts import AlertId, BulletinKind
from matcher.domain.ids import id_text, parse_id
from matcher.domain.messages import MessageState
from matcher.domain.publications import CardEnd, CardState
from matcher.services.context import Context, now_utc


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "")


def test_what_may_have_been_taken_back_after_the_backup_is_not_shown_again(office: Office, tmp_path: Path) -> None:
    matcher, other = office.matcher, second_officer(office)
    missing(office)
    published(office)
    alert = alerted(office, other)
    matcher.backups.make(tmp_path / "backups", keys=tmp_path / "keys", actor="operator")
    later = alerted(office, other)
    how = {"keys": tmp_path / "keys", "never_erased": True}
    restored = Matcher.restore(tmp_path / "backups", tmp_path / "new", actor="operator", **how)
    assert (restored.cards_withdrawn, restored.alerts_cancelled) == (1, 1)
    with Matcher.open(tmp_path / "new") as again, again.context.store.read() as reading:
        (card,) = reading.cards.in_state(CardState.WITHDRAWN)
        assert (card.ended_because, reading.cards.in_state(CardState.LIVE)) == (CardEnd.RESTORED, [])
        (over,) = reading.alerts.public_since(0, again.context.clock(), 10)
        assert (id_text(over.alert_id), over.kind) == (alert.id, BulletinKind.CANCEL)
        assert reading.alerts.get(AlertId(parse_id(later.id))) is None
        with matcher.context.store.read() as before:
            assert over.number > before.alerts.last_bulletin() > 1, "else partners would take it for older"
        assert again.verify_audit().problem is None


def test_a_restored_home_sends_nothing_until_it_is_the_one_in_use(office: Office, tmp_path: Path) -> None:
    matcher, other = office.matcher, second_officer(office)
    missing(office)
    published(office)
    with hook_server() as shop:
        matcher.public.partners.add(admin(office), "shop", shop.url)
        alerted(office, other)
        send_due(matcher.context)
        matcher.backups.make(tmp_path / "backups", keys=tmp_path / "keys", actor="operator")
        Matcher.restore(
            tmp_path / "backups", tmp_path / "new", actor="operator", keys=tmp_path / "keys", never_erased=True
        )
        with Matcher.open(tmp_path / "new") as again:
            assert send_due(again.context) == {}
            assert len(shop.events) == 1, "the other home may be in use, and its alert run"
            (found,) = [one for one in again.doctor() if one.subject == "messages"]
            assert (found.ok, "'send_messages' is false" in found.text) == (None, True)
        later = Context(Home(tmp_path / "new"), clock=lambda: now_utc() + timedelta(hours=2))
        with Matcher(later) as again:
            (found,) = [one for one in again.doctor() if one.subject == "messages"]
            assert "'send_messages' is false" in found.text, "and not that a command sends them"
        run("notices", "send", "--home", tmp_path / "new", code=2)
        Home(tmp_path / "new").write_setting("send_messages", "true")
        with Matcher.open(tmp_path / "new") as again:
            assert send_due(again.context) == {MessageState.SENT: 1}
        assert json.loads(shop.events[-1].body)["type"] == "sighting-matcher.alert.cancelled"
