"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.errors import NotPermitted, NotSignedIn, TooMany
from matcher.services import signing_in
from matcher.web import apart
from matcher.web.identity import Form, Visit, allowed, public
from matcher.web.pages import page
from matcher.web.security import end_session, is_own_page, set_session
from matcher.wording import Wording

router = APIRouter()


async def _unsigned_form(request: Request) -> FormData:
    """The form of a browser without a session: there is no token yet, so its origin is looked at."""
    if not is_own_page(request.headers):
        raise NotPermitted(Wording("This form is not from this server's page: load the page anew."))
    return await request.form()


@router.get("/sign-in", dependencies=[Depends(public)])
def show(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """The form."""
    return page(request, "sign_in.html", next=_inside(next), problem=None, typed="")


@router.post("/sign-in", dependencies=[Depends(public)])
@apart.passwords
def sign_in(request: Request, given: Annotated[FormData, Depends(_unsigned_form)]) -> Response:
    """Begin a session."""
    name, target = str(given.get("name", "")), _inside(str(given.get("next", "/")))
    address = request.client.host if request.client else "unknown"
    try:
        password = str(given.get("password", ""))
        token, _ = signing_in.sign_in(request.app.state.context, name, password, address)
    except (NotSignedIn, TooMany) as error:
        answer: Response = page(
            request, "sign_in.html", status=error.http_status, next=target, problem=error, typed=name
        )
        if isinstance(error, TooMany):
            answer.headers["Retry-After"] = str(error.seconds)
        return answer
    answer = RedirectResponse(target, status_code=303)
    set_session(answer, token, request.app.state.secure)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, visited: Annotated[Visit, Depends(allowed(Right.OWN_ACCOUNT))], given: Form) -> Response:
    """End the session."""
    del given  # only its proof matters
    signing_in.sign_out(visited.context, visited.token)
    answer = RedirectResponse("/sign-in", status_code=303)
    end_session(answer, request.app.state.secure)
    return answer


def _inside(target: str) -> str:
    """A path of this server; the beginning for anything that leads elsewhere."""
    inside = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if inside and target.isascii() and target.isprintable() else "/"
