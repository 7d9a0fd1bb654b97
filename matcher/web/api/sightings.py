"""Sightings and ad hoc searches."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from pydantic import Json
from starlette.responses import Response

from matcher.services.views import MatchView, SightingReceipt, SightingSummary, SightingView
from matcher.web import apart
from matcher.web.api.answers import MarkedView
from matcher.web.api.bodies import Reason, SearchOrder, SightingReport
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import (
    After,
    CaseCloser,
    CaseWriter,
    FaceId,
    IdempotencyKey,
    Limit,
    PhotoId,
    Searcher,
    Sender,
    SightingId,
    SightingLister,
    SightingReader,
    Triager,
)
from matcher.web.api.uploads import Photo, Photos
from matcher.web.parts import Page, page
from matcher.web.uploads import photos_of

router = router_of("Sightings")


@router.get("/sightings", summary="Sightings")
def sightings(
    caller: SightingLister, needs_triage: bool | None = None, after: After = None, limit: Limit = 50
) -> Page[SightingSummary]:
    """Sightings, newest first; `needs_triage`: with a photo in which no face can be used."""
    found = caller.casework.sightings(caller.acting, needs_triage=needs_triage, after=after, limit=limit + 1)
    return page(found, limit, lambda one: one.id)


@router.post(
    "/sightings",
    status_code=201,
    summary="Submit a sighting",
    responses={200: {"model": SightingReceipt, "description": "It was there already, under the same key."}},
)
@apart.models
def submit_sighting(
    caller: Sender,
    response: Response,
    photo: Photos,
    report: Annotated[Json[SightingReport] | None, Form()] = None,
    idempotency_key: IdempotencyKey = None,
) -> SightingReceipt:
    """Submit photos of a child that was seen; the answer tells nothing of candidates."""
    told = {} if report is None else report.model_dump(exclude_unset=True)
    if report is not None and report.position is not None:
        told["position"] = report.position.lat, report.position.lon
    receipt = caller.casework.submit_sighting(caller.acting, photos_of(photo), idempotency_key=idempotency_key, **told)
    if receipt.repeated:
        response.status_code = 200
    return receipt


@router.get("/sightings/{sighting}", summary="A sighting")
def sighting(caller: SightingReader, sighting: SightingId) -> SightingView:
    """Everything about one sighting; whoever looks judges none of its candidates blind any more."""
    return caller.casework.sighting(caller.acting, sighting)


@router.get("/sightings/{sighting}/triage", summary="A sighting without candidates")
def triage_sheet(caller: Triager, sighting: SightingId) -> SightingView:
    """A sighting without its candidates, for those who look after its photos; whoever looks judges none of them blind
    any more."""
    return caller.casework.triage_sheet(caller.acting, sighting)


@router.post("/faces/{face}/mark", summary="Mark the face that is meant")
def mark_face(caller: Triager, face: FaceId) -> MarkedView:
    """Say which face of a sighting's photo is meant: lists of the others on it are set aside."""
    return MarkedView(caller.desk.mark_face(caller.acting, face))


@router.post("/photos/{photo}/set-aside", status_code=204, summary="Set a photo aside")
def set_photo_aside(caller: Triager, photo: PhotoId, given: Reason) -> Response:
    """Say, having looked, that no face of a sighting's photo can be used."""
    caller.casework.set_photo_aside(caller.acting, photo, note=given.note)
    return Response(status_code=204)


@router.post("/photos/{photo}/bring-back", status_code=204, summary="Bring a photo back")
def bring_photo_back(caller: Triager, photo: PhotoId) -> Response:
    """Let people look again at a photo that was set aside."""
    caller.casework.bring_photo_back(caller.acting, photo)
    return Response(status_code=204)


@router.post("/sightings/{sighting}/dispute", status_code=204, summary="Dispute a sighting")
def dispute_sighting(caller: CaseWriter, sighting: SightingId, given: Reason) -> Response:
    """Hide a sighting of which somebody says that it shows them or their child, until an officer has decided."""
    caller.casework.dispute_sighting(caller.acting, sighting, note=given.note)
    return Response(status_code=204)


@router.post("/sightings/{sighting}/dismiss-dispute", status_code=204, summary="Dismiss a dispute")
def dismiss_dispute(caller: CaseCloser, sighting: SightingId, given: Reason) -> Response:
    """Show a disputed sighting again."""
    caller.casework.dismiss_dispute(caller.acting, sighting, note=given.note)
    return Response(status_code=204)


@router.post("/search", summary="Search once")
@apart.models
def search(caller: Searcher, photo: Photo, search: Annotated[Json[SearchOrder], Form()]) -> MatchView:
    """Rank the open cases for every face of a photo that is not kept; whoever searches is recused from them."""
    (sent,) = photos_of([photo])
    return caller.casework.search(caller.acting, sent, reason=search.reason, top=search.top)
