"""What is to be sent, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from matcher.domain.messages import Channel, Message, MessageId, MessageState
from matcher.domain.partners import FAREWELL, PartnerId
from matcher.store.desk_tables import outbox
from matcher.store.part import Part
from matcher.store.public_tables import partners

_FIELDS = tuple(field.name for field in fields(Message))
_ORDER = outbox.c.due_at, outbox.c.about, outbox.c.id  # bulletins of one moment by their numbers


class OutboxReading(Part):
    """Messages by state and time."""

    __slots__ = ()

    def next_due(self, channels: Collection[Channel], now: datetime) -> Message | None:
        """The waiting message of these channels that has been due longest; none to a partner that is given a rest."""
        query = select(outbox).where(_due(channels, now)).order_by(*_ORDER).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else Message(**row)

    def list(self, states: Collection[MessageState], limit: int | None = None) -> Sequence[Message]:
        """Messages of these states, those that are due first before the others."""
        query = select(outbox).where(outbox.c.state.in_(states)).order_by(*_ORDER).limit(limit)
        return [Message(**row) for row in self._connection.execute(query).mappings()]

    def count(
        self, state: MessageState, *, created_before: datetime | None = None, since: datetime | None = None
    ) -> int:
        """How many are in a state; only those made before a time, only those that were due at or after another."""
        query = select(func.count()).select_from(outbox).where(outbox.c.state == state)
        if created_before is not None:
            query = query.where(outbox.c.created_at < created_before)
        if since is not None:
            query = query.where(outbox.c.due_at >= since)
        return self._connection.scalar(query) or 0


class OutboxWriting(OutboxReading):
    """Messages, with their changes."""

    __slots__ = ()

    def add(self, messages: Iterable[Message]) -> None:
        """Keep new messages."""
        new = [{name: getattr(one, name) for name in _FIELDS} for one in messages]
        if new:
            self._connection.execute(insert(outbox), new)

    def lease(self, message: Message, until: datetime) -> Message:
        """Begin an attempt, and give the message with it counted: until then it is due for nobody else."""
        leased = replace(message, attempts=message.attempts + 1, due_at=until)
        values = {"due_at": leased.due_at, "attempts": leased.attempts}
        self._connection.execute(update(outbox).where(outbox.c.id == message.id).values(values))
        return leased

    def sent(self, message_id: MessageId, at: datetime) -> None:
        """Note that a message has gone, even if it was given up meanwhile."""
        values = {"state": MessageState.SENT, "due_at": at, "error": None}
        self._connection.execute(update(outbox).where(outbox.c.id == message_id).values(values))

    def obsolete(self, message_id: MessageId, at: datetime) -> None:
        """Note that a message is not sent any more."""
        values = {"state": MessageState.OBSOLETE, "due_at": at, "error": None}
        self._connection.execute(update(outbox).where(outbox.c.id == message_id).values(values))

    def drop_waiting(self, partner_id: PartnerId, at: datetime) -> int:
        """Let nothing more be sent to a partner: how many messages waited for it."""
        waiting = and_(outbox.c.partner_id == partner_id, outbox.c.state == MessageState.WAITING)
        values = {"state": MessageState.OBSOLETE, "due_at": at}
        return self._connection.execute(update(outbox).where(waiting).values(values)).rowcount

    def failed(self, tried: Message, error: str, due_at: datetime, *, dead: bool) -> bool:
        """Note that an attempt failed, and when the next one is due, or that none will be.

        False, and nothing changes, if `tried` is not the last attempt: its lease has ended and another has begun.
        """
        state = MessageState.DEAD if dead else MessageState.WAITING
        mine = and_(
            outbox.c.id == tried.id, outbox.c.attempts == tried.attempts, outbox.c.state == MessageState.WAITING
        )
        query = update(outbox).where(mine).values(state=state, due_at=due_at, error=error)
        return bool(self._connection.execute(query).rowcount)

    def forget_sent(self, before: datetime) -> int:
        """Delete the messages that were sent, or not needed any more, before a time; how many there were."""
        ended = outbox.c.state.in_((MessageState.SENT, MessageState.OBSOLETE))
        old = and_(ended, outbox.c.due_at < before)
        return self._connection.execute(delete(outbox).where(old)).rowcount

    def revive(self, now: datetime) -> int:
        """Let all dead messages wait again, as if they were new; how many there were."""
        values = {"state": MessageState.WAITING, "due_at": now, "attempts": 0}
        query = update(outbox).where(outbox.c.state == MessageState.DEAD).values(values)
        return self._connection.execute(query).rowcount


def _due(channels: Collection[Channel], now: datetime) -> ColumnElement[bool]:
    resting = select(partners.c.id).where(
        or_(partners.c.retry_at > now, and_(partners.c.ended_at.is_not(None), outbox.c.kind != FAREWELL))
    )
    return and_(
        outbox.c.state == MessageState.WAITING,
        outbox.c.due_at <= now,
        outbox.c.channel.in_(channels),
        or_(outbox.c.partner_id.is_(None), outbox.c.partner_id.not_in(resting)),
    )
