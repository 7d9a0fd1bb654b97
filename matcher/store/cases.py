"""Cases and their changes of status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from matcher.domain.cases import Case, CaseDetails, CaseStatus, Confirmation, StatusChange
from matcher.domain.ids import CaseId
from matcher.domain.positions import Position
from matcher.errors import Conflict, NotFound
from matcher.store.part import Part, batches
from matcher.store.tables import cases, status_changes

# Fields of CaseDetails that are one column of the same name.
_PLAIN = tuple(
    field.name for field in fields(CaseDetails) if field.name not in ("other_names", "missing_since", "last_seen")
)


class CaseReading(Part):
    """Cases, by number or id."""

    __slots__ = ()

    def get(self, number: str) -> Case | None:
        """The case that people call `number`."""
        row = self._connection.execute(select(cases).where(cases.c.number == number)).one_or_none()
        return None if row is None else _case(row)

    def by_id(self, case_id: CaseId) -> Case | None:
        """The case of this id."""
        return self.by_ids([case_id]).get(case_id)

    def by_ids(self, case_ids: Iterable[CaseId]) -> dict[CaseId, Case]:
        """Those of the cases that exist."""
        found: dict[CaseId, Case] = {}
        for some in batches(sorted(set(case_ids))):
            rows = self._connection.execute(select(cases).where(cases.c.id.in_(some)))
            found.update((row.id, _case(row)) for row in rows)
        return found

    def list(
        self, status: CaseStatus | None = None, after: str | None = None, limit: int | None = None
    ) -> Sequence[Case]:
        """Cases ordered by number (by code point), beginning behind the number `after`."""
        query = select(cases).order_by(cases.c.number).limit(limit)
        if status is not None:
            query = query.where(cases.c.status == status)
        if after is not None:
            query = query.where(cases.c.number > after)
        return [_case(row) for row in self._connection.execute(query)]

    def count_by_status(self) -> dict[CaseStatus, int]:
        """How many cases stand in each status; every status is named."""
        rows = self._connection.execute(select(cases.c.status, func.count()).group_by(cases.c.status))
        return dict.fromkeys(CaseStatus, 0) | {row[0]: row[1] for row in rows}

    def status_changes(self, case_id: CaseId) -> Sequence[StatusChange]:
        """All moves of a case, first to last."""
        query = select(status_changes).where(status_changes.c.case_id == case_id).order_by(status_changes.c.number)
        return [_change(row) for row in self._connection.execute(query)]


class CaseWriting(CaseReading):
    """Cases, with their changes."""

    __slots__ = ()

    def add(self, case: Case) -> None:
        """Keep a new case; `Conflict` names a number that is taken."""
        self._require_free(case)
        self._connection.execute(insert(cases), _columns(case))

    def update(self, case: Case) -> None:
        """Replace what is kept of a case; `NotFound` for an unknown id, `Conflict` for a number that is taken."""
        self._require_free(case)
        changed = self._connection.execute(update(cases).where(cases.c.id == case.id).values(_columns(case)))
        if not changed.rowcount:
            raise NotFound(f"There is no case '{case.number}' to update.")

    def add_status_change(self, change: StatusChange) -> None:
        """Keep one more move of a case (the case itself is changed by `update`)."""
        confirmation = change.confirmation
        made = self._connection.scalar(
            select(func.count()).select_from(status_changes).where(status_changes.c.case_id == change.case_id)
        )
        self._connection.execute(
            insert(status_changes),
            {
                "case_id": change.case_id,
                "number": (made or 0) + 1,
                "old": change.old,
                "new": change.new,
                "confirmation_kind": confirmation.kind if confirmation else None,
                "confirmation_reference": confirmation.reference if confirmation else None,
                "actor": change.actor,
                "reason": change.reason,
                "at": change.at,
            },
        )

    def _require_free(self, case: Case) -> None:
        # Asked before writing and not read from the database's error, which ends the whole transaction in PostgreSQL.
        # No other writer can come between, since there is one lock for all.
        holder = self._connection.scalar(select(cases.c.id).where(cases.c.number == case.number))
        if holder not in (None, case.id):
            raise Conflict(f"The case number '{case.number}' is taken: choose another, or update that case.")


def _columns(case: Case) -> dict[str, Any]:
    details = case.details
    since = details.missing_since
    offset = since.utcoffset() if since else None
    return {
        "id": case.id,
        "number": case.number,
        "status": case.status,
        "created_at": case.created_at,
        "updated_at": case.updated_at,
        "other_names": list(details.other_names),
        "missing_since": since,
        "missing_since_offset": None if offset is None else int(offset.total_seconds()),
        "last_seen_lat": details.last_seen.lat if details.last_seen else None,
        "last_seen_lon": details.last_seen.lon if details.last_seen else None,
        **{name: getattr(details, name) for name in _PLAIN},
    }


def _case(row: Row[Any]) -> Case:
    values = row._mapping
    details = CaseDetails(
        other_names=tuple(row.other_names),
        missing_since=missing_since(row),
        last_seen=None if row.last_seen_lat is None else Position(row.last_seen_lat, row.last_seen_lon),
        **{name: values[name] for name in _PLAIN},
    )
    return Case(
        id=row.id,
        number=row.number,
        status=row.status,
        details=details,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def missing_since(row: Any) -> datetime | None:
    """The time from its two columns, in the time zone in which it was told: its day is a local one."""
    since: datetime | None = row.missing_since
    return None if since is None else since.astimezone(timezone(timedelta(seconds=row.missing_since_offset)))


def _change(row: Row[Any]) -> StatusChange:
    kind = row.confirmation_kind
    return StatusChange(
        case_id=row.case_id,
        old=row.old,
        new=row.new,
        confirmation=None if kind is None else Confirmation(kind, row.confirmation_reference),
        actor=row.actor,
        reason=row.reason,
        at=row.at,
    )
