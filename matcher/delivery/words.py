"""What a message says: what happened, the shown id of the task, where the desk is; nothing about a child or a photo."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.config import Settings
from matcher.domain.ids import id_text
from matcher.domain.messages import Message

_SAID = {
    "pair.escalated": "A pair waits for an officer: reviewers agree, or a supervisor passed it on.",
    "dispute.received": "Somebody says that a card should not be shown: an officer has to look at once.",
    "pair.disputed": "A pair waits for a supervisor: reviewers do not agree.",
}
# Of what the id is, on which page of the desk it stands, and what to do.
_WHERE = {
    "pair": ("task", "inbox", "Look into your inbox."),
    "dispute": ("dispute", "disputes", "Look at the disputes on the desk, or with `matcher report disputes`."),
}


@dataclass(frozen=True, slots=True)
class Words:
    """All that leaves this installation about one happening: the id of what it is about, and `page` at its address."""

    sentence: str
    advice: str
    about: str
    id: str
    page: str
    address: str | None


def words_of(message: Message, settings: Settings) -> Words:
    """The words for a message; `KeyError` for a kind that nobody wrote a sentence for."""
    about, page, advice = _WHERE[message.kind.partition(".")[0]]
    address = None if settings.desk_url is None else f"{settings.desk_url.rstrip('/')}/{page}"
    return Words(_SAID[message.kind], advice, about, id_text(message.about), page, address)
