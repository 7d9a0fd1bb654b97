"""How well, how much and how long people judge: supervisors and auditors see everybody, reviewers themselves.

Counts, and errors on control pairs, are of everything that a person has sealed; times and agreement are of its latest
answers only, which say how it works now and keep these figures as cheap after ten years as after one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from matcher.accounts.rights import Acting, Right
from matcher.domain.people import Person, PersonId
from matcher.domain.reviews import TaskKind
from matcher.review.quality import control_errors, kappa, median_seconds, per_hour, working_since
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_claims import reviewer
from matcher.services.desk_views import ReviewerView
from matcher.store.database import Reading

LATEST = 500  # lists, and pairs: with so many, chance moves κ by about 0.04
_A_SHIFT = timedelta(hours=24)  # as long as `break_minutes` may be
_Counts = dict[TaskKind, int]


def own_quality(context: Context, acting: Acting) -> ReviewerView:
    """One's own figures."""
    acting.require(Right.QUALITY_OWN)
    with context.store.read() as reading:
        counts = {kind: reading.figures.count(kind, acting.id) for kind in TaskKind}
        return _of(context, reading, reading.people.by_ids([acting.id])[acting.id], counts)


def break_due(context: Context, acting: Acting) -> bool:
    """Whether a person has judged too long without a break: asked with each page of the queue, so only of late work."""
    acting.require(Right.REVIEW)
    now = context.clock()
    with context.store.read() as reading:
        return _is_due(context, _since(reading, acting.id, now), now)


def all_quality(context: Context, acting: Acting) -> list[ReviewerView]:
    """The figures of everybody who has answered something, by account; the look at them is audited.

    They are counted without the lock of writers.
    """
    acting.require(Right.QUALITY_ALL)
    with context.store.read() as reading:
        counts = {kind: reading.figures.counts(kind) for kind in TaskKind}
        people = reading.people.by_ids({person for found in counts.values() for person in found})
        found = [
            _of(context, reading, person, {kind: counts[kind].get(person.id, 0) for kind in TaskKind})
            for person in people.values()
        ]
    with context.store.write() as transaction:
        record(context, transaction, reviewer(acting), Trace("review.quality", details={"people": len(found)}))
    return sorted(found, key=lambda one: one.name)


def _of(context: Context, reading: Reading, person: Person, counts: _Counts) -> ReviewerView:
    pairs = reading.figures.latest_spans(TaskKind.PAIR, person.id, LATEST)
    lists = reading.figures.latest_spans(TaskKind.LIST, person.id, LATEST)
    now = context.clock()
    since = _since(reading, person.id, now)
    return ReviewerView(
        name=person.name,
        trained=person.trained,
        lists=counts[TaskKind.LIST],
        pairs=counts[TaskKind.PAIR],
        errors=control_errors(reading.figures.controls(person.id)),
        kappa=kappa(reading.figures.agreement(person.id, LATEST)),
        list_seconds=median_seconds(lists),
        pair_seconds=median_seconds(pairs),
        verdicts_per_hour=per_hour(pairs),
        working_since=since,
        break_due=_is_due(context, since, now),
    )


def _since(reading: Reading, person: PersonId, now: datetime) -> datetime | None:
    return working_since(reading.figures.spans_since(person, now - _A_SHIFT), now)


def _is_due(context: Context, since: datetime | None, now: datetime) -> bool:
    return since is not None and now - since >= timedelta(minutes=context.settings.break_minutes)
