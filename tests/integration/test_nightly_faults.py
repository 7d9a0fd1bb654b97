"""Nights that are killed, meet a full or read-only disk, a locked database or a lost connection: old state or new."""

from __future__ import annotations

import random
import shutil
import signal
from pathlib import Path

import pytest
from databases import PostgresDatabases
from nights import STEPS, assert_sound, calls, night, with_work

from matcher import Matcher

KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with work for every step, made once."""
    with pytest.MonkeyPatch.context() as patch:
        from faces_models import shared_models_folder

        patch.setenv("MATCHER_MODELS_DIR", str(shared_models_folder()))
        home = tmp_path_factory.mktemp("template") / "home"
        Matcher.create(home).close()
        with_work(home)
    return home


@pytest.fixture
def working(template: Path, tmp_path: Path) -> Path:
    """A copy of that home."""
    return Path(shutil.copytree(template, tmp_path / "home"))


def rerun(home: Path) -> str:
    """What an operator does, or the timer: run it again."""
    code, output = night(home)
    assert code == 0, output
    return output


@pytest.mark.parametrize("step", STEPS)
def test_a_night_killed_after_a_step_goes_on_with_it(working: Path, step: str) -> None:
    code, _ = night(working, where="after", step=step)
    assert code == KILLED
    assert_sound(working)
    output = rerun(working)
    assert "The lock was taken over: 'ops' on host" in output
    assert f"since '{step}' was cut off." in output
    assert_sound(working, done=True)


def test_a_night_killed_anywhere_within_a_step_goes_on_with_it(working: Path, template: Path, tmp_path: Path) -> None:
    """A few of the hundred below."""
    rng = random.Random(11)
    for step in ("embed", "build"):
        total = calls(Path(shutil.copytree(template, tmp_path / f"counted-{step}")), step)
        code, output = night(working, where="within", step=step, number=rng.randint(1, int(0.9 * total)))
        assert code == KILLED, output
        assert_sound(working)
    rerun(working)
    assert_sound(working, done=True)


@pytest.mark.fault
@pytest.mark.parametrize("step", STEPS)
def test_a_night_killed_at_every_boundary_and_at_random_within(step: str, template: Path, tmp_path: Path) -> None:
    rng = random.Random(step)
    total = calls(Path(shutil.copytree(template, tmp_path / "counted")), step)
    killed = 0
    for attempt in range(22):
        home = Path(shutil.copytree(template, tmp_path / f"home-{attempt}"))
        where = ("before", "after")[attempt] if attempt < 2 else "within"
        code, output = night(home, where=where, step=step, number=rng.randint(1, total))
        assert code in (0, KILLED), output
        killed += code == KILLED
        assert_sound(home)
        if code == KILLED:
            rerun(home)
        assert_sound(home, done=True)
        shutil.rmtree(home)
    assert killed >= 20, "counted calls and those of another run differ by little"


@pytest.mark.fault
def test_nights_killed_on_postgresql(tmp_path: Path, postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.fresh(empty=True) as url:
        home = tmp_path / "home"
        Matcher.create(home, database_url=url).close()
        with_work(home)
        for step in STEPS:
            for where in ("before", "after"):
                code, output = night(home, where=where, step=step)
                assert code == KILLED, output
                assert_sound(home)
        rerun(home)
        assert_sound(home, done=True)
