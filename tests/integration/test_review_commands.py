"""Reviews on the command line: from a list to a confirmation, as several people at one machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from accounts import sign_in_here
from click.testing import CliRunner, Result
from pictures import child, group, saved

from matcher.cli.root import root
from matcher.domain.people import Role


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(root, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def as_json(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


@pytest.fixture
def desk(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with three children and a sighting of the second."""
    monkeypatch.setenv("MATCHER_CONTROL_RATE", "0")
    monkeypatch.chdir(tmp_path)
    for seed in (1, 2, 3):
        run("case", "add", f"A-{seed}", "--name", "Wang Fang", "--marks", "mole", "--photo",
            saved(tmp_path, f"{seed}.jpg", child(seed)), "--actor", "x")  # fmt: skip
    run("sighting", "submit", saved(tmp_path, "seen.jpg", child(2, 1)), "--note", "near the gate", "--actor", "x")
    return home


def picked(home: Path) -> None:
    """A reviewer picks the first place of the list."""
    sign_in_here(home, "li", Role.REVIEWER)
    claim = as_json("review", "next")["claim"]
    run("review", "show", claim, "--sheet", "faces.png")
    run("review", "pick", claim, 1)


def judged(home: Path, name: str, outcome: str) -> str:
    sign_in_here(home, name, Role.REVIEWER)
    claim: str = as_json("review", "next", "--kind", "pair")["claim"]
    shown = run("review", "show", claim, "--sheet", "faces.png").output
    assert "mole" in shown
    assert not any(word in shown for word in ("Wang", "A-1", "A-2", "A-3", "gate"))
    run("review", "reveal", claim, code=5)
    run("review", "seal", claim, "--as", outcome, "--feature", "nose=similar:broad bridge")
    return claim


def test_two_agree_and_an_officer_confirms(desk: Path, tmp_path: Path) -> None:
    sign_in_here(desk, "chen", Role.OFFICER)
    picked(desk)
    judged(desk, "wang", "potential")
    claim = judged(desk, "zhao", "potential")
    revealed = run("review", "reveal", claim).output
    assert "Wang Fang" in revealed
    assert "near the gate" in revealed
    assert "not an identification" in revealed
    sign_in_here(desk, "chen", Role.OFFICER)
    (notice,) = as_json("review", "inbox")
    (waiting,) = as_json("review", "pairs", "--state", "escalated")
    assert notice["task"] == waiting["task"]
    assert "potential" in run("review", "pair", waiting["task"]).output
    located = ("--as", "located_alive", "--ref", "L-7")
    run("review", "confirm", waiting["task"], *located, code=2)  # by whom?
    run("review", "confirm", waiting["task"], *located, "--confirmed-by", "dna")
    run("review", "confirm", waiting["task"], *located, "--confirmed-by", "police", code=5)
    assert "confirmed by dna (L-7)" in run("review", "pair", waiting["task"]).output
    found = [one["status"] for one in as_json("case", "list")]
    assert sorted(found) == ["located_alive", "open", "open"]


def test_a_disagreement_goes_to_a_supervisor(desk: Path) -> None:
    picked(desk)
    judged(desk, "wang", "potential")
    judged(desk, "zhao", "no_candidate")
    run("review", "pairs", code=12)
    sign_in_here(desk, "zhou", Role.SUPERVISOR)
    (disputed,) = as_json("review", "pairs")
    assert disputed["outcomes"] is None, "supervisors review too"
    assert "no_candidate" in run("review", "pair", disputed["task"]).output
    run("review", "exclude", disputed["task"], code=2)  # without a reason
    run("review", "exclude", disputed["task"], "--note", "ears differ")
    (excluded,) = as_json("review", "pairs", "--state", "excluded")
    run("review", "reopen", excluded["task"], "--note", "another look")
    assert as_json("review", "pairs", "--state", "excluded") == []
    assert "zhao" in run("review", "quality", "--all").output


def test_an_officer_refutes(desk: Path) -> None:
    picked(desk)
    judged(desk, "wang", "potential")
    judged(desk, "zhao", "potential")
    sign_in_here(desk, "chen", Role.OFFICER)
    (waiting,) = as_json("review", "pairs", "--state", "escalated")
    assert "unless a supervisor reopens it" in run("review", "exclude", waiting["task"], "--note", "no match").output


def test_what_is_refused(desk: Path) -> None:
    run("review", "next", code=11)
    sign_in_here(desk, "chen", Role.OFFICER)
    run("review", "next", code=12)
    sign_in_here(desk, "li", Role.REVIEWER)
    claim = as_json("review", "next")["claim"]
    run("review", "pick", claim, code=2)
    run("review", "pick", claim, 1, "--none", code=2)
    run("review", "pick", claim, 1, code=5)  # before it was looked at
    run("review", "show", claim, "--sheet", "faces.png")
    run("review", "pick", claim, 99, code=2)
    run("review", "seal", claim, "--as", "potential", code=4)  # a list is no pair
    run("review", "show", "0000000000001", "--sheet", "faces.png", code=4)
    run("review", "claim", "../../etc", code=2)
    sign_in_here(desk, "wang", Role.REVIEWER)
    run("review", "show", claim, "--sheet", "faces.png", code=4)  # somebody else's
    assert run("review", "list", "--actor", "li", code=2)
    sign_in_here(desk, "li", Role.REVIEWER)
    assert re.search(r"yours until \d\d:\d\d UTC", run("review", "extend", claim).output)
    run("review", "give-back", claim)
    run("review", "extend", claim, code=5)
    run("review", "show", claim, "--sheet", "faces.png", code=5)
    assert "nose" in run("review", "seal", "--help").output
    assert len(as_json("review", "list")["waiting"]) == 1


def test_a_comparison_on_paper(desk: Path, tmp_path: Path) -> None:
    picked(desk)
    sign_in_here(desk, "wang", Role.REVIEWER)
    claim = as_json("review", "next", "--kind", "pair")["claim"]
    page, pdf = tmp_path / "pair.html", tmp_path / "pair.pdf"
    run("review", "print", claim, "--out", page, code=5)  # before it was looked at
    run("review", "show", claim, "--sheet", "faces.png")
    run("review", "print", claim, "--out", tmp_path / "pair.doc", code=2)
    run("review", "print", claim, "--out", page, "--place", 9, code=4)
    run("review", "print", claim, "--out", page, "--whole", code=5)
    assert not page.exists()
    run("review", "print", claim, "--out", page)
    blind = page.read_text(encoding="utf-8")
    assert page.stat().st_mode & 0o777 == 0o600
    run("review", "seal", claim, "--as", "potential", "--note", "as Wang smiles", "--feature", "nose=similar")
    run("review", "reveal", claim)
    run("review", "print", claim, "--out", page)
    redacted = page.read_text(encoding="utf-8")
    run("review", "print", claim, "--out", page, "--whole")
    whole = page.read_text(encoding="utf-8")
    for text in (blind, redacted):
        assert not any(word in text for word in ("Wang", "A-1", "A-2", "A-3"))
    assert "smiles" in redacted
    assert "Wang Fang" in whole
    run("review", "print", claim, "--out", pdf)
    assert pdf.read_bytes().startswith(b"%PDF")
    sign_in_here(desk, "zhao", Role.REVIEWER)
    run("review", "print", claim, "--out", pdf, code=4)  # somebody else's
    actions = [one["entry"]["action"] for one in as_json("audit", "show")]
    assert actions.count("review.print") == 4


def test_the_face_that_is_meant(home: Path, tmp_path: Path) -> None:
    run("case", "add", "A-1", "--photo", saved(tmp_path, "1.jpg", child(1)), "--actor", "x")
    sighting = as_json("sighting", "submit", saved(tmp_path, "g.jpg", group(3, 4)), "--actor", "x")["id"]
    run("sighting", "mark-face", sighting, "--face", 1, code=11)
    sign_in_here(home, "li", Role.REVIEWER)
    assert len(as_json("review", "list")["waiting"]) == 2
    run("sighting", "mark-face", sighting, "--face", 1, code=12)
    sign_in_here(home, "ma", Role.INTAKE)
    for wrong in (("--face", 3), ("--face", 1, "--photo", 2)):
        run("sighting", "mark-face", sighting, *wrong, code=4)
    assert "set aside: 1" in run("sighting", "mark-face", sighting, "--face", 2).output
    assert "set aside: 0" in run("sighting", "mark-face", sighting, "--face", 2).output
    sign_in_here(home, "li", Role.REVIEWER)
    assert len(as_json("review", "list")["waiting"]) == 1
