"""Cards, alerts, partners and reports on the command line, as several people at one machine."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from accounts import sign_in_here
from commands import as_json, run
from pictures import child, saved
from receivers import hook_server
from reviews import Clock

from matcher import Matcher
from matcher.crypto.signatures import HEADER, verify
from matcher.domain.people import Role
from matcher.services.context import Context
from matcher.services.reports import NewReport, Receipt

PHONE = ("--phone", "0571-110")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of all commands."""
    made = Clock(datetime.now(timezone.utc))
    monkeypatch.setitem(Context.__init__.__kwdefaults__, "clock", made)
    return made


@pytest.fixture
def desk(home: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a child who went missing half an hour ago."""
    monkeypatch.chdir(tmp_path)
    since = (clock() - timedelta(minutes=30)).isoformat()
    run("case", "add", "A-1", "--photo", saved(tmp_path, "1.jpg", child(1)), "--name", "Wang Xiaoming", "--age", 6,
        "--marks", "a scar", "--missing-since", since, "--last-seen-place", "West Lake", "--lat", 30.25,
        "--lon", 120.16, "--actor", "x")  # fmt: skip
    return home


def allow(*scopes: str) -> str:
    wanted = [part for scope in scopes for part in ("--scope", scope)]
    view = as_json("case", "consent", "add", "A-1", "--by", "parent", *wanted)
    consent: str = view["consents"][-1]["id"]
    return consent


def published(home: Path) -> str:
    """The code of a card that the public sees; an officer is signed in."""
    sign_in_here(home)
    allow("search", "publication", "alerts")
    code: str = as_json("card", "draft", "A-1", *PHONE)["code"]
    run("card", "approve", code, "--yes")
    return code


def alerted(home: Path, *terms: object) -> str:
    """An actual alert that chen proposed and wu, who is signed in, agreed to."""
    sign_in_here(home)
    alert: str = as_json("alert", "draft", "A-1", *terms)["id"]
    run("alert", "issue", alert, "--meant", "actual")
    sign_in_here(home, "wu")
    run("alert", "approve", alert, "--yes")
    return alert


def report(home: Path, *photos: bytes, **more: Any) -> Receipt:
    told = {"place": "the station", "how_seen": "in_person", "first_hand": True, **more.pop("told", {})}
    with Matcher.open(home) as matcher:
        return matcher.public.reports.accept(NewReport(told=told, **more), photos or (child(1, 1),))


def test_a_card_is_drafted_by_one_and_approved_by_an_officer_who_sees_it_first(desk: Path) -> None:
    sign_in_here(desk, "ma", Role.INTAKE)
    assert "public_phone" in run("card", "draft", "A-1", code=2).output
    drafted = run("card", "draft", "A-1", "--name", "hidden", *PHONE)
    assert "Wang" not in drafted.output
    assert "age then: 6 years" in drafted.output
    (line,) = as_json("card", "list", "--state", "draft")
    code = line["code"]
    assert f"matcher card approve {code[:4]}-{code[4:]}" in drafted.output
    run("card", "approve", code, "--yes", code=12)
    sign_in_here(desk)
    assert "consent add A-1 --by … --scope publication" in run("card", "approve", code, "--yes", code=2).output
    allow("publication")
    refused = run("card", "approve", code, typed="n\n", code=1)
    assert "call: 0571-110" in refused.stderr
    assert as_json("card", "show", code)["state"] == "draft"
    approved = run("card", "approve", code, typed="y\n")
    assert "approved by chen" in approved.stdout
    assert "'public_url' is not set" in approved.stderr
    assert f"card {code[:4]}-{code[4:]}: public until" in run("case", "show", "A-1").output
    assert as_json("card", "show", code.lower())["shown"] is True


def test_a_card_of_a_case_that_was_changed_says_so_and_a_newer_one_takes_its_place(desk: Path, clock: Clock) -> None:
    code = published(desk)
    run("case", "update", "A-1", "--marks", "a mole", "--actor", "x")
    assert "the case says something else" in run("card", "show", code).stderr
    clock.forward(seconds=1)
    newer = as_json("card", "draft", "A-1", *PHONE)["code"]
    run("card", "approve", newer, "--yes")
    assert "a newer card took its place" in run("card", "show", code).output
    run("card", "withdraw", newer, "--yes", code=2)  # without a reason
    run("card", "withdraw", newer, "--reason", "found", typed="n\n", code=1)
    assert "an officer took it back" in run("card", "withdraw", newer, "--reason", "found", typed="y\n").output
    run("card", "withdraw", newer, "--reason", "found", "--yes", code=5)
    run("card", "approve", newer, "--yes", code=5)
    run("card", "show", "ZZZZ-ZZZZ", code=4)
    assert [one["code"] for one in as_json("card", "list", "--case", "A-1", "--limit", 1)] == [newer]
    assert "No card of this kind" in run("card", "list", "--state", "live").output


def test_a_card_that_ran_out_is_listed_as_such(desk: Path, clock: Clock) -> None:
    published(desk)
    clock.forward(days=91)
    sign_in_here(desk)
    assert "ran out" in run("card", "list").output


def test_commands_of_the_public_side_take_who_is_signed_in_and_no_other_name(desk: Path) -> None:
    run("card", "list", code=11)
    for command in (("card", "list"), ("alert", "list"), ("report", "list"), ("partner", "list")):
        assert "signed-in account only" in run(*command, "--actor", "li", code=2).output


def test_an_actual_alert_takes_two_officers(desk: Path, clock: Clock) -> None:
    sign_in_here(desk)
    run("alert", "draft", "A-1", code=5)  # no card
    published(desk)
    drafted = run("alert", "draft", "A-1", "--expires", (clock() + timedelta(days=2)).isoformat())
    assert "100 km from hour 0, 200 km from hour 1" in drafted.output
    (line,) = as_json("alert", "list")
    alert = line["id"]
    run("alert", "issue", alert, code=2)  # meant how?
    run("alert", "approve", alert, "--yes", code=5)  # nobody proposes anything
    assert "another officer agrees with" in run("alert", "issue", alert, "--meant", "actual").output
    assert "a second officer" in run("alert", "list").output
    run("alert", "approve", alert, "--yes", code=12)
    assert run("case", "show", "A-1").output.count(alert) == 0
    sign_in_here(desk, "wu")
    declined = run("alert", "approve", alert, typed="n\n", code=1)
    assert "proposed by chen" in declined.stderr
    assert "Nobody" not in run("alert", "decline", alert, "--reason", "which shore?").output
    run("alert", "decline", alert, "--reason", "again", code=5)
    sign_in_here(desk)
    run("alert", "issue", alert, "--meant", "actual")
    sign_in_here(desk, "wu")
    assert "issued by chen and wu" in run("alert", "approve", alert, typed="y\n").output
    assert f"alert {alert}: actual, until" in run("case", "show", "A-1").output
    assert as_json("case", "show", "A-1")["alerts"][0]["id"] == alert


def test_a_test_is_issued_by_one_and_an_alert_is_cancelled_by_one(desk: Path) -> None:
    published(desk)
    alert = as_json("alert", "draft", "A-1", "--schedule", "near", "--place", "the zoo")["id"]
    assert "issued, test" in run("alert", "issue", alert, "--meant", "test").output
    run("alert", "cancel", alert, "--yes", code=2)  # without a reason
    run("alert", "cancel", alert, "--reason", "found", typed="n\n", code=1)
    assert "an officer cancelled it" in run("alert", "cancel", alert, "--reason", "found", typed="y\n").output
    run("alert", "cancel", alert, "--reason", "found", "--yes", code=5)
    run("alert", "update", alert, "--note", "x", code=5)
    assert as_json("alert", "list") == []
    assert "the zoo" in run("alert", "list", "--ended").output
    assert [one["kind"] for one in as_json("alert", "show", alert)["bulletins"]] == ["alert", "cancel"]
    run("alert", "show", "0000000000001", code=4)


def test_an_alert_has_a_schedule_of_its_own_grows_and_is_changed_by_two(desk: Path, clock: Clock) -> None:
    published(desk)
    for wrong in (("--grow", "5"), ("--grow", "a:b"), ("--grow", "1:5"), ("--grow", "0:9", "--grow", "1:5"),
                  ("--grow", "0:5", "--schedule", "near"), ("--lat", 30), ("--since", "soon"),
                  ("--expires", "1999-01-01"),
                  ("--since", (clock() + timedelta(days=1)).isoformat())):  # fmt: skip
        run("alert", "draft", "A-1", *wrong, code=2)
    alert = alerted(desk, "--grow", "0:5", "--grow", "2:50", "--lat", 31, "--lon", 121)
    run("alert", "update", alert, code=2)  # what?
    assert "leaves out" in run("alert", "update", alert, "--lat", 30, "--lon", 120, code=2).output
    proposed = run("alert", "update", alert, "--note", "He asks for the station.").output
    assert "proposed by wu" in proposed
    assert "note: He asks for the station." in proposed
    assert as_json("alert", "advance") == {"grown": 0}
    sign_in_here(desk)
    run("alert", "approve", alert, "--yes")
    clock.forward(hours=2)
    assert "Areas that grew: 1." in run("alert", "advance").output
    found = as_json("alert", "show", alert)
    told = [(one["kind"], one["area"]["radius_km"], one["references"]) for one in found["bulletins"]]
    assert told == [("alert", 5, []), ("update", 5, [1]), ("update", 50, [1, 2])]
    assert found["circle"]["radius_km"] == 50
    assert "50  " in run("alert", "show", alert).output.splitlines()[-1]
    assert [one["id"] for one in as_json("alert", "list", "--case", "A-1")] == [alert]
    run("alert", "list", "--case", "A-1", "--ended", code=2)


def test_partners_are_told_with_a_secret_that_is_shown_once(desk: Path, clock: Clock) -> None:
    published(desk)
    run("partner", "list", code=12)
    sign_in_here(desk, "root", Role.ADMIN)
    assert "Nobody is told" in run("partner", "list").output
    run("partner", "add", "app", "http://app.example.org", code=2)
    with hook_server() as hook:
        secret = run("partner", "add", "app", hook.url).stdout.splitlines()[-1]
        run("partner", "add", "app", hook.url, code=5)
        assert secret not in run("partner", "list").output
        alerted(desk)
        hook.answer = 503
        run("notices", "send")
        sign_in_here(desk, "root")
        assert "fails since" in run("partner", "list").output
        (waiting,) = as_json("notices", "list")
        assert (waiting["to"], waiting["about"]) == ("app", "1"), "the number of the bulletin"
        run("notices", "send")
        assert len(hook.events) == 1, "it is given a rest"
        hook.answer = 200
        assert "told again" in run("partner", "try-now", "app").output
        assert "1 sent" in run("notices", "send").output
        event = hook.events[-1]
        assert verify(secret, event.headers[HEADER], event.body, clock().timestamp())
        assert "well" in run("partner", "list").output
        run("partner", "renew-secret", "app", typed="n\n", code=1)
        renewed = as_json("partner", "renew-secret", "app", "--yes")["secret"]
        assert renewed not in ("", secret)
    assert "Go on?" not in run("partner", "end", "nobody", code=4).output
    run("partner", "end", "app", typed="n\n", code=1)
    run("partner", "end", "app", typed="y\n")
    run("partner", "end", "app", "--yes", code=5)
    assert as_json("partner", "list")[0]["ended_at"] is not None
    run("partner", "try-now", "nobody", code=4)


def test_reports_are_looked_at_and_people_decide_about_those_that_are_held(desk: Path, clock: Clock) -> None:
    run("case", "add", "A-2", "--photo", saved(Path(), "2.jpg", child(2)), "--actor", "x")
    good = report(desk, child(2, 1), contact="Mrs Li, 139", told={"note": "by the \x1b[2Jriver"})
    clock.forward(seconds=1)
    bad = report(desk, child(5), trap="x", seconds=1.0)
    sign_in_here(desk, "ma", Role.INTAKE)
    assert [one["state"] for one in as_json("report", "list")] == ["queued", "queued"]
    assert "There may be more" in run("report", "list", "--limit", 1).output
    assert [one["id"] for one in as_json("report", "list", "--after", good.id)] == [bad.id]
    run("report", "list", "--waiting", "--state", "held", code=2)
    assert as_json("report", "look") == {"states": {"taken": 1, "held": 1}, "failed": 0}
    assert [one["id"] for one in as_json("report", "list", "--waiting")] == [bad.id]
    told = run("report", "show", bad.id).output
    assert "waits for a person before anything is searched" in told
    assert "A field that people do not see was filled in" in told
    run("report", "refuse", bad.id, "--yes", code=2)  # why?
    run("report", "refuse", bad.id, "--reason", "advertising", typed="n\n", code=1)
    assert "is erased after 14 days" in run("report", "refuse", bad.id, "--reason", "ads", typed="y\n").output
    run("report", "release", bad.id, code=5)
    seen = run("report", "show", good.id).output
    assert "\x1b" not in seen
    assert "place: the station" in seen
    assert not any(word in seen for word in ("A-2", "139", "SIMILARITY"))
    assert as_json("report", "show", good.id)["photos"][0]["faces"] == 1
    run("report", "contact", good.id, "--reason", "ask back", code=12)
    sign_in_here(desk)
    run("report", "contact", good.id, code=2)
    assert run("report", "contact", good.id, "--reason", "ask back").output == "Mrs Li, 139\n"
    assert "not told" in run("report", "contact", bad.id, "--reason", "ask back").output
    run("report", "keep", good.id, "--reason", "x", code=5)
    run("report", "show", "0000000000001", code=4)
    assert "looked_at" in json.dumps(as_json("report", "list", "--state", "taken"))


def test_what_is_held_is_released_and_what_is_merged_is_split(desk: Path) -> None:
    first, held = report(desk, child(3)), report(desk, child(4), trap="x")
    run("report", "look")
    sign_in_here(desk, "zhou", Role.SUPERVISOR)
    assert "looked at next" in run("report", "release", held.id, "--reason", "a real one").output
    assert "taken 1" in run("report", "look").output
    run("report", "merge", held.id, first.id)
    assert f"beside report: {first.id}" in run("report", "show", held.id).output
    run("report", "merge", first.id, held.id, code=5)
    run("report", "split", held.id)
    run("report", "split", held.id, code=5)
    assert "Looked at: 0." in run("report", "look").output


def test_a_report_that_cannot_be_read_keeps_no_other_waiting(desk: Path) -> None:
    broken, good = report(desk, child(3)), report(desk, child(4))
    (file,) = (desk / "photos" / broken.id).iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    done = run("report", "look", code=3)
    assert "Looked at: 1 (taken 1)." in done.stdout
    assert "a person is asked after three times" in done.stderr
    sign_in_here(desk)
    assert [one["id"] for one in as_json("report", "list", "--state", "taken")] == [good.id]


def test_an_officer_decides_about_disputes_of_the_public(desk: Path) -> None:
    code = published(desk)
    assert "No dispute waits." in run("report", "disputes").output
    with Matcher.open(desk) as matcher:
        for who in ("self", "guardian"):
            matcher.public.disputes.open(code, who, contact="139 0000", note="it is not so")
    first, second = as_json("report", "disputes")
    told = run("report", "disputes").output
    assert "“this is my child”: it is not so" in told
    assert "reach: 139 0000" in told
    decide = ("report", "decide-dispute")
    run(*decide, first["id"], "--reason", "x", code=2)
    run(*decide, first["id"], "--uphold", code=2)
    assert "nothing changes" in run(*decide, first["id"], "--dismiss", "--reason", "a joke").output
    run(*decide, first["id"], "--uphold", "--reason", "no joke", "--yes", code=5)
    run(*decide, second["id"], "--uphold", "--reason", "her mother called", typed="n\n", code=1)
    assert as_json("card", "show", code)["shown"] is True
    assert "disputed" in run(*decide, second["id"], "--uphold", "--reason", "her mother called", typed="y\n").output
    assert "the case ended or is disputed" in run("card", "show", code).output
    sign_in_here(desk, "ma", Role.INTAKE)
    run("report", "disputes", code=12)


def test_what_people_refused_stands_in_the_plan_of_what_goes(desk: Path, clock: Clock) -> None:
    bad = report(desk, child(5), trap="x")
    sign_in_here(desk)
    run("report", "look")
    run("report", "refuse", bad.id, "--reason", "ads", "--yes")
    clock.forward(days=15)
    assert "a person refused it" in run("retention", "plan").output
