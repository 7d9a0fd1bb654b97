"""What leaves this installation: written with the change that it tells of, sent afterwards by `matcher.delivery`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from matcher.domain.alerts import Bulletin, BulletinKind
from matcher.domain.ids import id_text, new_id
from matcher.domain.messages import LONGEST_WAIT, Channel, Message, MessageId, MessageState
from matcher.domain.partners import FAREWELL, TURN, Partner, PartnerId
from matcher.domain.people import Person, PersonId, Role
from matcher.domain.reports import DisputeId
from matcher.domain.reviews import TaskId, TaskState
from matcher.services.context import Context
from matcher.services.sealed_text import open_text
from matcher.store.database import Reading, Transaction
from matcher.store.keystore import PARTNERS

_DISPUTE = "dispute.received"
_PAIR_WAITS = {TaskState.ESCALATED: Role.OFFICER, TaskState.DISPUTED: Role.SUPERVISOR}


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as operators see it; `to` is the name of an account, or of a partner, who is told of the bulletin of
    the number `about`.
    """

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


def tell_of_dispute(context: Context, transaction: Transaction, dispute: DisputeId) -> None:
    """Tell all officers by e-mail, and by webhook, that somebody disputes a card."""
    now, channels = context.clock(), channels_of(context)
    officers = [one for one in transaction.people.list() if one.active and Role.OFFICER in one.roles and one.email]
    ways: list[tuple[Channel, PersonId | None]] = [
        (Channel.EMAIL, one.id) for one in officers if Channel.EMAIL in channels
    ]
    if Channel.WEBHOOK in channels:
        ways.append((Channel.WEBHOOK, None))
    transaction.outbox.add(
        Message(
            id=MessageId(new_id()),
            channel=channel,
            kind=_DISPUTE,
            about=dispute,
            person_id=person,
            created_at=now,
            due_at=now,
        )
        for channel, person in ways
    )


def channels_of(context: Context) -> frozenset[Channel]:
    """The ways out that the settings give; partners are told wherever there are some."""
    ways = {Channel.EMAIL: context.settings.smtp_host, Channel.WEBHOOK: context.settings.webhook_url}
    return frozenset(channel for channel, way in ways.items() if way is not None) | {Channel.PARTNER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A message that is to be sent now, with what is known of where to.

    `address` is that of an e-mail: none if the account has none any more, or has ended. A `partner` is told `told`,
    which names the bulletins before it in `before`, or else that it is told nothing more; `secret_of` opens `sealed`.
    """

    message: Message
    address: str | None = None
    partner: Partner | None = None
    sealed: bytes | None = field(default=None, repr=False)
    told: Bulletin | None = None
    before: Sequence[Bulletin] = ()


def begin(context: Context, lease: timedelta) -> Errand | None:
    """Take the message that has been due longest, for the time of a lease; `None` if nothing is due.

    Nobody else is given the message while the lease holds. A partner is told all in the order of their numbers: while
    somebody tells it something, nothing for it is given out. If the sender dies meanwhile, the message is given out
    once more, whether or not it was sent. What is not true any more is passed over for good.
    """
    now = context.clock()
    channels = channels_of(context) if context.settings.send_messages else frozenset()  # what waits is sent later
    with context.store.read() as reading:  # nearly always there is nothing, and then no writer waits for this
        if reading.outbox.next_due(channels, now) is None:
            return None
    with context.store.write() as transaction:
        while (found := transaction.outbox.next_due(channels, now)) is not None:
            errand = _errand(context, transaction, found)
            if errand is None:
                transaction.outbox.obsolete(found.id, now)
                continue
            if errand.partner is None:
                return replace(errand, message=transaction.outbox.lease(found, now + lease))
            engaged = transaction.partners.engage(errand.partner, now + TURN)
            return replace(errand, message=transaction.outbox.lease(found, min(found.due_at, now)), partner=engaged)
    return None


def _errand(context: Context, reading: Reading, message: Message) -> Errand | None:
    """Where a message goes and what it needs on its way; `None` if nobody is to hear it any more."""
    if message.partner_id is not None:
        return _errand_to(context, reading, message, message.partner_id)
    if message.kind == _DISPUTE:
        dispute = reading.reports.dispute(DisputeId(message.about))
        if dispute is None or dispute.decided_at is not None:
            return None
    person = None if message.person_id is None else reading.people.get(message.person_id)
    return Errand(message=message, address=person.email if person is not None and person.active else None)


def _errand_to(context: Context, reading: Reading, message: Message, partner_id: PartnerId) -> Errand | None:
    partner, sealed = reading.partners.get(partner_id), reading.partners.secret(partner_id)
    if partner is None or sealed is None:
        return None
    if message.kind == FAREWELL:
        return Errand(message=message, partner=partner, sealed=sealed)
    told = reading.alerts.bulletin(message.about)
    if told is None or not partner.active or not _holds(context, reading, told):
        return None
    before = [one for one in reading.alerts.bulletins_of(told.alert_id) if one.number < told.number]
    return Errand(message=message, partner=partner, sealed=sealed, told=told, before=before)


def _holds(context: Context, reading: Reading, told: Bulletin) -> bool:
    """Whether a bulletin is still to be told: an end always, all else while nothing newer was said of the alert.

    An older one may show what was hidden since.
    """
    if told.kind is BulletinKind.CANCEL:
        return True
    alert = reading.alerts.get(told.alert_id)
    newest = alert is not None and alert.active(context.clock()) and alert.bulletin == told.number
    return newest and told.content is not None


def secret_of(context: Context, errand: Errand) -> str:
    """What a partner knows us by; `Damaged` or `KeyProblem` if it cannot be read."""
    if errand.partner is None or errand.sealed is None:
        raise ValueError("this errand goes to no partner")
    return open_text(context, PARTNERS, errand.partner.name, errand.sealed)


def end(context: Context, message: Message, error: str | None, again_in: timedelta | None) -> MessageState:
    """Note what became of an attempt: without an error it was sent; otherwise it waits for the next one, or is dead."""
    now = context.clock()
    with context.store.write() as transaction:
        if error is None:
            transaction.outbox.sent(message.id, now)
            return MessageState.SENT
        transaction.outbox.failed(message, error, now + (again_in or timedelta()), dead=again_in is None)
    return MessageState.DEAD if again_in is None else MessageState.WAITING


def end_with_partner(
    context: Context, errand: Errand, error: str | None, *, rest: timedelta | None, dead: bool
) -> MessageState:
    """Note what became of an attempt to tell a partner.

    With a `rest` the partner itself failed: until then it is told nothing, and this message stays the first in its row.
    Without one, it is this message that it does not take, which waits for a day. Since when nothing was taken is noted
    all the same, so that a partner that takes none at all is told of.
    """
    now, message, partner = context.clock(), errand.message, errand.partner
    if partner is None:
        raise ValueError("this errand goes to no partner")
    with context.store.write() as transaction:
        transaction.partners.release(partner)
        if error is None:
            transaction.partners.reached(partner.id)
            transaction.outbox.sent(message.id, now)
            return MessageState.SENT
        known = transaction.partners.get(partner.id) or partner
        transaction.partners.missed(known, now, None if rest is None else now + rest)
        # What a clock that was ahead wrote is due from now on.
        again = now if dead else now + LONGEST_WAIT if rest is None else min(message.due_at, now)
        transaction.outbox.failed(message, error, again, dead=dead)
    return MessageState.DEAD if dead else MessageState.WAITING


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
        partners = {one.id: one.name for one in reading.partners.list()}
    return [
        MessageView(
            id=id_text(one.id),
            channel=one.channel,
            kind=one.kind,
            about=id_text(one.about) if one.partner_id in (None, one.about) else str(one.about),
            to=_receiver(one, names, partners),
            state=one.state,
            created_at=one.created_at,
            attempts=one.attempts,
            due_at=one.due_at,
            error=one.error,
        )
        for one in found
    ]


def _receiver(message: Message, people: Mapping[PersonId, Person], partners: Mapping[PartnerId, str]) -> str | None:
    if message.partner_id is not None:
        return partners[message.partner_id]
    return None if message.person_id is None else people[message.person_id].name
