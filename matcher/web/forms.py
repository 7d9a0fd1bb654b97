"""Forms as they come in: whole, and their words as people meant them."""

from __future__ import annotations

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from matcher.errors import WrongUse
from matcher.wording import Wording

FORM = "multipart/form-data"
_AT_ONCE = 1 << 19  # bytes that the parser gets: it hands each lot to a thread, and the network brings a tenth of it


def form_request(request: Request) -> Request:
    """A request of which the form is read: whole, and as UTF-8, as browsers send it, whatever its header says.

    By another charset, bytes could become halves of letters, which no page and no database takes.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    scope = request.scope
    if b"charset" in options:
        boundary = options.get(b"boundary", b"").replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        plain = kind + (b'; boundary="' + boundary + b'"' if boundary else b"")
        others = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
        scope = {**scope, "headers": [*others, (b"content-type", plain)]}
    return Request(scope, whole_form(request))


def whole_form(request: Request) -> Receive:
    """What is received of a form, until it turns out to lack its end: parts that did not come would be missed by
    nobody.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))  # as the parser of the form reads it
    if kind != FORM.encode():
        return request.receive
    boundary = options.get(b"boundary")
    end = b"" if boundary is None else b"--%s--" % boundary
    last = b""

    async def receive() -> Message:
        nonlocal last
        parts, more = [last], True
        while more and sum(map(len, parts)) < _AT_ONCE:
            message = await request.receive()
            if message["type"] != "http.request":
                return message  # the sender is gone, and with it what came last
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        whole = b"".join(parts)
        come, last = whole[len(last) :], whole[-len(end) - 4 :]  # a line may end behind it
        if not more and not last.rstrip().endswith(end):
            raise HTTPException(400, Wording("The form ends in the middle: send it again."))
        return {"type": "http.request", "body": come, "more_body": more}

    return receive


def text(given: FormData, name: str) -> str:
    """A field without the spaces around it, empty if it was left out. `WrongUse` where a file was sent instead."""
    value = given.get(name, "")
    if not isinstance(value, str):
        raise WrongUse(Wording("The field '{name}' is a file, where words are expected.", name=name))
    return value.strip().replace("\r\n", "\n")


def words(given: FormData) -> dict[str, str]:
    """All fields that hold words; of one that is there several times, the last."""
    return {name: text(given, name) for name, value in given.multi_items() if isinstance(value, str)}
