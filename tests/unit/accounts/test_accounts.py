"""Passwords, tokens, waits, and the one table of rights."""

from datetime import datetime, timedelta, timezone

import pytest
from accounts import PASSWORD, weak

from matcher.accounts import passwords, throttling, tokens
from matcher.accounts.rights import ALLOWED, PERSONS_ONLY, Acting, Right, by_key, rights_by_key, rights_of
from matcher.domain.people import PersonId, Role
from matcher.errors import NotPermitted, WrongUse

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def quick_hashing() -> None:
    """The parameters of argon2id are those of the program."""


def test_a_password_is_kept_as_argon2id_and_matches_only_itself() -> None:
    kept = passwords.encode(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in kept
    assert passwords.encode(PASSWORD) != kept  # salted
    assert passwords.matches(PASSWORD, kept)
    assert not passwords.matches(PASSWORD + "x", kept)
    assert not passwords.matches(PASSWORD, None)
    assert not passwords.matches(PASSWORD, "no hash")
    assert (passwords.is_outdated(weak()), passwords.is_outdated(kept)) == (True, False)


@pytest.mark.parametrize(("length", "possible"), [(11, False), (12, True), (200, True), (201, False)])
def test_the_length_of_a_password(length: int, possible: bool) -> None:
    if possible:
        assert passwords.matches("ä" * length, passwords.encode("ä" * length))
    else:
        with pytest.raises(WrongUse, match=str(length)):
            passwords.encode("ä" * length)


def test_a_long_attempt_does_not_match_its_beginning() -> None:
    kept = passwords.encode("a" * 200)
    assert not passwords.matches("a" * 201, kept)
    assert not passwords.matches("a" * 5000, kept)


def test_tokens_are_new_each_time_and_kept_as_digests() -> None:
    one, other = tokens.new_token(tokens.SESSION), tokens.new_token(tokens.SESSION)
    assert one != other
    assert len(one) >= 43
    assert len(tokens.digest(one)) == 64
    assert tokens.digest(one) != tokens.digest(other)
    tokens.digest("\udc80")  # bytes of a shell that are no text


def test_waits_after_failures_of_a_name_double_up_to_a_quarter_of_an_hour() -> None:
    waits = [throttling.blocked_by_name(count, NOW) for count in (4, 5, 6, 7, 9, 10, 5000)]
    seconds = [None if until is None else (until - NOW).total_seconds() for until in waits]
    assert seconds == [None, 30, 60, 120, 480, 900, 900]


def test_waits_of_a_name_everywhere_double_up_to_a_minute() -> None:
    waits = [throttling.blocked_everywhere(count, NOW) for count in (19, 20, 21, 25, 26, 5000)]
    seconds = [None if until is None else (until - NOW).total_seconds() for until in waits]
    assert seconds == [None, 1, 2, 32, 60, 60]


def test_an_address_is_blocked_from_the_thirtieth_failure_on() -> None:
    assert throttling.blocked_by_address(29, NOW) is None
    assert throttling.blocked_by_address(30, NOW) == NOW + timedelta(minutes=15)


def test_failures_of_a_name_count_for_a_day() -> None:
    day = timedelta(days=1)
    assert throttling.counted_for_name(7, NOW - day + timedelta(seconds=1), NOW) == 7
    assert throttling.counted_for_name(7, NOW - day, NOW) == 0


def test_failures_of_an_address_drain_away_one_by_one() -> None:
    after = [(29, 30), (30, 29), (60, 28), (900, 0), (90_000, 0), (-60, 30)]  # a clock may be set back
    assert [throttling.counted_for_address(30, NOW - timedelta(seconds=rest), NOW) for rest, _ in after] == [
        left for _, left in after
    ]


def test_half_a_character_is_no_password_and_matches_none() -> None:
    with pytest.raises(WrongUse, match="half a character"):
        passwords.encode("\ud800" * 12)
    assert not passwords.matches("\ud800" * 12, weak())
    assert not passwords.matches("\ud800" * 12, None)


def test_every_right_is_in_the_table_and_every_role_has_one() -> None:
    assert set(ALLOWED) == set(Right)
    assert all(rights_of([role]) for role in Role)


def test_what_a_role_may_never_do() -> None:
    deciding = {Right.REVIEW, Right.SETTLE, Right.CONFIRM, Right.CASE_CLOSE}
    of_children = {Right.CASE_READ, Right.CASE_WRITE, Right.SIGHTING_READ, Right.SEARCH, Right.REVIEW, Right.TRIAGE}
    assert not rights_of([Role.SERVICE]) & (deciding | {Right.SEARCH, Right.PEOPLE, Right.AUDIT_READ})
    assert not rights_of([Role.ADMIN]) & (deciding | of_children)
    assert not rights_of([Role.AUDITOR]) & (deciding | of_children | {Right.PEOPLE})
    # What shows names or ranks is no part of a blind reviewer's work.
    assert not rights_of([Role.REVIEWER]) & {Right.SEARCH, Right.SIGHTING_READ, Right.CASE_READ}
    assert rights_of([Role.REVIEWER, Role.OFFICER]) == rights_of([Role.REVIEWER]) | rights_of([Role.OFFICER])


def test_no_key_gives_what_takes_a_person() -> None:
    deciding = {"review", "settle", "confirm", "case_close", "publish", "contact"}
    assert {right.value for right in PERSONS_ONLY} == deciding
    assert rights_by_key(Role) == set(Right) - PERSONS_ONLY
    acting = Acting(id=PersonId(1), name="li", rights=frozenset(), signed_in=by_key("k1"))
    with pytest.raises(NotPermitted, match="No key gives the right 'review'"):
        acting.require(Right.REVIEW)


def test_a_missing_right_is_named() -> None:
    acting = Acting(id=PersonId(1), name="li", rights=rights_of([Role.REVIEWER]))
    acting.require(Right.REVIEW)
    with pytest.raises(NotPermitted, match=r"'li'.*'confirm'"):
        acting.require(Right.CONFIRM)
