"""The queue, the inbox and one's own figures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.services.desk_views import ClaimView, QueueFilter
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page
from matcher.wording import Wording

router = APIRouter()

Reviewer = Annotated[Visit, Depends(allowed(Right.REVIEW))]
Anybody = Annotated[Visit, Depends(allowed(Right.OWN_ACCOUNT))]


@router.get("/")
def begin(visited: Anybody) -> Response:
    """Where this account's work is."""
    rights = visited.acting.rights
    if Right.REVIEW in rights:
        return RedirectResponse("/queue", status_code=303)
    return RedirectResponse("/decisions" if Right.CONFIRM in rights else "/inbox", status_code=303)


@router.get("/queue")
def queue(
    request: Request,
    visited: Reviewer,
    filter: QueueFilter = QueueFilter.ALL,  # noqa: A002 - the name in the address
    sealed: bool = False,
) -> Response:
    """What a reviewer holds and may claim; `sealed`: something was sealed just before."""
    return page(
        request,
        "queue.html",
        visited,
        queue=visited.desk.queue(visited.acting, filter),
        wanted=filter,
        filters=list(QueueFilter),
        break_due=visited.desk.break_due(visited.acting),
        sealed=sealed,
    )


@router.post("/queue/next")
def claim_next(visited: Reviewer, given: Form) -> Response:
    """Claim what comes next; back to the queue when nothing waits."""
    kind = given.get("kind")
    found = visited.desk.next(visited.acting, str(kind) if kind else None)
    return RedirectResponse("/queue" if found is None else address(found), status_code=303)


@router.post("/queue/{task}/claim")
def claim(task: str, visited: Reviewer, given: Form) -> Response:
    """Claim one task."""
    del given
    return RedirectResponse(address(visited.desk.claim(visited.acting, task)), status_code=303)


@router.post("/claims/{claim}/extend")
def extend(claim: str, visited: Reviewer, given: Form) -> Response:
    """Begin the lease anew, and go on."""
    del given
    return RedirectResponse(address(visited.desk.extend(visited.acting, claim)), status_code=303)


@router.post("/claims/{claim}/give-back")
def give_back(claim: str, visited: Reviewer, given: Form) -> Response:
    """Return a task unanswered."""
    del given
    visited.desk.give_back(visited.acting, claim)
    return RedirectResponse("/queue", status_code=303)


@router.get("/inbox")
def inbox(request: Request, visited: Anybody) -> Response:
    """What this account is to hear of."""
    return page(request, "inbox.html", visited, notices=visited.desk.notices(visited.acting))


@router.post("/inbox/read")
def read(visited: Anybody, given: Form) -> Response:
    """Mark what was shown as read."""
    visited.desk.mark_read(visited.acting, [str(one) for one in given.getlist("notice")])
    return RedirectResponse("/inbox", status_code=303)


@router.get("/quality")
def own_quality(request: Request, visited: Annotated[Visit, Depends(allowed(Right.QUALITY_OWN))]) -> Response:
    """One's own figures."""
    found = [visited.desk.own_quality(visited.acting)]
    return page(request, "quality.html", visited, people=found, title=Wording("My figures"))


@router.get("/reviewers")
def reviewers(request: Request, visited: Annotated[Visit, Depends(allowed(Right.QUALITY_ALL))]) -> Response:
    """Everybody's figures."""
    found = visited.desk.quality(visited.acting)
    return page(request, "quality.html", visited, people=found, title=Wording("Reviewers"))


def seconds_left(visited: Visit, expires_at: datetime) -> int:
    """How long a lease lasts yet; by the server's clock, since a browser's may be wrong."""
    return max(0, int((expires_at - visited.context.clock()).total_seconds()))


def address(claim: ClaimView) -> str:
    """The page of a claim."""
    return f"/review/{claim.kind.value}s/{claim.claim}"
