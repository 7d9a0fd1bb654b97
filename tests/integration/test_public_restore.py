"""A restored home shows the public nothing of which it cannot know whether it was taken back meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from offices import START, Office, opened
from publishing import alerted, missing, published, second_officer
from reviews import Clock

from matcher import Matcher
from matcher.delivery.sending import send_due
from matcher.domain.alerts import AlertId, BulletinKind
from matcher.domain.ids import id_text, parse_id
from matcher.domain.publications import CardEnd, CardState


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
        assert send_due(again.context) == {}, "the other home may be in use"
        assert any("send_messages" in str(one) for one in again.doctor())
