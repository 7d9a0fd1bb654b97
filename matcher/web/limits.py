"""How much a request may send. Starlette has a limit of its own, from the versions on that need Python 3.11."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM_BYTES = 1_000_000
UPLOAD_BYTES = 64_000_000  # one photo of the largest size, or several smaller ones, with what is said of them

# Where photos are sent to.
UPLOADS = frozenset({"/cases", "/case/photos", "/sightings", "/search"})


class BodyLimit:
    """Answers 413 to a body that is too long, by its announced length or as soon as too much of it has come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = UPLOAD_BYTES if scope["path"] in UPLOADS else FORM_BYTES
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > most:
            await _too_long(most)(scope, receive, send)
            return
        come, begun = 0, False

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise _TooLongError
            return message

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _TooLongError:
            if not begun:
                await _too_long(most)(scope, receive, send)


class _TooLongError(Exception):
    pass


def _too_long(most: int) -> PlainTextResponse:
    return PlainTextResponse(f"Too much was sent: at most {most:,} bytes are possible.\n", status_code=413)
