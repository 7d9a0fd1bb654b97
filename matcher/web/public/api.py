"""The public side for partners' programs: the feed of alerts that is asked for, and reports with an API key."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Header, Query, UploadFile
from fastapi import File as Sent
from pydantic import Json
from starlette.responses import JSONResponse, Response

from matcher.accounts.rights import Right
from matcher.domain.alerts import Bulletin, BulletinKind, Meant
from matcher.domain.positions import Datum, Position
from matcher.domain.reports import Via
from matcher.errors import MatcherError, WrongUse
from matcher.interchange.cells import position
from matcher.services.alert_data import bulletin_data
from matcher.services.public_side import PublicSide
from matcher.services.reports import NewReport
from matcher.web.api.bodies import PublicReport
from matcher.web.api.caller import PREFIX, Route, allowed
from matcher.web.identity import public
from matcher.web.public.visitor import Anybody
from matcher.web.security import for_others
from matcher.web.signed_in import SignedIn
from matcher.web.uploads import photos_of
from matcher.wording import Wording

router = APIRouter(prefix=PREFIX, route_class=Route)

MOST_ALERTS, MOST_REPORTS = 200, 50
Sender = Annotated[SignedIn, Depends(allowed(Right.SIGHTING_SUBMIT))]


@router.get("/alerts", dependencies=[Depends(public)])
def alerts(
    visited: Anybody,
    since: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    near: str | None = None,
    datum: Datum = Datum.WGS84,
    limit: Annotated[int, Query(ge=1, le=MOST_ALERTS)] = 100,
) -> Response:
    """What was told of actual alerts behind the number `since`; `next` is the `since` of the next question.

    `near` (latitude,longitude in `datum`): only of alerts that are heard there, of each the newest. The place is not
    kept.
    """
    context = visited.context
    place = None if near is None else _place(near, datum)
    with context.store.read() as reading:
        last = reading.alerts.last_bulletin()
    if place is None:
        with context.store.read() as reading:
            found = reading.alerts.told_since(since, limit)
    else:
        heard = visited.request.app.state.alert_map.heard_at(place, after=since, now=context.clock(), limit=limit)
        with context.store.read() as reading:
            found = reading.alerts.bulletins(heard)
    whole = len(found) < limit
    shown = [one for one in found if one.meant is Meant.ACTUAL and not _is_erased(one)]
    told = [bulletin_data(one, context.settings.public_url) for one in shown]
    following = max(since, last) if whole else found[-1].number
    answer = JSONResponse({"alerts": told, "next": following, "more": not whole})
    return for_others(answer, read=True)


@router.post("/reports", status_code=202)
def report(
    caller: Sender,
    photo: Annotated[list[UploadFile], Sent()],
    report: Annotated[Json[PublicReport] | None, Form()] = None,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> JSONResponse:
    """Hand in one report of a user; the answer is the receipt, whose code belongs to that user."""
    told = PublicReport.model_validate({}) if report is None else report
    return JSONResponse(_accept(caller, told, photo, idempotency_key), status_code=202)


@router.post("/reports/batch", status_code=207)
def batch(
    caller: Sender,
    photo: Annotated[list[UploadFile], Sent()],
    reports: Annotated[Json[list[PublicReport]], Form()],
) -> JSONResponse:
    """Hand in several reports, of which each says how many of the photos, in their order, are its own.

    Each is taken or refused by itself; one that has a `key` may be sent again without coming twice.
    """
    if len(reports) > MOST_REPORTS or not reports:
        raise WrongUse(f"A batch has 1 … {MOST_REPORTS} reports: this one has {len(reports)}.")
    if sum(one.photos for one in reports) != len(photo):
        raise WrongUse("The numbers of photos of the reports do not add up to the photos that were sent.")
    answers, start = [], 0
    for one in reports:
        own = photo[start : start + one.photos]
        start += one.photos
        try:
            answers.append({"status": 202, **_accept(caller, one, own, one.key)})
        except MatcherError as error:
            if error.http_status >= 500:
                raise
            answers.append({"status": error.http_status, "code": error.code, "detail": str(error.message)})
    return JSONResponse({"reports": answers}, status_code=207)


def _accept(caller: SignedIn, told: PublicReport, photo: list[UploadFile], key: str | None) -> dict[str, Any]:
    fields = told.model_dump(
        exclude_unset=True, exclude={"photos", "key", "card", "contact", "language", "institution"}
    )
    if told.position is not None:
        fields["position"] = Position.given(told.position.lat, told.position.lon, told.position.datum)
    fields.setdefault("source", caller.acting.name)
    new = NewReport(
        told=fields,
        via=Via.INSTITUTION if told.institution else Via.PARTNER,
        card=told.card,
        contact=told.contact,
        language=told.language,
        sender=f"account {caller.acting.id}",
        account=caller.acting.id,
        key=key,
    )
    receipt = PublicSide(caller.context).reports.accept(new, photos_of(photo))
    return {"receipt": receipt.code, "report": receipt.id, "repeated": receipt.repeated}


def _is_erased(told: Bulletin) -> bool:
    """Nothing is left of it; that it is over was told, too."""
    return told.content is None and told.kind is not BulletinKind.CANCEL


def _place(near: str, datum: Datum) -> Position | None:
    lat, comma, lon = near.partition(",")
    if not comma:
        raise WrongUse(Wording("near is '{near}': write it as latitude,longitude.", near=near[:60]))
    return position({"lat": lat, "lon": lon, "datum": datum})
