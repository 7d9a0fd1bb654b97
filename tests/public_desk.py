"""Work on the public side of a desk: cards, alerts, reports and disputes."""

from __future__ import annotations

from datetime import timedelta

from accounts import staff, weak
from desks import SECRETS, Desk, acting_of, key_of
from pictures import child

from matcher.accounts.rights import Right
from matcher.domain.people import Role
from matcher.services.accounts import NewPerson
from matcher.services.cards import CardView, NewCard
from matcher.services.consents import NewConsent
from matcher.services.report_work import look_at_all
from matcher.services.reports import NewReport, Receipt

CASE = f"{SECRETS[1]}1"
PHONE = "0571-110"
REACH = "139 0000 7777"


def located(desk: Desk, number: str = CASE) -> None:
    """A case that says where and when the child was seen last."""
    since = desk.matcher.context.clock() - timedelta(minutes=20)
    chen = acting_of(desk, "chen")
    told = {"missing_since": since, "last_seen": (30.25, 120.16), "last_seen_place": SECRETS[3]}
    desk.matcher.casework.update_case(chen, number, **told)


def allowed(desk: Desk, number: str = CASE) -> None:
    """A mother allows everything."""
    new = NewConsent(giver="parent", scopes=("search", "publication", "alerts"), name=SECRETS[0])
    desk.matcher.consents.add(acting_of(desk, "chen"), number, new)


def carded(desk: Desk, number: str = CASE) -> CardView:
    """The live card of a case."""
    located(desk, number)
    allowed(desk, number)
    cards, chen = desk.matcher.public.cards, acting_of(desk, "chen")
    return cards.approve(chen, cards.draft(chen, number, NewCard(phone=PHONE)).id)


def second(desk: Desk, name: str = "second") -> None:
    """Another officer."""
    staff(desk.matcher.context, name, Role.OFFICER, password=weak())


def failing(desk: Desk, partner: str) -> None:
    """A partner that could not be reached."""
    now = desk.matcher.context.clock()
    with desk.matcher.context.store.write() as transaction:
        found = transaction.partners.by_name(partner)
        assert found is not None
        transaction.partners.missed(found, now, now + timedelta(minutes=5))


def reported(desk: Desk, *photos: bytes, held: bool = True, **more: object) -> Receipt:
    """A report that was looked at; a held one has words in the field that people do not see."""
    told = more.pop("told", {"place": SECRETS[3], "note": SECRETS[2], "how_seen": "in_person", "first_hand": True})
    new = NewReport(told=told, trap="x" if held else "", contact=REACH, **more)
    receipt = desk.matcher.public.reports.accept(new, photos or (child(2, 7),))
    look_at_all(desk.matcher.context)
    return receipt


def disputed(desk: Desk, card: CardView) -> str:
    """What somebody says of a card, by the id of the dispute."""
    public = desk.matcher.public
    public.disputes.open(card.code, "guardian", contact=REACH, note=SECRETS[2])
    return public.disputes.waiting(acting_of(desk, "chen"))[-1].id


def key_of_app(desk: Desk) -> str:
    """The key of an app whose users report."""
    desk.matcher.accounts.add(acting_of(desk, "root"), NewPerson(name="app", roles=frozenset({Role.SERVICE})))
    return key_of(desk, "app", Right.SIGHTING_SUBMIT)


def alerted(desk: Desk, number: str = CASE) -> None:
    """An actual alert about a case with a card."""
    second(desk)
    alerts = desk.matcher.public.alerts
    draft = alerts.draft(acting_of(desk, "chen"), number)
    alerts.issue(acting_of(desk, "chen"), draft.id, "actual")
    alerts.approve(acting_of(desk, "second"), draft.id)
