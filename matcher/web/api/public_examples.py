"""One example of everything that the interface answers about cards, alerts, reports, disputes and partners."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from matcher.domain.alerts import TUANYUAN, AlertState, BulletinKind, Circle, Meant, Terms
from matcher.domain.cards import CardFacts
from matcher.domain.cases import CaseStatus, Sex
from matcher.domain.names import NamePolicy
from matcher.domain.people import Language
from matcher.domain.positions import Position
from matcher.domain.publications import CardState
from matcher.domain.records import HowSeen
from matcher.domain.reports import Doubt, Relation, ReportState, Via, Witness
from matcher.services.alert_views import AlertView, ProposalView
from matcher.services.cards import CardView
from matcher.services.partners import PartnerView
from matcher.services.public_disputes import PublicDisputeView
from matcher.services.report_desk import ReportLine
from matcher.web.api.answers import BulletinView, ContactView, NewPartnerView, SecretView

_AT = datetime(2024, 6, 2, 1, 15, tzinfo=timezone.utc)
_LATER = datetime(2024, 6, 2, 1, 45, tzinfo=timezone.utc)
_CASE, _CODE = "HZ-2024-17", "K7QF9M2P"
_CARD, _ALERT, _REPORT, _FACE = "8s2m4c6v9b1xd", "9t3n5d7w0c2ye", "5w1x0h9be4t7a", "6b3j5v4w8n2ha"

_WEST_LAKE = Position(30.25, 120.15)
_TERMS = Terms(
    centre=_WEST_LAKE, place="West Lake, Hangzhou", growth=TUANYUAN, since=_AT, expires_at=_AT + timedelta(days=7)
)
_PARTNER = PartnerView(
    id="0m4k7c2v9b5xd",
    name="delivery riders",
    url="https://riders.example/alerts",
    tests=False,
    created_at=_AT,
    ended_at=None,
    failures=2,
    failing_since=_LATER,
    retry_at=_LATER + timedelta(minutes=4),
)

PUBLIC: tuple[Any, ...] = (
    CardView(
        id=_CARD,
        code=_CODE,
        case_id=_CASE,
        state=CardState.LIVE,
        shown=True,
        outdated=False,
        policy=NamePolicy.FULL,
        facts=CardFacts(
            name="Wang Fang", sex=Sex.FEMALE, age_then=8.0, missing_since=date(2024, 6, 1), place="West Lake, Hangzhou"
        ),
        face=_FACE,
        phone="0571-110",
        expires_at=_AT + timedelta(days=90),
        drafted_by="ma",
        drafted_at=_AT,
        approved_by="chen",
        approved_at=_LATER,
        ended_at=None,
        ended_because=None,
        ended_by=None,
    ),
    AlertView(
        id=_ALERT,
        case_id=_CASE,
        card=_CODE,
        state=AlertState.DRAFT,
        active=False,
        meant=None,
        terms=_TERMS,
        circle=Circle(_WEST_LAKE, 100.0),
        grows_at=None,
        proposal=ProposalView(terms=_TERMS, meant=Meant.ACTUAL, by="chen", at=_LATER),
        told=0,
        drafted_by="ma",
        drafted_at=_AT,
        issued_by=(),
        issued_at=None,
        updated_at=_LATER,
        ended_at=None,
        ended_because=None,
        ended_by=None,
    ),
    BulletinView(
        number=311,
        kind=BulletinKind.ALERT,
        meant=Meant.ACTUAL,
        at=_LATER,
        expires_at=_AT + timedelta(days=7),
        circle=Circle(_WEST_LAKE, 100.0),
        code=_CODE,
        place="West Lake, Hangzhou",
        note=None,
    ),
    ReportLine(
        id=_REPORT,
        state=ReportState.HELD,
        via=Via.FORM,
        received_at=_AT,
        looked_at=_LATER,
        score=60,
        doubts=(Doubt.HASTE, Doubt.MANY),
        about=_CASE,
        how_seen=HowSeen.IN_PERSON,
        first_hand=True,
        witness=Witness.FIRST_HAND,
        photos=1,
        merged_into=None,
        merged=(),
        has_contact=True,
        language=Language.CHINESE,
        decided_by=None,
        decided_at=None,
    ),
    ContactView("Mrs Li, 139 0000 0000"),
    PublicDisputeView(
        id="1n5p8d3x0c6ze",
        case_id=_CASE,
        status=CaseStatus.OPEN,
        relation=Relation.SELF,
        contact="139 0000 0000",
        note="That is me, and I am not missing.",
        received_at=_AT,
        decided_at=None,
        decided_by=None,
        upheld=None,
    ),
    _PARTNER,
    NewPartnerView("h2x…", _PARTNER),
    SecretView("h2x…"),
)
