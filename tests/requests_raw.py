"""Requests without a server in between: what was read of a body, and many at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from desks import Desk


@dataclass
class Answer:
    """What came back, and how much of the body was read for it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    read: int = 0


def send(desk: Desk, path: str, chunks: Iterable[bytes | None], token: str | None = None, **headers: str) -> Answer:
    """A POST without a server in between; `None` among the chunks: the sender is gone."""
    return asyncio.run(post(desk, path, chunks, token, **headers))


async def post(
    desk: Desk, path: str, chunks: Iterable[bytes | None], token: str | None, method: str = "POST", **headers: str
) -> Answer:
    """The same, among others at the same time."""
    answer, waiting = Answer(), iter(chunks)
    given = {"content-type": "multipart/form-data; boundary=edge", "host": "desk", **headers}
    if token is not None:
        given["authorization"] = f"Bearer {token}"
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("desk", 80),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        try:
            chunk = next(waiting)
        except StopIteration:
            return {"type": "http.request", "body": b"", "more_body": False}
        if chunk is None:
            return {"type": "http.disconnect"}
        answer.read += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def sent(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await desk.app(scope, receive, sent)
    return answer
