"""Sightings: take one in, look after its photos, and what was found for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.domain.cases import Sex
from matcher.domain.positions import Datum
from matcher.domain.records import HowSeen
from matcher.errors import MatcherError
from matcher.interchange.cells import position
from matcher.interchange.records import SIGHTING_COLUMNS
from matcher.services.views import SightingView
from matcher.web import apart, parts
from matcher.web.forms import text, words
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page
from matcher.web.parts import LINES
from matcher.web.uploads import photos

router = APIRouter(prefix="/sightings")

Sender = Annotated[Visit, Depends(allowed(Right.SIGHTING_SUBMIT))]
Looker = Annotated[Visit, Depends(allowed(Right.TRIAGE))]
Reader = Annotated[Visit, Depends(allowed(Right.SIGHTING_READ))]
Writer = Annotated[Visit, Depends(allowed(Right.CASE_WRITE))]
Officer = Annotated[Visit, Depends(allowed(Right.CASE_CLOSE))]
Either = Annotated[Visit, Depends(allowed(Right.SIGHTING_READ, Right.TRIAGE))]

_CHOICES: dict[str, Any] = {"sexes": list(Sex), "hows": list(HowSeen), "datums": list(Datum)}


@router.get("")
def listed(request: Request, visited: Either, triage: bool = False, after: str | None = None) -> Response:
    """Sightings, newest first; `triage`: those with a photo that somebody has to look at."""
    wanted = True if triage else None
    found = visited.casework.sightings(visited.acting, needs_triage=wanted, after=after, limit=LINES + 1)
    part = parts.page(found, LINES, lambda one: one.id)
    return page(request, "sightings.html", visited, sightings=part, triage=triage)


@router.get("/new")
def new(request: Request, visited: Sender) -> Response:
    """The form for a sighting."""
    return page(request, "sighting_new.html", visited, given={}, problem=None, **_CHOICES)


@router.post("")
@apart.models
def submit(request: Request, visited: Sender, given: Form) -> Response:
    """Take a sighting in. The receipt has an address of its own, so that loading it anew hands nothing in again."""
    try:
        receipt = visited.casework.submit_sighting(visited.acting, photos(given), **_told(given))
    except MatcherError as error:
        if error.http_status >= 500:
            raise
        entered, status = words(given), error.http_status
        return page(
            request, "sighting_new.html", visited, status=status, given=entered, problem=error.message, **_CHOICES
        )
    return RedirectResponse(f"/sightings/{receipt.id}/received", status_code=303)


@router.get("/{sighting}/received")
def received(request: Request, visited: Sender, sighting: str) -> Response:
    """The receipt: which photos can be used, and nothing of candidates."""
    receipt = visited.casework.receipt(visited.acting, sighting)
    before = visited.casework.handed_in_before(visited.acting, sighting)
    return page(request, "sighting_received.html", visited, receipt=receipt, before=before)


@router.get("/{sighting}")
def show(request: Request, visited: Looker, sighting: str) -> Response:
    """A sighting's photos and faces, without its candidates; whoever looks is asked about its pairs no more."""
    found = visited.casework.triage_sheet(visited.acting, sighting)
    return _sighting(request, visited, found, candidates=False)


@router.get("/{sighting}/candidates")
def candidates(request: Request, visited: Reader, sighting: str) -> Response:
    """A sighting with its candidates."""
    found = visited.casework.sighting(visited.acting, sighting)
    return _sighting(request, visited, found, candidates=True)


@router.post("/{sighting}/mark")
def mark(visited: Looker, sighting: str, given: Form) -> Response:
    """Say which face is meant."""
    visited.desk.mark_face(visited.acting, text(given, "face"))
    return RedirectResponse(f"/sightings/{sighting}", status_code=303)


@router.post("/{sighting}/aside")
def aside(visited: Looker, sighting: str, given: Form) -> Response:
    """Say that no face of a photo can be used."""
    visited.casework.set_photo_aside(visited.acting, text(given, "photo"), note=text(given, "note"))
    return RedirectResponse(f"/sightings/{sighting}", status_code=303)


@router.post("/{sighting}/back")
def back(visited: Looker, sighting: str, given: Form) -> Response:
    """Let people look at a photo again."""
    visited.casework.bring_photo_back(visited.acting, text(given, "photo"))
    return RedirectResponse(f"/sightings/{sighting}", status_code=303)


@router.post("/{sighting}/dispute")
def dispute(visited: Writer, sighting: str, given: Form) -> Response:
    """Hide it until an officer has decided."""
    visited.casework.dispute_sighting(visited.acting, sighting, note=text(given, "note"))
    return RedirectResponse(f"/sightings/{sighting}", status_code=303)


@router.post("/{sighting}/dismiss")
def dismiss(visited: Officer, sighting: str, given: Form) -> Response:
    """Show it again."""
    visited.casework.dismiss_dispute(visited.acting, sighting, note=text(given, "note"))
    return RedirectResponse(f"/sightings/{sighting}", status_code=303)


def _sighting(request: Request, visited: Visit, found: SightingView, *, candidates: bool) -> Response:
    """A sighting, with what is known of its report where the public reported it, and those that tell of the same."""
    report, beside = None, []
    if Right.TRIAGE in visited.acting.rights:
        report = visited.public.reports.line(visited.acting, found.id)
        beside = visited.public.reports.beside(visited.acting, found.id)
    values: Mapping[str, Any] = {"candidates": candidates, "report": report, "beside": beside}
    return page(request, "sighting.html", visited, sighting=found, **values)


def _told(given: FormData) -> dict[str, Any]:
    entered = words(given)
    told: dict[str, Any] = {name: entered[name] for name in SIGHTING_COLUMNS if entered.get(name)}
    where = position({name: entered[name] for name in ("lat", "lon", "datum") if entered.get(name)})
    return told if where is None else {**told, "position": where}
