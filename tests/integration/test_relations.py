"""Siblings, twins and suspected duplicates: declared, shown for both cases, flagged on candidates, audited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from pictures import child

from matcher import Matcher
from matcher.cli.root import root
from matcher.domain.records import Flag
from matcher.errors import NotFound, WrongUse

ME = "officer Li"


@pytest.fixture
def pair(matcher: Matcher) -> Matcher:
    for seed in (1, 2):
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME)
    return matcher


def actions(matcher: Matcher) -> list[str]:
    return [record.entry.action for record in matcher.audit()]


def flagged(matcher: Matcher) -> dict[str, bool]:
    (face,) = matcher.match(child(1, 1), actor=ME, reason="test").faces
    return {one.case_id: Flag.RELATED_ENROLLED in one.flags for one in face.candidates}


def test_a_relation_is_shown_for_both_cases_and_audited(pair: Matcher) -> None:
    view = pair.relate_cases("A-1", "A-2", kind="twin", actor=ME, reason="the mother says so")
    assert [(one.kind.value, one.case_id, one.status.value, one.actor) for one in view.relations] == [
        ("twin", "A-2", "open", ME)
    ]
    assert [one.case_id for one in pair.case("A-2").relations] == ["A-1"]
    last = pair.audit()[-1]
    assert (last.entry.action, last.note) == ("case.relate", "the mother says so")
    assert len(last.entry.objects) == 2
    assert dict(last.entry.details) == {"kind": "twin", "replaced": None}
    assert pair.verify().clean


def test_the_same_again_changes_nothing_and_another_kind_replaces(pair: Matcher) -> None:
    pair.relate_cases("A-1", "A-2", kind="twin", actor=ME)
    before = actions(pair)
    again = pair.relate_cases("A-2", "A-1", kind="twin", actor="somebody else")
    assert "already" in again.warnings[0]
    assert again.relations[0].actor == ME
    assert actions(pair) == before
    other = pair.relate_cases("A-2", "A-1", kind="sibling", actor=ME)
    assert "replaces 'twin'" in other.warnings[0]
    assert [one.kind.value for one in pair.case("A-1").relations] == ["sibling"]


def test_withdrawing_a_relation(pair: Matcher) -> None:
    pair.relate_cases("A-1", "A-2", kind="duplicate", actor=ME)
    assert pair.unrelate_cases("A-2", "A-1", actor=ME).relations == ()
    assert actions(pair)[-1] == "case.unrelate"
    before = actions(pair)
    assert "Nothing was declared" in pair.unrelate_cases("A-1", "A-2", actor=ME).warnings[0]
    assert actions(pair) == before


def test_relations_that_cannot_be(pair: Matcher) -> None:
    with pytest.raises(WrongUse, match="itself"):
        pair.relate_cases("A-1", "A-1", kind="twin", actor=ME)
    with pytest.raises(NotFound, match="'A-9'"):
        pair.relate_cases("A-1", "A-9", kind="twin", actor=ME)
    with pytest.raises(WrongUse, match="sibling, twin, duplicate"):
        pair.relate_cases("A-1", "A-2", kind="cousin", actor=ME)
    with pytest.raises(WrongUse, match="Who is acting"):
        pair.unrelate_cases("A-1", "A-2", actor="")
    assert pair.case("A-1").relations == ()


def test_a_look_alike_that_is_enrolled_is_a_caution_and_removes_nobody(pair: Matcher) -> None:
    pair.add_case("A-3", photos=[child(3)], actor=ME)
    assert flagged(pair) == {"A-1": False, "A-2": False, "A-3": False}
    pair.relate_cases("A-2", "A-1", kind="sibling", actor=ME)
    assert flagged(pair) == {"A-1": True, "A-2": True, "A-3": False}
    sighting = pair.submit_sighting([child(1, 1)], actor=ME)
    assert {one.case_id for one in sighting.candidates if Flag.RELATED_ENROLLED in one.flags} == {"A-1", "A-2"}
    pair.close_case("A-2", status="returned", actor=ME)
    assert flagged(pair) == {"A-1": False, "A-3": False}


def test_a_suspected_duplicate_raises_no_flag(pair: Matcher) -> None:
    pair.relate_cases("A-1", "A-2", kind="duplicate", actor=ME)
    assert flagged(pair) == {"A-1": False, "A-2": False}


def test_on_the_command_line(home: Path) -> None:
    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(root, arguments)
        assert result.exit_code == code, result.output
        return result.output

    run("case", "add", "A-1")
    run("case", "add", "A-2")
    assert "twin of case A-2 (open), declared by li" in run(
        "case", "relate", "A-1", "A-2", "--as", "twin", "--actor", "li"
    )
    assert "twin of case A-1 (open)" in run("case", "show", "A-2")
    (relation,) = json.loads(run("case", "show", "A-1", "--json"))["relations"]
    assert (relation["kind"], relation["case_id"], relation["status"]) == ("twin", "A-2", "open")
    assert "Note: " in run("case", "relate", "A-2", "A-1", "--as", "twin")
    run("case", "relate", "A-1", "A-1", "--as", "twin", code=2)
    run("case", "relate", "A-1", "A-2", code=2)
    run("case", "unrelate", "A-1", "A-9", code=4)
    assert "twin" not in run("case", "unrelate", "A-1", "A-2")
