"""The public side for partners' programs: the feed of alerts that is asked for, and reports with an API key."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Depends, Form, Query, UploadFile
from fastapi import File as Sent
from pydantic import Field, Json
from starlette.responses import JSONResponse, Response

from matcher.domain.positions import Datum, Position
from matcher.domain.reports import Via
from matcher.errors import MatcherError, WrongUse
from matcher.interchange.cells import position
from matcher.services.alert_data import bulletin_data
from matcher.services.public_side import PublicSide
from matcher.services.reports import MOST_PHOTOS, NewReport
from matcher.web.api.bodies import BatchedReport, PublicReport
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import AfterNumber, IdempotencyKey, Limit, Sender
from matcher.web.api.uploads import SEVERAL
from matcher.web.identity import public
from matcher.web.public.answers import AlertFeed, BatchAnswer, RefusedReport, ReportReceipt, TakenReport
from matcher.web.public.visitor import Visitor
from matcher.web.security import for_others
from matcher.web.signed_in import SignedIn
from matcher.web.uploads import photos_of
from matcher.wording import Wording

router = router_of("Alerts and reports")

MOST_REPORTS = 50
Reports = Annotated[list[BatchedReport], Field(min_length=1, max_length=MOST_REPORTS)]


@router.get("/alerts", dependencies=[Depends(public)], summary="Alerts", response_model=AlertFeed)
def alerts(
    visited: Annotated[Visitor, Depends(Visitor)],
    since: AfterNumber = 0,
    near: Annotated[
        str | None, Query(description="latitude,longitude in degrees of `datum`.", examples=["30.26,120.15"])
    ] = None,
    datum: Datum = Datum.WGS84,
    limit: Limit = 100,
) -> Response:
    """What is told of actual alerts behind the number `since`, of each the newest; `next` is the `since` of the next
    question. Of those that are over nothing but that, and of those that ran out, which was known, nothing.

    `near` (latitude,longitude): only of alerts that are heard there. The place is not kept.
    """
    context = visited.context
    place = None if near is None else _place(near, datum)
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
    answer = JSONResponse({"alerts": told, "next": following, "more": not whole})
    return for_others(answer, read=True)


@router.post("/reports", status_code=202, summary="Hand in a report", responses={429: {}})
def report(
    caller: Sender,
    photo: Annotated[list[UploadFile], Sent(description=f"1 … {MOST_PHOTOS} photos of the child: {SEVERAL}")],
    report: Annotated[Json[PublicReport] | None, Form()] = None,
    idempotency_key: IdempotencyKey = None,
) -> ReportReceipt:
    """Hand in one report of a user; the answer is the receipt, whose code belongs to that user."""
    told = PublicReport.model_validate({}) if report is None else report
    return _accept(caller, told, photo, idempotency_key)


@router.post("/reports/batch", status_code=207, summary="Hand in several reports")
def batch(
    caller: Sender,
    photo: Annotated[list[UploadFile], Sent(description=f"Photos of all reports, in their order: {SEVERAL}")],
    reports: Annotated[Json[Reports], Form()],
) -> BatchAnswer:
    """Hand in several reports, of which each says how many of the photos, in their order, are its own.

    Each is taken or refused by itself; one that has a `key` may be sent again without coming twice.
    """
    if sum(one.photos for one in reports) != len(photo):
        raise WrongUse("The numbers of photos of the reports do not add up to the photos that were sent.")
    answers: list[TakenReport | RefusedReport] = []
    start = 0
    for one in reports:
        own = photo[start : start + one.photos]
        start += one.photos
        try:
            answers.append(TakenReport(status=202, **asdict(_accept(caller, one, own, one.key))))
        except MatcherError as error:
            if error.http_status >= 500:
                raise
            answers.append(RefusedReport(status=error.http_status, code=error.code, detail=str(error.message)))
    return BatchAnswer(reports=tuple(answers))


def _accept(caller: SignedIn, told: PublicReport, photo: list[UploadFile], key: str | None) -> ReportReceipt:
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
    return ReportReceipt(receipt=receipt.code, report=receipt.id, repeated=receipt.repeated)


def _place(near: str, datum: Datum) -> Position | None:
    lat, comma, lon = near.partition(",")
    if not comma:
        raise WrongUse(Wording("near is '{near}': write it as latitude,longitude.", near=near[:60]))
    return position({"lat": lat, "lon": lon, "datum": datum})
