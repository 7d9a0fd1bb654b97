"""Missing children: register, change, close, relate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import Form, UploadFile
from pydantic import Json
from starlette.responses import Response

from matcher.domain.cases import CaseStatus
from matcher.domain.people import Language
from matcher.errors import WrongUse
from matcher.interchange.cells import day
from matcher.interchange.sighting_map import sighting_map
from matcher.services.details import parsed
from matcher.services.inputs import CasePhoto
from matcher.services.views import CaseCandidate, CaseSummary, CaseView, WeakCase
from matcher.web import apart
from matcher.web.api.answers import UnchosenView
from matcher.web.api.bodies import CaseChanges, Closing, FaceNumber, NewCase, PhotoNote, Reason, Relation
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import (
    After,
    CaseCloser,
    CaseNumber,
    CaseReader,
    CaseWriter,
    Limit,
    OtherNumber,
    PhotoId,
    SightingReader,
)
from matcher.web.api.uploads import Photo, Photos
from matcher.web.languages import speech
from matcher.web.parts import Page, Whole, page, whole
from matcher.web.uploads import photos_of

router = router_of("Cases")


class Svg(Response):
    """A drawing."""

    media_type = "image/svg+xml"


@router.get("/cases", summary="Cases")
def cases(
    caller: CaseReader, status: CaseStatus | None = None, after: After = None, limit: Limit = 50
) -> Page[CaseSummary]:
    """Cases by rising number."""
    found = caller.casework.cases(caller.acting, status=status, after=after, limit=limit + 1)
    return page(found, limit, lambda one: one.case_id)


@router.get("/weak-cases", summary="Cases with weak photos")
def weak_cases(caller: CaseReader, limit: Limit = 50) -> Whole[WeakCase]:
    """Open cases whose best photo is weak or that no search finds, with what would help."""
    return whole(caller.casework.weak_cases(caller.acting, limit + 1), limit)


@router.get("/unchosen-photos", summary="Photos that wait for a choice")
def unchosen_photos(caller: CaseReader, after: After = None, limit: Limit = 50) -> Page[UnchosenView]:
    """Case photos with several faces of which none is chosen yet."""
    found = caller.casework.awaiting_choice(caller.acting, after=after, limit=limit + 1)
    return page([UnchosenView(number, photo) for number, photo in found], limit, lambda one: one.photo.id)


@router.post("/cases", status_code=201, summary="Register a case")
@apart.models
def add_case(caller: CaseWriter, case: Annotated[Json[NewCase], Form()], photo: Photos = []) -> CaseView:  # noqa: B006
    """Register a missing child with its photos, all of it or nothing; a number that is taken is refused with 409."""
    told = _told(case, "case_id", "photos")
    return caller.casework.add_case(caller.acting, case.case_id, _photos(photo, case.photos), **told)


@router.get("/cases/{case}", summary="A case")
def case(caller: CaseReader, case: CaseNumber) -> CaseView:
    """Everything about one case; whoever looks judges none of its candidates blind any more."""
    return caller.casework.case(caller.acting, case)


@router.patch("/cases/{case}", summary="Change a case")
def change_case(caller: CaseWriter, case: CaseNumber, given: CaseChanges) -> CaseView:
    """Change details of a case."""
    return caller.casework.update_case(caller.acting, case, **_told(given))


@router.post("/cases/{case}/photos", summary="Add a photo to a case")
@apart.models
def add_case_photo(
    caller: CaseWriter, case: CaseNumber, photo: Photo, about: Annotated[Json[PhotoNote] | None, Form()] = None
) -> CaseView:
    """Add one photo; one that the case has already is not added again, and what is told anew about it counts."""
    notes = [] if about is None else [about]
    return caller.casework.update_case(caller.acting, case, _photos([photo], notes))


@router.put("/photos/{photo}/face", summary="Choose the child's face")
@apart.models
def choose_face(caller: CaseWriter, photo: PhotoId, given: FaceNumber) -> CaseView:
    """Say which face of a case photo is the child's."""
    return caller.casework.choose_face(caller.acting, photo, given.face)


@router.post("/cases/{case}/close", summary="Close a case")
def close_case(caller: CaseCloser, case: CaseNumber, given: Closing) -> CaseView:
    """End a case: no search finds it from now on."""
    proof = None if given.confirmation is None else (given.confirmation.kind, given.confirmation.reference)
    return caller.casework.close_case(caller.acting, case, given.status, proof, note=given.note)


@router.post("/cases/{case}/dispute", summary="Dispute a case")
def dispute_case(caller: CaseWriter, case: CaseNumber, given: Reason) -> CaseView:
    """Hide an open case of which somebody says that it is about them or their child, until an officer has decided."""
    return caller.casework.dispute_case(caller.acting, case, note=given.note)


@router.post("/cases/{case}/reopen", summary="Reopen a case")
def reopen_case(caller: CaseCloser, case: CaseNumber, given: Reason) -> CaseView:
    """Search for the child of an ended case again."""
    return caller.casework.reopen_case(caller.acting, case, note=given.note)


@router.get("/cases/{case}/candidates", summary="Sightings of a case")
def case_candidates(caller: SightingReader, case: CaseNumber, limit: Limit = 50) -> Whole[CaseCandidate]:
    """The sightings that a case is a candidate for, newest first; whoever looks judges none of them blind any more."""
    return whole(caller.casework.candidates_of(caller.acting, case, limit + 1), limit)


@router.get("/cases/{case}/map", response_class=Svg, summary="The map of a case")
@apart.pictures
def map_of_case(caller: SightingReader, case: CaseNumber, language: Language | None = None) -> Response:
    """Where the child was last seen, sightings that people hold for possible, and areas of alerts, as a drawing with a
    table; in the account's language unless another is named. Whoever looks judges none of them blind any more."""
    reader = speech(language or caller.acting.language or Language.ENGLISH).reader
    return Svg(sighting_map(caller.casework.case_map(caller.acting, case, reader).sheet))


@router.put("/cases/{case}/relations/{other}", summary="Relate two cases")
def relate(caller: CaseWriter, case: CaseNumber, other: OtherNumber, given: Relation) -> CaseView:
    """Declare how two cases are related, instead of anything declared before."""
    return caller.casework.relate(caller.acting, case, other, given.kind)


@router.delete("/cases/{case}/relations/{other}", summary="Withdraw a relation")
def unrelate(caller: CaseWriter, case: CaseNumber, other: OtherNumber) -> CaseView:
    """Withdraw what was declared about two cases."""
    return caller.casework.relate(caller.acting, case, other, None)


def _told(given: CaseChanges, *but: str) -> dict[str, Any]:
    told = given.model_dump(exclude_unset=True, exclude=set(but))
    if given.last_seen is not None:
        told["last_seen"] = given.last_seen.lat, given.last_seen.lon
    return told


def _photos(sent: list[UploadFile], notes: Sequence[PhotoNote]) -> list[CasePhoto]:
    if notes and len(notes) != len(sent):
        raise WrongUse(f"{len(sent)} photos were sent with {len(notes)} notes: send one note per photo, or none.")
    told = notes or [PhotoNote()] * len(sent)
    return [
        CasePhoto(photo, _day(note), note.age, note.face) for photo, note in zip(photos_of(sent), told, strict=True)
    ]


def _day(note: PhotoNote) -> date | None:
    return None if note.taken is None else parsed("taken", note.taken, day)
