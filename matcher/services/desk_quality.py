"""How well, how much and how long people judge: supervisors and auditors see everybody, reviewers themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from matcher.accounts.rights import Acting, Right
from matcher.domain.people import Person
from matcher.review.quality import control_errors, kappa, median_seconds, per_hour, working_since
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_claims import reviewer
from matcher.services.desk_views import ReviewerView
from matcher.store.database import Reading

_A_SHIFT = timedelta(hours=24)  # as long as `break_minutes` may be


def own_quality(context: Context, acting: Acting) -> ReviewerView:
    """One's own figures."""
    acting.require(Right.QUALITY_OWN)
    with context.store.read() as reading:
        return _of(context, reading, reading.people.by_ids([acting.id])[acting.id])


def break_due(context: Context, acting: Acting) -> bool:
    """Whether a person has judged too long without a break: asked with each page of the queue, so only of late work."""
    acting.require(Right.REVIEW)
    now = context.clock()
    with context.store.read() as reading:
        spans = reading.verdicts.spans_since(acting.id, now - _A_SHIFT)
    return _is_due(context, working_since(spans, now), now)


def all_quality(context: Context, acting: Acting) -> list[ReviewerView]:
    """The figures of everybody who has answered something, by account; the look at them is audited."""
    acting.require(Right.QUALITY_ALL)
    with context.store.write() as transaction:
        people = transaction.people.by_ids(transaction.verdicts.people_with_answers())
        found = [_of(context, transaction, person) for person in people.values()]
        record(context, transaction, reviewer(acting), Trace("review.quality", details={"people": len(found)}))
    return sorted(found, key=lambda one: one.name)


def _of(context: Context, reading: Reading, person: Person) -> ReviewerView:
    verdicts = [one for one in reading.verdicts.by(person.id) if one.revises is None]
    answers = reading.verdicts.answers_by(person.id)
    pairs = [(one.opened_at, one.sealed_at) for one in verdicts]
    lists = [(one.opened_at, one.sealed_at) for one in answers]
    now = context.clock()
    since = working_since(pairs + lists, now)
    both = reading.verdicts.both(person.id)
    return ReviewerView(
        name=person.name,
        trained=person.trained,
        lists=len(answers),
        pairs=len(verdicts),
        errors=control_errors([(one.truth, one.outcome) for one in verdicts if one.truth is not None]),
        kappa=kappa([(mine.outcome, theirs.outcome) for mine, theirs in both]),
        list_seconds=median_seconds(lists),
        pair_seconds=median_seconds(pairs),
        verdicts_per_hour=per_hour(pairs),
        working_since=since,
        break_due=_is_due(context, since, now),
    )


def _is_due(context: Context, since: datetime | None, now: datetime) -> bool:
    return since is not None and now - since >= timedelta(minutes=context.settings.break_minutes)
