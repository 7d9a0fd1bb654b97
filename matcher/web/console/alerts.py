"""Alerts: those that wait for an officer, those that run, and one with all that was told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.domain.alerts import AlertState, Meant
from matcher.domain.publications import CardState
from matcher.errors import MatcherError, WrongUse
from matcher.web import apart, parts
from matcher.web.console import terms
from matcher.web.console.publication import CHOICES, Publisher, Refused
from matcher.web.forms import text
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page
from matcher.web.parts import LINES
from matcher.wording import Wording

router = APIRouter(prefix="/alerts")

Reader = Annotated[Visit, Depends(allowed(Right.CASE_READ))]


@router.get("")
def listed(request: Request, visited: Reader, ended: bool = False) -> Response:
    """What waits for an officer and what runs, or the newest of those that are over."""
    if ended:
        found = visited.public.alerts.listed(visited.acting, ended=True, limit=LINES + 1)
        return page(request, "alerts_ended.html", visited, alerts=parts.whole(found, LINES))
    alerts = visited.public.alerts.listed(visited.acting)
    return page(
        request,
        "alerts.html",
        visited,
        proposed=[one for one in alerts if one.proposal is not None],
        drafts=[one for one in alerts if one.state is AlertState.DRAFT and one.proposal is None],
        running=[one for one in alerts if one.active],
        cards=visited.public.cards.listed(visited.acting, CardState.DRAFT),
    )


@router.get("/{alert}")
def show(request: Request, visited: Reader, alert: str) -> Response:
    """One alert, its card, what is proposed of it, and all that was told."""
    return _alert(request, visited, alert)


@router.post("/{alert}/issue")
@apart.pictures
def issue(visited: Publisher, alert: str, given: Form) -> Response:
    """Issue a draft; an actual one waits for a second officer."""
    visited.public.alerts.issue(visited.acting, alert, text(given, "meant"))
    return _back(alert)


@router.post("/{alert}/agree")
@apart.pictures
def agree(visited: Publisher, alert: str, given: Form) -> Response:
    """Agree to what another officer proposes, as it was looked at."""
    visited.public.alerts.approve(visited.acting, alert, seen=_seen(text(given, "seen")))
    return _back(alert)


@router.post("/{alert}/decline")
def decline(visited: Publisher, alert: str, given: Form) -> Response:
    """Let what is proposed not happen."""
    visited.public.alerts.decline(visited.acting, alert, reason=text(given, "note"))
    return _back(alert)


@router.post("/{alert}/change")
@apart.pictures
def change(request: Request, visited: Publisher, alert: str, given: Form) -> Response:
    """Change what an alert says; what cannot be used comes back with what was entered."""
    try:
        visited.public.alerts.update(visited.acting, alert, terms.told(given))
    except MatcherError as error:
        return _alert(request, visited, alert, Refused.of("alert", error, given))
    return _back(alert)


@router.post("/{alert}/cancel")
def cancel(visited: Publisher, alert: str, given: Form) -> Response:
    """End an alert at once, and tell whoever was told of it."""
    visited.public.alerts.cancel(visited.acting, alert, reason=text(given, "note"))
    return _back(alert)


def _alert(request: Request, visited: Visit, shown: str, refused: Refused | None = None) -> Response:
    found = visited.public.alerts.alert(visited.acting, shown)
    return page(
        request,
        "alert.html",
        visited,
        status=200 if refused is None else refused.status,
        alert=found,
        card=visited.public.cards.card(visited.acting, found.card),
        told=visited.public.alerts.bulletins(visited.acting, shown),
        given=terms.of_alert(found.terms) if refused is None else refused.entered,
        refused=refused,
        meanings=list(Meant),
        **CHOICES,
    )


def _seen(given: str) -> datetime:
    """When the alert was changed last before the page was loaded."""
    try:
        return datetime.fromisoformat(given)
    except ValueError as error:
        raise WrongUse(Wording("This form does not say what it was made from: load the page anew.")) from error


def _back(alert: str) -> Response:
    return RedirectResponse(f"/alerts/{alert}", status_code=303)
