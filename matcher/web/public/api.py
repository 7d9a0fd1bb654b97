"""The public side for partners' programs: the feed of alerts that is asked for, and reports with an API key."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Header, Query, UploadFile
from fastapi import File as Sent
from pydantic import Json
from starlette.responses import JSONResponse

from matcher.accounts.rights import Right
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
    limit: Annotated[int, Query(ge=1, le=MOST_ALERTS)] = 100,
) -> JSONResponse:
    """What is told of actual alerts behind the number `since`, of each the newest; `next` is the `since` of the next
    question. Of those that are over nothing but that, and of those that ran out, which was known, nothing.

    `near` (latitude,longitude): only of alerts that are heard there. The place is not kept.
    """
    context = visited.context
    place = None if near is None else _place(near)
    with context.store.read() as reading:
        last = reading.alerts.last_bulletin()
    if place is None:
        with context.store.read() as reading:
            found = reading.alerts.public_since(since, context.clock(), limit)
        numbers = [one.number for one in found]
    else:
        # Some of them may be over since: the cursor goes on behind them all the same.
        numbers = visited.request.app.state.alert_map.heard_at(place, after=since, now=context.clock(), limit=limit)
        with context.store.read() as reading:
            found = reading.alerts.public(numbers, context.clock())
    whole = len(numbers) < limit
    told = [bulletin_data(one, context.settings.public_url) for one in found]
    following = max(since, last) if whole else numbers[-1]
    return JSONResponse({"alerts": told, "next": following, "more": not whole})


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
        fields["position"] = told.position.lat, told.position.lon
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


def _place(near: str) -> Any:
    lat, comma, lon = near.partition(",")
    if not comma:
        raise WrongUse(Wording("near is '{near}': write it as latitude,longitude.", near=near[:60]))
    return position({"lat": lat, "lon": lon})
