"""What the public sees of the demo: a card and an alert about one child, a card that waits, and three reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from matcher.config import Home
from matcher.demo.cast import Cast, DemoCase, Nobody, Portrait
from matcher.demo.identity import random_view
from matcher.demo.staff import OFFICER, SECOND, acting_as
from matcher.domain.alerts import Meant
from matcher.domain.consents import Giver, Scope
from matcher.domain.records import HowSeen
from matcher.images.crops import thumbnail, to_jpeg
from matcher.services.alert_terms import NewTerms
from matcher.services.alerts import Alerts
from matcher.services.cards import Cards, NewCard
from matcher.services.consents import Consents, NewConsent
from matcher.services.context import Context
from matcher.services.report_work import look_at_all
from matcher.services.reports import NewReport, accept

PORT = 8301  # beside the desk, which is at 8300
_SETTINGS = {
    "public_url": f"http://127.0.0.1:{PORT}",
    "public_name": "Demonstration: nobody is missing",
    "public_phone": "116 000",
}
_NOTE = "A demonstration: this child was drawn by a program, and nobody is missing."
_LASTS = timedelta(days=60)
_GONE = timedelta(hours=2)  # as if the child had been missed so long ago: its area has grown twice, and grows again
_SIZE = (336, 384)  # of photos that are reported
_SEED = 0xCA4D


@dataclass(frozen=True, slots=True)
class Shown:
    """The case that the public sees, by its number, and its card, by the code."""

    case: str
    card: str


def public_settings(home: Home) -> None:
    """Say where the public finds what it may see, unless that is said already."""
    known = home.settings()
    for name, value in _SETTINGS.items():
        if getattr(known, name) is None:
            home.write_setting(name, value)


def show_public(context: Context, cast: Cast) -> Shown:
    """Publish what the demo shows, once: the child who went missing last, and the one before waits for an officer."""
    waiting, newest = sorted(cast.cases, key=_since)[-2:]
    cards, chen = Cards(context), acting_as(context, OFFICER)
    before = cards.of_case(chen, newest.number)
    if before:
        return Shown(newest.number, before[0].code)
    for case in (waiting, newest):
        given = NewConsent(giver=Giver.PARENT, scopes=list(Scope), relationship="mother")
        Consents(context).add(chen, case.number, given)
    cards.draft(chen, waiting.number, NewCard())
    card = cards.approve(acting_as(context, SECOND), cards.draft(chen, newest.number, NewCard()).id)
    _alert(context, newest)
    _report(context, newest, card.code)
    return Shown(newest.number, card.code)


def _alert(context: Context, case: DemoCase) -> None:
    """An actual alert: one officer proposes it, the other agrees. Nobody outside is told, since there is no partner."""
    alerts, now = Alerts(context), context.clock()
    terms = NewTerms(since=now - _GONE, expires_at=now + _LASTS, note=_NOTE)
    first, second = (acting_as(context, name) for name in (OFFICER, SECOND))
    draft = alerts.draft(first, case.number, terms)
    alerts.issue(first, draft.id, Meant.ACTUAL)
    alerts.approve(second, draft.id)


def _report(context: Context, case: DemoCase, card: str) -> None:
    """Somebody saw the child, somebody else hands the same photo in again, and a third sells something."""
    details, subject = case.details, case.photos[0].subject
    if not isinstance(subject, Portrait) or details.last_seen is None or details.born is None:
        raise ValueError("cases of the demo are complete, and their photos show one child")
    now = context.clock()
    age = min((now.date() - details.born).days / 365.25, 17.0)
    seen = Portrait(subject.who, random_view(_SEED, age), _SIZE, zoom=0.9).image()
    told = {
        "seen_at": now - timedelta(minutes=50),
        "place": f"on the way from the {details.last_seen_place}",
        "position": (round(details.last_seen.lat + 0.21, 4), round(details.last_seen.lon + 0.34, 4)),
        "how_seen": HowSeen.IN_PERSON,
        "first_hand": True,
    }
    good = NewReport(
        told={**told, "note": "With a woman, waiting for a bus."}, card=card, contact="139 0000 0000", seconds=95.0
    )
    again = {**told, "how_seen": HowSeen.SOCIAL_MEDIA, "first_hand": False, "note": "A friend sent me this."}
    spam = {"note": "Cheap watches at www.watches.example!"}
    for new, photo in (
        (good, to_jpeg(seen, 92)),
        (NewReport(told=again, card=card, seconds=31.0), to_jpeg(thumbnail(seen, 320), 80)),
        (NewReport(told=spam, card=card, trap="yes", seconds=1.0), to_jpeg(Nobody(_SEED, (400, 300)).image(), 85)),
    ):
        accept(context, new, [photo])
    look_at_all(context)


def _since(case: DemoCase) -> datetime:
    since = case.details.missing_since
    if since is None:
        raise ValueError("cases of the demo say since when")
    return since
