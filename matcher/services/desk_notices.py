"""A person's inbox."""

from __future__ import annotations

from collections.abc import Iterable

from matcher.accounts.rights import Acting, Right
from matcher.domain.ids import id_text, parse_id
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_claims import reviewer
from matcher.services.desk_views import NoticeView


def notices(context: Context, acting: Acting, limit: int = 50) -> list[NoticeView]:
    """One's own notices, newest first."""
    acting.require(Right.OWN_ACCOUNT)
    with context.store.read() as reading:
        return [
            NoticeView(id_text(one.id), one.kind, id_text(one.task_id), one.created_at, one.read_at)
            for one in reading.notices.of(acting.id, limit)
        ]


def mark_read(context: Context, acting: Acting, notice_ids: Iterable[str]) -> None:
    """Note that one has read notices; ids of others' change nothing."""
    acting.require(Right.OWN_ACCOUNT)
    wanted = [parse_id(one) for one in notice_ids]
    with context.store.write() as transaction:
        transaction.notices.read(acting.id, wanted, context.clock())
        record(context, transaction, reviewer(acting), Trace("notice.read", wanted))
