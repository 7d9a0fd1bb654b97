"""Signing in, signing out, and one's own account."""

from __future__ import annotations

from fastapi import Depends, Request
from starlette.responses import Response

from matcher.services import signing_in
from matcher.web import apart
from matcher.web.api.answers import MeView, SessionView, rights_of
from matcher.web.api.bodies import Credentials, LanguageChoice, OwnPassword
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import Anybody, Holder
from matcher.web.identity import public

router = router_of("Sessions")


@router.post(
    "/sessions", status_code=201, dependencies=[Depends(public)], summary="Sign in", responses={401: {}, 429: {}}
)
@apart.passwords
def sign_in(request: Request, given: Credentials) -> SessionView:
    """Begin a session; its token goes into the header of every other request."""
    address = request.client.host if request.client else "unknown"
    token, acting = signing_in.sign_in(request.app.state.context, given.name, given.password, address)
    return SessionView(token, acting.name, rights_of(acting))


@router.delete("/sessions/current", status_code=204, summary="Sign out")
def sign_out(caller: Holder) -> Response:
    """End the session whose token is sent; a key stays valid."""
    caller.accounts.sign_out(caller.token)
    return Response(status_code=204)


@router.get("/me", summary="Who am I?")
def me(caller: Anybody) -> MeView:
    """Who holds the token or key that is sent, and what it allows."""
    return MeView(caller.acting.name, rights_of(caller.acting), caller.acting.language)


@router.put("/me/password", status_code=204, summary="Change one's own password", responses={429: {}})
@apart.passwords
def change_own_password(caller: Holder, given: OwnPassword) -> Response:
    """Take another password; all sessions of the account end, this one too."""
    caller.accounts.set_password(caller.acting, caller.acting.name, given.new, old=given.old)
    return Response(status_code=204)


@router.put("/me/language", status_code=204, summary="Choose one's language")
def choose_language(caller: Holder, given: LanguageChoice) -> Response:
    """Choose the language in which one reads the pages of the desk."""
    caller.accounts.set_language(caller.acting, given.language)
    return Response(status_code=204)
