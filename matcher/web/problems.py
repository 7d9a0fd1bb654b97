"""Errors as pages: one sentence with the next step, and nothing of the inside."""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from matcher.errors import MatcherError, NotSignedIn, TooMany
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
    if isinstance(error, NotSignedIn) and request.method == "GET":
        return RedirectResponse(f"/sign-in?next={quote(request.url.path, safe='')}", status_code=303)
    answer = _page(request, error.http_status, str(error))
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _wrong_request(request: Request, _error: Exception) -> Response:
    return _page(request, 422, "This address or form holds something that cannot be meant: load the page anew.")


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _page(request, status, "There is no such page." if status == 404 else f"{HTTPStatus(status).phrase}.")


def _unexpected(request: Request, error: Exception) -> Response:
    said = (request.scope.get("request_id", "-"), request.method, str(request.scope.get("route")), "failed")
    _log.error(" ".join(said), exc_info=error)
    answer = _page(request, 500, "Something went wrong on the server; nothing was changed. Its log says what.")
    # This answer is made outside of all middleware, so nothing but this line gives it its headers.
    protect(answer.headers, request.scope)
    return answer


def _page(request: Request, status: int, message: str) -> Response:
    return page(request, "problem.html", status=status, title=HTTPStatus(status).phrase, message=message)
