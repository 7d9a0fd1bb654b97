"""Stopping a home from the command line, and what goes on meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import as_json, run
from pictures import child

from matcher import Matcher
from matcher.config import Home
from matcher.errors import Conflict, Stopped, WrongUse

WHY = ("--reason", "an order of the court", "--actor", "boss")


def test_nothing_is_changed_or_searched_until_it_is_started_again(home: Path, tmp_path: Path) -> None:
    run("case", "add", "A-1", "--actor", "li")
    photo = tmp_path / "1.jpg"
    photo.write_bytes(child(1))
    assert "Stopped at" in run("stop", *WHY).stdout
    for refused in (
        ("case", "add", "A-2"),
        ("case", "show", "A-1"),  # each look is recorded
        ("match", photo, "--reason", "a tip"),
        ("sighting", "submit", photo),
        ("reindex",),
        ("models", "use", "mmod", "dlib-resnet-v1"),
        ("audit", "shorten", "--before", "2020-01-01"),
    ):
        assert "matcher start" in run(*refused, code=16).stderr
    for read in (("case", "list"), ("audit", "verify"), ("audit", "report"), ("doctor",), ("index", "status")):
        run(*read)
    assert [one["case_id"] for one in as_json("case", "list")] == ["A-1"]
    assert "backend" not in (Home(home).settings_file.read_text() if Home(home).settings_file.exists() else "")
    assert as_json("start", *WHY)["by"] == "boss"
    run("case", "add", "A-2", "--actor", "li")
    entries = as_json("audit", "show")
    assert [one["entry"]["action"] for one in entries] == ["case.add", "home.stop", "home.start", "case.add"]
    assert entries[1]["note"] == "an order of the court"
    assert "chain whole" in run("audit", "verify").stdout


def test_it_is_stopped_once_and_started_once_and_never_without_a_reason(matcher: Matcher) -> None:
    switch = matcher.stop_switch
    for wrong in ("", "  "):
        with pytest.raises(WrongUse, match="reason"):
            switch.stop(actor="boss", reason=wrong)
    with pytest.raises(Conflict, match="not stopped"):
        switch.start(actor="boss", reason="mistake")
    made = switch.stop(actor="boss", reason="fire")
    assert switch.present() == made
    with pytest.raises(Conflict, match="'boss' stopped"):
        switch.stop(actor="li", reason="fire")
    assert switch.start(actor="li", reason="fire is out") == made
    assert switch.present() is None


def test_the_command_asks_for_a_reason(home: Path) -> None:
    assert "--reason" in run("stop", code=2).stderr
    assert "--reason" in run("start", code=2).stderr


def test_a_process_that_runs_already_obeys_at_its_next_write(matcher: Matcher, home: Path) -> None:
    matcher.add_case("A-1", actor="li")
    command = [sys.executable, "-m", "matcher", "--home", str(home), "stop", *WHY]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(Stopped):
        matcher.add_case("A-2", actor="li")
    assert [one.case_id for one in matcher.cases()] == ["A-1"]
