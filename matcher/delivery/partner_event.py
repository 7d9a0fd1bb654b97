"""What a partner is told of an alert: one event, by whose data alone an app can show it, change it or take it away; and
at last that it is told nothing more, upon which it takes all away.
"""

from __future__ import annotations

from typing import Any

from matcher.delivery.webhook import envelope
from matcher.domain.ids import id_text
from matcher.services.alert_data import bulletin_data
from matcher.services.outbox import Errand


def event(errand: Errand, public_url: str | None) -> bytes:
    """The event's body. `data` is what the pull feed gives for the same bulletin."""
    told = errand.told
    if told is None:
        return envelope(errand.message, id_text(errand.message.about), {"version": 1})
    data: dict[str, Any] = bulletin_data(told, public_url, before=[one.number for one in errand.before])
    return envelope(errand.message, id_text(told.alert_id), data)
