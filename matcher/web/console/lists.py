"""Step 1: one face of a sighting beside its candidates, shuffled."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.errors import WrongUse
from matcher.web import apart
from matcher.web.console.pictures import of_claim
from matcher.web.console.queue import Reviewer
from matcher.web.faces import FaceKind
from matcher.web.identity import Form
from matcher.web.pages import page

router = APIRouter(prefix="/review/lists")


@router.get("/{claim}")
def show(request: Request, claim: str, visited: Reviewer) -> Response:
    """The list of a claim."""
    return page(request, "list.html", visited, sheet=visited.desk.list_sheet(visited.acting, claim))


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
def seal(claim: str, visited: Reviewer, given: Form) -> Response:
    """Seal the picks, or that nobody resembles the face."""
    picks = _picks(given)
    if bool(picks) == (given.get("answer") == "none"):
        raise WrongUse("Mark the faces that resemble the sighting's and seal them, or say that none does: not both.")
    visited.desk.seal_list(visited.acting, claim, picks)
    return RedirectResponse("/queue?sealed=1", status_code=303)


def _picks(given: FormData) -> list[int]:
    found = [str(one) for one in given.getlist("pick")]
    if not all(one.isascii() and one.isdigit() and len(one) < 4 for one in found):
        raise WrongUse("A pick is the number of a place: load the page anew.")
    return [int(one) for one in found]
