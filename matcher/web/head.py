"""HEAD, which asks for everything of a GET but its body (RFC 9110, section 9.3.2)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """Answers HEAD as GET would be, with the same headers and without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            await send(message if message["type"] == "http.response.start" else {**message, "body": b""})

        asked = {**scope, "method": "GET"}  # a copy: the server itself must go on to see HEAD
        try:
            await self._app(asked, receive, bodiless)
        finally:
            scope["route"] = asked.get("route")  # for those who count
