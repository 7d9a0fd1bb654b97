"""Errors as RFC 9457 has them: what, with which status, in one sentence, and the id under which the log knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
# Words for what happens before any use case is asked; those of the error tree come with the error.
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "wrong_content_type",
    422: "invalid",
    500: "internal",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One place of a request that cannot be meant: where, and what is wrong there. What was sent is not repeated."""

    where: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request failed. `code` is the word for programs, `detail` the sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: tuple[Fault, ...] = ()


def speaks_problems(scope: Scope) -> bool:
    """Whether programs ask here, which read errors as JSON and are not sent to a page."""
    path: str = scope["path"]
    return path == "/v1" or path.startswith("/v1/") or path == "/metrics"


def problem(
    scope: Scope,
    status: int,
    detail: str,
    *,
    code: str | None = None,
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as a document; without a `code` its status has one."""
    title = HTTPStatus(status).phrase
    word = code or CODES.get(status, "error")
    about = Problem(
        type=f"urn:sighting-matcher:error:{word}",
        title=title,
        status=status,
        detail=detail,
        instance=f"urn:sighting-matcher:request:{scope.get('request_id', '-')}",
        code=word,
        errors=tuple(errors),
    )
    sent: dict[str, Any] = asdict(about)
    if not errors:
        del sent["errors"]
    given = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        given["WWW-Authenticate"] = "Bearer"
    return JSONResponse(sent, status_code=status, headers=given, media_type=MEDIA_TYPE)
