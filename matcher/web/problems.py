"""Errors: one sentence with the next step, and nothing of the inside; a page for people, a document for programs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from matcher.errors import MatcherError, NotSignedIn, TooMany
from matcher.web.api.problem import Fault, problem, speaks_problems
from matcher.web.identity import Visit, visit
from matcher.web.pages import page
from matcher.web.security import protect
from matcher.wording import Wording

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
    "stopped": Wording("Somebody stopped this home: it can only be read."),
    "held": Wording("This waits until somebody has said that it is meant."),
    "steps_failed": Wording("Some steps failed; the others are done."),
    "photo_refused": Wording("This file cannot be used as a photo."),
    "model_problem": Wording("A face model cannot be used."),
    "store_problem": Wording("The store cannot be used."),
    "key_problem": Wording("The key of this home cannot be used."),
    "damaged": Wording("Stored bytes are not what was written."),
    "extra_missing": Wording("An optional part of the program is not installed."),
}
_INSIDE = (500, 503)  # what is wrong here, and not with what was sent
_OUTSIDE = Wording(
    "This does not work just now. Try again in a few minutes: what was kept does not come twice. If it is urgent, call."
)
TITLES = {
    400: Wording("Bad Request"),
    401: Wording("Unauthorized"),
    403: Wording("Forbidden"),
    404: Wording("Not Found"),
    405: Wording("Method Not Allowed"),
    409: Wording("Conflict"),
    413: Wording("Too Much Was Sent"),
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
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, _unexpected)


def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, MatcherError)  # noqa: S101 - a type narrowing: it is registered for this class
    if isinstance(error, NotSignedIn) and request.method == "GET" and not speaks_problems(request.scope):
        query = request.scope["query_string"].decode("latin-1")
        wanted = f"{request.url.path}?{query}" if query else request.url.path
        return RedirectResponse(f"/sign-in?next={quote(wanted, safe='')}", status_code=303)
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, TooMany) else {}
    message = error.message
    if error.http_status in _INSIDE and hasattr(request.app.state, "public"):
        _log.error(f"{_named(request)}: {message}")  # it names files, and is for those who keep this server
        message = _OUTSIDE
    return _answer(request, error.http_status, _Said(message, error.code), headers=headers)


def _wrong_request(request: Request, error: Exception) -> Response:
    if not speaks_problems(request.scope):
        said = Wording("This address or form holds something that cannot be meant: load the page anew.")
        return _answer(request, 422, _Said(said))
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    # What was sent is not said again: it may be a password.
    faults = [Fault(tuple(map(str, one["loc"])), str(one["msg"])) for one in found]
    return _answer(
        request, 422, _Said("Something in this request cannot be meant: `errors` says where."), errors=faults
    )


def refused(request: Request, error: Exception) -> Response:
    """The answer to a request that reached no use case."""
    assert isinstance(error, HTTPException)  # noqa: S101 - a type narrowing: it is registered for this class
    status, phrase = error.status_code, HTTPStatus(error.status_code).phrase
    if speaks_problems(request.scope):
        said = str(error.detail) if error.detail != phrase else f"{phrase}."
        told = "There is nothing at this address." if status == HTTPStatus.NOT_FOUND else said
        return _answer(request, status, _Said(told), headers=error.headers)
    if error.detail != phrase:
        code = None if isinstance(error.detail, Wording) else "wrong_use"
        return _answer(request, status, _Said(error.detail, code), headers=error.headers)
    missing = Wording("There is no such page.")
    told = missing if status == HTTPStatus.NOT_FOUND else Wording("{title}.", title=_title(status))
    return _answer(request, status, _Said(told), headers=error.headers)


def _unexpected(request: Request, error: Exception) -> Response:
    _log.error(f"{_named(request)} failed", exc_info=error)
    told = Wording("Something went wrong on the server; nothing was changed. Its log says what.")
    answer = _answer(request, 500, _Said(told))
    # This answer is made outside of all middleware, so nothing but this line gives it its headers.
    protect(answer.headers, request.scope)
    return answer


@dataclass(frozen=True, slots=True)
class _Said:
    """What an answer tells; `code` is given for a message that is in English for every reader."""

    message: str
    code: str | None = None


def _answer(
    request: Request,
    status: int,
    said: _Said,
    *,
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    if speaks_problems(request.scope):
        return problem(request.scope, status, str(said.message), code=said.code, errors=errors, headers=headers)
    answer = _page(request, status, said)
    answer.headers.update(headers or {})
    return answer


def _page(request: Request, status: int, said: _Said) -> Response:
    """The page of an error, on the public server in words for the public."""
    public: Callable[[Request, int, str], Response] | None = getattr(request.app.state, "public", None)
    if public is not None:
        return public(request, status, said.message)
    kind, visited = None if said.code is None else KINDS[said.code], _visitor(request)
    return page(request, "problem.html", visited, status=status, title=_title(status), message=said.message, kind=kind)


def _named(request: Request) -> str:
    """A request as the log names it, without what was sent."""
    return f"{request.scope.get('request_id', '-')} {request.method} {request.scope.get('route')}"


def _visitor(request: Request) -> Visit | None:
    """Who reads a page of an error, in which language and with which pages to go on to: known also where an address or
    a form asks for nobody.
    """
    known: Visit | None = getattr(request.state, "visit", None)
    if known is None:
        with suppress(Exception):  # an error is told also while the store is broken
            return visit(request)
    return known


def _title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase
