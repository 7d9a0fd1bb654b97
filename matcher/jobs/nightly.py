"""The nightly run: one step after the other, under a lock, and written down after each, so that a run that was killed
goes on where it was.

It holds no transaction while a step is at work, and a step that fails takes only those with it that build on it.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from matcher.domain.nights import Facts, NightReport, StepReport, StepState
from matcher.errors import Held, MatcherError, NotFound
from matcher.jobs import steps as night_steps
from matcher.jobs.brakes import ClockBrake
from matcher.jobs.lease import Lease
from matcher.jobs.patience import patiently
from matcher.jobs.steps import Night, Step
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who

LOCK = "nightly"
_SAME_NIGHT = timedelta(hours=12)
_KEPT = 400  # reports: a year, and some repetitions


def run(
    context: Context,
    who: Who,
    *,
    steps: Sequence[str] | None = None,
    accept_retention: bool = False,
    accept_clock: bool = False,
    resume: bool | None = None,
) -> NightReport:
    """Do all steps of the night, or those that are named, in their order.

    A run of all steps that did not get to its end, or not with every step, is taken up at the first one that was not
    done if it began within the last 12 hours; with `resume` also one from before (`NotFound` if there is none),
    with `resume=False` never. `Busy` while another run holds the lock, or when it has taken this one's over.
    """
    chosen = night_steps.STEPS if steps is None else night_steps.chosen(steps)
    night = Night(context, who, accept_retention)
    with Lease(context, LOCK, who.actor) as lease:
        with context.store.read() as reading:
            trusted = reading.nights.last(clock_off=False)
            before = reading.nights.last(whole=True) if steps is None else None
        last = None if trusted is None else trusted.started_at
        brake = ClockBrake(context.clock, last, context.settings.clock_brake_days, accepted=accept_clock)
        report = _taken_up(context, before, resume) or NightReport(0, context.clock(), whole=steps is None)
        notes = (*report.notes, *([lease.note] if lease.note else []))
        begun = replace(report, notes=notes, clock_off=brake.off_at_start)
        return _Run(night, lease, brake, _kept(context, begun)).through(chosen)


def _kept(context: Context, report: NightReport) -> NightReport:
    """A run with its number; a new one is kept from here on."""

    def add() -> NightReport:
        with context.store.write() as transaction:
            return transaction.nights.add(report)

    return report if report.number else patiently(add)


def last_report(context: Context) -> NightReport:
    """What became of the newest run, which may be under way; `NotFound` if there was none."""
    with context.store.read() as reading:
        report = reading.nights.last()
    if report is None:
        raise NotFound("There was no nightly run yet: `matcher nightly` begins one.")
    return report


def _taken_up(context: Context, before: NightReport | None, resume: bool | None) -> NightReport | None:
    """The run to go on with, up to the first step that was not done: what comes after one is done again after it."""
    possible = before is not None and not before.finished
    if resume and not possible:
        raise NotFound("There is no run to take up: the last one did all its steps.")
    if before is None or not possible or resume is False:
        return None
    now = context.clock()
    if not resume and abs(now - before.started_at) > _SAME_NIGHT:
        return None
    states = {step.name: step.state for step in before.steps}
    done = 0
    while done < len(night_steps.STEPS) and states.get(night_steps.STEPS[done].name) is StepState.DONE:
        done += 1
    names = [step.name for step in night_steps.STEPS[:done]]
    why = _why_taken_up(before)
    note = f"Taken up at {now:%Y-%m-%d %H:%M} UTC, since {why}."
    kept = tuple(step for step in before.steps if step.name in names)
    # The start of a run whose clock was wrong is no time to compare later ones with.
    started_at = now if before.clock_off else before.started_at
    return replace(before, started_at=started_at, ended_at=None, steps=kept, notes=(*before.notes, note))


def _why_taken_up(before: NightReport) -> str:
    words = {StepState.FAILED: "failed", StepState.HELD: "was held", StepState.RUNNING: "was cut off"}
    for state, what in words.items():
        if names := before.in_state(state):
            return f"'{names[0]}' {what}"
    return "it was cut off"


@dataclass(slots=True)
class _Run:
    """A run under way."""

    night: Night
    lease: Lease
    brake: ClockBrake
    report: NightReport

    def through(self, steps: Sequence[Step]) -> NightReport:
        done = {step.name for step in self.report.steps}
        for step in steps:
            if step.name not in done:
                self._save(StepReport(step.name, StepState.RUNNING))
                self.report = replace(self.report, steps=(*self.report.steps, self._outcome(step)))
        self.report = replace(self.report, ended_at=self.night.context.clock())
        patiently(self._close)
        return self.report

    def _save(self, begun: StepReport) -> None:
        """Write down what was done and what comes next; `Busy` if the lock was lost."""

        def write() -> None:
            with self.night.context.store.write() as transaction:
                self.lease.renew(transaction)
                transaction.nights.save(replace(self.report, steps=(*self.report.steps, begun)))

        patiently(write)

    def _close(self) -> None:
        with self.night.context.store.write() as transaction:
            self.lease.renew(transaction)
            transaction.nights.save(self.report)
            transaction.nights.forget(keep=_KEPT)
            states = {state.value: len(self.report.in_state(state)) for state in StepState}
            details = {"run": self.report.number, "problems": len(self.report.problems)} | states
            record(self.night.context, transaction, self.night.who, Trace("night.run", details=details))

    def _outcome(self, step: Step) -> StepReport:
        states = {one.name: one.state for one in self.report.steps}
        lacking = [name for name in step.needs if states.get(name, StepState.DONE) is not StepState.DONE]
        if lacking:
            return StepReport(step.name, StepState.SKIPPED, text=f"'{lacking[0]}' was not done.")
        if step.removes and (off := self.brake.problem()):
            accept = "If the clock is right, run `matcher nightly --accept-clock`; else set it."
            return StepReport(step.name, StepState.HELD, text=off, next_step=accept)
        began = time.monotonic()
        state, facts, text, then = self._worked(step)
        return StepReport(step.name, state, time.monotonic() - began, facts, text, then)

    def _worked(self, step: Step) -> tuple[StepState, Facts, str | None, str | None]:
        try:
            return StepState.DONE, patiently(lambda: step.work(self.night)), None, None
        except Held as error:
            return StepState.HELD, {}, str(error), None  # its sentence says what to do
        except MatcherError as error:
            text = str(error)
        except OSError as error:
            text = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}."
        except Exception as error:  # noqa: BLE001 - a fault of one step must not keep the others from being done
            place = traceback.extract_tb(error.__traceback__)[-1]
            text = f"Unexpected {type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})."
        return StepState.FAILED, {}, text, step.if_failed
