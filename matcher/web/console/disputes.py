"""What people say of cards that show them or their child: for officers, who decide."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.errors import WrongUse
from matcher.web import parts
from matcher.web.forms import text
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page
from matcher.wording import Wording

router = APIRouter(prefix="/disputes")

_AT_ONCE = 20  # how to reach each of them is opened and recorded

Asker = Annotated[Visit, Depends(allowed(Right.CONTACT))]
Officer = Annotated[Visit, Depends(allowed(Right.CASE_CLOSE))]


@router.get("")
def waiting(request: Request, visited: Asker, upheld: bool | None = None, after: str | None = None) -> Response:
    """Disputes that nobody decided yet, some at a time; `upheld` is what was decided just before.

    The look is recorded.
    """
    found = visited.public.disputes.waiting(visited.acting, after=after, limit=_AT_ONCE + 1)
    shown = parts.page(found, _AT_ONCE, lambda one: one.id)
    return page(request, "disputes.html", visited, disputes=shown, upheld=upheld)


@router.post("/{dispute}/decide")
def decide(visited: Officer, dispute: str, given: Form) -> Response:
    """Uphold a dispute, which hides the case, or dismiss it."""
    answer = text(given, "answer")
    if answer not in {"uphold", "dismiss"}:
        raise WrongUse(Wording("Is the dispute right? Uphold or dismiss it."))
    view = visited.public.disputes.decide(
        visited.acting, dispute, upheld=answer == "uphold", reason=text(given, "note")
    )
    return RedirectResponse(f"/disputes?upheld={int(bool(view.upheld))}", status_code=303)
