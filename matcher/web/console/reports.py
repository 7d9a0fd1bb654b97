"""Reports of the public: those that wait for a person, and one with all that may be done about it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.domain.reports import HELD_FROM, WORDS, ReportState, Witness
from matcher.services.report_desk import WAITING
from matcher.web import parts
from matcher.web.forms import text
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page
from matcher.web.parts import LINES

router = APIRouter(prefix="/reports")

Looker = Annotated[Visit, Depends(allowed(Right.TRIAGE))]
Officer = Annotated[Visit, Depends(allowed(Right.CASE_CLOSE))]
Asker = Annotated[Visit, Depends(allowed(Right.CONTACT))]


@router.get("")
def listed(
    request: Request,
    visited: Looker,
    state: ReportState | None = None,
    witness: Witness | None = None,
    after: str | None = None,
    decided: ReportState | None = None,
) -> Response:
    """Reports that wait, or those of one state; `decided` is where the last one was brought to."""
    wanted = WAITING if state is None else (state,)
    found = visited.public.reports.listed(visited.acting, wanted, witness=witness, after=after, limit=LINES + 1)
    return page(
        request,
        "reports.html",
        visited,
        reports=parts.page(found, LINES, lambda one: one.id),
        state=state,
        states=[one for one in ReportState if one not in WAITING],
        witness=witness,
        witnesses=list(Witness),
        words_of=WORDS,
        decided=decided,
        at=_address,
    )


@router.get("/{report}")
def show(request: Request, visited: Looker, report: str) -> Response:
    """A report with its photos, without candidates; whoever looks is asked about its pairs no more."""
    line = visited.public.reports.report(visited.acting, report)
    beside = visited.public.reports.beside(visited.acting, report)
    return page(
        request,
        "report.html",
        visited,
        report=line,
        sighting=visited.casework.triage_sheet(visited.acting, report),
        beside=[(one, visited.public.reports.line(visited.acting, one)) for one in beside],
        before=[one for one in visited.casework.handed_in_before(visited.acting, report) if one not in beside],
        doubts=[WORDS[doubt] for doubt in line.doubts],
        held_from=HELD_FROM,
    )


@router.post("/{report}/release")
def release(visited: Looker, report: str, given: Form) -> Response:
    """Let it be searched for."""
    view = visited.public.reports.release(visited.acting, report, reason=text(given, "note") or None)
    return _decided(view.state)


@router.post("/{report}/refuse")
def refuse(visited: Looker, report: str, given: Form) -> Response:
    """Say that it is spam or abuse."""
    return _decided(visited.public.reports.refuse(visited.acting, report, reason=text(given, "note")).state)


@router.post("/{report}/keep")
def keep(visited: Officer, report: str, given: Form) -> Response:
    """Keep one that its reporter took back."""
    return _decided(visited.public.reports.keep(visited.acting, report, reason=text(given, "note")).state)


@router.post("/{report}/merge")
def merge(visited: Looker, report: str, given: Form) -> Response:
    """Show it beside another sighting of the same happening."""
    visited.public.reports.merge(visited.acting, report, text(given, "into"))
    return _back(report)


@router.post("/{report}/split")
def split(visited: Looker, report: str, given: Form) -> Response:
    """Show it by itself again."""
    del given
    visited.public.reports.split(visited.acting, report)
    return _back(report)


@router.post("/{report}/contact")
def contact(request: Request, visited: Asker, report: str, given: Form) -> Response:
    """How the reporter can be reached, on this page and nowhere else; the look is recorded."""
    told = visited.public.reports.contact(visited.acting, report, reason=text(given, "note"))
    return page(request, "report_contact.html", visited, report=report, contact=told)


def _address(state: ReportState | None, witness: Witness | None, after: str | None = None) -> str:
    """Where reports of a state and a witness are listed."""
    asked = {"state": state and state.value, "witness": witness and witness.value, "after": after}
    return f"/reports?{urlencode({name: value for name, value in asked.items() if value})}"


def _decided(state: ReportState) -> Response:
    return RedirectResponse(f"/reports?decided={state.value}", status_code=303)


def _back(report: str) -> Response:
    return RedirectResponse(f"/reports/{report}", status_code=303)
