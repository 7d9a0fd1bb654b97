"""The program's own scripts, styles and pictures: kept by browsers for as long as their bytes stay the same."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
_FOREVER = "private, max-age=31536000, immutable"
_ASKED_AGAIN = "private, no-cache"  # kept, but compared by its ETag before each use


@cache
def version(name: str) -> str:
    """A digest of a file's bytes as they were when it was first asked for."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:16]


def address(name: str) -> str:
    """Where a page finds a file; other bytes have another address, so that no page runs the script of an old one."""
    return f"/static/{name}?v={version(name)}"


class Assets(StaticFiles):
    """The files of this folder. Only an address of just these bytes may be kept unasked; errors are not kept at all."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or the error that there is none."""
        answer = await super().get_response(path, scope)
        if answer.status_code < 400:
            asked = parse_qs(scope["query_string"].decode("latin-1")).get("v")
            answer.headers["Cache-Control"] = _FOREVER if asked == [version(path)] else _ASKED_AGAIN
        return answer
