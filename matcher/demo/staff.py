"""Accounts of the demo, one per part of the work, all with one password that is drawn anew for each demo home."""

from __future__ import annotations

import os
import secrets
from datetime import date
from pathlib import Path

from matcher.accounts.rights import Acting, rights_of
from matcher.domain.people import Role
from matcher.services.accounts import NewPerson, add_person, change_person, require_person
from matcher.services.context import Context

OFFICER, SECOND = "chen", "gao"
_STAFF = {
    "admin": {Role.ADMIN},
    OFFICER: {Role.OFFICER},
    SECOND: {Role.OFFICER},
    "li": {Role.REVIEWER},
    "wang": {Role.REVIEWER},
    "zhao": {Role.REVIEWER},
    "zhou": {Role.SUPERVISOR},
    "sun": {Role.AUDITOR},
    "ma": {Role.INTAKE},
}
_TRAINED = date(2026, 1, 12)


def demo_staff(context: Context, folder: Path) -> str:
    """Add the accounts that are not there yet; returns their password, which lies in the demo's folder."""
    password = _password(folder / "password.txt")
    with context.store.read() as reading:
        there = {person.name for person in reading.people.list()}
    missing = [name for name in _STAFF if name not in there]
    if not missing:
        return password
    if "admin" in missing:
        new = NewPerson(name="admin", roles=frozenset(_STAFF["admin"]), password=password)
        add_person(context, None, new, local_actor="demo")
    acting = acting_as(context, "admin")
    for name in missing:
        if name != "admin":
            add_person(context, acting, NewPerson(name=name, roles=frozenset(_STAFF[name]), password=password))
            if _STAFF[name] & {Role.REVIEWER, Role.SUPERVISOR}:
                change_person(context, acting, name, trained=_TRAINED)
    return password


def acting_as(context: Context, name: str) -> Acting:
    """Somebody of the demo, who acts without having signed in."""
    with context.store.read() as reading:
        person = require_person(reading, name)
    return Acting(id=person.id, name=person.name, rights=rights_of(person.roles))


def _password(file: Path) -> str:
    if file.is_file():
        return file.read_text(encoding="ascii").strip()
    password = secrets.token_urlsafe(12)
    with open(file, "w", opener=lambda name, flags: os.open(name, flags, 0o600), encoding="ascii") as handle:
        handle.write(f"{password}\n")
    return password
