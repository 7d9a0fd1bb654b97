"""Alerts, and all that was told of them in its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, not_, or_, select, update

from matcher.domain.alerts import (
    Alert,
    AlertId,
    AlertState,
    Bulletin,
    BulletinKind,
    Circle,
    Growth,
    Meant,
    Proposal,
    Terms,
)
from matcher.domain.ids import CaseId, new_id
from matcher.domain.positions import Position
from matcher.domain.publications import CardId
from matcher.store.part import Part, batches
from matcher.store.public_tables import alerts, bulletins

_NOTHING = {"content": None, "lat": None, "lon": None, "radius_km": None, "expires_at": None}
_PLAIN = tuple(field.name for field in fields(Alert) if field.name not in {"terms", "proposal", "issued_by"})


class AlertReading(Part):
    """Alerts by id or case, and bulletins by number."""

    __slots__ = ()

    def get(self, alert_id: AlertId) -> Alert | None:
        """The alert of this id."""
        return next(iter(self._where(alerts.c.id == alert_id)), None)

    def of_case(self, case_id: CaseId) -> list[Alert]:
        """All alerts of a case, newest first."""
        return self._where(alerts.c.case_id == case_id)

    def of_card(self, card_id: CardId) -> list[Alert]:
        """All alerts that show a card, newest first."""
        return self._where(alerts.c.card_id == card_id)

    def listed(self, now: datetime, *, ended: bool, limit: int | None = None) -> list[Alert]:
        """Drafts and those that are active, newest first; `ended`: all others, which were cancelled or have run out."""
        run_out = and_(alerts.c.state == AlertState.ISSUED, alerts.c.expires_at <= now)
        over = or_(alerts.c.state == AlertState.CANCELLED, run_out)
        return self._where(over if ended else not_(over), limit)

    def proposed(self) -> list[Alert]:
        """Those about which somebody proposes something, newest first."""
        return self._where(alerts.c.proposal.is_not(None))

    def drafts(self) -> int:
        """How many drafts there are about which nobody proposes anything."""
        waits = and_(alerts.c.state == AlertState.DRAFT, alerts.c.proposal.is_(None))
        return self._connection.scalar(select(func.count()).select_from(alerts).where(waits)) or 0

    def growing(self, now: datetime, limit: int) -> list[Alert]:
        """Active alerts whose area is to grow by now, the longest due first."""
        due = and_(alerts.c.grows_at <= now, alerts.c.state == AlertState.ISSUED, alerts.c.expires_at > now)
        query = select(alerts).where(due).order_by(alerts.c.grows_at, alerts.c.id).limit(limit)
        return [_alert(row) for row in self._connection.execute(query).mappings()]

    def bulletins_of(self, alert_id: AlertId) -> list[Bulletin]:
        """Everything that was told of an alert, in its order."""
        return self._told(select(bulletins).where(bulletins.c.alert_id == alert_id).order_by(bulletins.c.number))

    def bulletin(self, number: int) -> Bulletin | None:
        """The bulletin of this number."""
        return next(iter(self._told(select(bulletins).where(bulletins.c.number == number))), None)

    def public(self, numbers: Sequence[int], now: datetime) -> list[Bulletin]:
        """Those of the bulletins that the public is told now, in their order."""
        found = (self._told(_public(now).where(bulletins.c.number.in_(some))) for some in batches(numbers))
        return sorted((one for some in found for one in some), key=lambda one: one.number)

    def last_bulletin(self) -> int:
        """The highest number that was given, 0 before the first."""
        return self._connection.scalar(select(func.max(bulletins.c.number))) or 0

    def public_since(self, after: int, now: datetime, limit: int) -> list[Bulletin]:
        """What the public is told now of higher numbers than `after`, in their order."""
        query = _public(now).where(bulletins.c.number > after)
        return self._told(query.order_by(bulletins.c.number).limit(limit))

    def active(self, now: datetime, *, before: int | None = None, limit: int) -> list[Bulletin]:
        """The newest bulletin of each active actual alert, the alert that was told last first.

        `before`: only of alerts whose first bulletin has a lower number. That number stays while an alert grows, so
        that whoever reads part by part misses none.
        """
        first = bulletins.alias("first")
        shown = and_(alerts.c.state == AlertState.ISSUED, alerts.c.meant == Meant.ACTUAL, alerts.c.expires_at > now)
        query = (
            select(bulletins)
            .select_from(first)
            .join(alerts, alerts.c.id == first.c.alert_id)
            .join(bulletins, bulletins.c.number == alerts.c.bulletin)
            .where(first.c.kind == BulletinKind.ALERT, shown)
        )
        if before is not None:
            query = query.where(first.c.number < before)
        return self._told(query.order_by(first.c.number.desc()).limit(limit))

    def areas_since(self, after: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Number and alert (n, 2) of all actual bulletins behind `after`, and (n, 4) latitude, longitude, radius in km,
        end in seconds since 1970; all NaN for a cancellation.
        """
        columns = bulletins.c.lat, bulletins.c.lon, bulletins.c.radius_km, bulletins.c.expires_at
        query = select(bulletins.c.number, bulletins.c.alert_id, *columns).where(
            bulletins.c.number > after, bulletins.c.meant == Meant.ACTUAL
        )
        rows = self._connection.execute(query.order_by(bulletins.c.number)).all()
        ids = np.array([row[:2] for row in rows], np.int64).reshape(-1, 2)
        nan = float("nan")
        areas = [(nan,) * 4 if row.lat is None else (*row[2:5], row.expires_at.timestamp()) for row in rows]
        return ids, np.array(areas, np.float64).reshape(-1, 4)

    def _where(self, condition: ColumnElement[bool], limit: int | None = None) -> list[Alert]:
        query = select(alerts).where(condition).order_by(alerts.c.drafted_at.desc(), alerts.c.id).limit(limit)
        return [_alert(row) for row in self._connection.execute(query).mappings()]

    def _told(self, query: Select[Any]) -> list[Bulletin]:
        return [_bulletin(row) for row in self._connection.execute(query).mappings()]


class AlertWriting(AlertReading):
    """Alerts, with their changes."""

    __slots__ = ()

    def add(self, alert: Alert) -> None:
        """Keep a new alert of a kept case and card."""
        self._connection.execute(insert(alerts), _columns(alert))

    def update(self, alert: Alert) -> None:
        """Keep an alert as it is now."""
        self._connection.execute(update(alerts).where(alerts.c.id == alert.id).values(**_columns(alert)))

    def tell(self, bulletin: Bulletin) -> int:
        """Keep what is told; its number is given here, under the lock of all writers, so none comes late."""
        number = self.last_bulletin() + 1
        circle = bulletin.circle
        self._connection.execute(
            insert(bulletins),
            {
                **{name: getattr(bulletin, name) for name in ("alert_id", "kind", "meant", "at", "expires_at")},
                "number": number,
                "lat": None if circle is None else circle.centre.lat,
                "lon": None if circle is None else circle.centre.lon,
                "radius_km": None if circle is None else circle.radius_km,
                "content": None if bulletin.content is None else dict(bulletin.content),
            },
        )
        return number

    def go_on_behind(self, number: int, now: datetime) -> None:
        """Let the next bulletin have a higher number than this one, by one that tells nobody anything."""
        if number > self.last_bulletin():
            nothing = {"alert_id": new_id(), "kind": BulletinKind.CANCEL, "meant": Meant.TEST}
            self._connection.execute(insert(bulletins), {**nothing, "number": number, "at": now})

    def empty_bulletins(self, alert_ids: Sequence[AlertId]) -> int:
        """Take all content out of what was told of some alerts: how many bulletins had any."""
        told = and_(bulletins.c.alert_id.in_(alert_ids), bulletins.c.kind != BulletinKind.CANCEL)
        return self._connection.execute(update(bulletins).where(told).values(**_NOTHING)).rowcount

    def forget_told(self, before: datetime) -> int:
        """Delete what was told before a time of alerts that were over before it, and empty it where they had run out,
        which keep their numbers: how many bulletins.
        """
        ran_out = and_(alerts.c.state == AlertState.ISSUED, alerts.c.expires_at < before)
        full = and_(bulletins.c.alert_id.in_(select(alerts.c.id).where(ran_out)), bulletins.c.content.is_not(None))
        emptied = self._connection.execute(update(bulletins).where(full).values(**_NOTHING)).rowcount
        lives = select(alerts.c.id).where(or_(alerts.c.ended_at.is_(None), alerts.c.ended_at >= before))
        newest = self.last_bulletin()  # its number must not be given again
        old = and_(bulletins.c.at < before, bulletins.c.alert_id.not_in(lives), bulletins.c.number < newest)
        gone = select(bulletins.c.number).where(old)
        self._connection.execute(update(alerts).where(alerts.c.bulletin.in_(gone)).values(bulletin=None))
        return emptied + self._connection.execute(delete(bulletins).where(old)).rowcount


def _public(now: datetime) -> Select[Any]:
    """What the public is told: of an active alert its newest words, of one that was cancelled that it is over.

    What was said before may be what must not be said any more: a name that is hidden by now, a consent that was taken
    back. Ends are told of alerts, too, of which nothing else is left.
    """
    active = and_(alerts.c.state == AlertState.ISSUED, alerts.c.expires_at > now)
    told = or_(bulletins.c.kind == BulletinKind.CANCEL, active)
    newest = select(bulletins).outerjoin(alerts, alerts.c.bulletin == bulletins.c.number)
    return newest.where(bulletins.c.meant == Meant.ACTUAL, told)


def _columns(alert: Alert) -> dict[str, Any]:
    proposal = alert.proposal
    return {name: getattr(alert, name) for name in _PLAIN} | {
        "terms": _terms_document(alert.terms),
        "expires_at": alert.terms.expires_at,
        "issued_by": list(alert.issued_by),
        "proposal": None
        if proposal is None
        else {
            "terms": _terms_document(proposal.terms),
            "meant": proposal.meant.value,
            "by": proposal.by,
            "at": proposal.at.isoformat(),
        },
    }


def _alert(row: Mapping[Any, Any]) -> Alert:
    values = {name: row[name] for name in _PLAIN}
    told = row["proposal"]
    proposal = None
    if told is not None:
        at, terms = datetime.fromisoformat(told["at"]), _terms(told["terms"])
        proposal = Proposal(terms=terms, meant=Meant(told["meant"]), by=told["by"], at=at)
    return Alert(terms=_terms(row["terms"]), issued_by=tuple(row["issued_by"]), proposal=proposal, **values)


def _terms_document(terms: Terms) -> dict[str, Any]:
    times = {name: getattr(terms, name).isoformat() for name in ("since", "expires_at")}
    return {**asdict(terms), **times, "growth": [list(step) for step in terms.growth.steps]}


def _terms(document: Mapping[str, Any]) -> Terms:
    times = {name: datetime.fromisoformat(document[name]) for name in ("since", "expires_at")}
    growth = Growth(tuple((hours, radius) for hours, radius in document["growth"]))
    return Terms(**{**document, **times, "growth": growth, "centre": Position(**document["centre"])})


def _bulletin(row: Mapping[Any, Any]) -> Bulletin:
    where = None if row["lat"] is None else Circle(Position(row["lat"], row["lon"]), row["radius_km"])
    names = ("number", "alert_id", "kind", "meant", "at", "expires_at", "content")
    return Bulletin(circle=where, **{name: row[name] for name in names})
