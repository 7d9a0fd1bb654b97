"""What reporters do with their code. It travels in the body of forms only: an address would end up in histories."""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import replace

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from matcher.errors import MatcherError
from matcher.services.receipts import ReceiptView, face_picture
from matcher.web.forms import text, words
from matcher.web.identity import public
from matcher.web.public.form import report_of, taken
from matcher.web.public.trouble import Trouble, trouble_of
from matcher.web.public.visitor import Anybody, Sent, Visitor

router = APIRouter(prefix="/report", dependencies=[Depends(public)])


@router.get("/status")
def ask(visited: Anybody) -> Response:
    """Where a code is typed in."""
    return visited.page("code.html")


@router.post("/status")
def status(visited: Anybody, given: Sent) -> Response:
    """What became of a report."""
    return _shown(visited, text(given, "code"))


@router.post("/mark")
def mark(visited: Anybody, given: Sent) -> Response:
    """Say which face is meant."""
    code = text(given, "code")
    try:
        visited.side.reports.mark(code, text(given, "face"))
    except MatcherError as error:
        return _problem(visited, given, error)
    return _shown(visited, code, done="marked")


@router.post("/add")
def add(visited: Anybody, given: Sent) -> Response:
    """Add photos or words to a report. To load this page anew adds nothing again."""
    code = text(given, "code")
    try:
        taken(visited, replace(report_of(visited, given), adds_to=code), given)
    except MatcherError as error:
        return _problem(visited, given, error)
    return _shown(visited, code, done="added")


@router.post("/withdraw")
def withdraw(visited: Anybody, given: Sent) -> Response:
    """Take a report back."""
    code = text(given, "code")
    try:
        gone = visited.side.reports.withdraw(code)
    except MatcherError as error:
        return _problem(visited, given, error)
    if gone:
        return visited.page("withdrawn.html", receipt=None)
    return visited.page("withdrawn.html", receipt=visited.side.reports.receipt(code))


def _shown(
    visited: Visitor,
    code: str,
    *,
    done: str | None = None,
    given: FormData | None = None,
    problem: Trouble | None = None,
) -> Response:
    """A report; `given` is what was entered before a problem."""
    try:
        view = visited.side.reports.receipt(code)
    except MatcherError as error:
        lost = replace(trouble_of(error), field="code")
        return visited.page("code.html", status=lost.status, problem=lost)
    return visited.page(
        "status.html",
        status=200 if problem is None else problem.status,
        code=code,
        given={} if given is None else words(given),
        submission=secrets.token_hex(16),
        receipt=view,
        pictures=_pictures(visited, code, view),
        done=done,
        problem=problem,
    )


def _problem(visited: Visitor, given: FormData, error: MatcherError) -> Response:
    return _shown(visited, text(given, "code"), given=given, problem=trouble_of(error))


def _pictures(visited: Visitor, code: str, view: ReceiptView) -> dict[str, str]:
    """The faces among which one can be marked, inside the page itself: no address shows them to anybody else."""
    several = [face for photo in view.photos if len(photo.faces) > 1 for face in photo.faces]
    return {
        face: "data:image/jpeg;base64," + b64encode(face_picture(visited.context, code, face)).decode()
        for face in several
    }
