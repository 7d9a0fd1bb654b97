"""Consents from the command line, what follows from taking one back, and how many people a home holds."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from accounts import sign_in_here, staff
from commands import as_json, run
from pictures import child

from matcher import Matcher
from matcher.domain.people import Role
from matcher.errors import Conflict, NotFound, NotPermitted, WrongUse
from matcher.services import law
from matcher.services.consents import NewConsent

YOUNG = {"born": (datetime.now(timezone.utc) - timedelta(days=6 * 365)).date().isoformat()}


def doctor(matcher: Matcher, subject: str):
    (found,) = (one for one in matcher.doctor() if one.subject == subject)
    return found


def test_a_consent_is_recorded_shown_and_listed(home: Path) -> None:
    run("case", "add", "A-1", "--born", YOUNG["born"])
    assert "under 14" in run("case", "show", "A-1").stderr
    assert run("case", "consent", "add", "A-1", "--by", "parent", "--scope", "search", code=11).stderr
    sign_in_here(home, "ma", Role.INTAKE)
    told = ("--name", "王丽", "--relationship", "mother", "--document", "file 7", "--given", "2026-01-05")
    added = as_json("case", "consent", "add", "A-1", "--by", "parent", "--scope", "alerts", "--scope", "search", *told)
    (one,) = added["consents"]
    assert (one["giver"], one["name"], one["scopes"]) == ("parent", "王丽", ["search", "alerts"])
    assert (one["given_at"], one["recorded_by"]) == ("2026-01-05T00:00:00+00:00", "ma")
    shown = run("case", "show", "A-1")
    assert "under 14" not in shown.stderr
    assert "parent 王丽 (mother) to search, alerts, given 2026-01-05, document file 7" in shown.stdout
    assert as_json("case", "show", "A-1")["consents"] == [one]
    assert as_json("case", "consent", "list", "A-1") == [one]
    assert "file 7" in run("case", "consent", "list", "A-1").stdout
    entry = next(one["entry"] for one in as_json("audit", "show") if one["entry"]["action"] == "consent.add")
    assert entry["details"] == {"giver": "parent", "scopes": "search,alerts"}
    assert "王" not in json.dumps(entry, ensure_ascii=False)


def test_taking_back_the_only_consent_takes_the_case_out_of_every_search(matcher: Matcher) -> None:
    intake = staff(matcher.context, "ma", Role.INTAKE)
    matcher.add_case("A-1", [child(1)], actor="li", legal_basis="guardian_consent")
    view = matcher.consents.add(intake, "A-1", NewConsent(giver="guardian", scopes=["search", "publication"]))
    assert matcher.gallery_status().size == 1
    view = matcher.consents.withdraw(intake, view.consents[0].id, "publication")
    assert [one.scopes for one in view.consents if one.withdrawn_at is None] == [("search",)]
    assert (view.status.value, matcher.gallery_status().size) == ("open", 1)
    view = matcher.consents.withdraw(intake, view.consents[-1].id, note="she called")
    assert (view.status.value, matcher.gallery_status().size) == ("withdrawn", 0)
    assert "closed as withdrawn" in view.warnings[0]
    again = matcher.reopen_case("A-1", actor="x", reason="a mistake")
    assert "was withdrawn" in again.warnings[0], "an officer may, and is told"
    matcher.close_case("A-1", status="withdrawn", actor="x")
    assert [one.entry.action for one in matcher.audit()][-4:-2] == ["consent.withdraw", "case.status"]
    assert matcher.verify().problems == ()


@pytest.mark.parametrize(("basis", "status"), [("unspecified", "withdrawn"), ("court_order", "open")])
def test_another_legal_basis_keeps_a_case_and_asks_an_officer(matcher: Matcher, basis: str, status: str) -> None:
    intake = staff(matcher.context, "ma", Role.INTAKE)
    matcher.add_case("A-1", actor="li", legal_basis=basis, **YOUNG)
    (made,) = matcher.consents.add(intake, "A-1", NewConsent(giver="parent", scopes=["search"])).consents
    view = matcher.consents.withdraw(intake, made.id)
    assert view.status.value == status
    found = doctor(matcher, "consents")
    assert found.ok is (True if status == "withdrawn" else None)
    if status == "open":
        assert "officer should decide" in view.warnings[0]
        assert "'A-1'" in found.text


def test_another_consent_carries_the_search_on(matcher: Matcher) -> None:
    intake = staff(matcher.context, "ma", Role.INTAKE)
    matcher.add_case("A-1", actor="li")
    for giver in ("parent", "guardian"):
        view = matcher.consents.add(intake, "A-1", NewConsent(giver=giver, scopes=["search"]))
    assert matcher.consents.withdraw(intake, view.consents[0].id).status.value == "open"
    assert matcher.consents.withdraw(intake, view.consents[1].id).status.value == "withdrawn"


def test_wrong_calls(matcher: Matcher) -> None:
    intake, reviewer = staff(matcher.context, "ma", Role.INTAKE), staff(matcher.context, "ann", Role.REVIEWER)
    matcher.add_case("A-1", actor="li")
    new = NewConsent(giver="parent", scopes=["alerts"])
    with pytest.raises(NotPermitted):
        matcher.consents.add(reviewer, "A-1", new)
    with pytest.raises(NotFound, match="A-9"):
        matcher.consents.add(intake, "A-9", new)
    with pytest.raises(WrongUse, match="at least one"):
        matcher.consents.add(intake, "A-1", NewConsent(giver="parent", scopes=[]))
    with pytest.raises(WrongUse, match="expected one of"):
        matcher.consents.add(intake, "A-1", NewConsent(giver="uncle", scopes=["search"]))
    late = datetime.now(timezone.utc) + timedelta(days=2)
    with pytest.raises(WrongUse, match="to come"):
        matcher.consents.add(intake, "A-1", NewConsent(giver="parent", scopes=["search"], given_at=late))
    (made,) = matcher.consents.add(intake, "A-1", new).consents
    with pytest.raises(WrongUse, match="does not allow search"):
        matcher.consents.withdraw(intake, made.id, "search")
    with pytest.raises(NotPermitted):
        matcher.consents.withdraw(reviewer, made.id)
    matcher.consents.withdraw(intake, made.id)
    with pytest.raises(Conflict, match="already"):
        matcher.consents.withdraw(intake, made.id)
    with pytest.raises(NotFound, match="consent list"):
        matcher.consents.withdraw(intake, "0000000000007")
    assert matcher.case("A-1").status.value == "open"  # alerts were withdrawn, not the search


def test_the_doctor_names_children_without_a_guardians_consent(matcher: Matcher) -> None:
    matcher.add_case("A-1", actor="li", **YOUNG)
    matcher.add_case("A-2", actor="li", age=12, missing_since="2001-01-01")  # grown up by now
    found = doctor(matcher, "consents")
    assert (found.ok, "1, the first is 'A-1'" in found.text) == (None, True)
    matcher.update_case("A-1", actor="li", legal_basis="police_order")
    assert doctor(matcher, "consents").ok is True


def test_people_are_counted_as_an_upper_bound_and_warned_of(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    matcher.add_case("A-1", [child(1)], actor="li")
    matcher.submit_sighting([child(1, 1)], actor="li")
    found = doctor(matcher, "people")
    assert found.ok is True
    assert found.text.startswith("at most 2 different people: 1 cases and 1 faces of sightings")
    monkeypatch.setattr(law, "FILED_FROM", 3)
    assert doctor(matcher, "people").ok is True
    monkeypatch.setattr(law, "FILED_FROM", 2)
    warned = doctor(matcher, "people")
    assert warned.ok is None
    assert "within 30 working days" in (warned.next_step or "")
    assert law.FILED_FROM != 100_000


def test_the_number_to_file_from() -> None:
    assert law.FILED_FROM == 100_000
