"""Which embedding spaces a home has, which of them it uses, and the end of those that it does not use any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from matcher.domain.space import KnownSpace, SpaceState
from matcher.errors import Conflict, MatcherError, NotFound
from matcher.gallery.publishing import forget as forget_snapshots
from matcher.gallery.snapshots import snapshot_names
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.store.database import Transaction

KEPT_DAYS = 30  # how long vectors of models that are not in use any more are kept, so that a change can be taken back
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class SpaceView:
    """An embedding space with its number of `vectors`; of one that was never noted neither models nor time are known.

    `forgotten_from`: when the night forgets its vectors, if it does.
    """

    name: str
    backend: str | None
    state: SpaceState
    since: datetime | None
    vectors: int
    forgotten_from: datetime | None


@contextmanager
def opened(context: Context, backend: str) -> Iterator[Context]:
    """The same home with other models."""
    other = Context(context.home, clock=context.clock, progress=context.progress, backend=backend)
    try:
        yield other
    finally:
        other.close()


def live_space(context: Context) -> KnownSpace:
    """The space of the models that the settings name now, whatever they named when the home was opened."""
    backend = context.home.settings().backend
    if backend == context.settings.backend:
        name = context.space.name
    else:
        with opened(context, backend) as present:
            name = present.space.name
    return KnownSpace(name, backend, SpaceState.LIVE, context.clock())


def remember_live(context: Context) -> None:
    """Note the space in use, if none is noted, so that it is known later which one was live before.

    Of models that cannot be loaded nothing is noted: there would be no way back to them.
    """
    with context.store.read() as reading:
        noted = reading.spaces.in_state(SpaceState.LIVE)
    if noted is None:
        with suppress(MatcherError):
            live = live_space(context)
            with context.store.write() as transaction:
                transaction.spaces.put(live)


def settle(context: Context) -> None:
    """Follow the setting where it was changed without a record, by hand or before a process was killed."""
    with context.store.read() as reading:
        noted = reading.spaces.in_state(SpaceState.LIVE)
    if noted is not None and noted.backend != context.home.settings().backend:
        live = live_space(context)
        with context.store.write() as transaction:
            follow(transaction, live)


def follow(transaction: Transaction, live: KnownSpace) -> None:
    """Note that a space is live. The one until now can be gone back to, unless this is itself the way back."""
    noted = transaction.spaces.in_state(SpaceState.LIVE)
    before = transaction.spaces.in_state(SpaceState.BEFORE)
    if noted is not None and noted.name == live.name:
        return
    if noted is not None:
        back = before is not None and before.name == live.name
        transaction.spaces.put(replace(noted, state=SpaceState.OLD if back else SpaceState.BEFORE, since=live.since))
    transaction.spaces.put(live)


def listed(context: Context) -> list[SpaceView]:
    """All spaces that have vectors or were noted: the live one first, then by the time of their last change."""
    with context.store.read() as reading:
        noted, sizes = {one.name: one for one in reading.spaces.all()}, reading.spaces.sizes()
    views = [_view(name, noted.get(name), sizes.get(name, 0)) for name in [*noted, *sorted(sizes.keys() - noted)]]
    with suppress(MatcherError):  # without the models in use their space cannot be told from the others
        live = live_space(context)
        told = noted.get(live.name)
        since = told.since if told is not None and told.state is SpaceState.LIVE else None
        now = SpaceView(live.name, live.backend, live.state, since, sizes.get(live.name, 0), None)
        views = [now, *(view for view in views if view.name != live.name)]
    return views


def forget(context: Context, name: str, who: Who) -> int:
    """Delete all vectors and snapshots of a space that is neither live nor a shadow: how many vectors.

    Where killed, a rerun goes on. A process that still runs with the old models finds nothing from then on.
    `NotFound` for an unknown space, `Conflict` for one in use.
    """
    _require_unused(context, name)
    with context.store.read() as reading:
        total, noted = reading.spaces.sizes().get(name, 0), {one.name for one in reading.spaces.all()}
    folders = {folder.name: folder for folder in context.home.snapshots.iterdir() if folder.is_dir()}
    if not (total or name in noted or (name in folders and snapshot_names(folders[name]))):
        raise NotFound(f"There is no embedding space '{name}': `matcher models list` shows all.")
    with context.store.write() as transaction:
        record(context, transaction, who, Trace("models.forget", space=name, details={"vectors": total}))
        transaction.spaces.forget(name)
    if name in folders:
        forget_snapshots(folders[name])
    gone = 0
    while some := _forget_some(context, name):
        gone += some
        if context.progress:
            context.progress("forgetting vectors", gone, max(gone, total))
    return gone


def forget_old(context: Context, who: Who) -> list[str]:
    """Forget the spaces that have not been in use for `KEPT_DAYS` days; their names."""
    context.require_key()
    with context.store.read() as reading:
        left = [one for one in reading.spaces.all() if one.state in (SpaceState.BEFORE, SpaceState.OLD)]
    due = [one.name for one in left if context.clock() - one.since >= timedelta(days=KEPT_DAYS)]
    for name in due:
        forget(context, name, who)
    return due


def _forget_some(context: Context, name: str) -> int:
    """A few at a time, so that nobody waits long for the lock."""
    with context.store.write() as transaction:
        if any(one.name == name for one in transaction.spaces.all()):
            raise Conflict(f"Somebody uses '{name}' again: what is left of it was not forgotten.")
        faces = transaction.spaces.embedded(name, _BATCH)
        transaction.gallery.remove(faces, name)
        transaction.spaces.forget_vectors(faces, name)
    return len(faces)


def _require_unused(context: Context, name: str) -> None:
    """By the settings file and by the environment, which may differ from one process to the next."""
    with context.store.read() as reading:
        shadow = reading.spaces.in_state(SpaceState.SHADOW)
    if shadow is not None and shadow.name == name:
        raise Conflict(f"'{name}' is being prepared: end that first with `matcher models shadow --end`.")
    for backend in {context.home.settings().backend, context.home.backend_in_file}:
        with opened(context, backend) as other:
            if other.space.name == name:
                raise Conflict(f"'{name}' is in use: change to other models first with `matcher models use`.")


def _view(name: str, noted: KnownSpace | None, vectors: int) -> SpaceView:
    if noted is None:
        return SpaceView(name, None, SpaceState.OLD, None, vectors, None)
    ends = noted.state in (SpaceState.BEFORE, SpaceState.OLD)
    forgotten_from = noted.since + timedelta(days=KEPT_DAYS) if ends else None
    return SpaceView(name, noted.backend, noted.state, noted.since, vectors, forgotten_from)
