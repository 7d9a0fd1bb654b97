"""The steps of the night, in their order. A further one is a line of `STEPS` and a function.

A step may be run alone and again; killed at any moment it leaves the old state or the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matcher.domain.nights import Facts
from matcher.errors import Damaged, Held, WrongUse
from matcher.services import (
    audit_trail,
    backup,
    checks,
    embedding,
    erasing,
    reindex,
    retention,
    shadows,
    snapshots,
    spaces,
    watch,
)
from matcher.services.context import Context
from matcher.services.inputs import Who


@dataclass(slots=True)
class Night:
    """What a step is given: the home, who runs the night, and what they have said is meant.

    `proved` is the snapshot that a step of this run has proved: no other is published.
    """

    context: Context
    who: Who
    accept_retention: bool = False
    proved: str | None = None


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


def _retain(night: Night) -> Facts:
    """Complete erasures that were cut short, before anything is built of what was to go, then let go what is due."""
    erasing.resume(night.context, night.who)
    due = retention.plan(night.context)
    if due.large and not night.accept_retention:
        raise Held(
            f"{due.removes} cases and sightings would be erased, a share of {due.share:.2f} of this home. See which "
            "with `matcher retention plan`; if that is meant, run `matcher nightly --accept-retention`."
        )
    gone = retention.apply(night.context, night.who, accept_large=night.accept_retention)
    return {"cases": gone.cases, "sightings": gone.sightings, "bystanders": gone.bystanders}


def _embed(night: Night) -> Facts:
    embedded, problems = embedding.embed_missing(night.context, night.who)
    return {"embedded": embedded, "problems": problems}


def _shadow(night: Night) -> Facts:
    found = shadows.advance(night.context, night.who, minutes=night.context.settings.shadow_minutes)
    if found.backend is None:
        return {"prepared": None}
    return {"prepared": found.backend, "embedded": found.embedded, "complete": found.complete}


def _build(night: Night) -> Facts:
    built = snapshots.build(night.context)
    night.proved = built.info.name if built.verified else None
    return {"faces": built.info.count, "snapshot": built.info.name, "changed": not built.verified}


def _verify(night: Night) -> Facts:
    return {"snapshot": _proved(night)}


def _publish(night: Night) -> Facts:
    name = _proved(night)
    snapshots.publish(night.context, name)
    return {"snapshot": name}


def _proved(night: Night) -> str:
    if night.proved is None:
        night.proved = snapshots.verify(night.context, snapshots.newest(night.context)).name
    return night.proved


def _watch(night: Night) -> Facts:
    found = watch.watch(night.context, night.who)
    names = "case_faces", "sighting_faces", "new", "reopened", "gone", "standing", "standing_before"
    return {name: getattr(found, name) for name in names}


def _settle(night: Night) -> Facts:
    return dict(reindex.settle(night.context, night.who))


def _erasures(night: Night) -> Facts:
    found = erasing.finish(night.context, night.who)
    proved = sum(one.proved_at is not None for one in found)
    return {"proved": proved, "pending": len(found) - proved}


def _backup(night: Night) -> Facts:
    folder = night.context.settings.backup_dir
    if folder is None:
        return {"folder": None}
    made = backup.backup(night.context, folder, night.who)
    return {"folder": str(folder), "files": made.files, "new": made.new_files, "problems": made.problems}


def _prune(night: Night) -> Facts:
    return {"removed": len(reindex.prune_snapshots(night.context))}


def _forget(night: Night) -> Facts:
    forgotten = spaces.forget_old(night.context, night.who)
    return {"spaces": len(forgotten), "audit entries": audit_trail.shorten(night.context, night.who).removed}


def _audit(night: Night) -> Facts:
    chain = checks.verify_audit(night.context)
    if chain.problem is not None:
        raise Damaged(f"Audit entry {chain.first_broken}: {chain.problem}.")
    return {"entries": chain.entries}


_AGAIN = "Mend what is said, then run `matcher nightly` again."
_ROOM = f"Searches go on with the snapshot before. {_AGAIN}"

STEPS = (
    Step("retain", "erase what has been kept for as long as its rule allows", _retain, _AGAIN, removes=True),
    Step("embed", "embed faces that have no vector by the models in use", _embed, _ROOM),
    Step("build", "build a snapshot of the gallery, beside the live one", _build, _ROOM),
    Step("verify", "prove it against the database and by searches", _verify, _ROOM, needs=("build",)),
    Step("publish", "make it the live one", _publish, _ROOM, needs=("verify",)),
    Step("prune", "remove old snapshots", _prune, _ROOM, ("publish",), True),
    Step("watch", "compare new cases with earlier sightings, and the other way round", _watch, _AGAIN),
    Step("settle", "forget what the snapshot contains, orphan files, old messages", _settle, _ROOM, ("publish",), True),
    Step("erasures", "prove that what was erased is gone", _erasures, _AGAIN, needs=("publish",)),
    Step("backup", "back up the home and its keys, if a folder is set", _backup, _AGAIN),
    Step("shadow", "go on embedding by models that are being prepared", _shadow, _ROOM),
    Step("forget", "forget models long out of use, and audit entries beyond their time", _forget, _AGAIN, removes=True),
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
