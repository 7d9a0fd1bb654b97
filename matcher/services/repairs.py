"""Repairs that lose nothing: each is told in words before it is done. What is lost is never made to look whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from matcher.errors import MatcherError
from matcher.gallery.leftovers import remove_leftovers
from matcher.services import snapshots, upkeep
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.embedding import embed_missing
from matcher.services.inputs import ReasonCode, Who
from matcher.services.stopping import require_running
from matcher.services.sweeping import orphans, sweep, unfinished


@dataclass(frozen=True, slots=True)
class Repair:
    """What would be done, in words, and the doing of it, which answers in words too."""

    words: str
    run: Callable[[Who], str] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RepairView:
    """What became of a repair: `outcome` is its result, or why it could not be done."""

    words: str
    done: bool
    outcome: str


class Repairs:
    """`Matcher.repairs`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def plan(self) -> list[Repair]:
        """What would be done, in the order in which it would be; nothing is changed."""
        return plan(self._context)

    def make(self, repairs: Sequence[Repair], *, actor: str, reason: str | None = None) -> list[RepairView]:
        """Do repairs of a plan. One that fails is told, and the others go on."""
        return make(self._context, repairs, Who(actor, ReasonCode.MAINTENANCE, reason))


def plan(context: Context) -> list[Repair]:
    """What can be mended without losing anything: files that nobody refers to, embeddings and snapshots made anew.

    A photo whose file has vanished is not among it: only a backup brings that back.
    """
    parts = (_half_written, _strays, _embeddings, _snapshot)
    found = [part(context) for part in parts]
    return [repair for repair in found if repair is not None]


def make(context: Context, repairs: Sequence[Repair], who: Who) -> list[RepairView]:
    """Do repairs in their order, and record that it was done. One that fails is told, and the others go on."""
    require_running(context)
    done = [_made(repair, who) for repair in repairs]
    with context.store.write() as transaction:
        details: dict[str, str | int] = {"repairs": len(done), "failed": sum(not one.done for one in done)}
        record(context, transaction, who, Trace("home.repair", details=dict(details)))
    return done


def _made(repair: Repair, who: Who) -> RepairView:
    try:
        return RepairView(repair.words, True, repair.run(who))
    except (MatcherError, OSError) as error:
        return RepairView(repair.words, False, str(error))


def _half_written(context: Context) -> Repair | None:
    count = len(upkeep.unfinished_builds(context))
    if not count:
        return None

    def run(_who: Who) -> str:
        removed = sum(remove_leftovers(folder, upkeep.before(context)) for folder in upkeep.space_folders(context))
        return f"removed {removed}"

    return Repair(f"Remove {count} half-written snapshots of builds that were killed.", run)


def _strays(context: Context) -> Repair | None:
    count = len(orphans(context)) + len(unfinished(context))
    if not count:
        return None

    def run(_who: Who) -> str:
        return f"removed {sweep(context)} files without a record, and what was half-written"

    return Repair(f"Remove {count} photo files, older than an hour, that belong to no record or are half-written.", run)


def _embeddings(context: Context) -> Repair | None:
    with context.store.read() as reading:
        count = reading.faces.count_without_embedding(context.space.name)
    if not count:
        return None

    def run(who: Who) -> str:
        embedded, problems = embed_missing(context, who)
        return " ".join([f"embedded {embedded}.", *problems])

    return Repair(f"Embed {count} faces of open cases that the models in use have not embedded.", run)


def _snapshot(context: Context) -> Repair | None:
    why = _why_rebuild(context)
    if why is None:
        return None

    def run(_who: Who) -> str:
        info = snapshots.make(context)
        return f"snapshot {info.name} with {info.count} faces"

    return Repair(f"Write the snapshot anew: {why}.", run)


def _why_rebuild(context: Context) -> str | None:
    try:
        status = context.gallery.status()
        old = upkeep.snapshot_is_old(context)
    except MatcherError as error:
        return f"the live one cannot be used ({str(error).rstrip('.')})"
    if status.snapshot is None:
        return "there is none by the models in use" if status.size else None
    return "the live one is old, and the gallery has changed" if old else None
