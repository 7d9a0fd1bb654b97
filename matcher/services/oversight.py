"""What people see who watch over a home: the audit log and the state of the installation, and no child."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.accounts.rights import Acting, Right
from matcher.domain.messages import MessageState
from matcher.domain.records import AuditRecord
from matcher.domain.reviews import TaskKind
from matcher.services.checks import gallery_status
from matcher.services.context import Context
from matcher.services.desk_stuck import without_reviewers
from matcher.services.doctor import examine
from matcher.services.findings import Finding
from matcher.services.views import GalleryView


def audit_page(context: Context, acting: Acting, after: int, limit: int) -> tuple[list[AuditRecord], int | None]:
    """Up to `limit` (≥ 1) entries with numbers above `after` (≥ 0), rising; and the `after` of the next page, or `None`
    at the end.
    """
    acting.require(Right.AUDIT_READ)
    with context.store.read() as reading:
        found = reading.audit.records(after, limit + 1)
    shown = found[:limit]
    return shown, shown[-1].number if len(found) > limit else None


def latest_audit(
    context: Context, acting: Acting, before: int | None, limit: int
) -> tuple[list[AuditRecord], int | None]:
    """Up to `limit` (≥ 1) entries with numbers below `before`, or the last ones, falling; and the next page's `before`,
    or `None` at the beginning of the log.
    """
    acting.require(Right.AUDIT_READ)
    with context.store.read() as reading:
        found = reading.audit.latest(before, limit + 1)
    shown = found[:limit]
    return shown, shown[-1].number if len(found) > limit else None


def installation(context: Context, acting: Acting) -> tuple[GalleryView, list[Finding]]:
    """What searches run on, and the findings of the check-up, in the order in which to read them."""
    acting.require(Right.STATUS)
    return gallery_status(context), examine(context)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many tasks of a kind wait for reviewers: all, those in the urgent lane, those that left it unanswered."""

    all: int
    urgent: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What is watched from outside. `stuck` counts what nobody may judge (see `desk_stuck`). `snapshot_age` is in
    seconds, `None` before the first reindex; `faces` counts those that searches find, `tail` those of them that are
    newer than the snapshot; `messages` those that wait or were given up.
    """

    waiting: dict[TaskKind, Waiting]
    stuck: dict[TaskKind, int]
    claims: int
    faces: int
    tail: int
    snapshot_age: float | None
    messages: dict[MessageState, int]


def figures(context: Context, acting: Acting) -> Figures:
    """How much work waits, and how old the snapshot is. It names nobody and is asked often, so it is not audited."""
    acting.require(Right.STATUS)
    now = context.clock()
    with context.store.read() as reading:
        waiting = {kind: Waiting(*counts) for kind, counts in reading.tasks.count_waiting(now).items()}
        stuck, claims = without_reviewers(reading), reading.claims.count_live(now)
        messages = {state: reading.outbox.count(state) for state in (MessageState.WAITING, MessageState.DEAD)}
    status = context.gallery.status()
    age = None if status.created_at is None else (now - status.created_at).total_seconds()
    return Figures(waiting, stuck, claims, status.size, status.tail_size, age, messages)
