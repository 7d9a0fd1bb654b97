"""Other models beside those in use: faces are embedded by them over as many nights as it takes, and nothing else
changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from matcher.domain.ids import FaceId, PhotoId
from matcher.domain.records import StoredFace
from matcher.domain.space import Coverage, KnownSpace, SpacePart, SpaceState
from matcher.errors import Conflict
from matcher.faces.backends import load_backend, models_of
from matcher.faces.trial import try_pair
from matcher.images.places import cores
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.embedding import embed
from matcher.services.inputs import Who
from matcher.services.photos import in_parallel
from matcher.services.spaces import forget_old, live_space, opened, remember_live, settle

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

    `embedded`, `problems` and `forgotten`, names of spaces, are of this run alone. `complete`: every face that is
    wanted was tried.
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
    forgotten: tuple[str, ...] = ()


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
    unresolved sightings. Safe to kill and to repeat: only what is missing is embedded. Spaces that have not been in use
    for `spaces.KEPT_DAYS` days are forgotten, whether or not models are being prepared.
    """
    settle(context)
    forgotten = tuple(forget_old(context, who))
    with context.store.read() as reading:
        known = reading.spaces.in_state(SpaceState.SHADOW)
    if known is None:
        return ShadowView(forgotten=forgotten)
    with opened(context, known.backend) as other:
        if other.space.name != known.name:
            raise Conflict(
                f"The models '{known.backend}' are not those that were being prepared: begin anew with "
                f"`matcher models use {' '.join(models_of(known.backend))} --shadow`."
            )
        done, problems = _embed_parts(other, tuple(SpacePart), who, _Budget.of(limit, minutes))
    return replace(shadow(context), embedded=done, problems=problems, forgotten=forgotten)


def embed_sightings(
    context: Context, who: Who, *, limit: int | None = None, minutes: float | None = None
) -> tuple[int, tuple[str, ...]]:
    """Embed the faces of unresolved sightings that lack a vector by the models in use: how many, and problems."""
    return _embed_parts(context, (SpacePart.SIGHTINGS,), who, _Budget.of(limit, minutes))


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


@dataclass(slots=True)
class _Budget:
    """How much may still be done."""

    faces: int | None
    until: float | None

    @classmethod
    def of(cls, limit: int | None, minutes: float | None) -> _Budget:
        return cls(limit, None if minutes is None else time.monotonic() + 60 * minutes)

    @property
    def spent(self) -> bool:
        return (self.faces is not None and self.faces <= 0) or (
            self.until is not None and time.monotonic() >= self.until
        )

    def take(self, faces: Sequence[StoredFace]) -> Sequence[StoredFace]:
        """So many of the faces as may be tried."""
        if self.faces is not None:
            faces = faces[: self.faces]
            self.faces -= len(faces)
        return faces


def _embed_parts(
    context: Context, parts: Sequence[SpacePart], who: Who, budget: _Budget
) -> tuple[int, tuple[str, ...]]:
    """Embed photo by photo, on as many cores as there are, until nothing is missing or the budget is spent."""
    space, done = context.space.name, 0
    problems: list[str] = []
    for part in parts:
        work = _photos(context, part, budget)
        for faces, unembedded in in_parallel(work, lambda faces: embed(context, faces, who), cores()):
            lasting = [face for face, why in unembedded.items() if why.lasting]
            if lasting:
                with context.store.write() as transaction:
                    kept = transaction.faces.by_ids(lasting)  # erased meanwhile, none is kept
                    transaction.spaces.note_not_found(kept, space, context.clock())
            done += len(faces) - len(unembedded)
            problems += [why.text for why in unembedded.values()]
            if context.progress:
                context.progress(f"embedding {part.value}", done, done + len(faces))
    return done, tuple(problems)


def _photos(context: Context, part: SpacePart, budget: _Budget) -> Iterator[Sequence[StoredFace]]:
    """The untried faces of a part, photo by photo, each photo once."""
    after = PhotoId(-1), FaceId(-1)
    while True:
        with context.store.read() as reading:
            places = reading.spaces.untried(context.space.name, part, _BATCH, after)
            faces = reading.faces.by_ids([face for _, face in places])
        for _, group in groupby(places, key=lambda place: place[0]):
            if budget.spent:
                return
            yield budget.take([faces[face] for _, face in group])
        if len(places) < _BATCH:
            return
        after = places[-1]
