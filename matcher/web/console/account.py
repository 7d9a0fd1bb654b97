"""One's own account: language and password."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from matcher.domain.people import Language
from matcher.errors import WrongUse
from matcher.web import apart
from matcher.web.console.queue import Anybody
from matcher.web.forms import text
from matcher.web.identity import Form
from matcher.web.pages import page
from matcher.wording import Wording

router = APIRouter(prefix="/account")


@router.get("")
def show(request: Request, visited: Anybody) -> Response:
    """The forms."""
    return page(request, "account.html", visited, languages=list(Language), chosen=visited.acting.language)


@router.post("/language")
def language(visited: Anybody, given: Form) -> Response:
    """Choose a language, or the browser's."""
    visited.accounts.set_language(visited.acting, text(given, "language") or None)
    return RedirectResponse("/account", status_code=303)


@router.post("/password")
@apart.passwords
def password(visited: Anybody, given: Form) -> Response:
    """Change the password by the old one; all sessions end."""
    old, new, again = (given.get(name, "") for name in ("old", "new", "again"))
    if not (isinstance(old, str) and isinstance(new, str)) or new != again:
        raise WrongUse(Wording("The new password was not typed the same way twice: nothing was changed."))
    visited.accounts.set_password(visited.acting, visited.acting.name, new, old=old)
    return RedirectResponse("/sign-in", status_code=303)
