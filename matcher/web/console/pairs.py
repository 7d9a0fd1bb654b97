"""Step 2: two faces beside each other, a verdict, and what it was about."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.domain.reviews import Feature, Likeness, Outcome
from matcher.errors import WrongUse
from matcher.web import apart
from matcher.web.console.pictures import of_claim
from matcher.web.console.queue import Reviewer, seconds_left
from matcher.web.faces import FaceKind
from matcher.web.forms import text
from matcher.web.identity import Form
from matcher.web.languages import speech
from matcher.web.pages import language_of, page
from matcher.wording import Wording

router = APIRouter(prefix="/review/pairs")


@router.get("/{claim}")
def show(request: Request, claim: str, visited: Reviewer) -> Response:
    """The comparison sheet of a claim."""
    sheet = visited.desk.pair_sheet(visited.acting, claim)
    left = seconds_left(visited, sheet.expires_at)
    return page(request, "pair.html", visited, sheet=sheet, seconds_left=left, likenesses=list(Likeness))


@router.get("/{claim}/faces/{place}/{kind}.jpg")
@apart.pictures
def picture(claim: str, place: int, kind: FaceKind, visited: Reviewer) -> Response:
    """A face of the pair; the sighting's is at place 0."""
    return of_claim(visited, claim, place, kind)


@router.post("/{claim}/draft")
def save(claim: str, visited: Reviewer, given: Form) -> Response:
    """Keep what was entered without sealing it."""
    visited.desk.save_draft(visited.acting, claim, **_judgement(given))
    return Response(status_code=204)


@router.post("/{claim}/print")
@apart.pictures
def print_sheet(request: Request, claim: str, visited: Reviewer, given: Form) -> Response:
    """The comparison for paper, as a file: redacted, and on record."""
    place, pdf = text(given, "place") or "1", text(given, "as") != "html"
    if not (place.isascii() and place.isdigit() and len(place) < 4):
        raise WrongUse(Wording("A case photo is the number of a place: load the page anew."))
    reader = speech(language_of(request)).reader
    data = visited.desk.printed(visited.acting, claim, reader, pdf=pdf, place=int(place))
    kind, ending = ("application/pdf", "pdf") if pdf else ("text/html; charset=utf-8", "html")
    return Response(
        data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="comparison.{ending}"'}
    )


@router.post("/{claim}/seal")
def seal(claim: str, visited: Reviewer, given: Form) -> Response:
    """Seal the verdict."""
    entered = _judgement(given)
    visited.desk.seal_pair(visited.acting, claim, entered["outcome"] or "", entered["features"], entered["note"])
    return RedirectResponse(f"/review/pairs/{claim}/sealed", status_code=303)


@router.get("/{claim}/sealed")
def sealed(request: Request, claim: str, visited: Reviewer) -> Response:
    """After sealing: on to the next, or the reveal, which has a price."""
    visited.desk.require_sealed(visited.acting, claim)
    return page(request, "sealed.html", visited, claim=claim)


@router.post("/{claim}/reveal")
def reveal(request: Request, claim: str, visited: Reviewer, given: Form) -> Response:
    """What a sealed pair was about; asked for by a form, since it changes what one may still judge."""
    del given
    found = visited.desk.reveal(visited.acting, claim)
    return page(request, "reveal.html", visited, found=found, outcomes=list(Outcome))


@router.post("/{claim}/revise")
def revise(claim: str, visited: Reviewer, given: Form) -> Response:
    """Follow the verdict by another."""
    entered = _judgement(given)
    visited.desk.revise(visited.acting, claim, entered["outcome"] or "", entered["features"], entered["note"])
    return RedirectResponse("/queue?sealed=1", status_code=303)


def _judgement(given: FormData) -> dict[str, Any]:
    features = {
        feature: (text(given, f"{feature.value}.likeness") or None, text(given, f"{feature.value}.note") or None)
        for feature in Feature
    }
    entered = {feature: told for feature, told in features.items() if any(told)}
    return {"outcome": text(given, "outcome") or None, "features": entered, "note": text(given, "note") or None}
