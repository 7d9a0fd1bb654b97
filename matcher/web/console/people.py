"""Accounts and keys, for administrators."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from matcher.accounts.rights import Right, rights_by_key
from matcher.domain.people import Person, Role
from matcher.errors import NotFound, WrongUse
from matcher.interchange.cells import day, number, one_of
from matcher.services.accounts import LONGEST_KEY_DAYS, NewKey, NewPerson, shown_key
from matcher.web.forms import text
from matcher.web.identity import Form, Visit, allowed
from matcher.web.pages import page
from matcher.wording import Wording

router = APIRouter(prefix="/people")

Admin = Annotated[Visit, Depends(allowed(Right.PEOPLE))]


@router.get("")
def listed(request: Request, visited: Admin) -> Response:
    """All accounts, and the form for a new one."""
    found = visited.accounts.list(visited.acting)
    return page(request, "people.html", visited, people=found, roles=list(Role))


@router.post("")
def add(visited: Admin, given: Form) -> Response:
    """Add an account."""
    name = text(given, "name")
    new = NewPerson(
        name=name,
        roles=_roles(given),
        shown_name=text(given, "shown_name") or None,
        email=text(given, "email") or None,
        password=_password(given) or None,
    )
    visited.accounts.add(visited.acting, new)
    return _back(name)


@router.get("/account")
def show(request: Request, visited: Admin, name: str) -> Response:
    """One account with its keys."""
    return _person(request, visited, name)


@router.post("/account")
def change(visited: Admin, given: Form) -> Response:
    """Change an account."""
    name = text(given, "name")
    visited.accounts.change(
        visited.acting,
        name,
        roles=_roles(given),
        shown_name=text(given, "shown_name"),
        email=text(given, "email") or None,
        trained=day(text(given, "trained")) if text(given, "trained") else None,
        active=text(given, "active") == "yes",
    )
    return _back(name)


@router.post("/password")
def set_password(visited: Admin, given: Form) -> Response:
    """Give an account another password; its sessions end."""
    name = text(given, "name")
    visited.accounts.set_password(visited.acting, name, _password(given))
    return _back(name)


@router.post("/unblock")
def unblock(visited: Admin, given: Form) -> Response:
    """Let an account sign in at once, after failed attempts."""
    name = text(given, "name")
    visited.accounts.unblock(visited.acting, name)
    return _back(name)


@router.post("/keys")
def add_key(request: Request, visited: Admin, given: Form) -> Response:
    """Make a key; its text is shown on this page and never again."""
    name, days = text(given, "name"), number(text(given, "days"))
    if days != int(days):
        raise WrongUse(Wording("The days of a key are a whole number."))
    scopes = frozenset(one_of(Right)(one) for one in given.getlist("scope"))
    secret, _ = visited.accounts.add_key(
        visited.acting, NewKey(name=name, label=text(given, "label"), scopes=scopes, days=int(days))
    )
    return _person(request, visited, name, secret)


@router.post("/keys/revoke")
def revoke(visited: Admin, given: Form) -> Response:
    """End a key at once."""
    visited.accounts.revoke_key(visited.acting, text(given, "key"))
    return _back(text(given, "name"))


def _person(request: Request, visited: Visit, name: str, secret: str | None = None) -> Response:
    person = _named(visited, name)
    scopes = sorted(rights_by_key(person.roles), key=list(Right).index)
    keys = [(shown_key(key), key) for key in visited.accounts.keys(visited.acting, name)]
    return page(
        request,
        "person.html",
        visited,
        person=person,
        keys=keys,
        roles=list(Role),
        scopes=scopes,
        secret=secret,
        most_days=LONGEST_KEY_DAYS,
        now=visited.context.clock(),
    )


def _named(visited: Visit, name: str) -> Person:
    for person in visited.accounts.list(visited.acting):
        if person.name == name:
            return person
    raise NotFound(Wording("There is no account '{name}'.", name=name))


def _roles(given: FormData) -> frozenset[Role]:
    return frozenset(one_of(Role)(one) for one in given.getlist("role"))


def _password(given: FormData) -> str:
    """As it was typed: spaces belong to it."""
    value = given.get("password", "")
    if not isinstance(value, str):
        raise WrongUse(Wording("The password is a file, where words are expected."))
    return value


def _back(name: str) -> Response:
    return RedirectResponse(f"/people/account?{urlencode({'name': name})}", status_code=303)
