"""Messages that leave this installation: which way, and how far they came. None holds anything about a child itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NewType

from matcher.domain.partners import PartnerId
from matcher.domain.people import PersonId

MessageId = NewType("MessageId", int)

LONGEST_WAIT = timedelta(days=1)  # until the next attempt: what is due later was put off by a clock that was wrong


class Channel(str, Enum):
    """A way out."""

    EMAIL = "email"
    WEBHOOK = "webhook"  # of the desk: that a pair waits, and nothing else
    PARTNER = "partner"  # of a partner: what the public is told


class MessageState(str, Enum):
    """How far a message came: `DEAD` is tried no more."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    OBSOLETE = "obsolete"  # what it tells is over or was erased before it could be sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message by one channel. Its id stays the same however often it is sent, so that a receiver knows it again.

    `kind` is a word for what happened, such as "pair.escalated"; `about` the id of what it happened to. An e-mail is
    for a person, whose address is looked up when it is sent; so is what a partner is told. `due_at` is the next attempt
    of one that waits, and the end of the last one otherwise. `error` is a word for why the last one failed, such as
    "http_500", with no content.
    """

    id: MessageId
    channel: Channel
    kind: str
    about: int
    person_id: PersonId | None = None
    created_at: datetime
    due_at: datetime
    partner_id: PartnerId | None = None
    attempts: int = 0
    state: MessageState = MessageState.WAITING
    error: str | None = None
