"""The document of what partners' programs ask and send, with one example of everything that they get."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any

from fastapi.routing import APIRoute

from matcher.domain.alerts import BulletinKind, Meant
from matcher.domain.cases import Sex
from matcher.web.api.document import describe
from matcher.web.public import api
from matcher.web.public.answers import (
    ActiveAlert,
    AlertArea,
    AlertCard,
    AlertFeed,
    AlertLinks,
    AlertPhoto,
    BatchAnswer,
    EndedAlert,
    RefusedReport,
    ReportReceipt,
    TakenReport,
)
from matcher.web.public.listings import AREAS, FEED

_ABOUT = (
    "For apps that show cards of missing children and hand in what their users report. Alerts are told to everybody; "
    "for reports a key with the scope `sighting_submit` is sent as `Authorization: Bearer …`. Whoever is told by "
    "webhook verifies the header `Matcher-Signature: t=SECONDS,v1=HEX`: HEX is the HMAC-SHA-256, under the secret that "
    "was given with the webhook, of SECONDS, a full stop and the body as it came, and SECONDS are not long ago; the "
    "`data` of the event is an alert as `GET /v1/alerts` tells it. For warning systems and maps there are "
    f"`{FEED}`, an Atom feed of CAP 1.2 documents, `/alerts/NUMBER.cap`, one of them, and `{AREAS}`, their areas as "
    "GeoJSON; `/c/CODE/card.json` is a card as data. Uploads are multipart/form-data with photos and a part of JSON. "
    "Errors are application/problem+json (RFC 9457), and `instance` names the request as the server's log does."
)

_AT = datetime(2024, 6, 2, 1, 15, tzinfo=timezone.utc)
_CODE, _ALERT, _REPORT, _SITE = "K7QF9M2P", "9t3n5d7w0c2ye", "5w1x0h9be4t7a", "https://find.example"
_RECEIPT = "77YG-8E3M-MQPN-S888"

_ACTIVE = ActiveAlert(
    version=1,
    number=311,
    alert=_ALERT,
    kind=BulletinKind.ALERT,
    meant=Meant.ACTUAL,
    at=_AT,
    references=(),
    expires_at=_AT + timedelta(days=7),
    area=AlertArea(lat=30.25, lon=120.15, radius_km=100.0, place="West Lake, Hangzhou"),
    note=None,
    card=AlertCard(
        code=_CODE,
        phone="0571-110",
        name="Wang Fang",
        sex=Sex.FEMALE,
        age_then=8.0,
        missing_since=date(2024, 6, 1),
        place="West Lake, Hangzhou",
        height_cm=None,
        weight_kg=None,
        marks="mole on the left cheek",
        clothing="a red coat",
    ),
    photo=AlertPhoto(sha1="65f4825956e82a1faec31490eca9a60a774155ff", size=15798, age=6.0, year=2023),
    links=AlertLinks(
        card=f"{_SITE}/c/{_CODE}",
        photo=f"{_SITE}/c/{_CODE}/photo.jpg",
        picture=f"{_SITE}/c/{_CODE}/message.png",
        report=f"{_SITE}/report?card={_CODE}",
        cap=f"{_SITE}/alerts/311.cap",
    ),
)
_ENDED = EndedAlert(
    version=1,
    number=312,
    alert="0m4k7c2v9b5xd",
    kind=BulletinKind.CANCEL,
    meant=Meant.ACTUAL,
    at=_AT + timedelta(minutes=5),
    references=(),
)
EXAMPLES: tuple[Any, ...] = (
    AlertFeed(alerts=(_ACTIVE, _ENDED), next=312, more=False),
    ReportReceipt(receipt=_RECEIPT, report=_REPORT, repeated=False),
    BatchAnswer(
        reports=(
            TakenReport(status=202, receipt=_RECEIPT, report=_REPORT, repeated=False),
            RefusedReport(status=422, code="photo_refused", detail="photo 1 is no photo."),
        )
    ),
)


@cache
def description() -> dict[str, Any]:
    """The document, which is the same for every home; made when it is asked for first, since that takes a while."""
    routes = [route for route in api.router.routes if isinstance(route, APIRoute)]
    return describe(routes, title="sighting-matcher, public side", about=_ABOUT, examples=EXAMPLES)
