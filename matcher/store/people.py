"""Accounts, their sessions and keys, and failed sign-ins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, insert, or_, select, update

from matcher.domain.people import ApiKey, KeyId, Language, Person, PersonId, Role, Session
from matcher.errors import Conflict, NotFound
from matcher.store.desk_tables import api_keys, people, sessions, sign_in_failures
from matcher.store.part import Part

_SESSION = tuple(field.name for field in fields(Session))


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed sign-ins of one name, address, or name at an address, which is kept as a keyed digest."""

    key: str
    failures: int
    last_at: datetime
    blocked_until: datetime | None = None

    @staticmethod
    def key_at(name: str, address: str) -> str:
        """The key of a name at an address, of the keys of both."""
        return f"{name}@{address}"


class PeopleReading(Part):
    """Accounts by id or name, and what signs them in."""

    __slots__ = ()

    def get(self, person_id: PersonId) -> Person | None:
        """The account of this id."""
        return self._one(select(people).where(people.c.id == person_id))

    def by_name(self, name: str) -> Person | None:
        """The account that signs in under this name."""
        return self._one(select(people).where(people.c.name == name))

    def by_ids(self, ids: Iterable[PersonId]) -> dict[PersonId, Person]:
        """Those of the accounts that exist."""
        rows = self._connection.execute(select(people).where(people.c.id.in_(tuple(ids)))).mappings()
        return {row["id"]: _person(row) for row in rows}

    def list(self) -> Sequence[Person]:
        """All accounts by name, those that ended among them."""
        # Sorted here, by code point: the databases differ in what they take for order.
        return sorted(map(_person, self._connection.execute(select(people)).mappings()), key=lambda one: one.name)

    def password(self, person_id: PersonId) -> str | None:
        """The encoded password of an account, `None` if it has none."""
        found = self._connection.scalar(select(people.c.password).where(people.c.id == person_id))
        return None if found is None else str(found)

    def session(self, digest: str) -> Session | None:
        """The session whose token has this digest, ended or not."""
        row = self._connection.execute(select(sessions).where(sessions.c.digest == digest)).mappings().one_or_none()
        return None if row is None else Session(**row)

    def keys_of(self, person_id: PersonId) -> Sequence[ApiKey]:
        """All keys of an account, newest first."""
        query = select(api_keys).where(api_keys.c.person_id == person_id)
        rows = self._connection.execute(query.order_by(api_keys.c.created_at.desc(), api_keys.c.id)).mappings()
        return [_key(row) for row in rows]

    def key(self, digest: str) -> ApiKey | None:
        """The key whose text has this digest, valid or not."""
        row = self._connection.execute(select(api_keys).where(api_keys.c.digest == digest)).mappings().one_or_none()
        return None if row is None else _key(row)

    def key_by_id(self, key_id: KeyId) -> ApiKey | None:
        """The key of this id."""
        row = self._connection.execute(select(api_keys).where(api_keys.c.id == key_id)).mappings().one_or_none()
        return None if row is None else _key(row)

    def failures(self, key: str) -> Failures | None:
        """The failed sign-ins of a name or address."""
        query = select(sign_in_failures).where(sign_in_failures.c.key == key)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else Failures(**row)

    def _one(self, query: Select[Any]) -> Person | None:
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _person(row)


class PeopleWriting(PeopleReading):
    """Accounts, with their changes."""

    __slots__ = ()

    def add(self, person: Person, password: str | None) -> None:
        """Keep a new account with its encoded password; `Conflict` for a name that is taken."""
        if self._connection.scalar(select(exists().where(people.c.name == person.name))):
            raise Conflict(f"There is an account '{person.name}' already: choose another name.")
        self._connection.execute(insert(people), _columns(person) | {"password": password})

    def update(self, person: Person) -> None:
        """Replace what is kept of an account, except its password and its name."""
        values = {name: value for name, value in _columns(person).items() if name not in {"id", "name"}}
        if not self._connection.execute(update(people).where(people.c.id == person.id).values(values)).rowcount:
            raise NotFound(f"There is no account '{person.name}'.")

    def set_password(self, person_id: PersonId, password: str) -> None:
        """Replace the encoded password of an account."""
        self._connection.execute(update(people).where(people.c.id == person_id).values(password=password))

    def add_session(self, session: Session) -> None:
        """Keep a session, and forget those that ended."""
        self._connection.execute(delete(sessions).where(sessions.c.expires_at <= session.created_at))
        self._connection.execute(insert(sessions), {name: getattr(session, name) for name in _SESSION})

    def touch_session(self, digest: str, seen_at: datetime, expires_at: datetime) -> None:
        """Write down that a session was used, and until when it holds now."""
        query = update(sessions).where(sessions.c.digest == digest)
        self._connection.execute(query.values(seen_at=seen_at, expires_at=expires_at))

    def end_session(self, digest: str) -> bool:
        """Forget a session; whether there was one."""
        return bool(self._connection.execute(delete(sessions).where(sessions.c.digest == digest)).rowcount)

    def end_sessions(self, person_id: PersonId) -> None:
        """Forget all sessions of an account."""
        self._connection.execute(delete(sessions).where(sessions.c.person_id == person_id))

    def add_key(self, key: ApiKey) -> None:
        """Keep a new key."""
        values = {field.name: getattr(key, field.name) for field in fields(ApiKey)}
        self._connection.execute(insert(api_keys), values | {"scopes": sorted(key.scopes)})

    def revoke_key(self, key_id: KeyId, at: datetime) -> None:
        """Write down that a key is valid no more."""
        self._connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(revoked_at=at))

    def put_failures(self, found: Failures, forget_before: datetime) -> None:
        """Keep the failed sign-ins of a name or address, and forget those of others whose last one is long ago."""
        table = sign_in_failures
        self._connection.execute(delete(table).where(or_(table.c.key == found.key, table.c.last_at < forget_before)))
        self._connection.execute(insert(table), {field.name: getattr(found, field.name) for field in fields(Failures)})

    def forget_failures(self, key: str) -> None:
        """Forget the failed sign-ins of a name, an address, or a name at an address."""
        self._connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == key))

    def forget_failures_of(self, name: str) -> None:
        """Forget the failed sign-ins of a name's key, at all addresses."""
        key = sign_in_failures.c.key
        everywhere = key.startswith(Failures.key_at(name, ""), autoescape=True)
        self._connection.execute(delete(sign_in_failures).where(or_(key == name, everywhere)))


def _columns(person: Person) -> dict[str, Any]:
    values = {field.name: getattr(person, field.name) for field in fields(Person)}
    language = None if person.language is None else person.language.value
    return values | {"roles": sorted(role.value for role in person.roles), "language": language}


def _person(row: Mapping[Any, Any]) -> Person:
    values = {field.name: row[field.name] for field in fields(Person)}
    language = None if row["language"] is None else Language(row["language"])
    return Person(**{**values, "roles": frozenset(map(Role, row["roles"])), "language": language})


def _key(row: Mapping[Any, Any]) -> ApiKey:
    return ApiKey(**{**row, "scopes": frozenset(row["scopes"])})
