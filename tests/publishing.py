"""Homes whose cases the public may see."""

from __future__ import annotations

from datetime import timedelta

from offices import Office
from pictures import child
from reviews import account

from matcher.accounts.rights import Acting
from matcher.domain.people import Role
from matcher.domain.positions import Position
from matcher.services.alert_terms import NewTerms
from matcher.services.alert_views import AlertView
from matcher.services.cards import CardView
from matcher.services.consents import NewConsent

HANGZHOU = Position(30.25, 120.16)
PHONE = "0571-110"


def missing(office: Office, number: str = "A-1", seed: int = 1, **details: object) -> None:
    """A case with a place and a time, whose mother allows everything."""
    told = {
        "name": "Wang Xiaoming",
        "age": 6,
        "marks": "a scar",
        "missing_since": office.clock() - timedelta(minutes=30),
        "last_seen": HANGZHOU,
        "last_seen_place": "West Lake",
    }
    office.matcher.add_case(number, photos=[child(seed)], actor="me", **{**told, **details})
    allow(office, number)


def allow(office: Office, number: str = "A-1", *scopes: str) -> str:
    """A mother's consent, by its id."""
    wanted = scopes or ("search", "publication", "alerts")
    view = office.matcher.consents.add(office.officer, number, NewConsent(giver="parent", scopes=wanted))
    return view.consents[-1].id


def second_officer(office: Office, name: str = "second") -> Acting:
    return account(office.matcher.context.store, name, Role.OFFICER)


def admin(office: Office) -> Acting:
    return account(office.matcher.context.store, "admin", Role.ADMIN)


def published(office: Office, number: str = "A-1") -> CardView:
    """The card of a case, approved."""
    from matcher.services.cards import NewCard

    cards = office.matcher.public.cards
    return cards.approve(office.officer, cards.draft(office.officer, number, NewCard(phone=PHONE)).id)


def alerted(office: Office, other: Acting, number: str = "A-1", **terms: object) -> AlertView:
    """An actual alert about a case with a card, which two officers issued."""
    alerts = office.matcher.public.alerts
    draft = alerts.draft(office.officer, number, NewTerms(**terms))
    alerts.issue(office.officer, draft.id, "actual")
    return alerts.approve(other, draft.id)
