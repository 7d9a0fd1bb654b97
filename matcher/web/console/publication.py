"""What the public sees of a case: its card, alerts about it, and who allows that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.domain.cases import PhotoState
from matcher.domain.consents import Giver, Scope
from matcher.domain.names import NamePolicy
from matcher.domain.positions import Datum
from matcher.domain.publications import CardState
from matcher.errors import MatcherError
from matcher.services.alert_terms import SCHEDULES
from matcher.services.cards import CardView, NewCard
from matcher.services.consents import NewConsent
from matcher.services.handing_out import CardForm, Rendering, preview
from matcher.services.views import CaseView
from matcher.web import apart
from matcher.web.console import terms
from matcher.web.forms import text, words
from matcher.web.identity import Form, Visit, allowed
from matcher.web.languages import speech
from matcher.web.pages import language_of, page

router = APIRouter(prefix="/case/public")

Reader = Annotated[Visit, Depends(allowed(Right.CASE_READ))]
Writer = Annotated[Visit, Depends(allowed(Right.CASE_WRITE))]
Publisher = Annotated[Visit, Depends(allowed(Right.PUBLISH))]

CHOICES: Mapping[str, Any] = {"datums": list(Datum), "schedules": [*SCHEDULES, terms.OWN]}


@dataclass(frozen=True, slots=True)
class Refused:
    """Which form could not be used, why, and what was entered."""

    form: str
    problem: str
    status: int
    entered: Mapping[str, str]

    @classmethod
    def of(cls, form: str, error: MatcherError, given: FormData) -> Refused:
        """A form that an error refuses; a fault of the server is none of the form's."""
        if error.http_status >= 500:
            raise error
        return cls(form, error.message, error.http_status, words(given))


@router.get("")
def show(request: Request, visited: Reader, number: str) -> Response:
    """Cards and alerts of a case; whoever looks is asked about its pairs no more."""
    return _case(request, visited, visited.casework.case(visited.acting, number))


@router.post("/card")
def draft_card(request: Request, visited: Writer, given: Form) -> Response:
    """Write a card for an officer to approve; what cannot be used comes back with what was entered."""
    number = text(given, "number")
    new = NewCard(policy=text(given, "policy"), photo=text(given, "photo") or None, phone=text(given, "phone") or None)
    try:
        visited.public.cards.draft(visited.acting, number, new)
    except MatcherError as error:
        refused = Refused.of("card", error, given)
        return _case(request, visited, visited.casework.case(visited.acting, number), refused)
    return _back(number)


@router.post("/card/approve")
@apart.pictures
def approve_card(visited: Publisher, given: Form) -> Response:
    """Show a card to the public."""
    return _back(visited.public.cards.approve(visited.acting, text(given, "card")).case_id)


@router.post("/card/withdraw")
def withdraw_card(visited: Publisher, given: Form) -> Response:
    """Take a card back at once."""
    view = visited.public.cards.withdraw(visited.acting, text(given, "card"), reason=text(given, "note"))
    return _back(view.case_id)


@router.get("/card/{card}.png")
@apart.pictures
def draft_picture(request: Request, visited: Reader, card: str) -> Response:
    """A drafted card as the public would see it, in the language of whoever looks."""
    how = Rendering(CardForm.PNG, (speech(language_of(request)).reader,))
    return Response(preview(visited.context, visited.acting, card, how), media_type="image/png")


@router.post("/alert")
def draft_alert(request: Request, visited: Writer, given: Form) -> Response:
    """Write an alert; what cannot be used comes back with what was entered."""
    number = text(given, "number")
    try:
        view = visited.public.alerts.draft(visited.acting, number, terms.told(given))
    except MatcherError as error:
        refused = Refused.of("alert", error, given)
        return _case(request, visited, visited.casework.case(visited.acting, number), refused)
    return RedirectResponse(f"/alerts/{view.id}", status_code=303)


@router.post("/consent")
def add_consent(request: Request, visited: Writer, given: Form) -> Response:
    """Record that somebody allows something."""
    number = text(given, "number")
    new = NewConsent(
        giver=text(given, "giver"),
        scopes=[str(one) for one in given.getlist("scope")],
        name=text(given, "name") or None,
        document=text(given, "document") or None,
    )
    return _after(request, visited, visited.consents.add(visited.acting, number, new))


@router.post("/consent/withdraw")
def withdraw_consent(request: Request, visited: Writer, given: Form) -> Response:
    """Record that a consent is taken back; what follows from it is shown at once."""
    scope, note = text(given, "scope") or None, text(given, "note") or None
    view = visited.consents.withdraw(visited.acting, text(given, "consent"), scope, note=note)
    return _after(request, visited, view)


def seen_by_public(visited: Visit, number: str) -> Mapping[str, Any]:
    """Cards and alerts of a case, as pages show them."""
    cards = visited.public.cards.of_case(visited.acting, number)
    return {
        "live": _live(cards),
        "drafts": [card for card in cards if card.state is CardState.DRAFT],
        "over": [card for card in cards if card.state is CardState.WITHDRAWN],
        "alerts": visited.public.alerts.of_case(visited.acting, number),
    }


def _live(cards: list[CardView]) -> CardView | None:
    return next((card for card in cards if card.state is CardState.LIVE), None)


def _case(request: Request, visited: Visit, view: CaseView, refused: Refused | None = None) -> Response:
    settings = visited.context.settings
    entered: dict[str, Mapping[str, str]] = {
        "card": {"policy": NamePolicy.FULL.value, "phone": settings.public_phone or ""},
        "alert": terms.of_case(view.details),
    }
    if refused is not None:
        entered[refused.form] = refused.entered
    faces = [
        (photo, face)
        for photo in view.photos
        for face in photo.faces
        if photo.state is PhotoState.READY and face.choice is not None
    ]
    return page(
        request,
        "publication.html",
        visited,
        status=200 if refused is None else refused.status,
        case=view,
        faces=faces,
        entered=entered,
        refused=refused,
        policies=list(NamePolicy),
        givers=list(Giver),
        scopes=list(Scope),
        alert_days=settings.alert_days,
        addressed=settings.public_url is not None,
        **seen_by_public(visited, view.case_id),
        **CHOICES,
    )


def _after(request: Request, visited: Visit, view: CaseView) -> Response:
    """Back to the case; what people should know of what they did is shown with it at once."""
    return _case(request, visited, view) if view.warnings else _back(view.case_id)


def _back(number: str) -> Response:
    return RedirectResponse(f"/case/public?{urlencode({'number': number})}", status_code=303)
