"""How much a request may send. Starlette has a limit of its own, from the versions on that need Python 3.11."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.wording import Wording

FORM_BYTES = 1_000_000
UPLOAD_BYTES = 64_000_000  # photos of at most 60 MB each, and what is told beside them
_UPLOADS = re.compile(
    r"/v1/(cases|cases/[^/]+/photos|sightings|search|reports|reports/batch)"
    r"|/(cases|case/photos|sightings|search|report|report/add)"
)


class BodyLimit:
    """Refuses a body that is too long, by its announced length or as soon as too much of it has come.

    What comes after the answer is read and dropped by the server: browsers look at no answer before they have sent all,
    and would show an error of their own if the connection ended meanwhile.
    """

    def __init__(self, app: ASGIApp, refused: Callable[[Request, Exception], Response]) -> None:
        """`refused` makes the answer to an error."""
        self._app = app
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        most = most_bytes(scope["method"], scope["path"], headers.get(b"content-type", b""))
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > most:
            answer = await run_in_threadpool(self._refused, Request(scope), _too_long(most))
            await answer(scope, receive, send)
            return
        come = 0

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise _too_long(most)
            return message

        await self._app(scope, counted, send)


def most_bytes(method: str, path: str, kind: bytes) -> int:
    """How long the body of a request may be, by its `Content-Type`: only a form with files is written to the disk while
    it comes, and any other is held and taken apart in memory.
    """
    files = kind.partition(b";")[0].strip().lower() == b"multipart/form-data"
    return UPLOAD_BYTES if files and method == "POST" and _UPLOADS.fullmatch(path) else FORM_BYTES


def _too_long(most: int) -> HTTPException:
    said = Wording("Too much was sent at once: at most {most} MB are possible. Send less.", most=most // 1_000_000)
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)
