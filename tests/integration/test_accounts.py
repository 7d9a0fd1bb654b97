"""Accounts as they are used: sign in, be blocked, lose rights, use keys; on the command line too."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from accounts import PASSWORD, sign_in_here, staff, weak
from click.testing import CliRunner, Result
from crowds import Rush

from matcher import Matcher
from matcher.accounts import attempts, passwords, tokens
from matcher.accounts.rights import Acting, Right
from matcher.cli.root import root
from matcher.config import Home, sign_in_file
from matcher.domain.ids import id_text, new_id
from matcher.domain.people import ApiKey, KeyId, Language, Role
from matcher.errors import Conflict, MatcherError, NotFound, NotPermitted, NotSignedIn, TooMany, WrongUse
from matcher.services import accounts, signing_in
from matcher.services.accounts import NewKey, NewPerson
from matcher.services.context import Context

OTHER = "another long password"


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **how_long: float) -> None:
        self.now += timedelta(**how_long)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def context(home: Path, clock: Clock) -> Iterator[Context]:
    opened = Context(Home(home), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def admin(context: Context) -> Acting:
    return staff(context, "root", Role.ADMIN, password=weak())


def actions(context: Context) -> list[str]:
    with context.store.read() as reading:
        return [record.entry.action for record in reading.audit.records()]


def signed(context: Context, name: str = "root", password: str = PASSWORD, address: str = "10.0.0.1") -> str:
    return signing_in.sign_in(context, name, password, address)[0]


def test_a_session_stands_for_its_person_until_it_ends(context: Context, admin: Acting) -> None:
    token, acting = signing_in.sign_in(context, "root", PASSWORD, "10.0.0.1")
    assert acting == admin
    assert signing_in.acting(context, token) == admin
    signing_in.sign_out(context, token)
    signing_in.sign_out(context, token)  # twice does no harm
    with pytest.raises(NotSignedIn):
        signing_in.acting(context, token)
    assert actions(context) == ["session.begin", "session.end"]


def test_no_token_is_kept(context: Context, admin: Acting, home: Path) -> None:
    token = signed(context)
    context.close()
    kept = b"".join(file.read_bytes() for file in home.glob("matcher.db*"))
    assert tokens.digest(token).encode() in kept
    assert token.encode() not in kept
    assert PASSWORD.encode() not in kept


def test_an_unused_session_ends_and_a_used_one_lasts_four_times_as_long(
    context: Context, admin: Acting, clock: Clock
) -> None:
    unused, used = signed(context), signed(context)
    for _ in range(7):
        clock.wait(hours=6)
        assert signing_in.acting(context, used) == admin
    clock.wait(hours=6)  # 48 hours in all
    for token in (unused, used):
        with pytest.raises(NotSignedIn):
            signing_in.acting(context, token)


def test_a_password_that_was_kept_weakly_is_encoded_anew(context: Context, admin: Acting) -> None:
    signed(context)
    with context.store.read() as reading:
        kept = reading.people.password(admin.id)
    assert kept is not None
    assert (passwords.is_outdated(weak()), passwords.is_outdated(kept)) == (True, False)
    signed(context)


@pytest.mark.parametrize("name", ["root", "nobody", "", "\udcff", "' OR 1=1 --", "a" * 100_000])
def test_a_wrong_sign_in_says_the_same_whoever_it_names(context: Context, admin: Acting, name: str) -> None:
    with pytest.raises(NotSignedIn, match="do not belong together"):
        signed(context, name, OTHER)
    with context.store.read() as reading:
        (record,) = reading.audit.records()
    assert record.entry.action == "session.refused"
    assert record.entry.actor == ("root" if name == "root" else "unknown")  # it may have been a password


def test_a_thousand_attempts_are_stopped_and_the_right_password_waits_too(
    context: Context, admin: Acting, clock: Clock
) -> None:
    refused = []
    for _ in range(1_000):  # from the sixth on, each meets the very same state: what is refused leaves none
        with pytest.raises(MatcherError) as caught:
            signed(context, password=OTHER)
        refused.append(type(caught.value))
    assert refused[:5] == [NotSignedIn] * 5
    assert set(refused[5:]) == {TooMany}
    assert actions(context) == ["session.refused"] * 5  # what is not looked at leaves no trace either
    with pytest.raises(TooMany, match="30 seconds") as waiting:
        signed(context)
    assert waiting.value.seconds == 30
    clock.wait(seconds=31)
    signed(context)
    with pytest.raises(NotSignedIn):  # and failures are counted from the beginning
        signed(context, password=OTHER)


def test_who_goes_on_guessing_a_name_keeps_waiting_the_longest_time(
    context: Context, admin: Acting, clock: Clock
) -> None:
    for _ in range(10):
        with pytest.raises(NotSignedIn):
            signed(context, password=OTHER)
        clock.wait(minutes=15)  # the longest wait is over each time
    with pytest.raises(NotSignedIn):
        signed(context, password=OTHER)
    with pytest.raises(TooMany, match="900 seconds"):
        signed(context)


def test_wrong_passwords_from_elsewhere_keep_nobody_out(context: Context, admin: Acting, clock: Clock) -> None:
    """One stranger tries again as soon as it can, for a day: the owner waits a minute at most, at another address."""
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            signed(context, password=OTHER)
    for _ in range(96):
        clock.wait(minutes=15)
        with pytest.raises(NotSignedIn):
            signed(context, password=OTHER)
    with pytest.raises(TooMany, match="900 seconds"):
        signed(context)
    with pytest.raises(TooMany, match="60 seconds"):
        signed(context, address="10.0.0.2")
    clock.wait(seconds=60)
    signed(context, address="10.0.0.2")
    with pytest.raises(TooMany, match="840 seconds"):  # the stranger gained nothing by it
        signed(context)


def test_a_thousand_attempts_from_as_many_addresses_are_refused_without_a_look(context: Context, admin: Acting) -> None:
    refused = []
    for number in range(1_000):
        with pytest.raises(MatcherError) as caught:
            signed(context, password=OTHER, address=f"10.1.{number // 256}.{number % 256}")
        refused.append(type(caught.value))
    assert refused == [NotSignedIn] * 20 + [TooMany] * 980
    assert actions(context) == ["session.refused"] * 20


def test_an_administrator_lets_somebody_in_at_once(context: Context, admin: Acting) -> None:
    li = staff(context, "li", Role.REVIEWER, password=weak())
    for _ in range(2):
        for number in range(6):  # at one address from the fifth on, at all from the twentieth on
            for address in ("10.0.0.1", f"10.0.1.{number}", f"10.0.2.{number}", f"10.0.3.{number}"):
                with pytest.raises(MatcherError):
                    signed(context, "li", OTHER, address)
        with pytest.raises(TooMany):
            signed(context, "li", address="10.0.0.1")
        with pytest.raises(TooMany):
            signed(context, "li", address="10.0.4.1")
        with pytest.raises(NotPermitted):
            accounts.unblock(context, li, "li")
        accounts.unblock(context, admin, "li")
        signed(context, "li", address="10.0.0.1")
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            signed(context, "li", "wrong once more", "10.0.0.1")
    accounts.set_password(context, admin, "li", OTHER)
    signed(context, "li", OTHER, "10.0.0.1")
    assert {"account.unblock", "account.password"} <= set(actions(context))


def test_attempts_at_the_same_time_do_not_slip_past_the_block(
    context: Context, admin: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the right password is still being checked, five wrong ones fail in another process: the right one has to
    wait, too.
    """
    check, nested = passwords.matches, []

    def slow(password: str, encoded: str | None) -> bool:
        if not nested:
            nested.append(True)
            monkeypatch.setattr(attempts, "running", attempts.Attempts())  # it counts for itself
            for _ in range(5):
                with pytest.raises(NotSignedIn):
                    signed(context, password=OTHER)
        return check(password, encoded)

    monkeypatch.setattr(passwords, "matches", slow)
    with pytest.raises(TooMany):
        signed(context)
    assert actions(context) == ["session.refused"] * 5


def instant(password: str, _: str | None) -> bool:
    """A check of a password that hashes nothing: there the time goes that many at once would take."""
    return password == PASSWORD


def test_attempts_under_way_count_before_they_have_failed(
    context: Context, admin: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Rush(40)
    monkeypatch.setattr(passwords, "matches", crowd.watch(instant))
    ends = crowd.together(lambda: signed(context, password=OTHER))
    assert Counter(map(type, ends)) == {NotSignedIn: 5, TooMany: 35}
    assert crowd.most == 5  # and no other password was hashed
    assert actions(context) == ["session.refused"] * 5
    assert {end.seconds for end in ends if isinstance(end, TooMany)} <= {attempts.SOON, 30}


def test_one_address_has_no_more_attempts_than_it_has_in_turn(
    context: Context, admin: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Rush(60)
    monkeypatch.setattr(attempts, "MOST", 100)
    monkeypatch.setattr(passwords, "matches", crowd.watch(instant))
    names = iter(range(60))
    ends = crowd.together(lambda: signed(context, f"name-{next(names)}", OTHER))
    assert Counter(map(type, ends)) == {NotSignedIn: 30, TooMany: 30}
    assert crowd.most <= 30


def test_no_more_attempts_are_under_way_than_there_are_places(
    context: Context, admin: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, names = Rush(60), iter(range(60))

    def one() -> object:
        number = next(names)
        return signed(context, f"name-{number}", OTHER, f"10.0.0.{number}")

    monkeypatch.setattr(passwords, "matches", crowd.watch(instant))
    ends = crowd.together(one)
    assert crowd.most == attempts.MOST
    assert Counter(map(type, ends)) == {NotSignedIn: attempts.MOST, TooMany: 60 - attempts.MOST}
    signed(context)  # all places are free again


def test_who_waits_to_the_end_of_a_block_has_one_attempt_at_a_time(
    context: Context, admin: Acting, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            signed(context, password=OTHER)
    clock.wait(seconds=30)
    crowd = Rush(8)
    monkeypatch.setattr(passwords, "matches", crowd.watch(instant))
    assert Counter(map(type, crowd.together(lambda: signed(context, password=OTHER)))) == {NotSignedIn: 1, TooMany: 7}
    assert crowd.most == 1


def test_the_old_password_is_not_guessed_by_many_at_once(
    context: Context, admin: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = staff(context, "li", Role.REVIEWER, password=weak())
    crowd = Rush(20)
    monkeypatch.setattr(passwords, "matches", crowd.watch(instant))
    ends = crowd.together(lambda: accounts.set_password(context, li, "li", OTHER, old="not the old one"))
    assert Counter(map(type, ends)) == {NotPermitted: 5, TooMany: 15}
    assert crowd.most <= 5


def test_a_busy_office_with_one_address_is_not_stopped(context: Context, admin: Acting, clock: Clock) -> None:
    for number in range(60):  # one mistake every two minutes
        with pytest.raises(NotSignedIn):
            signed(context, f"name-{number}", OTHER)
        clock.wait(minutes=2)
    signed(context)


def test_an_open_session_is_no_way_to_guess_the_password(context: Context, admin: Acting) -> None:
    li = staff(context, "li", Role.REVIEWER, password=weak())
    for _ in range(5):
        with pytest.raises(NotPermitted, match="old password"):
            accounts.set_password(context, li, "li", OTHER, old="not the old one")
    with pytest.raises(TooMany):
        accounts.set_password(context, li, "li", OTHER, old=PASSWORD)
    assert actions(context) == ["session.refused"] * 5


@pytest.mark.parametrize("name", ["王\u3000芳", "Zoë van Dijk", "\u3134a", "o'neill", "../etc/passwd", "a;b%20<b>"])
def test_every_name_that_can_be_given_can_sign_in(context: Context, admin: Acting, name: str) -> None:
    new = NewPerson(name=name, roles=frozenset({Role.REVIEWER}), password=PASSWORD)
    accounts.add_person(context, admin, new)
    assert signing_in.acting(context, signed(context, name)).name == name


@pytest.mark.parametrize("name", ["li\0", "\udcff", "li\x1b[2J", "l" * 61])
def test_a_name_that_cannot_be_is_refused_wherever_an_account_is_named(
    context: Context, admin: Acting, name: str
) -> None:
    new_key = NewKey(name=name, label="x", scopes=frozenset({Right.STATUS}), days=1)
    for use in (
        lambda: accounts.change_person(context, admin, name, active=False),
        lambda: accounts.set_password(context, admin, name, OTHER),
        lambda: accounts.keys(context, admin, name),
        lambda: accounts.add_key(context, admin, new_key),
    ):
        with pytest.raises(WrongUse, match="The name"):
            use()
    assert actions(context) == []


@pytest.mark.parametrize("field", ["id", "created_at", "password", "nonsense"])
def test_what_of_an_account_never_changes(context: Context, admin: Acting, field: str) -> None:
    with pytest.raises(WrongUse, match=field):
        accounts.change_person(context, admin, "root", **{field: "x"})


def test_an_address_that_tries_many_names_is_stopped(context: Context, admin: Acting, clock: Clock) -> None:
    for number in range(30):
        with pytest.raises(NotSignedIn):
            signed(context, f"name-{number}", OTHER)
    with pytest.raises(TooMany):
        signed(context)
    signed(context, address="10.0.0.2")
    clock.wait(minutes=16)
    signed(context)


def test_rows_of_old_failures_are_swept(context: Context, admin: Acting, clock: Clock) -> None:
    for number in range(5):
        with pytest.raises(NotSignedIn):
            signed(context, f"name-{number}", OTHER, f"10.0.1.{number}")
    clock.wait(days=2)
    with pytest.raises(NotSignedIn):
        signed(context, "late", OTHER)
    gone = context.key.digest(b"name-1", "sign_in_name")
    with context.store.read() as reading:
        assert reading.people.failures(gone) is None
        assert reading.people.failures(context.key.digest(b"late", "sign_in_name")) is not None


def test_the_first_account_is_an_administrators(context: Context) -> None:
    new = NewPerson(name="root", roles=frozenset({Role.ADMIN}), password=PASSWORD)
    with pytest.raises(WrongUse, match="first account"):
        accounts.add_person(context, None, replace(new, roles=frozenset({Role.OFFICER})), local_actor="os-user")
    accounts.add_person(context, None, new, local_actor="os-user")
    with pytest.raises(NotPermitted):
        accounts.add_person(context, None, replace(new, name="second"), local_actor="os-user")
    with context.store.read() as reading:
        assert [person.name for person in reading.people.list()] == ["root"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "empty"),
        ({"name": " li"}, "spaces"),
        ({"name": "li\n"}, "control"),
        ({"name": "li\u202e"}, "control"),
        ({"name": "l" * 61}, "long"),
        ({"roles": frozenset()}, "no role"),
        ({"roles": frozenset({Role.SERVICE, Role.OFFICER}), "password": None}, "no other role"),
        ({"roles": frozenset({Role.SERVICE})}, "no password"),
        ({"password": None}, "needs a password"),
        ({"password": "short"}, "5 characters"),
        ({"email": "nowhere"}, "no e-mail"),
        ({"email": "a@b\r\nBcc: c@d"}, "control"),
        ({"shown_name": "  "}, "empty"),
    ],
)
def test_what_no_account_can_be(context: Context, admin: Acting, changes: dict[str, object], message: str) -> None:
    new = NewPerson(name="li", roles=frozenset({Role.REVIEWER}), password=PASSWORD)
    with pytest.raises(WrongUse, match=message):
        accounts.add_person(context, admin, replace(new, **changes))
    assert [person.name for person in accounts.people(context, admin)] == ["root"]


def test_changes_that_take_rights_away_end_sessions(context: Context, admin: Acting) -> None:
    staff(context, "li", Role.REVIEWER, password=weak())
    kept = signed(context, "li")
    accounts.change_person(context, admin, "li", shown_name="Li Na", trained=date(2026, 1, 2))
    signing_in.acting(context, kept)
    for change in ({"roles": frozenset({Role.INTAKE})}, {"active": False}):
        ended = signed(context, "li")
        accounts.change_person(context, admin, "li", **change)
        with pytest.raises(NotSignedIn):
            signing_in.acting(context, ended)
    with pytest.raises(NotSignedIn):
        signed(context, "li")
    accounts.change_person(context, admin, "li", active=True)
    with pytest.raises(NotSignedIn):  # and no session comes back
        signing_in.acting(context, ended)


def test_an_administrator_is_always_left(context: Context, admin: Acting) -> None:
    for change in ({"active": False}, {"roles": frozenset({Role.OFFICER})}):
        with pytest.raises(Conflict, match="administrator"):
            accounts.change_person(context, admin, "root", **change)
    signed(context)


def test_passwords_are_changed_with_the_old_one_or_by_an_administrator(context: Context, admin: Acting) -> None:
    li = staff(context, "li", Role.REVIEWER, password=weak())
    staff(context, "wang", Role.REVIEWER, password=weak())
    stolen = signed(context, "li")
    with pytest.raises(NotPermitted):
        accounts.set_password(context, li, "li", OTHER)
    with pytest.raises(NotPermitted, match="old password"):
        accounts.set_password(context, li, "li", OTHER, old="not the old one")
    with pytest.raises(NotPermitted):
        accounts.set_password(context, li, "wang", OTHER, old=PASSWORD)
    accounts.set_password(context, li, "li", OTHER, old=PASSWORD)
    with pytest.raises(NotSignedIn):
        signing_in.acting(context, stolen)
    with pytest.raises(NotSignedIn):
        signed(context, "li")
    signed(context, "li", OTHER)
    accounts.set_password(context, admin, "wang", OTHER)
    signed(context, "wang", OTHER)


def test_only_administrators_manage_accounts(context: Context, admin: Acting) -> None:
    for role in set(Role) - {Role.ADMIN}:
        other = staff(context, f"a-{role.value}", role)
        with pytest.raises(NotPermitted):
            accounts.people(context, other)
        with pytest.raises(NotPermitted):
            accounts.change_person(context, other, "root", shown_name="x")
        with pytest.raises(NotPermitted):
            accounts.add_key(context, other, NewKey(name="root", label="x", scopes=frozenset({Right.PEOPLE}), days=1))


def a_key(context: Context, admin: Acting, *scopes: Right, name: str = "app", days: int = 30) -> str:
    return accounts.add_key(context, admin, NewKey(name=name, label="app", scopes=frozenset(scopes), days=days))[0]


def test_a_key_gives_its_scopes_and_never_more_than_its_account(context: Context, admin: Acting, clock: Clock) -> None:
    staff(context, "app", Role.SERVICE)
    key = a_key(context, admin, Right.SIGHTING_SUBMIT)
    assert signing_in.acting(context, key).rights == {Right.SIGHTING_SUBMIT}
    with pytest.raises(WrongUse, match="search"):
        a_key(context, admin, Right.SEARCH)
    with pytest.raises(WrongUse, match="scope"):
        a_key(context, admin)
    with pytest.raises(Conflict, match="already"):
        a_key(context, admin, Right.SIGHTING_SUBMIT)
    clock.wait(days=30)
    with pytest.raises(NotSignedIn):
        signing_in.acting(context, key)


def test_a_key_of_an_account_that_lost_a_right_has_lost_it_too(context: Context, admin: Acting) -> None:
    staff(context, "chen", Role.OFFICER, Role.REVIEWER)
    key = a_key(context, admin, Right.QUALITY_OWN, Right.CASE_READ, name="chen")
    accounts.change_person(context, admin, "chen", roles=frozenset({Role.OFFICER}))
    assert signing_in.acting(context, key).rights == {Right.CASE_READ}
    accounts.change_person(context, admin, "chen", active=False)
    with pytest.raises(NotSignedIn):
        signing_in.acting(context, key)


@pytest.mark.parametrize("scope", [Right.REVIEW, Right.SETTLE, Right.CONFIRM, Right.CASE_CLOSE])
def test_no_key_decides_about_a_child(context: Context, admin: Acting, scope: Right) -> None:
    person = staff(context, "all", *set(Role) - {Role.SERVICE})
    with pytest.raises(WrongUse, match=f"{scope.value}: .*takes a person who signs in"):
        a_key(context, admin, scope, Right.CASE_READ, name="all")
    assert actions(context) == []
    text = tokens.new_token(tokens.KEY)  # a key of an older version, which could have it
    key = ApiKey(
        id=KeyId(new_id()),
        person_id=person.id,
        label="old",
        digest=tokens.digest(text),
        scopes=frozenset({scope.value, "case_read"}),
        created_at=context.clock(),
        expires_at=context.clock() + timedelta(days=1),
    )
    with context.store.write() as transaction:
        transaction.people.add_key(key)
    acting = signing_in.acting(context, text)
    assert acting.rights == {Right.CASE_READ}
    with pytest.raises(NotPermitted, match="No key gives"):
        acting.require(scope)


def test_the_audit_log_tells_how_somebody_signed_in(context: Context, admin: Acting) -> None:
    staff(context, "app", Role.ADMIN)
    text = a_key(context, admin, Right.PEOPLE)
    (key,) = accounts.keys(context, admin, "app")
    accounts.change_person(context, signing_in.acting(context, text), "app", shown_name="App")
    accounts.change_person(context, signing_in.acting(context, signed(context)), "app", shown_name="The app")
    with pytest.raises(NotSignedIn):
        signed(context, password=OTHER)
    with context.store.read() as reading:
        entries = [record.entry for record in reading.audit.records()]
        assert reading.audit.verify().intact
    assert [(entry.action, entry.actor, entry.signed_in) for entry in entries] == [
        ("key.add", "root", "session"),
        ("account.change", "app", f"key {id_text(key.id)}"),
        ("session.begin", "root", "session"),
        ("account.change", "root", "session"),
        ("session.refused", "root", None),
    ]


def test_a_revoked_key_opens_nothing(context: Context, admin: Acting) -> None:
    staff(context, "app", Role.SERVICE)
    key = a_key(context, admin, Right.SIGHTING_SUBMIT)
    (kept,) = accounts.keys(context, admin, "app")
    accounts.revoke_key(context, admin, id_text(kept.id))
    accounts.revoke_key(context, admin, id_text(kept.id))
    with pytest.raises(NotSignedIn):
        signing_in.acting(context, key)
    with pytest.raises(NotFound):
        accounts.revoke_key(context, admin, id_text(kept.id - 1))


@pytest.mark.parametrize("token", ["", "ms_", "mk_", "ms_x", "mk_' OR 1=1", "\udc80", "../../etc/passwd", "x" * 10_000])
def test_no_other_text_is_a_token(context: Context, admin: Acting, token: str) -> None:
    with pytest.raises(NotSignedIn):
        signing_in.acting(context, token)


def run(*arguments: object, code: int = 0, typed: str | None = None) -> Result:
    result = CliRunner().invoke(root, [str(argument) for argument in arguments], input=typed)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_accounts_on_the_command_line(home: Path) -> None:
    run("user", "add", "root", "--role", "admin", typed=f"{PASSWORD}\n{PASSWORD}\n")
    run("user", "add", "li", "--role", "reviewer", "--password-stdin", typed=f"{OTHER}\n", code=12)
    run("user", "list", code=11)
    assert "do not belong together" in run("login", "root", "--password-stdin", typed="wrong\n", code=11).stderr
    run("login", "root", "--password-stdin", typed=f"{PASSWORD}\n")
    kept = sign_in_file(home)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert home not in kept.parents
    run("user", "add", "li", "--role", "reviewer", "--password-stdin", typed=f"{OTHER}\n")
    run("user", "add", "app", "--role", "service")
    made = run("key", "add", "app", "--label", "app", "--scope", "sighting_submit").stdout.splitlines()
    assert made[-1].startswith("mk_")
    (listed,) = json.loads(run("key", "list", "app", "--json").stdout)
    assert listed["scopes"] == ["sighting_submit"]
    assert made[-1] not in json.dumps(listed)
    run("key", "revoke", listed["id"])
    refused = run("key", "add", "app", "--label", "app", "--scope", "everything", code=2).stderr
    assert "--scope" in refused and "'everything'" in refused
    refused = run("key", "add", "li", "--label", "li", "--scope", "review", code=2).stderr
    assert "No key can have the scopes review: what decides about a child takes a person who signs in" in refused
    run("user", "change", "li", "--role", "reviewer", "--trained", "2026-01-12")
    run("user", "change", "li", code=2)
    run("user", "deactivate", "li")
    run("login", "li", "--password-stdin", typed=f"{OTHER}\n", code=11)
    run("user", "change", "li", "--active")
    assert "can sign in" in run("user", "unblock", "li").output
    run("user", "unblock", "nobody", code=4)
    assert "administrator" in run("user", "deactivate", "root", code=5).stderr
    assert [one["name"] for one in json.loads(run("user", "list", "--json").stdout)] == ["app", "li", "root"]
    run("logout")
    assert not kept.exists()
    assert "Nobody was signed in" in run("logout").output
    run("user", "list", code=11)


def test_who_signs_in_again_leaves_no_session_behind_that_nobody_can_end(home: Path) -> None:
    sign_in_here(home)
    first = sign_in_file(home).read_text(encoding="utf-8").splitlines()[0]
    run("login", "chen", "--password-stdin", typed=f"{PASSWORD}\n")
    with Matcher.open(home) as matcher:
        with pytest.raises(NotSignedIn):
            matcher.accounts.acting(first)
        second = sign_in_file(home).read_text(encoding="utf-8").splitlines()[0]
        assert matcher.accounts.acting(second).name == "chen"


def test_a_failed_sign_in_leaves_the_present_one_alone(home: Path) -> None:
    sign_in_here(home)
    before = sign_in_file(home).read_text(encoding="utf-8")
    run("login", "chen", "--password-stdin", typed="wrong\n", code=11)
    run("login", "chen", "--password-stdin", typed="", code=11)
    assert sign_in_file(home).read_text(encoding="utf-8") == before


def test_a_copied_token_is_worth_nothing_after_another_password(home: Path) -> None:
    run("case", "add", "A-1", "--actor", "li")
    sign_in_here(home)
    stolen = sign_in_file(home).read_text(encoding="utf-8")
    sign_in_here(home, "root", Role.ADMIN)
    run("user", "password", "chen", "--password-stdin", typed=f"{OTHER}\n")
    sign_in_file(home).write_text(stolen, encoding="utf-8")
    assert "sign in again" in run("case", "close", "A-1", "--as", "returned", code=11).stderr
    run("case", "reopen", "A-1", "--reason", "x", code=11)


@pytest.mark.parametrize("content", [b"", b"ms_x", b"ms_x\nchen\nmore\n", b"\xff\xfe\n\x00\n", b"../..\nchen\n"])
def test_a_sign_in_file_that_is_none_signs_nobody_in(home: Path, content: bytes) -> None:
    file = sign_in_file(home)
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    run("case", "add", "A-1", "--actor", "li")
    assert "matcher" in run("user", "list", code=11).stderr
    run("case", "close", "A-1", "--as", "returned", code=11)
    assert json.loads(run("case", "show", "A-1", "--json").stdout)["status"] == "open"


def test_each_home_has_its_own_sign_in_by_whatever_path_it_is_named(home: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(home)
    assert sign_in_file(link) == sign_in_file(home) == sign_in_file(tmp_path / "x" / ".." / "home")
    assert sign_in_file(tmp_path / "other") != sign_in_file(home)
    assert sign_in_file(Path("../" * 9 + "etc/passwd")).parent == sign_in_file(home).parent


@pytest.mark.parametrize("name", ["li\x1b[2J", "li\u202e", "li\n", "", " ", "l" * 61])
def test_names_that_no_account_has_on_the_command_line(home: Path, name: str) -> None:
    sign_in_here(home, "root", Role.ADMIN)
    run("user", "add", name, "--role", "reviewer", "--password-stdin", typed=f"{OTHER}\n", code=2)
    assert run("login", name, "--password-stdin", typed=f"{OTHER}\n", code=11).stderr.count("\n") == 1
    assert len(json.loads(run("user", "list", "--json").stdout)) == 1


def test_reopening_refuses_an_actor_and_takes_the_same_account(home: Path) -> None:
    run("case", "add", "A-1", "--actor", "li")
    sign_in_here(home)
    run("case", "close", "A-1", "--as", "returned")
    refused = run("case", "reopen", "A-1", "--reason", "mistake", "--actor", "chen", code=2)
    assert "signed-in account only" in refused.stderr
    sign_in_here(home, "wang", Role.REVIEWER)
    run("case", "reopen", "A-1", "--reason", "mistake", code=12)
    run("logout")
    run("case", "reopen", "A-1", "--reason", "mistake", code=11)


def test_ending_a_case_takes_an_account_that_may(home: Path) -> None:
    run("case", "add", "A-1", "--actor", "li")
    refused = run("case", "close", "A-1", "--as", "returned", "--actor", "li", code=2)
    assert "matcher login" in refused.stderr
    run("case", "close", "A-1", "--as", "returned", code=11)
    sign_in_here(home, "li", Role.REVIEWER)
    assert "case_close" in run("case", "close", "A-1", "--as", "returned", code=12).stderr
    sign_in_here(home, "chen", Role.OFFICER)
    run("case", "close", "A-1", "--as", "returned")
    run("case", "update", "A-1", "--clothing", "red")
    shown = json.loads(run("audit", "show", "--json").stdout)
    acted = [(one["entry"]["action"], one["entry"]["actor"]) for one in shown]
    assert ("case.status", "chen") in acted
    assert ("case.update", "chen") in acted  # who is signed in is the default actor
    how = {one["entry"]["action"]: one["entry"]["signed_in"] for one in shown}
    assert (how["case.status"], how["case.update"]) == ("session", None)  # a name is not looked at
    listed = run("audit", "show").stdout
    assert "SIGNED IN BY" in listed and "session" in listed


def test_everybody_chooses_the_language_in_which_they_read(home: Path) -> None:
    with Matcher.open(home) as matcher:
        li = staff(matcher.context, "li", Role.REVIEWER)
        assert li.language is None
        matcher.accounts.set_language(li, "zh-Hans")
        with matcher.context.store.read() as reading:
            person = reading.people.by_name("li")
        assert person is not None
        assert person.language is Language.CHINESE
        with pytest.raises(WrongUse, match="one of en, zh-Hans"):
            matcher.accounts.set_language(li, "klingon")
        matcher.accounts.set_language(li, None)
        with matcher.context.store.read() as reading:
            assert reading.people.by_name("li") == replace(person, language=None)
