"""The steps of the night, in their order. A further one is a line of `STEPS` and a function.

A step may be run alone and again; killed at any moment it leaves the old state or the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matcher.domain.nights import Facts
from matcher.errors import Damaged, WrongUse
from matcher.services import checks, embedding, reindex, snapshots
from matcher.services.context import Context
from matcher.services.inputs import Who


@dataclass(frozen=True, slots=True)
class Night:
    """What a step is given: the home, who runs the night, and what they have said is meant."""

    context: Context
    who: Who
    accept_retention: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `does` says what in words, `work` does it and gives the facts of the summary.

    `if_failed` says what to do then. A step is skipped unless those that it `needs` were done in the same run, and
    held while the clock cannot be trusted if it `removes` anything.
    """

    name: str
    does: str
    work: Callable[[Night], Facts]
    if_failed: str
    needs: tuple[str, ...] = ()
    removes: bool = False


def _embed(night: Night) -> Facts:
    embedded, problems = embedding.embed_missing(night.context, night.who)
    return {"embedded": embedded, "problems": problems}


def _build(night: Night) -> Facts:
    info = snapshots.build(night.context)
    return {"faces": info.count, "snapshot": info.name}


def _prune(night: Night) -> Facts:
    return {"removed": len(reindex.prune_snapshots(night.context))}


def _settle(night: Night) -> Facts:
    return dict(reindex.settle(night.context, night.who))


def _audit(night: Night) -> Facts:
    chain = checks.verify_audit(night.context)
    if chain.problem is not None:
        raise Damaged(f"Audit entry {chain.first_broken}: {chain.problem}.")
    return {"entries": chain.entries}


_ROOM = "Searches go on with the snapshot before. Mend what is said, then run `matcher nightly` again."

STEPS = (
    Step("embed", "embed faces of open cases that have no vector by the models in use", _embed, _ROOM),
    Step("build", "build, prove and publish a snapshot of the gallery", _build, _ROOM),
    Step("prune", "remove old snapshots", _prune, _ROOM, needs=("build",), removes=True),
    Step("settle", "forget what the snapshot contains, orphan files, old messages", _settle, _ROOM, ("build",), True),
    Step("audit", "verify the chain of audit entries", _audit, "Keep a copy of the database; find who changed it."),
)


def chosen(names: Sequence[str]) -> tuple[Step, ...]:
    """The steps of these names, in the order of the night; `WrongUse` names one that there is not."""
    known = [step.name for step in STEPS]
    for name in names:
        if name not in known:
            raise WrongUse(f"There is no step '{name}': the steps are {', '.join(known)}.")
    return tuple(step for step in STEPS if step.name in names)


def since(name: str) -> tuple[str, ...]:
    """The names of a step and of all after it; `WrongUse` if there is none of that name."""
    (first,) = chosen([name])
    return tuple(step.name for step in STEPS[STEPS.index(first) :])
