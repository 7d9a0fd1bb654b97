"""Sightings, and the keys under which a sender may repeat one safely."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Table, exists, func, insert, select, tuple_, update

from matcher.domain.cases import PhotoState
from matcher.domain.ids import SightingId
from matcher.domain.positions import Position
from matcher.domain.records import Sighting
from matcher.errors import Conflict
from matcher.store.part import Part, batches
from matcher.store.tables import candidates, idempotency_keys, photos, sightings

_PLAIN = tuple(field.name for field in fields(Sighting) if field.name != "position")


@dataclass(frozen=True, slots=True)
class ListedSighting:
    """A sighting with what a list shows of it; it needs triage if some photo of it has no usable face."""

    sighting: Sighting
    photos: int
    candidates: int
    needs_triage: bool


class SightingReading(Part):
    """Sightings, by id or newest first."""

    __slots__ = ()

    def get(self, sighting_id: SightingId) -> Sighting | None:
        """The sighting of this id."""
        row = self._connection.execute(select(sightings).where(sightings.c.id == sighting_id)).one_or_none()
        return None if row is None else _sighting(row)

    def by_ids(self, ids: Iterable[SightingId]) -> dict[SightingId, Sighting]:
        """Those of the sightings that exist."""
        rows = (
            row
            for some in batches(list(ids))
            for row in self._connection.execute(select(sightings).where(sightings.c.id.in_(some)))
        )
        return {row.id: _sighting(row) for row in rows}

    def first_of(self, ids: Iterable[SightingId]) -> Sighting | None:
        """The one of these sightings that came first; of several at one time that of the lowest id."""
        order = sightings.c.created_at, sightings.c.id
        found = []
        for some in batches(sorted(ids)):
            query = select(sightings).where(sightings.c.id.in_(some)).order_by(*order).limit(1)
            found += [_sighting(row) for row in self._connection.execute(query)]
        return min(found, key=lambda one: (one.created_at, one.id), default=None)

    def count(self) -> int:
        """How many sightings are kept."""
        return self._connection.scalar(select(func.count()).select_from(sightings)) or 0

    def by_idempotency_key(self, key: str) -> tuple[SightingId, str] | None:
        """The sighting that was handed in under this key, and the digest of what was handed in."""
        query = select(idempotency_keys).where(idempotency_keys.c.key == key)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else (row.sighting_id, row.payload_digest)

    def merged_into(self, sighting_id: SightingId) -> list[SightingId]:
        """Those that are kept beside this one, in the order in which they came."""
        query = select(sightings.c.id).where(sightings.c.merged_into == sighting_id)
        return list(self._connection.scalars(query.order_by(sightings.c.created_at, sightings.c.id)))

    def disputed(self) -> Sequence[Sighting]:
        """Those that are hidden until an officer has decided, the longest disputed first."""
        query = select(sightings).where(sightings.c.disputed_at.is_not(None))
        return [_sighting(row) for row in self._connection.execute(query.order_by(sightings.c.disputed_at))]

    def list(
        self, after: SightingId | None = None, limit: int | None = None, needs_triage: bool | None = None
    ) -> Sequence[ListedSighting]:
        """Sightings, newest first, beginning behind `after`; all, or those that do or do not need triage."""
        place = tuple_(sightings.c.created_at, sightings.c.id)
        untold = exists().where(photos.c.sighting_id == sightings.c.id, photos.c.state == PhotoState.NO_USABLE_FACE)
        query = (
            select(sightings, _count(photos), _count(candidates), untold)
            .order_by(sightings.c.created_at.desc(), sightings.c.id.desc())
            .limit(limit)
        )
        if after is not None:
            last = select(sightings.c.created_at, sightings.c.id).where(sightings.c.id == after)
            query = query.where(place < last.scalar_subquery())
        if needs_triage is not None:
            query = query.where(untold if needs_triage else ~untold)
        return [ListedSighting(_sighting(row), row[-3], row[-2], row[-1]) for row in self._connection.execute(query)]


class SightingWriting(SightingReading):
    """Sightings, with their changes."""

    __slots__ = ()

    def add(self, sighting: Sighting, idempotency: tuple[str, str] | None = None) -> None:
        """Keep a new sighting under its sender's (key, payload digest); `Conflict` for a key that is taken."""
        if idempotency is not None and self.by_idempotency_key(idempotency[0]) is not None:
            raise Conflict(f"The idempotency key '{idempotency[0]}' was used before: ask for the sighting it names.")
        self._connection.execute(insert(sightings), _columns(sighting))
        if idempotency is not None:
            key, digest = idempotency
            self._connection.execute(
                insert(idempotency_keys), {"key": key, "sighting_id": sighting.id, "payload_digest": digest}
            )

    def merge(self, sighting_id: SightingId, into: SightingId | None) -> None:
        """Keep a sighting beside another one, or by itself again."""
        self._connection.execute(update(sightings).where(sightings.c.id == sighting_id).values(merged_into=into))

    def dispute(self, sighting_id: SightingId, at: datetime | None) -> None:
        """Hide a sighting since a time, or not any more."""
        self._connection.execute(update(sightings).where(sightings.c.id == sighting_id).values(disputed_at=at))


def in_dispute(sighting_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """The sighting of this id is hidden. Those are few, and an index has them alone: a query looks them up once."""
    return sighting_id.in_(select(sightings.c.id).where(sightings.c.disputed_at.is_not(None)))


def _count(table: Table) -> ScalarSelect[int]:
    return select(func.count()).where(table.c.sighting_id == sightings.c.id).scalar_subquery()


def _columns(sighting: Sighting) -> dict[str, Any]:
    position = sighting.position
    return {
        "lat": position.lat if position else None,
        "lon": position.lon if position else None,
        **{name: getattr(sighting, name) for name in _PLAIN},
    }


def _sighting(row: Row[Any]) -> Sighting:
    values = row._mapping
    return Sighting(
        position=None if row.lat is None else Position(row.lat, row.lon),
        **{name: values[name] for name in _PLAIN},
    )
