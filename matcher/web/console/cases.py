"""Cases: find one, register one, and one case with its photos, its history and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.domain.cases import MOVES, CaseStatus, Circumstance, ConfirmationKind, LegalBasis, Sex
from matcher.domain.positions import Datum
from matcher.domain.relations import RelationKind
from matcher.errors import MatcherError, NotFound, WrongUse
from matcher.interchange.cells import position
from matcher.interchange.records import CASE_COLUMNS
from matcher.services.inputs import CasePhoto
from matcher.services.views import CaseView
from matcher.web import apart, parts
from matcher.web.console.publication import seen_by_public
from matcher.web.forms import text, words
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page
from matcher.web.parts import LINES
from matcher.web.uploads import photos
from matcher.wording import Wording

router = APIRouter()

Reader = Annotated[Visit, Depends(allowed(Right.CASE_READ))]
Writer = Annotated[Visit, Depends(allowed(Right.CASE_WRITE))]
Officer = Annotated[Visit, Depends(allowed(Right.CASE_CLOSE))]

_CHOICES_SHOWN = 10  # whole photos on one page
_CHOICES: dict[str, Any] = {
    "sexes": list(Sex),
    "circumstances": list(Circumstance),
    "bases": list(LegalBasis),
    "datums": list(Datum),
}


@router.get("/cases")
def listed(request: Request, visited: Reader, status: CaseStatus | None = None, after: str | None = None) -> Response:
    """Cases by number."""
    found = visited.casework.cases(visited.acting, status=status, after=after, limit=LINES + 1)
    part = parts.page(found, LINES, lambda one: one.case_id)
    return page(request, "cases.html", visited, cases=part, wanted=status, statuses=list(CaseStatus))


@router.get("/cases/waiting")
def waiting(request: Request, visited: Reader, after: str | None = None) -> Response:
    """What keeps children from being found: photos of which no face is chosen, and weak ones."""
    found = visited.casework.awaiting_choice(visited.acting, after=after, limit=_CHOICES_SHOWN + 1)
    choose = parts.page(found, _CHOICES_SHOWN, lambda one: one[1].id)
    weak = visited.casework.weak_cases(visited.acting)
    return page(request, "cases_waiting.html", visited, choose=choose, weak=weak)


@router.get("/cases/new")
def new(request: Request, visited: Writer) -> Response:
    """The form for a new case."""
    return page(request, "case_new.html", visited, given={}, problem=None, **_CHOICES)


@router.post("/cases")
@apart.models
def add(request: Request, visited: Writer, given: Form) -> Response:
    """Register a case; what cannot be used comes back with what was entered."""
    number = text(given, "case_id")
    try:
        view = visited.casework.add_case(visited.acting, number, _photos(given), **_told(given))
    except MatcherError as error:
        if error.http_status >= 500:
            raise
        entered = words(given)
        return page(
            request,
            "case_new.html",
            visited,
            status=error.http_status,
            given=entered,
            problem=error.message,
            **_CHOICES,
        )
    return _after(request, visited, view)


@router.get("/case")
def show(request: Request, visited: Reader, number: str) -> Response:
    """One case; whoever looks is asked about its pairs no more."""
    return _case(request, visited, visited.casework.case(visited.acting, number))


@router.post("/case/details")
def change(request: Request, visited: Writer, given: Form) -> Response:
    """Change what is known of a child; a field that was emptied is erased.

    What cannot be used comes back with what was entered, and so does what somebody else changed meanwhile.
    """
    number = text(given, "number")
    try:
        told: dict[str, Any] = dict.fromkeys([*CASE_COLUMNS, "last_seen"]) | _told(given)
        view = visited.casework.update_case(visited.acting, number, seen=_seen(given), **told)
    except NotFound:
        raise
    except MatcherError as error:
        if error.http_status >= 500:
            raise
        view = visited.casework.case(visited.acting, number)
        return _case(request, visited, view, Refused(error.message, error.http_status, words(given)))
    return _after(request, visited, view)


@router.post("/case/photos")
@apart.models
def add_photos(request: Request, visited: Writer, given: Form) -> Response:
    """Add photos."""
    number, new_photos = text(given, "number"), _photos(given)
    if not new_photos:
        raise WrongUse(Wording("No photo was chosen: choose at least one."))
    return _after(request, visited, visited.casework.update_case(visited.acting, number, new_photos))


@router.post("/case/face")
@apart.models
def choose(request: Request, visited: Writer, given: Form) -> Response:
    """Say which face of a photo is the child's."""
    number = text(given, "face")
    if not (number.isascii() and number.isdigit() and len(number) < 5):
        raise WrongUse(Wording("Choose one of the faces."))
    return _after(request, visited, visited.casework.choose_face(visited.acting, text(given, "photo"), int(number)))


@router.post("/case/relation")
def relate(request: Request, visited: Writer, given: Form) -> Response:
    """Declare how two cases are related, or withdraw it."""
    kind = text(given, "kind") or None
    view = visited.casework.relate(visited.acting, text(given, "number"), text(given, "other"), kind)
    return _after(request, visited, view)


@router.post("/case/end")
def end(request: Request, visited: Officer, given: Form) -> Response:
    """End a case; no search finds it from then on."""
    kind, reference = text(given, "kind"), text(given, "reference")
    proof = (kind, reference) if kind else None
    number, status = text(given, "number"), text(given, "status")
    view = visited.casework.close_case(visited.acting, number, status, proof, note=text(given, "note"))
    return _after(request, visited, view)


@router.post("/case/dispute")
def dispute(request: Request, visited: Writer, given: Form) -> Response:
    """Hide an open case until an officer has decided."""
    view = visited.casework.dispute_case(visited.acting, text(given, "number"), note=text(given, "note"))
    return _after(request, visited, view)


@router.post("/case/reopen")
def reopen(request: Request, visited: Officer, given: Form) -> Response:
    """Search for the child again."""
    view = visited.casework.reopen_case(visited.acting, text(given, "number"), note=text(given, "note"))
    return _after(request, visited, view)


def _after(request: Request, visited: Visit, view: CaseView) -> Response:
    """Back to the case; what people should know of what they did is shown with it at once."""
    if view.warnings:
        return _case(request, visited, view)
    return RedirectResponse(f"/case?{urlencode({'number': view.case_id})}", status_code=303)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a change was not made, and what was entered."""

    problem: str
    status: int
    entered: dict[str, str]


def _case(request: Request, visited: Visit, view: CaseView, refused: Refused | None = None) -> Response:
    found = None
    if Right.SIGHTING_READ in visited.acting.rights:
        found = visited.casework.candidates_of(visited.acting, view.case_id)
    ends = sorted(MOVES[view.status] - {CaseStatus.OPEN, CaseStatus.DISPUTED}, key=list(CaseStatus).index)
    return page(
        request,
        "case.html",
        visited,
        status=200 if refused is None else refused.status,
        case=view,
        given=_entered(view) if refused is None else refused.entered,
        problem=None if refused is None else refused.problem,
        candidates=found,
        ends=ends,
        kinds=list(ConfirmationKind),
        relations=list(RelationKind),
        **seen_by_public(visited, view.case_id),
        **_CHOICES,
    )


def _told(given: FormData) -> dict[str, Any]:
    """The fields that were filled in."""
    entered = words(given)
    told: dict[str, Any] = {name: entered[name] for name in CASE_COLUMNS if entered.get(name)}
    where = position({name: entered[name] for name in ("lat", "lon", "datum") if entered.get(name)})
    return told if where is None else {**told, "last_seen": where}


def _entered(view: CaseView) -> dict[str, str]:
    """What is known of a case as the words of a form."""
    details = view.details
    known = {name: getattr(details, name) for name in CASE_COLUMNS}
    if details.last_seen is not None:
        known |= {"lat": details.last_seen.lat, "lon": details.last_seen.lon}
    return {name: _word(value) for name, value in known.items() if value not in (None, ())}


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value.isoformat() if hasattr(value, "isoformat") else getattr(value, "value", value))


def _seen(given: FormData) -> datetime:
    """When the case was changed last before the form was loaded."""
    try:
        return datetime.fromisoformat(text(given, "seen"))
    except ValueError as error:
        raise WrongUse(Wording("This form does not say what it was made from: load the page anew.")) from error


def _photos(given: FormData) -> list[CasePhoto]:
    """The photos of a form with the date or the age that counts for all of them."""
    entered = words(given)
    parse = CASE_COLUMNS
    taken = parse["born"](entered["taken"]) if entered.get("taken") else None
    age = parse["age"](entered["photo_age"]) if entered.get("photo_age") else None
    return [CasePhoto(photo, taken, age) for photo in photos(given)]
