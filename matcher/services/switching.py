"""The change from one embedding space to another, forwards and back; killed at any moment, a rerun goes on."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.domain.space import KnownSpace, SpacePart, SpaceState
from matcher.errors import Conflict
from matcher.faces.backends import load_backend, models_of
from matcher.faces.trial import try_pair
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_tasks import reopen_of_other_spaces
from matcher.services.embedding import embed_missing
from matcher.services.inputs import Who
from matcher.services.reindex import reindex
from matcher.services.spaces import follow, opened, remember_live, settle
from matcher.services.stopping import require_running
from matcher.services.views import ReindexView


@dataclass(frozen=True, slots=True)
class UseView:
    """What became of a change of models.

    `missing` says which faces of open cases the new models did not find; with any, `in_use` is false unless they were
    accepted. `overridden_by` is the pair that the environment prescribes instead, if it does.
    """

    backend: str
    space: str
    in_use: bool
    snapshot: str
    faces: int
    embedded: int
    missing: tuple[str, ...]
    overridden_by: str | None


def use(context: Context, pair: tuple[str, str], who: Who, *, accept_missing: bool = False) -> UseView:
    """Change the models of this home all at once: (detector, recogniser).

    The pair is tried, all chosen faces of open cases are embedded by it and its snapshot is published before the
    setting is changed, so that no search runs in an empty space; killed in between, the old setting holds, and a rerun
    goes on. Faces that the new models do not find would no longer be searched: then the setting stays unless
    `accept_missing`. Processes that run use the old models until they start again.
    """
    backend = "+".join(pair)
    models_of(backend)
    return _change(context, backend, who, "models.use", accept_missing=accept_missing)


def cut_over(
    context: Context, who: Who, *, pair: tuple[str, str] | None = None, accept_missing: bool = False
) -> UseView:
    """Use the models that were prepared: as `use`, of which the most is done already.

    `Conflict` where none were prepared, or others than `pair`, and where faces of sightings wait to be embedded unless
    `accept_missing`, since a new case would not be compared with them.
    """
    with context.store.read() as reading:
        known = reading.spaces.in_state(SpaceState.SHADOW)
        left = 0 if known is None else reading.spaces.coverage(known.name, SpacePart.SIGHTINGS).left
    if known is None:
        raise Conflict(
            "No models are being prepared (`matcher models list` shows what is in use): begin with "
            "`matcher models use DETECTOR RECOGNISER --shadow`."
        )
    if pair is not None and "+".join(pair) != known.backend:
        raise Conflict(f"'{known.backend}' was prepared, not '{'+'.join(pair)}': name those, or none.")
    if left and not accept_missing:
        raise Conflict(
            f"{left} faces of unresolved sightings are not embedded by '{known.backend}' yet: go on with "
            "`matcher models use --shadow`, or give --accept-missing, and nights go on with them."
        )
    return _change(context, known.backend, who, "models.cut_over", accept_missing=accept_missing)


def roll_back(context: Context, who: Who, *, accept_missing: bool = False) -> UseView:
    """Use the models that were in use before the last change; faces that came in since are embedded by them first.

    Nothing that people decided is touched. `Conflict` where there is nothing to go back to.
    """
    with context.store.read() as reading:
        known = reading.spaces.in_state(SpaceState.BEFORE)
    if known is None or known.backend != context.home.settings().backend:  # else one was killed on the way back
        settle(context)
        with context.store.read() as reading:
            known = reading.spaces.in_state(SpaceState.BEFORE)
    if known is None:
        raise Conflict("There are no models to go back to: name some with `matcher models use DETECTOR RECOGNISER`.")
    return _change(context, known.backend, who, "models.roll_back", accept_missing=accept_missing)


def _change(context: Context, backend: str, who: Who, action: str, *, accept_missing: bool) -> UseView:
    require_running(context)  # the setting lies in a file, which no transaction would refuse to change
    context.home.with_setting("backend", backend)  # a file that cannot be changed is known before the work is done
    try_pair(load_backend(backend, context.models, threads=context.settings.threads, progress=context.progress))
    settle(context)
    remember_live(context)
    with opened(context, backend) as other:
        done = reindex(other, who)
        missing, taken = done.problems, accept_missing or not done.problems
        if taken:
            missing = _adopt(context, other, who, done, action)
    prescribed = context.home.backend_from_environment
    return UseView(
        backend=backend,
        space=done.space,
        in_use=taken,
        snapshot=done.snapshot,
        faces=done.faces,
        embedded=done.embedded,
        missing=missing,
        overridden_by=prescribed if prescribed and prescribed != backend else None,
    )


def _adopt(context: Context, other: Context, who: Who, done: ReindexView, action: str) -> tuple[str, ...]:
    """Change the setting, then what follows from it; the faces of open cases that the new models do not find."""
    backend, space = other.settings.backend, other.space.name
    context.home.write_setting("backend", backend)
    with context.store.write() as transaction:  # killed before it, a rerun does it, or the next reindex
        follow(transaction, KnownSpace(space, backend, SpaceState.LIVE, context.clock()))
        asked = reopen_of_other_spaces(context, transaction, space, who)
        details: dict[str, str | int] = {"backend": backend, "missing": len(done.problems), "reopened": asked}
        record(context, transaction, who, Trace(action, space=space, snapshot=done.snapshot, details=dict(details)))
    # Faces that others registered meanwhile have vectors in the old space only.
    return tuple(embed_missing(other, who)[1])
