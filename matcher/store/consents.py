"""Consents, kept with their case: what was withdrawn stays as withdrawn, and all go when the case is erased."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, insert, select, update

from matcher.domain.consents import Consent, ConsentId, Scope
from matcher.domain.ids import CaseId
from matcher.store.part import Part, batches
from matcher.store.tables import consents


class ConsentReading(Part):
    """Consents, by id or case."""

    __slots__ = ()

    def get(self, consent_id: ConsentId) -> Consent | None:
        """The consent of this id."""
        found = self._where(consents.c.id == consent_id)
        return found[0] if found else None

    def of_case(self, case_id: CaseId) -> list[Consent]:
        """All consents of a case, first recorded first."""
        return self._where(consents.c.case_id == case_id)

    def of_cases(self, case_ids: Iterable[CaseId]) -> dict[CaseId, list[Consent]]:
        """The consents of several cases; a case without one has an empty list."""
        wanted = sorted(set(case_ids))
        found: dict[CaseId, list[Consent]] = {case_id: [] for case_id in wanted}
        for some in batches(wanted):
            for one in self._where(consents.c.case_id.in_(some)):
                found[one.case_id].append(one)
        return found

    def _where(self, condition: ColumnElement[bool]) -> list[Consent]:
        query = select(consents).where(condition).order_by(consents.c.recorded_at, consents.c.id)
        return [_consent(row) for row in self._connection.execute(query).mappings()]


class ConsentWriting(ConsentReading):
    """Consents, with their changes."""

    __slots__ = ()

    def add(self, consent: Consent) -> None:
        """Keep a new consent of a kept case."""
        self._connection.execute(insert(consents), _columns(consent))

    def withdraw(self, consent_id: ConsentId, at: datetime, by: str) -> None:
        """Note when a consent was withdrawn, and who recorded it."""
        changed = update(consents).where(consents.c.id == consent_id)
        self._connection.execute(changed.values(withdrawn_at=at, withdrawn_by=by))


def _columns(consent: Consent) -> dict[str, Any]:
    values = {field.name: getattr(consent, field.name) for field in fields(consent)}
    return values | {"scopes": [scope.value for scope in consent.scopes]}


def _consent(row: RowMapping) -> Consent:
    return Consent(**{**row, "scopes": tuple(map(Scope, row["scopes"]))})
