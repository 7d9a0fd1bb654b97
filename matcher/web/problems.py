"""Errors: one sentence with the next step, and nothing of the inside; a page for people, a document for programs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from matcher.errors import MatcherError, NotSignedIn, TooMany
from matcher.web.api.problem import Fault, problem, speaks_problems
from matcher.web.pages import page
from matcher.web.security import protect

_log = logging.getLogger("matcher.web")


def install(app: FastAPI) -> None:
    """Give every kind of error its answer."""
    app.add_exception_handler(MatcherError, _expected)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, MatcherError)  # noqa: S101 - a type narrowing: it is registered for this class
    if isinstance(error, NotSignedIn) and request.method == "GET" and not speaks_problems(request.scope):
        return RedirectResponse(f"/sign-in?next={quote(request.url.path, safe='')}", status_code=303)
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, TooMany) else {}
    return _answer(request, error.http_status, str(error), code=error.code, headers=headers)


def _wrong_request(request: Request, error: Exception) -> Response:
    if not speaks_problems(request.scope):
        return _answer(request, 422, "This address or form holds something that cannot be meant: load the page anew.")
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    # What was sent is not said again: it may be a password.
    faults = [Fault(tuple(map(str, one["loc"])), str(one["msg"])) for one in found]
    return _answer(request, 422, "Something in this request cannot be meant: `errors` says where.", errors=faults)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - a type narrowing: it is registered for this class
    status, phrase = error.status_code, HTTPStatus(error.status_code).phrase
    said = str(error.detail) if error.detail != phrase else f"{phrase}."
    if status == HTTPStatus.NOT_FOUND:
        said = "There is nothing at this address." if speaks_problems(request.scope) else "There is no such page."
    return _answer(request, status, said, headers=error.headers)


def _unexpected(request: Request, error: Exception) -> Response:
    said = (request.scope.get("request_id", "-"), request.method, str(request.scope.get("route")), "failed")
    _log.error(" ".join(said), exc_info=error)
    answer = _answer(request, 500, "Something went wrong on the server; nothing was changed. Its log says what.")
    # This answer is made outside of all middleware, so nothing but this line gives it its headers.
    protect(answer.headers, request.scope)
    return answer


def _answer(
    request: Request,
    status: int,
    message: str,
    *,
    code: str | None = None,
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    if speaks_problems(request.scope):
        return problem(request.scope, status, message, code=code, errors=errors, headers=headers)
    answer = page(request, "problem.html", status=status, title=HTTPStatus(status).phrase, message=message)
    answer.headers.update(headers or {})
    return answer
