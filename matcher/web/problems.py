"""Errors as pages: one sentence with the next step, and nothing of the inside."""

from __future__ import annotations

import logging
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from matcher.domain.wording import Wording
from matcher.errors import MatcherError, NotSignedIn, TooMany
from matcher.web.identity import visit
from matcher.web.pages import page
from matcher.web.security import protect

_log = logging.getLogger("matcher.web")

# What each kind of error is in a few words, by its code: the sentences of errors themselves are in English, so this
# heads the page of whoever reads another language.
KINDS = {
    "error": Wording("Something went wrong."),
    "wrong_use": Wording("This value or combination of values cannot be used."),
    "space_mismatch": Wording("Two face models were mixed up."),
    "some_refused": Wording("Done, but some rows were refused."),
    "not_signed_in": Wording("Nobody is signed in here."),
    "not_permitted": Wording("This account may not do this."),
    "too_many": Wording("Too many attempts: wait a while."),
    "not_found": Wording("Nothing of that name is here."),
    "home_missing": Wording("The data folder is missing."),
    "conflict": Wording("This contradicts what is stored."),
    "move_not_allowed": Wording("This status cannot be reached from the present one."),
    "busy": Wording("Another process is at work on this: try again in a moment."),
    "photo_refused": Wording("This file cannot be used as a photo."),
    "model_problem": Wording("A face model cannot be used."),
    "store_problem": Wording("The store cannot be used."),
    "damaged": Wording("Stored bytes are not what was written."),
    "extra_missing": Wording("An optional part of the program is not installed."),
}
TITLES = {
    400: Wording("Bad Request"),
    401: Wording("Unauthorized"),
    403: Wording("Forbidden"),
    404: Wording("Not Found"),
    405: Wording("Method Not Allowed"),
    409: Wording("Conflict"),
    422: Wording("Unprocessable Entity"),
    429: Wording("Too Many Requests"),
    500: Wording("Internal Server Error"),
    501: Wording("Not Implemented"),
    503: Wording("Service Unavailable"),
}


def install(app: FastAPI) -> None:
    """Give every kind of error its answer."""
    app.add_exception_handler(MatcherError, _expected)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, MatcherError)  # noqa: S101 - a type narrowing: it is registered for this class
    if isinstance(error, NotSignedIn) and request.method == "GET":
        return RedirectResponse(f"/sign-in?next={quote(request.url.path, safe='')}", status_code=303)
    answer = _page(request, error.http_status, str(error), KINDS[error.code])
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _wrong_request(request: Request, _error: Exception) -> Response:
    said = Wording("This address or form holds something that cannot be meant: load the page anew.")
    return _page(request, 422, said)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    with suppress(MatcherError):
        visit(request)  # an address of no page asks for nobody, but somebody reads this answer in a language
    missing = Wording("There is no such page.")
    return _page(request, status, missing if status == 404 else Wording("{title}.", title=_title(status)))


def _unexpected(request: Request, error: Exception) -> Response:
    said = (request.scope.get("request_id", "-"), request.method, str(request.scope.get("route")), "failed")
    _log.error(" ".join(said), exc_info=error)
    told = Wording("Something went wrong on the server; nothing was changed. Its log says what.")
    answer = _page(request, 500, told)
    # This answer is made outside of all middleware, so nothing but this line gives it its headers.
    protect(answer.headers, request.scope)
    return answer


def _page(request: Request, status: int, message: str, kind: str | None = None) -> Response:
    """`kind` is given for a message that is in English for every reader."""
    return page(request, "problem.html", status=status, title=_title(status), message=message, kind=kind)


def _title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase
