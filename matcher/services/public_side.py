"""`PublicSide`: all that reaches the public and comes from it, as `Matcher.public` gives it."""

from __future__ import annotations

from dataclasses import dataclass

from matcher.accounts.rights import Acting, Right
from matcher.domain.publications import CardState
from matcher.services.alerts import Alerts
from matcher.services.cards import Cards
from matcher.services.context import Context
from matcher.services.partners import Partners
from matcher.services.public_disputes import PublicDisputes
from matcher.services.report_desk import WAITING, Reports
from matcher.store.database import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much waits for a person; `None` for what is not theirs to do.

    `alerts` are cards and alerts that an officer may show or agree to, `partners` those that cannot be reached.
    """

    alerts: int | None
    reports: int | None
    disputes: int | None
    partners: int | None


class PublicSide:
    """Cards of children, alerts about them, the partners that carry both to people, and what people report."""

    def __init__(self, context: Context) -> None:
        self.cards = Cards(context)
        self.alerts = Alerts(context)
        self.partners = Partners(context)
        self.reports = Reports(context)
        self.disputes = PublicDisputes(context)
        self._context = context

    def waiting(self, acting: Acting) -> Waiting:
        """How much of it waits for somebody, each by its right."""
        rights = acting.rights
        with self._context.store.read() as reading:
            return Waiting(
                alerts=_publications(reading, acting) if Right.PUBLISH in rights else None,
                reports=sum(map(reading.reports.count, WAITING)) if Right.TRIAGE in rights else None,
                disputes=reading.reports.count_open_disputes() if Right.CONTACT in rights else None,
                partners=_failing(reading) if Right.PARTNERS in rights else None,
            )


def _publications(reading: Reading, acting: Acting) -> int:
    """Drafts, and what others propose: one's own proposals wait for somebody else."""
    proposals = (one.proposal for one in reading.alerts.proposed())
    others = sum(one is not None and one.by != acting.name for one in proposals)
    return reading.cards.count(CardState.DRAFT) + reading.alerts.drafts() + others


def _failing(reading: Reading) -> int:
    return sum(one.active and one.failing_since is not None for one in reading.partners.list())
