"""Partners, and how sending to them goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import and_, insert, select, update

from matcher.domain.partners import Partner, PartnerId
from matcher.store.part import Part
from matcher.store.public_tables import partners

_FIELDS = tuple(field.name for field in fields(Partner))
_COLUMNS = [partners.c[name] for name in _FIELDS]


class PartnerReading(Part):
    """Partners by id or name."""

    __slots__ = ()

    def get(self, partner_id: PartnerId) -> Partner | None:
        """The partner of this id."""
        row = self._connection.execute(select(*_COLUMNS).where(partners.c.id == partner_id)).mappings().one_or_none()
        return None if row is None else Partner(**row)

    def by_name(self, name: str) -> Partner | None:
        """The partner of this name."""
        row = self._connection.execute(select(*_COLUMNS).where(partners.c.name == name)).mappings().one_or_none()
        return None if row is None else Partner(**row)

    def list(self) -> Sequence[Partner]:
        """All partners by name, those that ended among them."""
        found = [Partner(**row) for row in self._connection.execute(select(*_COLUMNS)).mappings()]
        return sorted(found, key=lambda one: one.name)

    def secret(self, partner_id: PartnerId) -> bytes | None:
        """The sealed secret of a partner."""
        return self._connection.scalar(select(partners.c.secret).where(partners.c.id == partner_id))


class PartnerWriting(PartnerReading):
    """Partners, with their changes."""

    __slots__ = ()

    def add(self, partner: Partner, secret: bytes) -> None:
        """Keep a new partner with its sealed secret."""
        self._connection.execute(
            insert(partners), {name: getattr(partner, name) for name in _FIELDS} | {"secret": secret}
        )

    def change(self, partner: Partner, secret: bytes | None = None) -> None:
        """Keep a partner as it is now, with another secret if one is given."""
        values = {name: getattr(partner, name) for name in _FIELDS}
        if secret is not None:
            values["secret"] = secret
        self._connection.execute(update(partners).where(partners.c.id == partner.id).values(**values))

    def engage(self, partner: Partner, until: datetime) -> Partner:
        """Note that somebody tells a partner something: until then, or its release, it is told nothing else."""
        self._connection.execute(update(partners).where(partners.c.id == partner.id).values(engaged_until=until))
        return replace(partner, engaged_until=until)

    def release(self, partner: Partner) -> None:
        """Note that who engaged a partner so has done with it; whoever engaged it since has not."""
        mine = and_(partners.c.id == partner.id, partners.c.engaged_until == partner.engaged_until)
        self._connection.execute(update(partners).where(mine).values(engaged_until=None))

    def reached(self, partner_id: PartnerId) -> None:
        """Note that an attempt had success."""
        fine = {"failures": 0, "failing_since": None, "retry_at": None}
        self._connection.execute(update(partners).where(partners.c.id == partner_id).values(**fine))

    def missed(self, partner: Partner, now: datetime, retry_at: datetime | None) -> None:
        """Note that an attempt had none, and until when there is no other if the partner itself failed.

        What it refused makes no later rest longer.
        """
        since = min(partner.failing_since or now, now)  # a clock may have been wrong
        failures = partner.failures + (retry_at is not None)
        values = {"failures": failures, "failing_since": since, "retry_at": retry_at}
        self._connection.execute(update(partners).where(partners.c.id == partner.id).values(**values))
