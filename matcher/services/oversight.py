"""What people see who watch over a home: the audit log and the state of the installation, and no child."""

from __future__ import annotations

from matcher.accounts.rights import Acting, Right
from matcher.domain.records import AuditRecord
from matcher.services.checks import gallery_status
from matcher.services.context import Context
from matcher.services.doctor import Finding, examine
from matcher.services.views import GalleryView


def audit_page(context: Context, acting: Acting, after: int, limit: int) -> tuple[list[AuditRecord], int | None]:
    """Up to `limit` (≥ 1) entries with numbers above `after` (≥ 0), rising; and the `after` of the next page, or `None`
    at the end.
    """
    acting.require(Right.AUDIT_READ)
    with context.store.read() as reading:
        found = reading.audit.records(after, limit + 1)
    shown = found[:limit]
    return shown, shown[-1].number if len(found) > limit else None


def latest_audit(
    context: Context, acting: Acting, before: int | None, limit: int
) -> tuple[list[AuditRecord], int | None]:
    """Up to `limit` (≥ 1) entries with numbers below `before`, or the last ones, falling; and the next page's `before`,
    or `None` at the beginning of the log.
    """
    acting.require(Right.AUDIT_READ)
    with context.store.read() as reading:
        found = reading.audit.latest(before, limit + 1)
    shown = found[:limit]
    return shown, shown[-1].number if len(found) > limit else None


def installation(context: Context, acting: Acting) -> tuple[GalleryView, list[Finding]]:
    """What searches run on, and the findings of the check-up, in the order in which to read them."""
    acting.require(Right.STATUS)
    return gallery_status(context), examine(context)
