"""What people say of a card that shows them or their child; an officer decides."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Depends
from starlette.responses import Response

from matcher.domain.reports import Relation
from matcher.errors import MatcherError
from matcher.services.public_disputes import Sent as SentBy
from matcher.web.forms import text, words
from matcher.web.identity import public
from matcher.web.public.form import form_key
from matcher.web.public.visitor import Anybody, Sent, Visitor, told_when

router = APIRouter(prefix="/dispute", dependencies=[Depends(public)])


@router.get("")
def new(visited: Anybody, card: str | None = None) -> Response:
    """The form."""
    return _form(visited, {"card": card or ""}, None)


@router.post("")
def send(visited: Anybody, given: Sent) -> Response:
    """Tell the officers."""
    entered = words(given)
    try:
        code = visited.side.disputes.open(
            text(given, "card"),
            text(given, "relation"),
            contact=text(given, "contact"),
            note=text(given, "note"),
            sent=SentBy(sender=visited.address, key=form_key(entered.get("submission", ""))),
        )
    except MatcherError as error:
        if error.http_status >= 500:
            raise
        return _form(visited, entered, error)
    return visited.page("disputed.html", status=201, code=code)


@router.get("/answer")
def ask(visited: Anybody) -> Response:
    """Where a code is typed in."""
    return visited.page("dispute_answer.html", problem=None, asked=False, answer=None)


@router.post("/answer")
def answer(visited: Anybody, given: Sent) -> Response:
    """What an officer decided."""
    try:
        decided = visited.side.disputes.answer(text(given, "code"))
    except MatcherError as error:
        if error.http_status >= 500:
            raise
        return visited.page(
            "dispute_answer.html", status=error.http_status, problem=error.message, asked=False, answer=None
        )
    return visited.page("dispute_answer.html", problem=None, asked=True, answer=decided)


def _form(visited: Visitor, given: dict[str, str], problem: MatcherError | None) -> Response:
    answer = visited.page(
        "dispute.html",
        status=200 if problem is None else problem.http_status,
        given=given,
        problem=None if problem is None else problem.message,
        relations=list(Relation),
        card=visited.card(given.get("card")),
        submission=secrets.token_hex(16),
    )
    return told_when(answer, problem)
