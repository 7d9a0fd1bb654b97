"""Step 1: one face of a sighting beside its candidates, shuffled."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.errors import WrongUse
from matcher.services.desk_views import ListSheet
from matcher.web import apart
from matcher.web.console.pictures import of_claim
from matcher.web.console.queue import Reviewer, seconds_left
from matcher.web.faces import FaceKind
from matcher.web.identity import Form, Visit
from matcher.web.pages import page
from matcher.wording import Wording

router = APIRouter(prefix="/review/lists")

_BOTH = Wording("Faces are marked: seal them, or take the marks away and then say that nobody resembles it.")
_NEITHER = Wording("No face is marked: mark those that resemble the sighting's, or say that nobody does.")


@router.get("/{claim}")
def show(request: Request, claim: str, visited: Reviewer) -> Response:
    """The list of a claim."""
    return _list(request, visited, visited.desk.list_sheet(visited.acting, claim))


@router.get("/{claim}/faces/{place}/{kind}.jpg")
@apart.pictures
def picture(claim: str, place: int, kind: FaceKind, visited: Reviewer) -> Response:
    """A face of the list; the sighting's is at place 0."""
    return of_claim(visited, claim, place, kind)


@router.post("/{claim}/draft")
def save(claim: str, visited: Reviewer, given: Form) -> Response:
    """Keep the picks without sealing them."""
    visited.desk.save_picks(visited.acting, claim, _picks(given))
    return Response(status_code=204)


@router.post("/{claim}/seal")
def seal(request: Request, claim: str, visited: Reviewer, given: Form) -> Response:
    """Seal the picks, or that nobody resembles the face; an answer that says both or neither comes back as it was."""
    picks = _picks(given)
    if bool(picks) == (given.get("answer") == "none"):
        sheet = replace(visited.desk.list_sheet(visited.acting, claim), picks=tuple(picks))
        return _list(request, visited, sheet, problem=_BOTH if picks else _NEITHER)
    visited.desk.seal_list(visited.acting, claim, picks)
    return RedirectResponse("/queue?sealed=1", status_code=303)


def _list(request: Request, visited: Visit, sheet: ListSheet, problem: Wording | None = None) -> Response:
    left = seconds_left(visited, sheet.expires_at)
    status = 200 if problem is None else 400
    return page(request, "list.html", visited, status=status, sheet=sheet, seconds_left=left, problem=problem)


def _picks(given: FormData) -> list[int]:
    found = [str(one) for one in given.getlist("pick")]
    if not all(one.isascii() and one.isdigit() and len(one) < 4 for one in found):
        raise WrongUse(Wording("A pick is the number of a place: load the page anew."))
    return [int(one) for one in found]
