"""What starts a night: the script for cron and systemd, and the units."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from nights import STEPS

from matcher.errors import Held, SomeRefused, StepsFailed

SCRIPTS = Path(__file__).parents[2] / "scripts"


def script(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The script with a program that tells its arguments and ends with code 14."""
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\nprintf "[%s]" "$@"\nexit 14\n')
    program.chmod(0o755)
    given = {**os.environ, "MATCHER_COMMAND": str(program), **environment}
    command = [SCRIPTS / "nightly", "--step", "audit"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=given)


def test_the_script_passes_arguments_and_exit_code_on(tmp_path: Path) -> None:
    done = script(tmp_path, MATCHER_ACTOR="night shift")
    assert (done.returncode, done.stderr) == (14, "")
    assert done.stdout == "[nightly][--actor][night shift][--reason][nightly run][--step][audit]"


def test_the_script_does_not_guess_the_home(tmp_path: Path) -> None:
    done = script(tmp_path, MATCHER_HOME="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "set MATCHER_HOME" in done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_units_are_valid(tmp_path: Path) -> None:
    for unit in (SCRIPTS / "systemd").iterdir():
        # Only what exists can be verified.
        text = unit.read_text().replace("/opt/sighting-matcher/scripts", str(SCRIPTS)).replace("=matcher\n", "=root\n")
        (tmp_path / unit.name).write_text(text.replace("StateDirectory=root", "StateDirectory=matcher"))
    units = [str(path) for path in tmp_path.glob("matcher-nightly.*")]
    assert len(units) == 2
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "matcher-nightly" in line] == []
    assert done.returncode == 0, done.stderr


def test_the_operators_page_names_every_step_and_exit_code() -> None:
    page = (SCRIPTS / "OPERATIONS.md").read_text(encoding="utf-8")
    for step in STEPS:
        assert re.search(rf"^\| `{step}` \|", page, re.MULTILINE), step
    for error in (SomeRefused, StepsFailed, Held):
        assert re.search(rf"^\| {error.exit_code} \|", page, re.MULTILINE), error


def test_the_timer_of_the_operators_page_tells_partners_whatever_else_fails(tmp_path: Path) -> None:
    page = (SCRIPTS / "OPERATIONS.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^\* \* \* \* \*  (matcher alert advance.*)$", page, re.MULTILINE)
    fails = tmp_path / "matcher"
    fails.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/done\nexit 1\n')
    fails.chmod(0o755)
    subprocess.run(["sh", "-c", line], env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=False)
    assert (tmp_path / "done").read_text().splitlines() == ["alert advance", "notices send", "report look"]
