"""The nightly run: who holds its lock, and what became of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

Fact = str | int | float | bool | None | Sequence[str]
Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class JobLock:
    """The right to be the only one at a job; `token` is new each time it is taken, so that a loser can tell.

    `machine` and `born` say beyond doubt which process it is: numbers of processes are given out again, and hosts may
    have the same name. Both are empty where the system tells neither.
    """

    name: str
    holder: str
    host: str
    machine: str
    pid: int
    born: str
    token: str
    acquired_at: datetime
    heartbeat_at: datetime
    expires_at: datetime

    @property
    def patience(self) -> timedelta:
        """How long its holder may be silent, as it said itself: holds whatever the clocks of two hosts show."""
        return self.expires_at - self.heartbeat_at


class StepState(str, Enum):
    """What became of a step of the night."""

    RUNNING = "running"  # of a run that has ended: it was cut off here
    DONE = "done"
    FAILED = "failed"
    HELD = "held"  # by a brake: it waits for a person's word
    SKIPPED = "skipped"  # since a step that it builds on was not done


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step: `facts` in numbers and words, those under "problems" a list of sentences; `text` says why it was not
    done, `next_step` what to do about it.
    """

    name: str
    state: StepState
    seconds: float = 0.0
    facts: Facts = field(default_factory=dict)
    text: str | None = None
    next_step: str | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """What a step that was done could not do for single faces, cases or files."""
        found = self.facts.get("problems")
        return tuple(found) if isinstance(found, Sequence) and not isinstance(found, str) else ()


@dataclass(frozen=True, slots=True)
class NightReport:
    """One run. `whole`: of all steps. `clock_off`: its clock was too far from that of the run before to be trusted.

    `ended_at` is `None` while it runs, and for ever if it was killed.
    """

    number: int
    started_at: datetime
    whole: bool
    ended_at: datetime | None = None
    clock_off: bool = False
    steps: tuple[StepReport, ...] = ()
    notes: tuple[str, ...] = ()

    def in_state(self, state: StepState) -> tuple[str, ...]:
        """The names of the steps in this state, in order."""
        return tuple(step.name for step in self.steps if step.state is state)

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems of all steps, in order."""
        return tuple(problem for step in self.steps for problem in step.problems)

    @property
    def finished(self) -> bool:
        """Whether it came to its end with every step done."""
        return self.ended_at is not None and all(step.state is StepState.DONE for step in self.steps)
