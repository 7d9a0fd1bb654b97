"""Addresses that name a case whose number holds a slash: it must not part the address, but servers decode it first."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator
from starlette.types import ASGIApp, Receive, Scope, Send

from matcher.web.api.problem import speaks_problems

_SLASH = "\0"  # stands for one within a part of an address: no number and no name may hold it

# What people named, as it was before it became a part of an address.
Named = Annotated[str, AfterValidator(lambda part: part.replace(_SLASH, "/"))]


class Segments:
    """Takes the address as it was sent and decodes it part by part; a slash within one comes back in `Named`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent: bytes | None = scope.get("raw_path")
        if scope["type"] == "http" and sent is not None and speaks_problems(scope):
            parts = (unquote(part) for part in sent.decode("latin-1").split("/"))
            scope["path"] = "/".join(part.replace("/", _SLASH) for part in parts)
        await self._app(scope, receive, send)
