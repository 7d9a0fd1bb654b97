"""What partners' programs get, as the document of the public side tells it. A test holds the handlers to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from matcher.domain.alerts import BulletinKind, Meant
from matcher.domain.cases import Sex


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertArea:
    """A circle in which an alert is heard, in degrees (WGS-84) and kilometres; `place` is its middle in words."""

    lat: float
    lon: float
    radius_km: float
    place: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCard:
    """The card of the missing child. `code` leads to it and comes back with reports, `phone` is whom people call;
    `name` is told as far as it may be. Ages are in years. Everything else but `sex` may be unknown.
    """

    code: str
    phone: str
    name: str | None
    sex: Sex
    age_then: float | None
    missing_since: date | None
    place: str | None
    height_cm: float | None
    weight_kg: float | None
    marks: str | None
    clothing: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPhoto:
    """What tells the photo of a card from any other: its SHA-1, as CAP has it, and its size in bytes; and how old the
    child is on it, in years, and in which year it was taken, where that is known.
    """

    sha1: str
    size: int
    age: float | None
    year: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLinks:
    """Where things are found: the card as a page, its photo, the card as a picture for messages, the form for reports,
    and the alert as a CAP document. All are left out where the server does not know its own address.
    """

    card: str | None = None
    photo: str | None = None
    picture: str | None = None
    report: str | None = None
    cap: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    version: Literal[1]
    number: int
    alert: str
    meant: Meant
    at: datetime
    references: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlert(_Told):
    """An alert that holds until `expires_at`, for everybody who is within its `area`, which only the app knows.

    `number` rises with each that is told: of two with the same `alert` the higher one is right, and is shown in place
    of the other. `references` are the numbers of those before it, in events only.
    """

    kind: Literal[BulletinKind.ALERT, BulletinKind.UPDATE]
    expires_at: datetime
    area: AlertArea
    note: str | None
    card: AlertCard
    photo: AlertPhoto
    links: AlertLinks


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAlert(_Told):
    """An alert that is over: take it away. Nothing is told of the child any more."""

    kind: Literal[BulletinKind.CANCEL]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFeed:
    """Alerts in the order of their numbers. `next` is the `since` of the following question, which may follow at once
    if there are `more`.
    """

    alerts: tuple[ActiveAlert | EndedAlert, ...]
    next: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportReceipt:
    """A report that was taken in: `receipt` is the code for its reporter, with which they see what became of it, add to
    it or take it back; `report` is its id; `repeated`: it was there already, under the same key.
    """

    receipt: str
    report: str
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenReport(ReportReceipt):
    """A report of a batch that was taken in."""

    status: Literal[202]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedReport:
    """A report of a batch that was not taken in: with which status it would have been refused by itself, and why."""

    status: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """What became of each report of a batch, in their order."""

    reports: tuple[TakenReport | RefusedReport, ...]
