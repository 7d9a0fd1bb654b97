"""The form in which anybody tells of a child who was seen. It works without a script, on a slow telephone."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.domain.cases import Sex
from matcher.domain.positions import Datum
from matcher.domain.records import HowSeen
from matcher.errors import Conflict, MatcherError
from matcher.services.reports import NewReport, Receipt
from matcher.web.forms import words
from matcher.web.identity import public
from matcher.web.public.entered import EARLIEST, told
from matcher.web.public.trouble import PHOTO, Trouble, WrongField, trouble_of
from matcher.web.public.visitor import Anybody, Sent, Visitor
from matcher.web.uploads import photos
from matcher.wording import Wording

router = APIRouter(dependencies=[Depends(public)])

CHOICES: dict[str, Any] = {
    "hows": [HowSeen.IN_PERSON, HowSeen.INSTITUTION, HowSeen.SOCIAL_MEDIA, HowSeen.CCTV],
    "sexes": [Sex.FEMALE, Sex.MALE],
    "datums": [Datum.WGS84, Datum.GCJ02],
}


@router.get("/")
def first() -> Response:
    """The first page is the form."""
    return RedirectResponse("/report", status_code=307)


@router.get("/report")
def new(visited: Anybody, card: str | None = None) -> Response:
    """The form, beside the card on whose code it was opened."""
    return _form(visited, {"card": card or ""})


@router.post("/report")
def send(visited: Anybody, given: Sent) -> Response:
    """Take a report in, and give its code. To load this page anew takes nothing in again."""
    try:
        new = report_of(visited, given)
        if not photos(given):
            raise WrongField(PHOTO, Wording("A report needs at least one photo of the child who was seen."))
        receipt = taken(visited, new, given)
    except MatcherError as error:
        return _form(visited, words(given), trouble_of(error))
    over = new.card is not None and visited.card(new.card) is None
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
    """What a form says. `WrongField` for one that cannot be meant."""
    entered = words(given)
    return NewReport(
        told=told(entered, visited.zone, visited.today),
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


def _form(visited: Visitor, given: dict[str, str], problem: Trouble | None = None) -> Response:
    return visited.page(
        "report.html",
        status=200 if problem is None else problem.status,
        given=given,
        problem=problem,
        card=visited.card(given.get("card")),
        started=visited.started(),
        submission=secrets.token_hex(16),
        zone=visited.zone,
        earliest=EARLIEST,
        today=visited.today,
        contact_days=visited.context.settings.contact_days,
        **CHOICES,
    )
