"""Who calls: the bearer of a session's token or of a key. Cookies count for nothing here, so no other site can act."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Message, Receive

from matcher.accounts.rights import Acting, Right
from matcher.errors import NotSignedIn
from matcher.services.casework import Casework
from matcher.services.context import Context
from matcher.services.desk import Desk
from matcher.services.signing_in import acting
from matcher.services.staff import Accounts

PREFIX = "/v1"
FORM = "multipart/form-data"
_BOUNDARY = re.compile(r'boundary="?([^";,]+)')


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is signed in and may make this request."""

    context: Context
    acting: Acting
    token: str

    @property
    def desk(self) -> Desk:
        """The reviewers' work."""
        return Desk(self.context)

    @property
    def casework(self) -> Casework:
        """Cases, sightings and searches."""
        return Casework(self.context)

    @property
    def accounts(self) -> Accounts:
        """Who works here."""
        return Accounts(self.context)


def allowed(*rights: Right) -> Callable[[Request], Caller]:
    """A dependency for routes that take one of these rights (≥ 1); `Route` asks for it before it reads anything."""

    def check(request: Request) -> Caller:
        found: Caller = request.state.caller
        return found

    check.rights = frozenset(rights)  # type: ignore[attr-defined]
    return check


class Route(APIRoute):
    """A route that first asks who calls and what they may, then what kind of body they send, and only then reads it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind both questions."""
        answer, rights, expected = super().get_route_handler(), needed(self.dependant), media_type(self)

        async def handle(request: Request) -> Response:
            if rights is not None:
                request.state.caller = await run_in_threadpool(_caller, request, rights)
            _check_media_type(request, expected)
            if expected == FORM:
                request = Request(request.scope, whole_form(request))
            return await answer(request)

        return handle


def router_of(tag: str) -> APIRouter:
    """A router for one group of operations."""
    return APIRouter(prefix=PREFIX, tags=[tag], route_class=Route, generate_unique_id_function=lambda route: route.name)


def needed(dependant: Dependant) -> frozenset[Right] | None:
    """The rights of which a route takes one; `None` for one that is open to everybody."""
    waiting = list(dependant.dependencies)
    while waiting:
        one = waiting.pop()
        rights: frozenset[Right] | None = getattr(one.call, "rights", None)
        if rights is not None:
            return rights
        waiting += one.dependencies
    return None


def media_type(route: APIRoute) -> str | None:
    """What a route takes as its body, `None` if it takes none."""
    if route.body_field is None:
        return None
    return FORM if isinstance(route.body_field.field_info, params.Form) else "application/json"


def whole_form(request: Request) -> Receive:
    """What is received of a form, until it turns out to lack its end: parts that did not come would be missed by
    nobody.
    """
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    end = f"--{found[1].strip()}--".encode() if found else b""
    last = b""

    async def receive() -> Message:
        nonlocal last
        message = await request.receive()
        last = (last + message.get("body", b""))[-len(end) - 4 :]  # a line may end behind it
        if message["type"] == "http.request" and not message.get("more_body") and not last.rstrip().endswith(end):
            raise HTTPException(400, "The form ends in the middle: send it again.")
        return message

    return receive


def bearer_token(request: Request) -> str:
    """The token of a request; `NotSignedIn` without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Nobody is signed in: send the header 'Authorization: Bearer …' with a token or a key.")
    return token.strip()


def _caller(request: Request, rights: frozenset[Right]) -> Caller:
    context: Context = request.app.state.context
    token = bearer_token(request)
    who = acting(context, token)
    who.require_one_of(*sorted(rights))
    return Caller(context, who, token)


def _check_media_type(request: Request, expected: str | None) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if expected is not None and given != expected:
        raise HTTPException(415, f"The body of this request has to be {expected}.")
