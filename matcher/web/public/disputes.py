"""What people say of a card that shows them or their child; an officer decides."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace

from fastapi import APIRouter, Depends
from starlette.responses import Response

from matcher.domain.reports import Relation
from matcher.errors import MatcherError
from matcher.services.public_disputes import Sent as SentBy
from matcher.web.forms import text, words
from matcher.web.identity import public
from matcher.web.public.entered import check_texts
from matcher.web.public.form import form_key
from matcher.web.public.trouble import Trouble, WrongField, trouble_of
from matcher.web.public.visitor import Anybody, Sent, Visitor
from matcher.wording import Wording

router = APIRouter(prefix="/dispute", dependencies=[Depends(public)])

# What an officer cannot do without, and what is said where it is missing.
_NEEDED = {
    "card": Wording("Which card is it? Give the case code that stands on it."),
    "note": Wording("What is wrong? Please tell it in a few words."),
    "contact": Wording("How can we reach you? An officer has to ask back."),
}


@router.get("")
def new(visited: Anybody, card: str | None = None) -> Response:
    """The form."""
    return _form(visited, {"card": card or ""})


@router.post("")
def send(visited: Anybody, given: Sent) -> Response:
    """Tell the officers."""
    entered = words(given)
    try:
        _check(entered)
        code = visited.side.disputes.open(
            text(given, "card"),
            text(given, "relation"),
            contact=text(given, "contact"),
            note=text(given, "note"),
            sent=SentBy(sender=visited.address, key=form_key(entered.get("submission", ""))),
        )
    except MatcherError as error:
        return _form(visited, entered, trouble_of(error))
    return visited.page("disputed.html", status=201, code=code)


@router.get("/answer")
def ask(visited: Anybody) -> Response:
    """Where a code is typed in."""
    return visited.page("dispute_answer.html", asked=False, answer=None)


@router.post("/answer")
def answer(visited: Anybody, given: Sent) -> Response:
    """What an officer decided."""
    try:
        decided = visited.side.disputes.answer(text(given, "code"))
    except MatcherError as error:
        lost = replace(trouble_of(error), field="code")
        return visited.page("dispute_answer.html", status=lost.status, problem=lost, asked=False, answer=None)
    return visited.page("dispute_answer.html", asked=True, answer=decided)


def _check(entered: Mapping[str, str]) -> None:
    """`WrongField` for what is left out, too long, or none of the answers."""
    if entered.get("relation") not in {one.value for one in Relation}:
        raise WrongField("relation", Wording("Who are you? Please choose one of the answers."))
    for name, asked in _NEEDED.items():
        if not entered.get(name):
            raise WrongField(name, asked)
    check_texts(entered)


def _form(visited: Visitor, given: dict[str, str], problem: Trouble | None = None) -> Response:
    return visited.page(
        "dispute.html",
        status=200 if problem is None else problem.status,
        given=given,
        problem=problem,
        relations=list(Relation),
        card=visited.card(given.get("card")),
        submission=secrets.token_hex(16),
    )
