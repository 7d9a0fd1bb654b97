"""The audit log of a home, for those who answer for it: proved, reported on, exported, deposited and shortened."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

from matcher.interchange.cells import one_of
from matcher.services import audit_report, audit_trail
from matcher.services.audit_report import Acts, ReportView, Wanted
from matcher.services.audit_trail import DepositedHead, ExportView, Period, ShorteningView
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.store.chain import ChainReport


class AuditLog:
    """`Matcher.audit_log`. Days are those of UTC, and `until` is the last one that counts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def verify(self, head: str | Path | None = None) -> ChainReport:
        """Recompute the chain and say which is the first entry that is not what was written.

        With the file of a deposited `head`, also whether that head is still in it: `WrongUse` for another file,
        `Conflict` for a head that is older than the log's beginning.
        """
        if head is not None:
            return audit_trail.verify_against(self._context, Path(head))
        with self._context.store.read() as reading:
            return audit_trail.verify(self._context, reading)

    def report(
        self,
        acts: Acts | str = Acts.SEARCHES,
        *,
        since: date | None = None,
        until: date | None = None,
        with_words: bool = False,
        **about: str | None,
    ) -> ReportView:
        """Who did what, when and why; `about` may name an `actor`, a `case` and a `sighting`."""
        wanted = Wanted(acts=one_of(Acts)(acts), period=_period(since, until), **about)
        return audit_report.report(self._context, wanted, with_words=with_words)

    def export(self, file: str | Path, *, since: date | None = None, until: date | None = None) -> ExportView:
        """Write entries to a new file, one line of JSON each, as they stand in the chain and without their notes."""
        return audit_trail.export(self._context, Path(file), _period(since, until))

    def deposit_head(self, file: str | Path) -> DepositedHead:
        """Write the last entry's number and hash, signed, to a new file, which proves something only elsewhere."""
        return audit_trail.deposit_head(self._context, Path(file))

    def shorten(
        self,
        *,
        actor: str,
        reason: str | None = None,
        before: date | None = None,
        export_to: str | Path | None = None,
    ) -> ShorteningView:
        """Remove the entries of before a day, default `audit_days` ago, and leave a signed checkpoint.

        `WrongUse` for a day less than 180 days ago, `Damaged` for a log that is not whole.
        """
        who = Who(actor, ReasonCode.MAINTENANCE, reason)
        limit = None if before is None else _midnight(before)
        file = None if export_to is None else Path(export_to)
        return audit_trail.shorten(self._context, who, before=limit, export_to=file)


def _period(since: date | None, until: date | None) -> Period:
    start = None if since is None else _midnight(since)
    return Period(start, None if until is None else _midnight(until) + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.utc)
