"""Who asks: the session of a request, and the right that each page declares."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from matcher.accounts.rights import Right
from matcher.errors import NotPermitted, NotSignedIn
from matcher.services.context import Context
from matcher.services.signing_in import acting
from matcher.web.forms import form_request
from matcher.web.security import cookie_name, form_token, is_form_token, is_own_page
from matcher.web.signed_in import SignedIn
from matcher.wording import Wording

TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
_FOREIGN = Wording("This form is not from a page of your present session: load the page anew.")


class Visit(SignedIn):
    """A browser's request of somebody who is signed in and may make it."""

    __slots__ = ()

    @property
    def form_token(self) -> str:
        """What this session's forms carry."""
        return form_token(self.token)


def visit(request: Request) -> Visit:
    """The visit of a request, which gets its account's language; `NotSignedIn` without a valid session.

    It stays in the request, for pages of errors.
    """
    token = request.cookies.get(cookie_name(request.app.state.secure))
    if not token:
        raise NotSignedIn(Wording("Nobody is signed in here: sign in first."))
    context: Context = request.app.state.context
    who = acting(context, token)
    request.state.language, request.state.visit = who.language, Visit(context, who, token)
    found: Visit = request.state.visit
    return found


def allowed(*rights: Right) -> Callable[[Visit], Visit]:
    """A dependency that lets accounts with one of these rights pass; it keeps them for the walk over all routes."""

    def check(visited: Annotated[Visit, Depends(visit)]) -> Visit:
        visited.acting.require_one_of(*rights)
        return visited

    check.rights = frozenset(rights)  # type: ignore[attr-defined]
    return check


async def public() -> None:
    """A dependency that says: nobody needs to be signed in here. It waits for no thread."""


async def form(request: Request) -> AsyncIterator[FormData]:
    """A form that one of our pages sent, `NotPermitted` for any other; its files go when it is answered."""
    if not is_own_page(request.headers):
        raise NotPermitted(_FOREIGN)
    async with form_request(request).form() as given:
        token = request.cookies.get(cookie_name(request.app.state.secure), "")
        shown = given.get(TOKEN_FIELD)
        if not isinstance(shown, str) or not is_form_token(token, shown):
            raise NotPermitted(_FOREIGN)
        yield given


Form = Annotated[FormData, Depends(form)]
