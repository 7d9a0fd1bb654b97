"""What nobody needs any more is deleted, with each reindex: it may tell of people, and would grow for ever."""

from __future__ import annotations

from datetime import timedelta

from matcher.services.context import Context
from matcher.services.report_doubts import COMPARED
from matcher.store.database import Transaction

_SENT = timedelta(days=30)  # long enough to ask a mail server or the receiver of a webhook what became of a message
_READ = timedelta(days=180)  # an inbox shows the newest; the audit log keeps what was decided
_SENDERS = timedelta(days=1)  # long enough to notice a flood
_TOLD = timedelta(days=365)  # whoever has not asked for so long begins anew
_DRAFTS = timedelta(days=14)  # whoever comes back from a holiday goes on where the lease ran out


def tidy(context: Context, transaction: Transaction) -> dict[str, int]:
    """Forget messages that were sent 30 days ago, notices that were read 180 days ago, and what was entered under
    leases that ran out 14 days ago and was never sealed; where reports and disputes came from a day ago, how reporters
    can be reached after the setting `contact_days`, the same of whoever disputed so long after the decision, with what
    they said; what photos look like that nothing is compared with any more, and what was told of alerts that ended a
    year ago. How many of each.
    """
    now = context.clock()
    contacts = timedelta(days=context.settings.contact_days)
    return {
        "senders": transaction.reports.forget_senders(now - _SENDERS),
        "contacts": transaction.reports.forget_contacts(now - contacts),
        "disputes": transaction.reports.forget_disputes(now - contacts),
        "likenesses": transaction.reports.forget_likenesses(now - COMPARED),
        "bulletins": transaction.alerts.forget_told(now - _TOLD),
        "messages": transaction.outbox.forget_sent(now - _SENT),
        "notices": transaction.notices.forget_read(now - _READ),
        "drafts": transaction.claims.forget_drafts(now - _DRAFTS),
    }
