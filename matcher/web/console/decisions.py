"""What reviewers could not settle, for supervisors; what they agree on, for officers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.domain.cases import CaseStatus, ConfirmationKind
from matcher.domain.reviews import DecisionKind, TaskState
from matcher.web import apart, parts
from matcher.web.faces import FaceKind, of_face
from matcher.web.forms import text
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page
from matcher.web.parts import LINES

router = APIRouter(prefix="/decisions")

Supervisor = Annotated[Visit, Depends(allowed(Right.SETTLE))]
Officer = Annotated[Visit, Depends(allowed(Right.CONFIRM))]

_OFFICERS = (TaskState.ESCALATED, TaskState.CONFIRMED, TaskState.CLOSED)
_SUPERVISORS = (TaskState.DISPUTED, TaskState.EXCLUDED, *_OFFICERS)


# Which of the pairs each of them sees is decided with each pair.
Decider = Annotated[Visit, Depends(allowed(Right.SETTLE, Right.CONFIRM))]


@router.get("")
def listed(
    request: Request,
    visited: Decider,
    state: TaskState | None = None,
    after: str | None = None,
    decided: TaskState | None = None,
) -> Response:
    """Pairs in a state; `decided` is what the decision was that led here."""
    settles = Right.SETTLE in visited.acting.rights
    states = _SUPERVISORS if settles else _OFFICERS
    stuck = sum(visited.desk.stuck(visited.acting).values()) if settles else 0
    wanted = state or states[0]
    found = visited.desk.pairs(visited.acting, wanted, after=after, limit=LINES + 1)
    part = parts.page(found, LINES, lambda one: one.task)
    return page(
        request, "decisions.html", visited, pairs=part, wanted=wanted, states=states, decided=decided, stuck=stuck
    )


@router.get("/{task}")
def show(request: Request, task: str, visited: Decider) -> Response:
    """Everything about a pair; whoever looks judges nothing near it blind any more."""
    found = visited.desk.pair(visited.acting, task)
    located = [status for status in CaseStatus if status.needs_confirmation]
    return page(request, "decision.html", visited, found=found, kinds=list(ConfirmationKind), located=located)


@router.get("/{task}/faces/{place}/{kind}.jpg")
@apart.pictures
def picture(task: str, place: int, kind: FaceKind, visited: Decider) -> Response:
    """A face of the pair; the sighting's is at place 0."""
    return of_face(visited.context, visited.desk.face_of(visited.acting, task, place), kind)


@router.post("/{task}/settle")
def settle(task: str, visited: Supervisor, given: Form) -> Response:
    """End a dispute."""
    kind = DecisionKind.ESCALATED if text(given, "as") == "escalated" else DecisionKind.EXCLUDED
    visited.desk.settle(visited.acting, task, kind, note=text(given, "note"))
    return _decided(TaskState(kind.value))


@router.post("/{task}/confirm")
def confirm(task: str, visited: Officer, given: Form) -> Response:
    """Confirm by a proof from outside, which ends the case."""
    proof = text(given, "kind"), text(given, "reference")
    visited.desk.confirm(visited.acting, task, proof, text(given, "status"), note=text(given, "note") or None)
    return _decided(TaskState.CONFIRMED)


@router.post("/{task}/refute")
def refute(task: str, visited: Officer, given: Form) -> Response:
    """Exclude an escalated pair."""
    visited.desk.refute(visited.acting, task, note=text(given, "note"))
    return _decided(TaskState.EXCLUDED)


@router.post("/{task}/reopen")
def reopen(task: str, visited: Supervisor, given: Form) -> Response:
    """Ask reviewers again."""
    visited.desk.reopen(visited.acting, task, note=text(given, "note"))
    return _decided(TaskState.WAITING)


def _decided(now: TaskState) -> Response:
    return RedirectResponse(f"/decisions?decided={now.value}", status_code=303)
