"""The report of a night for people: one line per step, and what to do where one was not done."""

from __future__ import annotations

from collections.abc import Iterator

from matcher.domain.nights import Fact, NightReport, StepReport, StepState
from matcher.errors import Held, MatcherError, SomeRefused, StepsFailed

_MARKS = {
    StepState.DONE: "ok",
    StepState.FAILED: "FAILED",
    StepState.HELD: "held",
    StepState.SKIPPED: "skipped",
    StepState.RUNNING: "running",
}


def lines(report: NightReport) -> Iterator[str]:
    """The report in lines."""
    took = "not ended" if report.ended_at is None else f"{sum(step.seconds for step in report.steps):.1f} s"
    what = "" if report.whole else ", some steps only"
    yield f"Night {report.number}, begun {report.started_at:%Y-%m-%d %H:%M} UTC, {took}{what}"
    yield from report.notes
    width = max((len(step.name) for step in report.steps), default=0)
    for step in report.steps:
        yield f"{_MARKS[step.state]:8}{step.name:{width}}  {step.seconds:8.1f} s  {_told(step)}".rstrip()
        yield from (f"        – {problem}" for problem in step.problems)
        if step.next_step:
            yield f"        → {step.next_step}"


def shortcoming(report: NightReport) -> MatcherError | None:
    """What a run did not do, as the error that ends a command; `None` if it did everything."""
    failed, held = report.in_state(StepState.FAILED), report.in_state(StepState.HELD)
    if failed:
        return StepsFailed(f"{_named(failed)} failed; searches go on. What to do stands above.")
    if held:
        return Held(f"{_named(held)} waits for your word; everything else was done. What to do stands above.")
    if report.problems:
        return SomeRefused(f"{len(report.problems)} problems, as listed; everything else was done.")
    return None


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _told(step: StepReport) -> str:
    if step.text:
        return step.text
    return ", ".join(f"{name.replace('_', ' ')} {_shown(fact)}" for name, fact in step.facts.items())


def _shown(fact: Fact) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, float):
        return f"{fact:.3f}".rstrip("0").rstrip(".")
    if isinstance(fact, (int, str)):
        return str(fact)
    return "–" if fact is None else str(len(fact))
