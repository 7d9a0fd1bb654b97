"""Accounts for tests, signed in."""

from __future__ import annotations

from pathlib import Path

from argon2 import PasswordHasher

from matcher import Matcher
from matcher.accounts.rights import SESSION, Acting, rights_of
from matcher.config import sign_in_file
from matcher.domain.ids import new_id
from matcher.domain.people import Person, PersonId, Role
from matcher.services.context import Context, now_utc
from matcher.services.signing_in import sign_in

PASSWORD = "correct horse battery staple"  # noqa: S105


def person(name: str, *roles: Role) -> Person:
    """The record of an account."""
    return Person(
        id=PersonId(new_id()), name=name, shown_name=name.title(), roles=frozenset(roles), created_at=now_utc()
    )


def staff(context: Context, name: str, *roles: Role, password: str | None = None) -> Acting:
    """An account with these roles, as if it had signed in; without a password unless one is given (encoded)."""
    new = person(name, *roles)
    with context.store.write() as transaction:
        transaction.people.add(new, password)
    return Acting(id=new.id, name=name, rights=rights_of(roles), signed_in=SESSION)


def weak(password: str = PASSWORD) -> str:
    """A password encoded so weakly that it costs no time; signing in encodes it anew."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def sign_in_here(home: Path, name: str = "chen", *roles: Role) -> None:
    """Sign in on the command line of a home, as an officer unless other roles are given."""
    with Matcher.open(home) as matcher:
        with matcher.context.store.read() as reading:
            known = reading.people.by_name(name)
        if known is None:
            staff(matcher.context, name, *(roles or (Role.OFFICER,)), password=weak())
        token, acting = sign_in(matcher.context, name, PASSWORD, "tests")
    file = sign_in_file(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{token}\n{acting.name}\n", encoding="utf-8")
