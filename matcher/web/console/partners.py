"""Services that are told of alerts, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right
from matcher.web.forms import text
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page

router = APIRouter(prefix="/partners")

Admin = Annotated[Visit, Depends(allowed(Right.PARTNERS))]


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that is shown this once, and whose it is."""

    name: str
    text: str


@router.get("")
def listed(request: Request, visited: Admin) -> Response:
    """All partners, and the form for a new one."""
    return _partners(request, visited)


@router.post("")
def add(request: Request, visited: Admin, given: Form) -> Response:
    """Add a partner; its secret is shown on this page and never again."""
    name, tests = text(given, "name"), text(given, "tests") == "yes"
    secret, _ = visited.public.partners.add(visited.acting, name, text(given, "url"), tests=tests)
    return _partners(request, visited, Secret(name, secret))


@router.post("/renew")
def renew(request: Request, visited: Admin, given: Form) -> Response:
    """Give a partner another secret, which is shown on this page and never again."""
    name = text(given, "name")
    return _partners(request, visited, Secret(name, visited.public.partners.renew_secret(visited.acting, name)))


@router.post("/try")
def try_now(visited: Admin, given: Form) -> Response:
    """Let a partner that failed be told again at once."""
    visited.public.partners.try_now(visited.acting, text(given, "name"))
    return RedirectResponse("/partners", status_code=303)


@router.post("/end")
def end(visited: Admin, given: Form) -> Response:
    """Tell a partner nothing more."""
    visited.public.partners.end(visited.acting, text(given, "name"))
    return RedirectResponse("/partners", status_code=303)


def _partners(request: Request, visited: Visit, secret: Secret | None = None) -> Response:
    found = visited.public.partners.listed(visited.acting)
    return page(request, "partners.html", visited, partners=found, secret=secret)
