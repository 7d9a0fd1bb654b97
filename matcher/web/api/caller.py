"""Who calls: the bearer of a session's token or of a key. Cookies count for nothing here, so no other site can act."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from matcher.accounts.rights import Right
from matcher.errors import NotSignedIn
from matcher.services.context import Context
from matcher.services.signing_in import acting
from matcher.web.forms import FORM, form_request
from matcher.web.signed_in import SignedIn

PREFIX = "/v1"


def allowed(*rights: Right) -> Callable[[Request], SignedIn]:
    """A dependency for routes that take one of these rights (≥ 1); `Route` asks for it before it reads anything."""

    def check(request: Request) -> SignedIn:
        found: SignedIn = request.state.caller
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
                request = form_request(request)
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


def bearer_token(request: Request) -> str:
    """The token of a request; `NotSignedIn` without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Nobody is signed in: send the header 'Authorization: Bearer …' with a token or a key.")
    return token.strip()


def _caller(request: Request, rights: frozenset[Right]) -> SignedIn:
    context: Context = request.app.state.context
    token = bearer_token(request)
    who = acting(context, token)
    who.require_one_of(*sorted(rights))
    return SignedIn(context, who, token)


def _check_media_type(request: Request, expected: str | None) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if expected is not None and given != expected:
        raise HTTPException(415, f"The body of this request has to be {expected}.")
