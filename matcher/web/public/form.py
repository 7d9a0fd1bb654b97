"""The form in which anybody tells of a child who was seen. It works without a script, on a slow telephone."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.domain.cases import Sex
from matcher.domain.positions import Datum
from matcher.domain.records import HowSeen
from matcher.errors import Conflict, MatcherError, WrongUse
from matcher.interchange.cells import position
from matcher.services.reports import NewReport, Receipt
from matcher.web.forms import text, words
from matcher.web.identity import public
from matcher.web.public.visitor import Anybody, Sent, Visitor, told_when
from matcher.web.uploads import photos
from matcher.wording import Wording

router = APIRouter(dependencies=[Depends(public)])

CHOICES: dict[str, Any] = {
    "hows": [HowSeen.IN_PERSON, HowSeen.INSTITUTION, HowSeen.SOCIAL_MEDIA, HowSeen.CCTV],
    "sexes": [Sex.FEMALE, Sex.MALE],
    "datums": [Datum.WGS84, Datum.GCJ02],
}
_PLAIN = ("place", "how_seen", "apparent_sex", "apparent_age", "note")


@router.get("/")
def first() -> Response:
    """The first page is the form."""
    return RedirectResponse("/report", status_code=307)


@router.get("/report")
def new(visited: Anybody, card: str | None = None) -> Response:
    """The form, beside the card on whose code it was opened."""
    return _form(visited, {"card": card or ""}, None)


@router.post("/report")
def send(visited: Anybody, given: Sent) -> Response:
    """Take a report in, and give its code. To load this page anew takes nothing in again."""
    try:
        receipt = taken(visited, report_of(visited, given), given)
    except MatcherError as error:
        if error.http_status >= 500:
            raise
        return _form(visited, words(given), error, status=error.http_status)
    card = text(given, "card")
    over = bool(card) and visited.card(card) is None
    return visited.page("received.html", status=201, code=receipt.code, over=over)


def taken(visited: Visitor, new: NewReport, given: FormData) -> Receipt:
    """Take a report in. Who goes back in the browser and sends something else with the same word means another one."""
    try:
        return visited.side.reports.accept(new, photos(given))
    except Conflict:
        return visited.side.reports.accept(replace(new, key=f"{new.key} {_digest(given)}"), photos(given))


def _digest(given: FormData) -> str:
    """What tells a form from another one with the same word, so that this one can be sent again as well."""
    whole = hashlib.sha256()
    for entered in sorted(words(given).items()):
        whole.update(repr(entered).encode())
    for photo in photos(given):
        whole.update(hashlib.sha256(photo.read()).digest())
    return whole.hexdigest()[:32]


def report_of(visited: Visitor, given: FormData) -> NewReport:
    """What a form says. `WrongUse` for a field that cannot be meant."""
    entered = words(given)
    told: dict[str, Any] = {name: entered[name] for name in _PLAIN if entered.get(name)}
    where = position(
        {name: entered[name] for name in ("lat", "lon", "datum") if entered.get(name)}
        if entered.get("lat") or entered.get("lon")
        else {}
    )
    if where is not None:
        told["position"] = where
    seen_at = _seen_at(entered, ZoneInfo(visited.context.settings.public_zone))
    if seen_at is not None:
        told["seen_at"] = seen_at
    if entered.get("first_hand"):
        told["first_hand"] = entered["first_hand"] == "yes"
    return NewReport(
        told=told,
        card=entered.get("card") or None,
        contact=entered.get("contact") or None,
        language=visited.language,
        sender=visited.address,
        key=form_key(entered.get("submission", "")),
        trap=entered.get("website", ""),
        seconds=visited.seconds_since(entered.get("started", "")),
    )


def form_key(submission: str) -> str | None:
    """What makes sending a form twice the same as once: the word that it was given out with."""
    return (
        f"form {submission}" if 16 <= len(submission) <= 64 and submission.isascii() and submission.isalnum() else None
    )


def _seen_at(entered: dict[str, str], zone: ZoneInfo) -> datetime | None:
    """Day and time as people at the place tell them; without a day there is none, without a time it is noon."""
    day, moment = entered.get("seen_day", ""), entered.get("seen_time", "")
    if not day:
        if moment:
            raise WrongUse(Wording("On which day was the child seen? Give the day with the time."))
        return None
    try:
        when = time.fromisoformat(moment) if moment else time(12)
        return datetime.combine(date.fromisoformat(day), when.replace(tzinfo=None), zone)
    except ValueError as error:
        raise WrongUse(
            Wording("'{day} {time}' is no day and time: write them as 2026-05-01 and 18:30.", day=day, time=moment)
        ) from error


def _form(visited: Visitor, given: dict[str, str], problem: MatcherError | None, *, status: int = 200) -> Response:
    answer = visited.page(
        "report.html",
        status=status,
        given=given,
        problem=None if problem is None else problem.message,
        card=visited.card(given.get("card")),
        started=visited.started(),
        submission=secrets.token_hex(16),
        zone=visited.context.settings.public_zone,
        contact_days=visited.context.settings.contact_days,
        **CHOICES,
    )
    return told_when(answer, problem)
