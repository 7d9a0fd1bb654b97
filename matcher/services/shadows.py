"""Other models beside those in use: faces are embedded by them over as many nights as it takes, and nothing else
changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from matcher.domain.space import Coverage, KnownSpace, SpacePart, SpaceState
from matcher.errors import Conflict
from matcher.faces.backends import load_backend, models_of
from matcher.faces.trial import try_pair
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.embedding import Budget, embed_parts
from matcher.services.inputs import Who
from matcher.services.spaces import live_space, opened, remember_live, settle

_BATCH = 256


@dataclass(frozen=True, slots=True)
class PartView:
    """How far a part is: of `of` faces `embedded` have a vector and `not_found` were not found by these models."""

    of: int
    embedded: int
    not_found: int
    left: int

    @classmethod
    def of_coverage(cls, found: Coverage) -> PartView:
        return cls(found.of, found.embedded, found.not_found, found.left)


@dataclass(frozen=True, slots=True)
class ShadowView:
    """The models that are being prepared, and how far they are; all fields are empty where none are.

    `embedded` and `problems` are of this run alone. `complete`: every face that is wanted was tried.
    """

    backend: str | None = None
    space: str | None = None
    since: datetime | None = None
    cases: PartView | None = None
    judged: PartView | None = None
    sightings: PartView | None = None
    complete: bool = False
    embedded: int = 0
    problems: tuple[str, ...] = ()


def begin(
    context: Context,
    pair: tuple[str, str],
    who: Who,
    *,
    limit: int | None = None,
    minutes: float | None = None,
) -> ShadowView:
    """Begin to embed by other models (detector, recogniser), or go on; searches do not notice.

    `Conflict` for the models in use, and while others are being prepared.
    """
    backend = "+".join(pair)
    models_of(backend)
    settle(context)
    with context.store.read() as reading:
        known = reading.spaces.in_state(SpaceState.SHADOW)
    if known is not None and known.backend != backend:
        raise Conflict(
            f"'{known.backend}' is being prepared already: go on with `matcher models use --shadow`, or end that with "
            "`matcher models shadow --end`."
        )
    try_pair(load_backend(backend, context.models, threads=context.settings.threads, progress=context.progress))
    with opened(context, backend) as other:
        space = other.space.name
    if space == live_space(context).name:
        raise Conflict(f"'{backend}' is in use here: name other models.")
    if known is None or known.name != space:  # or the models were installed anew with other content
        remember_live(context)
        with context.store.write() as transaction:
            transaction.spaces.put(KnownSpace(space, backend, SpaceState.SHADOW, context.clock()))
            record(context, transaction, who, Trace("models.shadow", space=space, details={"backend": backend}))
    return advance(context, who, limit=limit, minutes=minutes)


def advance(context: Context, who: Who, *, limit: int | None = None, minutes: float | None = None) -> ShadowView:
    """Embed what the models that are being prepared lack, at most `limit` faces or for some minutes.

    The chosen faces of open cases come first, then those of pairs that people have decided about, then the faces of
    unresolved sightings. Safe to kill and to repeat: only what is missing is embedded. Nothing is done where no models
    are being prepared.
    """
    settle(context)
    with context.store.read() as reading:
        known = reading.spaces.in_state(SpaceState.SHADOW)
    if known is None:
        return ShadowView()
    with opened(context, known.backend) as other:
        if other.space.name != known.name:
            raise Conflict(
                f"The models '{known.backend}' are not those that were being prepared: begin anew with "
                f"`matcher models use {' '.join(models_of(known.backend))} --shadow`."
            )
        done, problems = embed_parts(other, tuple(SpacePart), who, Budget.of(limit, minutes))
    return replace(shadow(context), embedded=done, problems=tuple(why.text for why in problems))


def shadow(context: Context) -> ShadowView:
    """The models that are being prepared, and how far they are."""
    with context.store.read() as reading:
        known = reading.spaces.in_state(SpaceState.SHADOW)
        if known is None:
            return ShadowView()
        parts = {part: PartView.of_coverage(reading.spaces.coverage(known.name, part)) for part in SpacePart}
    return ShadowView(
        backend=known.backend,
        space=known.name,
        since=known.since,
        cases=parts[SpacePart.CASES],
        judged=parts[SpacePart.JUDGED],
        sightings=parts[SpacePart.SIGHTINGS],
        complete=not any(part.left for part in parts.values()),
    )


def end(context: Context, who: Who) -> KnownSpace | None:
    """Give up preparing other models: what was embedded stays until it is forgotten. Which it was, if any."""
    with context.store.write() as transaction:
        known = transaction.spaces.in_state(SpaceState.SHADOW)
        if known is not None:
            transaction.spaces.put(KnownSpace(known.name, known.backend, SpaceState.OLD, context.clock()))
            record(context, transaction, who, Trace("models.shadow_end", space=known.name))
    return known
