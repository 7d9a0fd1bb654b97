"""`PublicSide`: all that reaches the public and comes from it, as `Matcher.public` gives it."""

from __future__ import annotations

from matcher.services.alerts import Alerts
from matcher.services.cards import Cards
from matcher.services.context import Context
from matcher.services.partners import Partners
from matcher.services.public_disputes import PublicDisputes
from matcher.services.report_desk import Reports


class PublicSide:
    """Cards of children, alerts about them, the partners that carry both to people, and what people report."""

    def __init__(self, context: Context) -> None:
        self.cards = Cards(context)
        self.alerts = Alerts(context)
        self.partners = Partners(context)
        self.reports = Reports(context)
        self.disputes = PublicDisputes(context)
