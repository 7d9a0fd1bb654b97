"""What is to be sent, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, not_, or_, select, update

from matcher.domain.messages import LONGEST_WAIT, Channel, Message, MessageId, MessageState
from matcher.domain.partners import FAREWELL, LONGEST_REST, TURN, PartnerId
from matcher.store.desk_tables import outbox
from matcher.store.part import Part
from matcher.store.public_tables import partners

_FIELDS = tuple(field.name for field in fields(Message))
_ORDER = outbox.c.due_at, outbox.c.about, outbox.c.id  # bulletins of one moment by their numbers
_TOLD = outbox.c.kind == FAREWELL, outbox.c.about, outbox.c.id  # one partner: by their numbers, its farewell last


class OutboxReading(Part):
    """Messages by state and time."""

    __slots__ = ()

    def next_due(self, channels: Collection[Channel], now: datetime) -> Message | None:
        """The waiting message of these channels that has been due longest, or what its partner is to be told before it.

        None to a partner that is given a rest, or that somebody tells something.
        """
        due = select(outbox).where(_due(channels, now)).limit(1)
        found = self._one(due.order_by(*_ORDER))
        if found is None or found.partner_id is None:
            return found
        return self._one(due.where(outbox.c.partner_id == found.partner_id).order_by(*_TOLD))

    def _one(self, query: Select[Any]) -> Message | None:
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
        """Begin an attempt, and give the message with it counted: it is due again only then."""
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

    def drop(self, partner_id: PartnerId, at: datetime) -> int:
        """Let nothing more be sent to a partner: how many messages waited for it, or were given up."""
        unsent = and_(outbox.c.partner_id == partner_id, outbox.c.state.in_((MessageState.WAITING, MessageState.DEAD)))
        values = {"state": MessageState.OBSOLETE, "due_at": at}
        return self._connection.execute(update(outbox).where(unsent).values(values)).rowcount

    def hasten(self, partner_id: PartnerId, now: datetime) -> int:
        """Let all that waits for a partner be due: how many messages were put off."""
        late = and_(outbox.c.partner_id == partner_id, outbox.c.state == MessageState.WAITING, outbox.c.due_at > now)
        return self._connection.execute(update(outbox).where(late).values(due_at=now)).rowcount

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
    resting = _ahead(partners.c.retry_at, now, LONGEST_REST)
    engaged = _ahead(partners.c.engaged_until, now, TURN)
    put_off = and_(outbox.c.attempts > 0, _ahead(outbox.c.due_at, now, LONGEST_WAIT))
    return and_(
        outbox.c.state == MessageState.WAITING,
        not_(put_off),
        outbox.c.channel.in_(channels),
        or_(
            outbox.c.partner_id.is_(None),
            outbox.c.partner_id.not_in(select(partners.c.id).where(or_(resting, engaged))),
        ),
    )


def _ahead(time: ColumnElement[datetime], now: datetime, longest: timedelta) -> ColumnElement[bool]:
    """Whether a time is still to come. One further ahead than anything is put off was written by a wrong clock."""
    return and_(time > now, time <= now + longest)
