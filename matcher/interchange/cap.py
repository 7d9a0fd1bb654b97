"""Alerts as documents of the Common Alerting Protocol, OASIS CAP 1.2 (2010), which warning systems take everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from xml.etree import ElementTree as Xml

from matcher.domain.alerts import Circle
from matcher.errors import WrongUse

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SAME_CODE = "CAE"  # Child Abduction Emergency, of the codes of Specific Area Message Encoding
_NAME = re.compile(r"[^\s,<&]+")  # what the standard allows of identifiers and senders
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # no characters of XML 1.0


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

    def __str__(self) -> str:
        return f"{self.sender},{self.identifier},{_time(self.sent)}"


@dataclass(frozen=True, slots=True)
class Resource:
    """A picture that belongs to an alert: `sha1` is the hexadecimal digest that the standard asks for."""

    description: str
    media_type: str
    size: int
    uri: str
    sha1: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What is said in one language (RFC 3066); `expires` ends its meaning. `parameters` are names with values."""

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
        for name in (self.identifier, self.sender):
            if not _NAME.fullmatch(name):
                raise WrongUse(f"'{name}' names no alert or sender: no spaces, commas, < and & in it.")
        if (self.kind is CapKind.ALERT) == bool(self.references):
            raise WrongUse("An update and a cancellation name the documents before them, and a first one names none.")
        if self.kind is not CapKind.CANCEL and not self.infos:
            raise WrongUse("An alert says something in at least one language.")


def cap_xml(alert: CapAlert) -> bytes:
    """The document, UTF-8; its elements stand in the order of the standard's schema."""
    Xml.register_namespace("", NAMESPACE)
    root = Xml.Element(_tag("alert"))
    _fill(root, _head(alert))
    for info in alert.infos:
        _info(root, info)
    Xml.indent(root)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _head(alert: CapAlert) -> Iterator[tuple[str, str | None]]:
    yield "identifier", alert.identifier
    yield "sender", alert.sender
    yield "sent", _time(alert.sent)
    yield "status", alert.status.value
    yield "msgType", alert.kind.value
    yield "scope", "Public"
    yield "note", alert.note
    yield "references", " ".join(map(str, alert.references)) or None


def _info(root: Xml.Element, info: Info) -> None:
    element = Xml.SubElement(root, _tag("info"))
    fixed = {"category": "Rescue", "event": info.event, "responseType": "Monitor"}
    _fill(element, [("language", info.language), *fixed.items()])
    _fill(element, [("urgency", "Immediate"), ("severity", "Severe"), ("certainty", "Likely")])
    _fill(Xml.SubElement(element, _tag("eventCode")), [("valueName", "SAME"), ("value", SAME_CODE)])
    _fill(element, [("effective", _time(info.effective)), ("expires", _time(info.expires))])
    said = ("sender_name", "headline", "description", "instruction", "web", "contact")
    names = {"sender_name": "senderName"}
    _fill(element, [(names.get(name, name), getattr(info, name)) for name in said])
    for name, value in info.parameters:
        _fill(Xml.SubElement(element, _tag("parameter")), [("valueName", name), ("value", value)])
    for resource in info.resources:
        _fill(Xml.SubElement(element, _tag("resource")), _resource(resource))
    circle = info.circle
    where = f"{circle.centre.lat:.5f},{circle.centre.lon:.5f} {circle.radius_km:g}"
    _fill(Xml.SubElement(element, _tag("area")), [("areaDesc", info.area), ("circle", where)])


def _resource(resource: Resource) -> Iterator[tuple[str, str]]:
    yield "resourceDesc", resource.description
    yield "mimeType", resource.media_type
    yield "size", str(resource.size)
    yield "uri", resource.uri
    yield "digest", resource.sha1


def _fill(element: Xml.Element, parts: Iterable[tuple[str, str | None]]) -> None:
    """Add elements in their order; those without a value are left out."""
    for name, value in parts:
        if value is not None:
            # What XML cannot hold is shown as such; it may have come with a name from anywhere.
            Xml.SubElement(element, _tag(name)).text = _UNWRITABLE.sub("\ufffd", value)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _time(time: datetime) -> str:
    """As the standard wants it: whole seconds, an offset, and never a Z."""
    if time.tzinfo is None:
        raise WrongUse(f"The time {time} has no time zone: give an aware datetime.")
    return time.isoformat(timespec="seconds")
