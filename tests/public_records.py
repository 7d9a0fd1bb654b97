"""Rows of the public side, for tests of the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from records import NOW, Enrolled, report

from matcher.domain.alerts import (
    TUANYUAN,
    Alert,
    AlertId,
    AlertState,
    Bulletin,
    BulletinKind,
    Circle,
    Meant,
    Terms,
)
from matcher.domain.cards import CardFacts, NamePolicy
from matcher.domain.cases import Sex
from matcher.domain.ids import new_id
from matcher.domain.people import Language
from matcher.domain.positions import Position
from matcher.domain.publications import CardId, CardState, Publication
from matcher.domain.reports import Doubt, PublicReport, ReportState, Via
from matcher.store.database import Reading, Transaction

FACTS = CardFacts(name="王○○", sex=Sex.FEMALE, age_then=6.0, missing_since=NOW.date(), place="西湖", height_cm=112.5)
TERMS = Terms(
    centre=Position(30.25, 120.16),
    place="西湖",
    growth=TUANYUAN,
    since=NOW,
    expires_at=NOW + timedelta(days=7),
    note="穿红衣",
)
CONTENT = {"code": "K7QF9M2P", "facts": {"name": "王○○"}, "place": "西湖"}


def card(of: Enrolled, **changes: object) -> Publication:
    values = {
        "id": CardId(new_id()),
        "case_id": of.case.id,
        "code": "K7QF9M2P",
        "state": CardState.DRAFT,
        "policy": NamePolicy.INITIALS,
        "facts": FACTS,
        "face_id": of.face.id,
        "phone": "110",
        "expires_at": NOW + timedelta(days=90),
        "drafted_by": "li",
        "drafted_at": NOW,
    }
    return Publication(**{**values, **changes})


def alert(of: Publication, **changes: object) -> Alert:
    values = {
        "id": AlertId(new_id()),
        "case_id": of.case_id,
        "card_id": of.id,
        "state": AlertState.DRAFT,
        "terms": TERMS,
        "drafted_by": "li",
        "drafted_at": NOW,
        "updated_at": NOW,
    }
    return Alert(**{**values, **changes})


def bulletin(of: AlertId, kind: BulletinKind = BulletinKind.ALERT, **changes: object) -> Bulletin:
    told = {"circle": Circle(TERMS.centre, 100), "expires_at": TERMS.expires_at, "content": CONTENT}
    values = {"number": 0, "alert_id": of, "kind": kind, "meant": Meant.ACTUAL, "at": NOW}
    return Bulletin(**{**values, **({} if kind is BulletinKind.CANCEL else told), **changes})


def every_bulletin(reading: Reading) -> list[Bulletin]:
    """All that was ever told and is kept, in its order."""
    found = (reading.alerts.bulletin(number) for number in range(1, reading.alerts.last_bulletin() + 1))
    return [one for one in found if one is not None]


def issued(tx: Transaction, of: Publication, **changes: object) -> Alert:
    one = alert(of, **changes)
    number = tx.alerts.tell(bulletin(one.id))
    told = replace(one, state=AlertState.ISSUED, meant=Meant.ACTUAL, bulletin=number, issued_by=("li", "wang"))
    tx.alerts.add(told)
    return told


def public_report(tx: Transaction, receipt: str = "r", **changes: object) -> PublicReport:
    sighting = changes.pop("sighting_id", None) or report(tx)[0].id
    values = {
        "sighting_id": sighting,
        "receipt": receipt,
        "state": ReportState.QUEUED,
        "via": Via.FORM,
        "language": Language.CHINESE,
        "sender": "s",
        "contact": b"sealed",
        "words": "w",
        "doubts": frozenset({Doubt.LINKS, Doubt.HASTE}),
        "received_at": NOW,
    }
    one = PublicReport(**{**values, **changes})
    tx.reports.add(one)
    return one
