"""What waits for whom on the public side, and partners as administrators look after them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from offices import START, Office, opened
from pictures import child
from publishing import PHONE, admin, missing, published, second_officer
from reviews import Clock

from matcher.errors import Conflict
from matcher.services.cards import NewCard
from matcher.services.public_side import Waiting
from matcher.services.report_work import look_at_all
from matcher.services.reports import NewReport


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0.0\n")


def test_each_is_told_how_much_waits_for_them_and_no_more(office: Office) -> None:
    public, root, other = office.matcher.public, admin(office), second_officer(office)
    assert public.waiting(office.officer) == Waiting(alerts=0, reports=0, disputes=0, partners=None)
    assert public.waiting(office.ann) == Waiting(alerts=None, reports=None, disputes=None, partners=None)
    assert public.waiting(root) == Waiting(alerts=None, reports=None, disputes=None, partners=0)
    missing(office)
    public.cards.draft(office.officer, "A-1", NewCard(phone=PHONE))
    card = published(office)
    draft = public.alerts.draft(office.officer, "A-1")
    assert (public.waiting(office.officer).alerts, public.waiting(other).alerts) == (2, 2)
    public.alerts.issue(office.officer, draft.id, "actual")
    assert (public.waiting(office.officer).alerts, public.waiting(other).alerts) == (1, 2), (
        "one's own waits for another"
    )
    public.alerts.approve(other, draft.id)
    assert public.waiting(other).alerts == 1
    public.disputes.open(card.code, "self", contact="139", note="it is me")
    public.reports.accept(NewReport(told={}, trap="x"), [child(1, 1)])
    look_at_all(office.matcher.context)
    assert public.waiting(office.officer) == Waiting(alerts=1, reports=1, disputes=1, partners=None)
    assert public.waiting(office.boss) == Waiting(alerts=None, reports=1, disputes=None, partners=None)


def test_a_partner_that_failed_is_tried_at_once_and_one_that_ended_never(office: Office) -> None:
    partners, root, store = office.matcher.public.partners, admin(office), office.matcher.context.store
    partners.add(root, "ring", "https://ring.example/hook")
    with store.write() as transaction:
        found = transaction.partners.by_name("ring")
        transaction.partners.missed(found, office.clock(), office.clock() + timedelta(hours=1))
    assert office.matcher.public.waiting(root).partners == 1
    assert partners.try_now(root, "ring").retry_at is None
    assert office.matcher.audit()[-1].entry.action == "partner.try"
    partners.end(root, "ring")
    assert office.matcher.public.waiting(root).partners == 0
    for change in (partners.try_now, partners.renew_secret, partners.end):
        with pytest.raises(Conflict, match="ended already"):
            change(root, "ring")
