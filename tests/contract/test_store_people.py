"""Accounts, sessions, keys and failed sign-ins come back as they were kept, on both databases."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from records import NOW

from matcher.domain.ids import new_id
from matcher.domain.people import ApiKey, KeyId, Person, PersonId, Role, Session
from matcher.errors import Conflict, NotFound
from matcher.store.database import Store
from matcher.store.people import Failures

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def person(name: str = "li", **changes: object) -> Person:
    new = Person(
        id=PersonId(new_id()), name=name, shown_name=name.title(), roles=frozenset({Role.REVIEWER}), created_at=NOW
    )
    return replace(new, **changes)


def session(owner: Person, digest: str = "a" * 64, **changes: object) -> Session:
    new = Session(digest=digest, person_id=owner.id, created_at=NOW, seen_at=NOW, expires_at=NOW + HOUR)
    return replace(new, **changes)


def key(owner: Person, digest: str = "a" * 64, **changes: object) -> ApiKey:
    new = ApiKey(
        id=KeyId(new_id()),
        person_id=owner.id,
        label="form",
        digest=digest,
        scopes=frozenset({"status", "case_read"}),
        created_at=NOW,
        expires_at=NOW + DAY,
    )
    return replace(new, **changes)


def test_an_account_comes_back_whole(store: Store) -> None:
    full = person(
        "王\u3000芳",
        roles=frozenset({Role.OFFICER, Role.REVIEWER}),
        email="wang@example.org",
        trained=date(2026, 1, 12),
        active=False,
    )
    bare = person("li'; DROP TABLE people; --")
    with store.write() as tx:
        tx.people.add(full, "encoded")
        tx.people.add(bare, None)
    with store.read() as reading:
        assert reading.people.get(full.id) == reading.people.by_name(full.name) == full
        assert reading.people.by_name(bare.name) == bare
        assert reading.people.by_name("nobody") is reading.people.get(PersonId(1)) is None
        assert [reading.people.password(one.id) for one in (full, bare)] == ["encoded", None]
        assert list(reading.people.list()) == [bare, full]
        assert reading.people.by_ids([bare.id, PersonId(1)]) == {bare.id: bare}


def test_accounts_are_listed_by_code_point(store: Store) -> None:
    names = ["B", "a", "b", "á", "王"]
    with store.write() as tx:
        for name in reversed(names):
            tx.people.add(person(name), None)
        assert [one.name for one in tx.people.list()] == names


def test_a_name_is_taken_once(store: Store) -> None:
    with store.write() as tx:
        tx.people.add(person(), None)
    with pytest.raises(Conflict, match="'li'"), store.write() as tx:
        tx.people.add(person(), None)


def test_changes_leave_name_and_password_and_other_accounts_alone(store: Store) -> None:
    one, other = person(), person("wang")
    changed = replace(one, shown_name="Li Na", roles=frozenset({Role.AUDITOR}), active=False, email="li@example.org")
    with store.write() as tx:
        tx.people.add(one, "encoded")
        tx.people.add(other, "wang's")
        tx.people.update(replace(changed, name="somebody else"))
        tx.people.set_password(other.id, "new")
    with store.read() as reading:
        assert list(reading.people.list()) == [changed, other]
        assert [reading.people.password(each.id) for each in (one, other)] == ["encoded", "new"]
    with pytest.raises(NotFound, match="'nobody'"), store.write() as tx:
        tx.people.update(person("nobody"))


def test_sessions_are_used_and_end(store: Store) -> None:
    one, other = person(), person("wang")
    with store.write() as tx:
        tx.people.add(one, None)
        tx.people.add(other, None)
        for digest, owner in (("a", one), ("b", one), ("c", one), ("d", other)):
            tx.people.add_session(session(owner, digest))
        tx.people.touch_session("a", NOW + HOUR, NOW + DAY)
        assert [tx.people.end_session("b"), tx.people.end_session("b")] == [True, False]
    with store.read() as reading:
        assert reading.people.session("a") == session(one, "a", seen_at=NOW + HOUR, expires_at=NOW + DAY)
        assert reading.people.session("b") is None
        assert reading.people.session("c") == session(one, "c")
    with store.write() as tx:
        tx.people.end_sessions(one.id)
    with store.read() as reading:
        assert [reading.people.session(digest) is None for digest in "acd"] == [True, True, False]


def test_a_new_session_sweeps_those_that_ended(store: Store) -> None:
    one = person()
    with store.write() as tx:
        tx.people.add(one, None)
        tx.people.add_session(session(one, "ends now", expires_at=NOW + HOUR))
        tx.people.add_session(session(one, "goes on", expires_at=NOW + HOUR + timedelta(seconds=1)))
        tx.people.add_session(session(one, "new", created_at=NOW + HOUR, expires_at=NOW + DAY))
    with store.read() as reading:
        kept = [digest for digest in ("ends now", "goes on", "new") if reading.people.session(digest)]
    assert kept == ["goes on", "new"]


def test_keys_are_listed_newest_first_and_revoked_one_by_one(store: Store) -> None:
    one, other = person(), person("wang")
    old, new, foreign = key(one, "a"), key(one, "b", created_at=NOW + HOUR), key(other, "c")
    with store.write() as tx:
        tx.people.add(one, None)
        tx.people.add(other, None)
        for each in (old, new, foreign):
            tx.people.add_key(each)
        tx.people.revoke_key(old.id, NOW + HOUR)
    with store.read() as reading:
        assert list(reading.people.keys_of(one.id)) == [new, replace(old, revoked_at=NOW + HOUR)]
        assert reading.people.key("c") == reading.people.key_by_id(foreign.id) == foreign
        assert reading.people.key("d") is reading.people.key_by_id(KeyId(1)) is None


def test_the_database_itself_refuses_what_belongs_to_nobody_and_a_digest_twice(store: Store) -> None:
    one, stranger = person(), person("stranger")
    with store.write() as tx:
        tx.people.add(one, None)
        tx.people.add_session(session(one))
        tx.people.add_key(key(one))
    with pytest.raises(Conflict, match="contradicts"), store.write() as tx:
        tx.people.add_session(session(stranger, "b"))
    with pytest.raises(Conflict, match="contradicts"), store.write() as tx:
        tx.people.add_session(session(one))
    with pytest.raises(Conflict, match="contradicts"), store.write() as tx:
        tx.people.add_key(key(stranger, "b"))
    with pytest.raises(Conflict, match="contradicts"), store.write() as tx:
        tx.people.add_key(key(one))


def test_failures_are_replaced_forgotten_and_swept(store: Store) -> None:
    first, later = Failures("li", 1, NOW), Failures("li", 5, NOW + HOUR, NOW + 2 * HOUR)
    with store.write() as tx:
        tx.people.put_failures(Failures("old", 3, NOW - DAY), NOW - DAY)
        tx.people.put_failures(first, NOW - DAY)
        assert tx.people.failures("old") is not None  # a day old to the moment, and no older
        assert tx.people.failures("li") == first
        tx.people.put_failures(later, NOW - DAY + HOUR)
    with store.read() as reading:
        assert reading.people.failures("li") == later
        assert reading.people.failures("old") is None
    with store.write() as tx:
        tx.people.forget_failures("li")
        tx.people.forget_failures("li")
        assert tx.people.failures("li") is None


def test_failures_of_a_name_are_forgotten_at_all_addresses(store: Store) -> None:
    others = ["lin", Failures.key_at("lin", "a"), "a"]
    with store.write() as tx:
        for key in ("li", Failures.key_at("li", "a"), Failures.key_at("li", "b"), *others):
            tx.people.put_failures(Failures(key, 1, NOW), NOW - DAY)
        tx.people.forget_failures_of("li")
    with store.read() as reading:
        assert all(reading.people.failures(key) is not None for key in others)
        gone = ("li", Failures.key_at("li", "a"), Failures.key_at("li", "b"))
        assert [reading.people.failures(key) for key in gone] == [None] * 3
