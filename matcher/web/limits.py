"""How much a request may send. Starlette has a limit of its own, from the versions on that need Python 3.11."""

from __future__ import annotations

import re
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.web.api.problem import problem, speaks_problems

FORM_BYTES = 1_000_000
UPLOAD_BYTES = 64_000_000  # photos of at most 60 MB each, and what is told beside them
_UPLOADS = re.compile(r"/v1/(cases|cases/[^/]+/photos|sightings|search)|/(cases|case/photos|sightings|search)")


class BodyLimit:
    """Answers 413 to a body that is too long, by its announced length or as soon as too much of it has come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = most_bytes(scope["method"], scope["path"])
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > most:
            await _too_long(scope, most)(scope, receive, send)
            return
        come = 0

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _said(most))
            return message

        await self._app(scope, counted, send)


def most_bytes(method: str, path: str) -> int:
    """How long the body of a request may be."""
    return UPLOAD_BYTES if method == "POST" and _UPLOADS.fullmatch(path) else FORM_BYTES


def _said(most: int) -> str:
    return f"Too much was sent: at most {most:,} bytes are possible."


def _too_long(scope: Scope, most: int) -> Response:
    if speaks_problems(scope):
        return problem(scope, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _said(most))
    return PlainTextResponse(_said(most) + "\n", status_code=413)
