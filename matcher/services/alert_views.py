"""Alerts as the desk sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from matcher.domain.alerts import Alert, AlertEnd, AlertState, Circle, Meant, Terms
from matcher.domain.ids import id_text
from matcher.store.database import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """What one officer wants and another has to agree to."""

    terms: Terms
    meant: Meant
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert as the desk sees it. `circle` is where it is heard now; `told` counts what was told of it."""

    id: str
    case_id: str
    card: str
    state: AlertState
    active: bool
    meant: Meant | None
    terms: Terms
    circle: Circle
    grows_at: datetime | None
    proposal: ProposalView | None
    told: int
    drafted_by: str
    drafted_at: datetime
    issued_by: tuple[str, ...]
    issued_at: datetime | None
    updated_at: datetime
    ended_at: datetime | None
    ended_because: AlertEnd | None
    ended_by: str | None


def view(reading: Reading, alert: Alert, now: datetime) -> AlertView:
    """An alert with what is known around it."""
    case = reading.cases.by_ids([alert.case_id])[alert.case_id]
    card = reading.cards.get(alert.card_id)
    proposal = alert.proposal
    same = {name: getattr(alert, name) for name in AlertView.__dataclass_fields__ if hasattr(alert, name)}
    told: dict[str, Any] = {
        "id": id_text(alert.id),
        "case_id": case.number,
        "card": "" if card is None else card.code,
        "active": alert.active(now),
        "circle": alert.terms.circle(now),
        "told": len(reading.alerts.bulletins_of(alert.id)),
        "proposal": None
        if proposal is None
        else ProposalView(terms=proposal.terms, meant=proposal.meant, by=proposal.by, at=proposal.at),
    }
    return AlertView(**{**same, **told})
