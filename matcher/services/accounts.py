"""Accounts and their keys: add, change, end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from matcher.accounts import passwords, tokens
from matcher.accounts.rights import PERSONS_ONLY, Acting, Right, rights_by_key
from matcher.domain.ids import id_text, new_id, parse_id
from matcher.domain.people import LONGEST_NAME, ApiKey, KeyId, Language, Person, PersonId, Role
from matcher.errors import Conflict, NotFound, NotPermitted, WrongUse
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who, check_text
from matcher.services.signing_in import confirm_password, forget_failures
from matcher.store.database import Reading
from matcher.wording import Wording

LONGEST_KEY_DAYS = 730
_CHANGEABLE = {"roles", "shown_name", "email", "trained", "active"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """What an administrator says of a new account; a service has no password."""

    name: str
    roles: frozenset[Role]
    shown_name: str | None = None
    email: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What is asked for a new key: for which account, with which scopes (words of rights), for how many days."""

    name: str
    label: str
    scopes: frozenset[Right]
    days: int


def add_person(context: Context, acting: Acting | None, new: NewPerson, *, local_actor: str | None = None) -> Person:
    """Add an account. Nobody needs to be signed in while there is no active administrator: `local_actor` is named then.

    `Conflict` for a name that is taken, `WrongUse` for a person without a password or a service with one.
    """
    person = _checked(new, context.clock())
    password = None if new.password is None else passwords.encode(new.password)
    with context.store.write() as transaction:
        who = _administrator(transaction, acting, local_actor)
        if acting is None and Role.ADMIN not in person.roles:
            raise WrongUse(Wording("The first account is an administrator's: give it the role 'admin'."))
        transaction.people.add(person, password)
        details = {"roles": ",".join(sorted(role.value for role in person.roles))}
        record(context, transaction, who, Trace("account.add", [person.id], details=details))
    return person


def change_person(context: Context, acting: Acting, name: str, **changes: Any) -> Person:
    """Change an account: `roles`, `shown_name`, `email`, `trained` or `active`.

    Other roles and an end of the account end its sessions. `Conflict` if no active administrator would be left.
    """
    acting.require(Right.PEOPLE)
    if unknown := sorted(changes.keys() - _CHANGEABLE):
        raise WrongUse(
            Wording(
                "{field} of an account cannot be changed: possible are {fields}.",
                field=unknown[0],
                fields=", ".join(sorted(_CHANGEABLE)),
            )
        )
    with context.store.write() as transaction:
        old = require_person(transaction, name)
        new = replace(old, **changes)
        _check_person(new)
        if old.is_service != new.is_service:
            raise WrongUse(
                Wording("'{name}' cannot become a service, or stop to be one: add another account.", name=name)
            )
        transaction.people.update(new)
        _require_administrator(transaction)
        if new.roles != old.roles or not new.active:
            transaction.people.end_sessions(old.id)
        trace = Trace("account.change", [old.id], details={"fields": ",".join(sorted(changes))})
        record(context, transaction, _who(acting), trace)
    return new


def set_password(context: Context, acting: Acting, name: str, password: str, *, old: str | None = None) -> None:
    """Give an account another password and end its sessions: one's own with the old one, anybody's as an administrator.

    Nobody has to wait any more for mistakes that were made with the old one.
    """
    own = acting.name == name and old is not None
    acting.require(Right.OWN_ACCOUNT if own else Right.PEOPLE)
    encoded = passwords.encode(password)
    with context.store.read() as reading:
        person = require_person(reading, name)
    if person.is_service:
        raise WrongUse(Wording("'{name}' is a service: it signs in with keys and has no password.", name=name))
    if old is not None:
        confirm_password(context, person, old)
    with context.store.write() as transaction:
        transaction.people.set_password(person.id, encoded)
        transaction.people.end_sessions(person.id)
        forget_failures(context, transaction, person.name)
        record(context, transaction, _who(acting), Trace("account.password", [person.id]))


def unblock(context: Context, acting: Acting, name: str) -> None:
    """Let an account sign in at once, after failed attempts of its owner or of others."""
    acting.require(Right.PEOPLE)
    with context.store.write() as transaction:
        person = require_person(transaction, name)
        forget_failures(context, transaction, person.name)
        record(context, transaction, _who(acting), Trace("account.unblock", [person.id]))


def set_language(context: Context, acting: Acting, language: Language | None) -> None:
    """Choose the language in which one reads; `None`: as the browser asks."""
    acting.require(Right.OWN_ACCOUNT)
    with context.store.write() as transaction:
        transaction.people.update(replace(require_person(transaction, acting.name), language=language))
        record(context, transaction, _who(acting), Trace("account.language", [acting.id]))


def people(context: Context, acting: Acting) -> Sequence[Person]:
    """All accounts by name."""
    acting.require(Right.PEOPLE)
    with context.store.read() as reading:
        return reading.people.list()


def add_key(context: Context, acting: Acting, new: NewKey) -> tuple[str, ApiKey]:
    """Make a key for an account: its text, which is shown this once, and its record.

    `WrongUse` for scopes that no key can have, or that its account has not.
    """
    acting.require(Right.PEOPLE)
    check_text("The key's label", new.label, 100)
    if not 1 <= new.days <= LONGEST_KEY_DAYS:
        raise WrongUse(
            Wording(
                "A key for {days} days cannot be made: 1 … {longest} are possible.",
                days=new.days,
                longest=LONGEST_KEY_DAYS,
            )
        )
    _check_scopes(new)
    text, now = tokens.new_token(tokens.KEY), context.clock()
    with context.store.write() as transaction:
        person = require_person(transaction, new.name)
        if beyond := sorted(scope.value for scope in new.scopes - rights_by_key(person.roles)):
            scopes = ", ".join(beyond)
            raise WrongUse(
                Wording(
                    "A key of '{name}' cannot have the scopes {scopes}: its account may not do that.",
                    name=person.name,
                    scopes=scopes,
                )
            )
        if any(one.label == new.label and one.revoked_at is None for one in transaction.people.keys_of(person.id)):
            raise Conflict(
                Wording(
                    "'{name}' has a key '{label}' already: revoke it, or take another label.",
                    name=person.name,
                    label=new.label,
                )
            )
        key = ApiKey(
            id=KeyId(new_id()),
            person_id=person.id,
            label=new.label,
            digest=tokens.digest(text),
            scopes=frozenset(scope.value for scope in new.scopes),
            created_at=now,
            expires_at=now + timedelta(days=new.days),
        )
        transaction.people.add_key(key)
        details: dict[str, str | int | float | bool | None] = {"scopes": ",".join(sorted(key.scopes)), "days": new.days}
        record(context, transaction, _who(acting), Trace("key.add", [person.id, key.id], details=details))
    return text, key


def keys(context: Context, acting: Acting, name: str) -> Sequence[ApiKey]:
    """All keys of an account, newest first; their texts are kept nowhere."""
    acting.require(Right.PEOPLE)
    with context.store.read() as reading:
        return reading.people.keys_of(require_person(reading, name).id)


def revoke_key(context: Context, acting: Acting, key: str) -> None:
    """End a key by its shown id, at once."""
    acting.require(Right.PEOPLE)
    key_id = KeyId(parse_id(key))
    with context.store.write() as transaction:
        found = transaction.people.key_by_id(key_id)
        if found is None:
            raise NotFound(
                Wording("There is no key '{key}'.", key=key), step="`matcher key list NAME` shows an account's keys."
            )
        if found.revoked_at is None:
            transaction.people.revoke_key(key_id, context.clock())
        record(context, transaction, _who(acting), Trace("key.revoke", [found.person_id, key_id]))


def require_person(reading: Reading, name: str) -> Person:
    """The account of a name; `NotFound` names it."""
    check_text("The name", name, LONGEST_NAME)
    person = reading.people.by_name(name)
    if person is None:
        raise NotFound(
            Wording("There is no account '{name}'.", name=name), step="`matcher user list` shows all accounts."
        )
    return person


def shown_key(key: ApiKey) -> str:
    """A key's id as people see it."""
    return id_text(key.id)


def _check_scopes(new: NewKey) -> None:
    if not new.scopes:
        raise WrongUse(Wording("A key without a scope opens nothing: give at least one."))
    if decisions := sorted(scope.value for scope in new.scopes & PERSONS_ONLY):
        raise WrongUse(
            Wording(
                "No key can have the scopes {decisions}: what decides about a child takes a person who signs in with a "
                "password, so that two verdicts never come from one hand.",
                decisions=", ".join(decisions),
            )
        )


def _administrator(reading: Reading, acting: Acting | None, local_actor: str | None) -> Who:
    if acting is not None:
        acting.require(Right.PEOPLE)
        return _who(acting)
    if _has_administrator(reading) or local_actor is None:
        raise NotPermitted(
            Wording("Accounts are added by an administrator."), step="sign in with `matcher login NAME`."
        )
    return Who(local_actor, ReasonCode.ACCOUNTS)


def _require_administrator(reading: Reading) -> None:
    if not _has_administrator(reading):
        raise Conflict(Wording("No active administrator would be left: give another account the role 'admin' first."))


def _has_administrator(reading: Reading) -> bool:
    return any(person.active and Role.ADMIN in person.roles for person in reading.people.list())


def _checked(new: NewPerson, now: datetime) -> Person:
    person = Person(
        id=PersonId(new_id()),
        name=new.name,
        shown_name=new.shown_name or new.name,
        roles=new.roles,
        email=new.email,
        created_at=now,
    )
    _check_person(person)
    if person.is_service and new.password is not None:
        raise WrongUse(Wording("A service has no password: make a key for it."))
    if not person.is_service and new.password is None:
        raise WrongUse(Wording("The account '{name}' needs a password.", name=new.name))
    return person


def _check_person(person: Person) -> None:
    check_text("The name", person.name, LONGEST_NAME)
    check_text("The shown name", person.shown_name, 100)
    if not person.name or person.name != person.name.strip() or not person.shown_name.strip():
        raise WrongUse(Wording("The name {name} is empty or has spaces around it.", name=repr(person.name)))
    if not person.roles:
        raise WrongUse(Wording("The account '{name}' has no role: give at least one.", name=person.name))
    if person.is_service and len(person.roles) > 1:
        raise WrongUse(Wording("A service acts for nobody: it has no other role."))
    if person.email is not None:
        check_text("The e-mail address", person.email, 254)
        if person.email.count("@") != 1 or any(map(str.isspace, person.email)):
            raise WrongUse(Wording("'{email}' is no e-mail address.", email=person.email))
    if person.trained is not None and not isinstance(person.trained, date):
        raise WrongUse(Wording("{trained} is no date of a training.", trained=repr(person.trained)))


def _who(acting: Acting) -> Who:
    return Who.of(acting, ReasonCode.ACCOUNTS)
