"""An ad hoc search: a photo, a reason, and who resembles it."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from matcher.accounts.rights import Right
from matcher.errors import MatcherError, WrongUse
from matcher.web import apart
from matcher.web.forms import text
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page
from matcher.web.uploads import photos
from matcher.wording import Wording

router = APIRouter()

Searcher = Annotated[Visit, Depends(allowed(Right.SEARCH))]


@router.get("/search")
def ask(request: Request, visited: Searcher) -> Response:
    """The form."""
    return page(request, "search.html", visited, found=None, faces=[], reason="", problem=None)


@router.post("/search")
@apart.models
def search(request: Request, visited: Searcher, given: Form) -> Response:
    """The candidates of every face of the photo, which is kept nowhere: its faces lie in the page itself."""
    reason = text(given, "reason")
    try:
        sent = photos(given)
        if len(sent) != 1:
            raise WrongUse(Wording("Choose one photo to search with."))
        found = visited.casework.search(visited.acting, sent[0], reason=reason)
    except MatcherError as error:
        if error.http_status >= 500:
            raise
        status, problem = error.http_status, error.message
        return page(
            request, "search.html", visited, status=status, found=None, faces=[], reason=reason, problem=problem
        )
    faces = [b64encode(one).decode() for one in visited.casework.probe_faces(sent[0], found)]
    return page(request, "search.html", visited, found=found, faces=faces, reason=reason, problem=None)
