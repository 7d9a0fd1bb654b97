"""Signing in with a password, and knowing again who holds a session or a key."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from matcher.accounts import attempts, passwords, throttling, tokens
from matcher.accounts.rights import SESSION, Acting, by_key, rights_by_key, rights_of
from matcher.domain.ids import id_text
from matcher.domain.people import LONGEST_NAME, Person, Session
from matcher.errors import NotPermitted, NotSignedIn, Stopped, WrongUse
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who, check_text
from matcher.store.database import Reading, Transaction
from matcher.store.people import Failures
from matcher.wording import Wording

_WRONG = Wording("This name and this password do not belong together, or the account has ended.")
_ENDED = Wording("The session or key is not valid any more: sign in again.")
_LONGEST = 4  # times `session_hours`: however busy, a session ends
_TOUCH = timedelta(minutes=1)  # how rarely the use of a session is written down
_COUNTED = (
    (throttling.counted_for_name, throttling.blocked_by_name),
    (throttling.counted_for_name, throttling.blocked_everywhere),
    (throttling.counted_for_address, throttling.blocked_by_address),
)
_OF_NAME = 2  # subjects that a right password frees: not the address, from which other names were tried
_UNKNOWN = "unknown"  # what was tried as a name may be a password: it is never written down


def sign_in(context: Context, name: str, password: str, address: str) -> tuple[str, Acting]:
    """Begin a session: its token, which is kept nowhere, and who it stands for.

    `NotSignedIn` if name and password do not belong together or the account has ended. `TooMany` while the name, here
    or everywhere, or the address is blocked, would be if all attempts under way failed, or too many are under way.
    `address` is where the attempt comes from, such as an IP address.
    """
    subjects = _subjects(context, name, address)
    with context.store.read() as reading:
        _require_unblocked(context, reading, subjects)  # before it takes a place: whoever is blocked takes none
    with attempts.running.one_more(subjects) as others:
        with context.store.read() as reading:
            _require_unblocked(context, reading, subjects, others)
            person = _named(reading, name)
            kept = None if person is None else reading.people.password(person.id)
        right = passwords.matches(password, kept)
        renewed = passwords.encode(password) if right and kept is not None and passwords.is_outdated(kept) else None
        with context.store.write() as transaction:
            # Asked again: while this password was checked, attempts in other processes may have failed, and the
            # account may have ended or got another password.
            _require_unblocked(context, transaction, subjects)
            person = _named(transaction, name)
            if person is None or not right or not person.active or transaction.people.password(person.id) != kept:
                _failed(context, transaction, person, subjects)
                acting = None
            else:
                if renewed is not None:
                    transaction.people.set_password(person.id, renewed)
                token, acting = _begin(context, transaction, person)
                for subject in subjects[:_OF_NAME]:
                    transaction.people.forget_failures(subject)
    if acting is None:  # outside the block, whose changes have to last
        raise NotSignedIn(_WRONG)
    return token, acting


def acting(context: Context, token: str) -> Acting:
    """Who holds a session's token or a key; `NotSignedIn` if it is not valid, or not any more."""
    now, digest = context.clock(), tokens.digest(token)
    if token.startswith(tokens.KEY):
        return _by_key(context, digest, now)
    with context.store.read() as reading:
        session = reading.people.session(digest)
        person = None if session is None else reading.people.get(session.person_id)
    if session is None or person is None or not person.active or session.expires_at <= now:
        raise NotSignedIn(_ENDED)
    if now - session.seen_at >= _TOUCH:
        with suppress(Stopped), context.store.write() as transaction:  # whoever is signed in goes on reading
            transaction.people.touch_session(digest, now, _expiry(context, session.created_at, now))
    return _acting(person)


def confirm_password(context: Context, person: Person, password: str) -> None:
    """Ask a signed-in person's password once more; `NotPermitted` if it is wrong.

    Failures count like those of signing in, else whoever found an open session could guess on: `TooMany`.
    """
    subjects = _subjects(context, person.name, "")[:_OF_NAME]
    with attempts.running.one_more(subjects) as others:
        with context.store.read() as reading:
            _require_unblocked(context, reading, subjects, others)
            kept = reading.people.password(person.id)
        right = passwords.matches(password, kept)
        with context.store.write() as transaction:
            _require_unblocked(context, transaction, subjects)
            if not right:
                _failed(context, transaction, person, subjects)
    if not right:
        raise NotPermitted(Wording("The old password is not right: nothing was changed."))


def sign_out(context: Context, token: str) -> None:
    """End a session; one that has ended already is no error."""
    with context.store.write() as transaction:
        session = transaction.people.session(tokens.digest(token))
        if session is None:
            return
        person = transaction.people.get(session.person_id)
        transaction.people.end_session(session.digest)
        actor = person.name if person is not None else _UNKNOWN
        who = Who(actor, ReasonCode.ACCOUNTS, signed_in=SESSION)
        record(context, transaction, who, Trace("session.end", [session.person_id]))


def _begin(context: Context, transaction: Transaction, person: Person) -> tuple[str, Acting]:
    token, now = tokens.new_token(tokens.SESSION), context.clock()
    session = Session(
        digest=tokens.digest(token),
        person_id=person.id,
        created_at=now,
        seen_at=now,
        expires_at=_expiry(context, now, now),
    )
    transaction.people.add_session(session)
    acting = _acting(person)
    record(context, transaction, Who.of(acting, ReasonCode.ACCOUNTS), Trace("session.begin", [person.id]))
    return token, acting


def _expiry(context: Context, created_at: datetime, now: datetime) -> datetime:
    hours = timedelta(hours=context.settings.session_hours)
    return min(now + hours, created_at + _LONGEST * hours)


def _by_key(context: Context, digest: str, now: datetime) -> Acting:
    with context.store.read() as reading:
        key = reading.people.key(digest)
        person = None if key is None else reading.people.get(key.person_id)
    if key is None or person is None or not person.active or key.revoked_at is not None or key.expires_at <= now:
        raise NotSignedIn(_ENDED)
    # Asked anew at each use: the account may have lost a right, and keys of older versions have scopes that none gives.
    rights = frozenset(right for right in rights_by_key(person.roles) if right.value in key.scopes)
    return replace(_acting(person), rights=rights, signed_in=by_key(id_text(key.id)))


def _acting(person: Person) -> Acting:
    rights = rights_of(person.roles)
    return Acting(id=person.id, name=person.name, rights=rights, language=person.language, signed_in=SESSION)


def _named(reading: Reading, name: str) -> Person | None:
    """The account of a name; there is none for what no account can be called."""
    try:
        check_text("The name", name, LONGEST_NAME)
    except WrongUse:
        return None
    return reading.people.by_name(name)


def forget_failures(context: Context, transaction: Transaction, name: str) -> None:
    """Forget the failed sign-ins of a name at all addresses."""
    transaction.people.forget_failures_of(_digest(context, name, "sign_in_name"))


def _subjects(context: Context, name: str, address: str) -> tuple[str, str, str]:
    """What an attempt is counted for, as keyed digests: the name at the address, the name, the address."""
    named, there = _digest(context, name, "sign_in_name"), _digest(context, address, "sign_in_address")
    return Failures.key_at(named, there), named, there


def _digest(context: Context, value: str, kind: str) -> str:
    return context.key.digest(value.encode(errors="surrogatepass"), kind)


def _require_unblocked(context: Context, reading: Reading, subjects: Sequence[str], others: Sequence[int] = ()) -> None:
    """`TooMany` while a subject is blocked, or while `others`, the attempts under way for each, could block it."""
    now, known = context.clock(), [reading.people.failures(key) for key in subjects]
    blocked = [found.blocked_until for found in known if found is not None and found.blocked_until is not None]
    if blocked and max(blocked) > now:
        raise attempts.too_many(ceil((max(blocked) - now).total_seconds()))
    for found, (counted, limit), beside in zip(known, _COUNTED, others, strict=False):
        before = 0 if found is None else counted(found.failures, found.last_at, now)
        if beside and limit(before + beside, now) is not None:
            raise attempts.too_many(attempts.SOON)


def _failed(context: Context, transaction: Transaction, person: Person | None, subjects: Sequence[str]) -> None:
    """Count a failure for the name at the address, the name, and the address if there is one, and write it down.

    Attempts while one of them is blocked are not even looked at, so the entry that says so is the last of its block.
    """
    now = context.clock()
    blocked = False
    for key, (counted, limit) in zip(subjects, _COUNTED, strict=False):
        found = transaction.people.failures(key)
        count = 1 + (0 if found is None else counted(found.failures, found.last_at, now))
        until = limit(count, now)
        blocked = blocked or until is not None
        transaction.people.put_failures(Failures(key, count, now, until), now - throttling.FORGOTTEN)
    who = Who(_UNKNOWN if person is None else person.name, ReasonCode.ACCOUNTS)
    objects = [] if person is None else [person.id]
    record(context, transaction, who, Trace("session.refused", objects, details={"blocked": blocked}))
