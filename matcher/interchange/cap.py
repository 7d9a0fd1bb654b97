"""Alerts as documents of the Common Alerting Protocol, OASIS CAP 1.2 (2010), which warning systems take everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from xml.etree import ElementTree as Xml

from matcher.domain.alerts import Circle
from matcher.errors import WrongUse
from matcher.interchange.markup import add, document, fill, require_address, require_zone, root, writable

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"
SAME_CODE = "CAE"  # Child Abduction Emergency, of the codes of Specific Area Message Encoding
_NAME = re.compile(r"[^\s,<&]+")  # what the standard allows of identifiers and senders
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_MEDIA = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_WIDEST_OFFSET = timedelta(hours=14)  # that times of XML schemas may have
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}")


class CapStatus(str, Enum):
    """How a document is meant. Nothing but `ACTUAL` is to reach the public."""

    DRAFT = "Draft"
    TEST = "Test"
    EXERCISE = "Exercise"
    ACTUAL = "Actual"


class CapKind(str, Enum):
    """What a document is: the first of an alert, or one that names those before it."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier document of the same alert."""

    sender: str
    identifier: str
    sent: datetime

    def __post_init__(self) -> None:
        _require_names(self.sender, self.identifier)

    def __str__(self) -> str:
        return f"{self.sender},{self.identifier},{cap_time(self.sent)}"


@dataclass(frozen=True, slots=True)
class Resource:
    """A picture that belongs to an alert, of `size` bytes: `sha1` is the hexadecimal digest that the standard asks for.

    `WrongUse` for a media type, size, address or digest that is none.
    """

    description: str
    media_type: str
    size: int
    uri: str
    sha1: str

    def __post_init__(self) -> None:
        require_address(self.uri)
        if not (_MEDIA.fullmatch(self.media_type) and self.size >= 0 and _SHA1.fullmatch(self.sha1)):
            raise WrongUse(
                f"The file {self.uri} needs a media type such as image/png, its size in bytes and a SHA-1 of 40 digits."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What is said in one language (RFC 3066); `expires` ends its meaning. `parameters` are names with values.

    `codes` are those of other systems for the event. The one given says that a child was abducted: give none where
    nobody says so.
    """

    language: str
    event: str
    headline: str
    description: str
    instruction: str
    area: str
    circle: Circle
    effective: datetime
    expires: datetime
    sender_name: str
    contact: str | None = None
    web: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    resources: tuple[Resource, ...] = ()
    codes: tuple[tuple[str, str], ...] = (("SAME", SAME_CODE),)

    def __post_init__(self) -> None:
        if not _LANGUAGE.fullmatch(self.language):
            raise WrongUse(f"'{self.language}' is no language tag: write it as en or zh-Hans.")
        if not (self.event.strip() and self.area.strip()):
            raise WrongUse("An alert says in words what it is about and where: event and area.")
        if self.web is not None:
            require_address(self.web)
        require_zone(self.effective)
        require_zone(self.expires)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapAlert:
    """One document. `identifier` is unique for its `sender`; what is no `ALERT` names those before it."""

    identifier: str
    sender: str
    sent: datetime
    status: CapStatus = CapStatus.DRAFT
    kind: CapKind = CapKind.ALERT
    references: tuple[Reference, ...] = ()
    note: str | None = None
    infos: tuple[Info, ...] = ()

    def __post_init__(self) -> None:
        _require_names(self.identifier, self.sender)
        if (self.kind is CapKind.ALERT) == bool(self.references):
            raise WrongUse("An update and a cancellation name the documents before them, and a first one names none.")
        if self.kind is not CapKind.CANCEL and not self.infos:
            raise WrongUse("An alert says something in at least one language.")
        require_zone(self.sent)
        if self.kind is not CapKind.CANCEL and any(one.expires <= one.effective for one in self.infos):
            raise WrongUse("An alert ends after it begins: its expiry lies later than what it is effective from.")


def cap_xml(alert: CapAlert) -> bytes:
    """The document, UTF-8; its elements stand in the order of the standard's schema."""
    whole = root("alert", NAMESPACE)
    fill(whole, _head(alert))
    for info in alert.infos:
        _info(whole, info, _tone(alert.kind))
    return document(whole)


def cap_time(time: datetime) -> str:
    """A time as the standard wants it: whole seconds and an offset, never a Z, and `-00:00` for UTC."""
    require_zone(time)
    offset = time.utcoffset() or timedelta(0)
    if offset % timedelta(minutes=1) or abs(offset) > _WIDEST_OFFSET:  # those of old clocks have seconds
        time = time.astimezone(timezone.utc)
    told = time.isoformat(timespec="seconds")
    return told.removesuffix("+00:00") + "-00:00" if told.endswith("+00:00") else told


def _head(alert: CapAlert) -> Iterator[tuple[str, str | None]]:
    yield "identifier", alert.identifier
    yield "sender", alert.sender
    yield "sent", cap_time(alert.sent)
    yield "status", alert.status.value
    yield "msgType", alert.kind.value
    yield "scope", "Public"
    yield "note", alert.note
    yield "references", " ".join(map(str, alert.references)) or None


@dataclass(frozen=True, slots=True)
class _Tone:
    """How much an alert asks of people, in the words of the standard."""

    response: str
    urgency: str
    severity: str
    certainty: str


def _tone(kind: CapKind) -> _Tone:
    """An end asks for nothing any more, and does not tell how the child is."""
    if kind is CapKind.CANCEL:
        return _Tone("AllClear", "Past", "Unknown", "Unknown")
    return _Tone("Monitor", "Immediate", "Severe", "Likely")


def _info(whole: Xml.Element, info: Info, tone: _Tone) -> None:
    element = add(whole, "info")
    fill(element, [("language", info.language), ("category", "Rescue"), ("event", info.event)])
    fill(element, [("responseType", tone.response), ("urgency", tone.urgency)])
    fill(element, [("severity", tone.severity), ("certainty", tone.certainty)])
    for name, value in info.codes:
        fill(add(element, "eventCode"), [("valueName", name), ("value", value)])
    fill(element, [("effective", cap_time(info.effective)), ("expires", cap_time(info.expires))])
    fill(element, [("senderName", info.sender_name), ("headline", info.headline), ("description", info.description)])
    fill(element, [("instruction", info.instruction), ("web", info.web), ("contact", info.contact)])
    for name, value in info.parameters:
        fill(add(element, "parameter"), [("valueName", name), ("value", value)])
    for resource in info.resources:
        fill(add(element, "resource"), _resource(resource))
    fill(add(element, "area"), [("areaDesc", info.area), ("circle", _circle(info.circle))])


def _resource(resource: Resource) -> Iterator[tuple[str, str]]:
    yield "resourceDesc", resource.description
    yield "mimeType", resource.media_type
    yield "size", str(resource.size)
    yield "uri", resource.uri
    yield "digest", resource.sha1


def _circle(circle: Circle) -> str:
    """`latitude,longitude kilometres` in plain decimals: 1e-05 is no number there."""
    lat, lon = (round(one, 5) + 0.0 for one in (circle.centre.lat, circle.centre.lon))
    return f"{lat:.5f},{lon:.5f} {Decimal(str(circle.radius_km)).normalize():f}"


def _require_names(*names: str) -> None:
    for name in names:
        if not _NAME.fullmatch(name) or writable(name) != name:
            raise WrongUse(f"'{name}' names no alert or sender: no spaces, commas, < and & in it.")
