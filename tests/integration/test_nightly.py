"""The nightly run: its order, what a failing step takes with it, going on, brakes, and what the command line says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pictures import child
from records import NOW
from reviews import Clock

from matcher import Matcher
from matcher.cli.root import root
from matcher.config import Home
from matcher.domain.nights import Facts, NightReport, StepState
from matcher.errors import Busy, Held, NotFound, StoreProblem, WrongUse
from matcher.jobs import nightly, report, steps
from matcher.jobs.steps import Night, Step
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who

WHO = Who("ops", ReasonCode.MAINTENANCE)
BUSY = Busy("Another process is writing to the database and did not finish in time: try again.")
DONE, FAILED, HELD, SKIPPED = StepState.DONE, StepState.FAILED, StepState.HELD, StepState.SKIPPED


class Plan:
    """Steps that note when they ran, and do what a test says: `collect` → `make` → `remove`, and `check`."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.instead: dict[str, Callable[[Night], Facts]] = {}

    def step(self, name: str, *needs: str, removes: bool = False) -> Step:
        def work(night: Night) -> Facts:
            self.ran.append(name)
            return self.instead.get(name, lambda _night: {"count": 1})(night)

        return Step(name, f"do {name}", work, f"Mend {name}.", needs, removes)

    def fails(self, name: str, error: Exception) -> None:
        def work(_night: Night) -> Facts:
            raise error

        self.instead[name] = work


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Plan:
    made = Plan()
    planned = (
        made.step("collect"), made.step("make"), made.step("remove", "make", removes=True), made.step("check"),
    )  # fmt: skip
    monkeypatch.setattr(steps, "STEPS", planned)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def context(home: Path, clock: Clock) -> Iterator[Context]:
    opened = Context(Home(home), clock=clock)
    yield opened
    opened.close()


def states(done: NightReport) -> dict[str, StepState]:
    return {step.name: step.state for step in done.steps}


def kept(context: Context) -> NightReport:
    return nightly.last_report(context)


def audited(context: Context) -> list[object]:
    with context.store.read() as reading:
        return [record.entry.details for record in reading.audit.records() if record.entry.action == "night.run"]


def test_a_night_does_every_step_in_order_and_is_kept_and_audited(context: Context, plan: Plan) -> None:
    with pytest.raises(NotFound, match="no nightly run yet"):
        nightly.last_report(context)
    done = nightly.run(context, WHO)
    assert plan.ran == ["collect", "make", "remove", "check"]
    assert states(done) == dict.fromkeys(plan.ran, DONE)
    assert (done.number, done.whole, done.finished, report.shortcoming(done)) == (1, True, True, None)
    assert kept(context) == done
    with context.store.read() as reading:
        assert reading.locks.list() == []
    assert audited(context) == [
        {"run": 1, "problems": 0, "running": 0, "done": 4, "failed": 0, "held": 0, "skipped": 0}
    ]
    assert nightly.run(context, WHO).number == 2
    assert plan.ran == ["collect", "make", "remove", "check"] * 2


def test_a_failing_step_takes_with_it_only_what_builds_on_it(context: Context, plan: Plan) -> None:
    plan.fails("make", StoreProblem("The disk is full."))
    done = nightly.run(context, WHO)
    assert states(done) == {"collect": DONE, "make": FAILED, "remove": SKIPPED, "check": DONE}
    assert (done.steps[1].text, done.steps[1].next_step) == ("The disk is full.", "Mend make.")
    assert done.steps[2].text == "'make' was not done."
    error = report.shortcoming(done)
    assert error is not None
    assert (error.exit_code, str(error)) == (14, "'make' failed; searches go on. What to do stands above.")


def test_a_fault_in_one_step_is_a_sentence_and_keeps_no_other_from_being_done(context: Context, plan: Plan) -> None:
    plan.fails("collect", KeyError("x"))
    plan.fails("make", PermissionError(13, "Permission denied", "/data/f"))
    done = nightly.run(context, WHO)
    assert states(done) == {"collect": FAILED, "make": FAILED, "remove": SKIPPED, "check": DONE}
    assert done.steps[0].text is not None
    assert done.steps[0].text.startswith("Unexpected KeyError: 'x' (test_nightly.py, line ")
    assert done.steps[1].text == "Permission denied: /data/f."


def test_a_run_that_failed_goes_on_at_the_first_step_that_was_not_done(
    context: Context, plan: Plan, clock: Clock
) -> None:
    plan.fails("make", StoreProblem("The disk is full."))
    first = nightly.run(context, WHO)
    plan.instead.clear()
    plan.ran.clear()
    clock.forward(hours=1)
    second = nightly.run(context, WHO)
    assert plan.ran == ["make", "remove", "check"], "what comes after a step that is done again is done again too"
    assert (second.number, second.started_at, second.finished) == (first.number, first.started_at, True)
    assert second.notes == ("Taken up at 2026-03-14 16:09 UTC, since 'make' failed.",)
    assert second.steps[0] == first.steps[0]
    clock.forward(hours=1)
    assert nightly.run(context, WHO).number == 2


def test_a_run_of_another_night_is_taken_up_only_when_asked(context: Context, plan: Plan, clock: Clock) -> None:
    plan.fails("check", StoreProblem("No."))
    assert nightly.run(context, WHO).number == 1
    assert nightly.run(context, WHO, resume=False).number == 2
    clock.forward(hours=24)
    assert nightly.run(context, WHO).number == 3
    clock.forward(hours=24)
    plan.instead.clear()
    plan.ran.clear()
    done = nightly.run(context, WHO, resume=True)
    assert (done.number, done.finished, plan.ran) == (3, True, ["check"])
    with pytest.raises(NotFound, match="no run to take up"):
        nightly.run(context, WHO, resume=True)


def test_a_run_of_some_steps_neither_takes_up_nor_is_taken_up(context: Context, plan: Plan) -> None:
    plan.fails("make", StoreProblem("No."))
    nightly.run(context, WHO)
    plan.ran.clear()
    some = nightly.run(context, WHO, steps=["remove", "collect"])
    assert (plan.ran, some.whole, some.number) == (["collect", "remove"], False, 2)
    plan.ran.clear()
    plan.instead.clear()
    assert nightly.run(context, WHO).number == 1
    assert plan.ran == ["make", "remove", "check"]
    with pytest.raises(WrongUse, match="There is no step 'x': the steps are collect, make, remove, check"):
        nightly.run(context, WHO, steps=["x"])


def test_a_step_that_asks_is_held_and_the_others_are_done(context: Context, plan: Plan) -> None:
    plan.fails("collect", Held("That is much: run `matcher nightly --accept-retention`."))
    done = nightly.run(context, WHO)
    assert states(done) == {"collect": HELD, "make": DONE, "remove": DONE, "check": DONE}
    error = report.shortcoming(done)
    assert isinstance(error, Held)
    plan.instead["collect"] = lambda night: {"accepted": night.accept_retention}
    plan.ran.clear()
    done = nightly.run(context, WHO, accept_retention=True)
    assert (done.number, done.finished, len(plan.ran)) == (1, True, 4)
    assert done.steps[0].facts == {"accepted": True}


@pytest.mark.parametrize(("days", "way"), [(5, "after"), (-5, "before")])
def test_a_clock_far_from_the_last_run_removes_nothing_until_somebody_agrees(
    context: Context, plan: Plan, clock: Clock, days: int, way: str
) -> None:
    nightly.run(context, WHO)
    clock.forward(days=days)
    first = nightly.run(context, WHO)
    assert states(first) == {"collect": DONE, "make": DONE, "remove": HELD, "check": DONE}
    assert first.clock_off
    assert first.steps[2].text is not None
    assert f"5.0 days {way} the last run (2026-03-14 15:09 UTC): nothing is removed." in first.steps[2].text
    clock.forward(days=1)
    assert states(nightly.run(context, WHO))["remove"] is HELD, "a run with a wrong clock proves nothing about the next"
    plan.ran.clear()
    accepted = nightly.run(context, WHO, accept_clock=True)
    assert plan.ran == ["remove", "check"]
    assert (accepted.finished, accepted.clock_off, accepted.started_at) == (True, False, clock.now)
    clock.forward(days=2.9)
    assert nightly.run(context, WHO).finished


def test_a_clock_that_jumps_during_the_run_removes_nothing(context: Context, plan: Plan, clock: Clock) -> None:
    def jump(_night: Night) -> Facts:
        clock.forward(days=400)
        return {}

    plan.instead["make"] = jump
    done = nightly.run(context, WHO, accept_clock=True)
    assert states(done)["remove"] is HELD
    assert done.steps[2].text is not None
    assert "jumped 400.0 days forward" in done.steps[2].text
    clock.forward(days=-400)
    plan.instead.clear()
    assert nightly.run(context, WHO).finished, "its start is still a time to compare with"


def test_a_slow_clock_of_one_to_three_days_is_no_reason_to_ask(context: Context, plan: Plan, clock: Clock) -> None:
    for days in (2, -2, 2.5, -2.5):
        assert nightly.run(context, WHO).finished
        clock.forward(days=days)


def test_the_real_steps_leave_what_a_reindex_leaves(matcher: Matcher) -> None:
    for seed in (1, 2):
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor="desk")
    done = nightly.run(matcher.context, WHO)
    assert done.finished
    facts = {step.name: step.facts for step in done.steps}
    status = matcher.gallery_status()
    assert (status.snapshot, status.size, status.tail) == (facts["build"]["snapshot"], 2, 0)
    assert facts["embed"] == {"embedded": 0, "problems": []}
    assert facts["audit"] == {"entries": 5}, "the entry of the night is its last"
    done_by_night = [record.entry.action for record in matcher.audit()][2:]
    assert done_by_night == ["watch.cases", "watch.run", "gallery.reindex", "night.run"]
    assert matcher.verify().problems == ()


def test_yesterdays_snapshot_stays_live_when_the_new_one_cannot_be_built(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    matcher.add_case("A-1", photos=[child(1)], actor="desk")
    yesterday = matcher.reindex(actor="desk").snapshot
    matcher.add_case("A-2", photos=[child(2)], actor="desk")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matcher.gallery.build.write", full)
    done = nightly.run(matcher.context, WHO)
    after = {"verify", "publish", "settle", "erasures", "prune"}
    assert states(done) == {
        step.name: FAILED if step.name == "build" else SKIPPED if step.name in after else DONE for step in steps.STEPS
    }
    (failed,) = (step for step in done.steps if step.state is FAILED)
    assert failed.text is not None
    assert "No space left on device" in failed.text
    assert (matcher.gallery_status().snapshot, matcher.gallery_status().size) == (yesterday, 2)
    assert matcher.verify().problems == ()
    monkeypatch.undo()
    assert nightly.run(matcher.context, WHO).finished
    assert matcher.gallery_status().tail == 0


def test_faces_that_cannot_be_embedded_are_problems_of_a_night_that_is_done(context: Context, plan: Plan) -> None:
    plan.instead["make"] = lambda _night: {"made": 2, "problems": ["face 1: its photo is gone."]}
    done = nightly.run(context, WHO)
    assert done.finished
    error = report.shortcoming(done)
    assert error is not None
    assert (error.exit_code, "1 problems" in str(error)) == (3, True)
    assert "        – face 1: its photo is gone." in list(report.lines(done))


def called(*arguments: str) -> Result:
    return CliRunner().invoke(root, ["nightly", *arguments])


def test_the_command_line_runs_lists_and_remembers(home: Path, plan: Plan) -> None:
    assert "no nightly run yet" in called("--last").output
    listed = called("--list").output
    assert [line.split()[0] for line in listed.splitlines()[1:]] == ["collect", "make", "remove", "check"]
    assert [step["name"] for step in json.loads(called("--list", "--json").output)][:2] == ["collect", "make"]
    done = called("--actor", "ops")
    assert (done.exit_code, plan.ran) == (0, ["collect", "make", "remove", "check"])
    lines = done.output.splitlines()
    assert lines[0].startswith("Night 1, begun ")
    assert lines[1].split()[:2] == ["ok", "collect"]
    assert lines[1].endswith("count 1")
    assert called("--last").output == done.output
    told = json.loads(called("--last", "--json").output)
    assert (told["number"], told["steps"][0]["state"], told["steps"][0]["facts"]) == (1, "done", {"count": 1})
    plan.ran.clear()
    assert called("--from", "remove").exit_code == 0
    assert called("--step", "check", "--step", "collect").exit_code == 0
    assert plan.ran == ["remove", "check", "collect", "check"]


def test_the_command_line_says_what_was_not_done_by_its_exit_code(home: Path, plan: Plan) -> None:
    plan.fails("make", StoreProblem("The disk is full."))
    failed = called()
    assert failed.exit_code == 14
    assert "FAILED  make" in failed.output
    assert "→ Mend make." in failed.output
    assert "skipped remove" in failed.output
    plan.fails("make", Held("That is much."))
    assert called().exit_code == 15
    assert called("--step", "x").exit_code == 2
    for wrong in (("--step", "make", "--from", "make"), ("--step", "make", "--anew"), ("--from", "make", "--resume")):
        assert called(*wrong).exit_code == 2
    plan.instead.clear()
    assert called("--resume").exit_code == 0
    assert called("--resume").exit_code == 4


def test_a_busy_database_is_tried_again(context: Context, plan: Plan) -> None:
    attempts: list[int] = []

    def busy(_night: Night) -> Facts:
        attempts.append(1)
        if len(attempts) < 3:
            raise BUSY
        return {"attempts": len(attempts)}

    plan.instead["make"] = busy
    assert nightly.run(context, WHO).steps[1].facts == {"attempts": 3}
    plan.fails("make", BUSY)
    plan.ran.clear()
    assert states(nightly.run(context, WHO))["make"] is FAILED
    assert plan.ran.count("make") == 3
