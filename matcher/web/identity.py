"""Who asks: the session of a request, and the right that each page declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from matcher.accounts.rights import Acting, Right
from matcher.errors import NotPermitted, NotSignedIn
from matcher.services.context import Context
from matcher.services.desk import Desk
from matcher.services.signing_in import acting
from matcher.web.security import cookie_name, form_token, is_form_token, is_own_page

TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who is signed in and may make it."""

    context: Context
    acting: Acting
    token: str

    @property
    def desk(self) -> Desk:
        """The reviewers' work."""
        return Desk(self.context)

    @property
    def form_token(self) -> str:
        """What this session's forms carry."""
        return form_token(self.token)


def visit(request: Request) -> Visit:
    """The visit of a request, which gets its account's language; `NotSignedIn` without a valid session."""
    token = request.cookies.get(cookie_name(request.app.state.secure))
    if not token:
        raise NotSignedIn("Nobody is signed in here: sign in first.")
    context: Context = request.app.state.context
    who = acting(context, token)
    request.state.language = who.language
    return Visit(context, who, token)


def allowed(right: Right) -> Callable[[Visit], Visit]:
    """A dependency that lets only accounts with a right pass; `right` is kept on it for the walk over all routes."""

    def check(visited: Annotated[Visit, Depends(visit)]) -> Visit:
        visited.acting.require(right)
        return visited

    check.right = right  # type: ignore[attr-defined]
    return check


def public() -> None:
    """A dependency that says: nobody needs to be signed in here."""


async def form(request: Request) -> FormData:
    """A form that one of our pages sent, `NotPermitted` for any other."""
    given = await request.form()
    token = request.cookies.get(cookie_name(request.app.state.secure), "")
    shown = given.get(TOKEN_FIELD)
    if not is_own_page(request.headers) or not isinstance(shown, str) or not is_form_token(token, shown):
        raise NotPermitted("This form is not from a page of your present session: load the page anew.")
    return given


Form = Annotated[FormData, Depends(form)]
