"""What leaves this installation: written with the change that it tells of, sent afterwards by `matcher.delivery`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from matcher.domain.ids import id_text, new_id
from matcher.domain.messages import Channel, Message, MessageId, MessageState
from matcher.domain.people import PersonId, Role
from matcher.domain.reviews import TaskId, TaskState
from matcher.services.context import Context
from matcher.store.database import Transaction

_PAIR_WAITS = {TaskState.ESCALATED: Role.OFFICER, TaskState.DISPUTED: Role.SUPERVISOR}


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as operators see it; `to` is the name of an account."""

    id: str
    channel: Channel
    kind: str
    about: str
    to: str | None
    state: MessageState
    created_at: datetime
    attempts: int
    due_at: datetime
    error: str | None


def tell_of_pair(context: Context, transaction: Transaction, task: TaskId, state: TaskState) -> None:
    """Tell those who have to decide about a pair next: in their inbox, by e-mail if they have one, and by webhook."""
    if state not in _PAIR_WAITS:
        return
    now = context.clock()
    told = transaction.notices.tell(_PAIR_WAITS[state], state.value, task, now)

    def message(channel: Channel, person: PersonId | None = None) -> Message:
        return Message(
            id=MessageId(new_id()),
            channel=channel,
            kind=f"pair.{state.value}",
            about=task,
            person_id=person,
            created_at=now,
            due_at=now,
        )

    channels = channels_of(context)
    if Channel.EMAIL in channels:
        reached = transaction.people.by_ids(told)
        transaction.outbox.add(message(Channel.EMAIL, person) for person in told if reached[person].email)
    if Channel.WEBHOOK in channels:
        transaction.outbox.add([message(Channel.WEBHOOK)])


def channels_of(context: Context) -> frozenset[Channel]:
    """The ways out that the settings give."""
    ways = {Channel.EMAIL: context.settings.smtp_host, Channel.WEBHOOK: context.settings.webhook_url}
    return frozenset(channel for channel, way in ways.items() if way is not None)


def begin(context: Context, lease: timedelta) -> tuple[Message, str | None] | None:
    """Take the message that has been due longest, for the time of a lease, with the e-mail address that it goes to now.

    No address: the account has none any more, or has ended. `None` if nothing is due. Nobody else is given the message
    while the lease holds. If the sender dies meanwhile, it is given out once more, whether or not it was sent.
    """
    channels, now = channels_of(context), context.clock()
    with context.store.read() as reading:  # nearly always there is nothing, and then no writer waits for this
        if reading.outbox.next_due(channels, now) is None:
            return None
    with context.store.write() as transaction:
        found = transaction.outbox.next_due(channels, now)
        if found is None:
            return None
        leased = transaction.outbox.lease(found, now + lease)
        person = None if found.person_id is None else transaction.people.get(found.person_id)
    return leased, person.email if person is not None and person.active else None


def end(context: Context, message: Message, error: str | None, again_in: timedelta | None) -> MessageState:
    """Note what became of an attempt: without an error it was sent; otherwise it waits for the next one, or is dead."""
    now = context.clock()
    with context.store.write() as transaction:
        if error is None:
            transaction.outbox.sent(message.id, now)
            return MessageState.SENT
        transaction.outbox.failed(message, error, now + (again_in or timedelta()), dead=again_in is None)
    return MessageState.DEAD if again_in is None else MessageState.WAITING


def revive(context: Context) -> int:
    """Let all dead messages be tried again; how many there were."""
    with context.store.write() as transaction:
        return transaction.outbox.revive(context.clock())


def count(context: Context, state: MessageState) -> int:
    """How many messages are in a state."""
    with context.store.read() as reading:
        return reading.outbox.count(state)


def listed(context: Context, states: Collection[MessageState], limit: int | None = None) -> Sequence[MessageView]:
    """Messages of these states, those that are due first before the others."""
    with context.store.read() as reading:
        found = reading.outbox.list(states, limit)
        names = reading.people.by_ids({one.person_id for one in found if one.person_id is not None})
    return [
        MessageView(
            id=id_text(one.id),
            channel=one.channel,
            kind=one.kind,
            about=id_text(one.about),
            to=None if one.person_id is None else names[one.person_id].name,
            state=one.state,
            created_at=one.created_at,
            attempts=one.attempts,
            due_at=one.due_at,
            error=one.error,
        )
        for one in found
    ]
