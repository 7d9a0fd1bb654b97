"""XML as documents and drawings are made of: what it cannot hold, elements in their order, the bytes of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone
from xml.etree import ElementTree as Xml

from matcher.errors import WrongUse

_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # no characters of XML 1.0
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")  # an absolute IRI, as RFC 3987 begins one


def writable(text: str) -> str:
    """A text with what XML cannot hold shown as U+FFFD; it may have come with a name from anywhere."""
    return _UNWRITABLE.sub("\ufffd", text)


def add(parent: Xml.Element, name: str, text: str | None = None, **attributes: str) -> Xml.Element:
    """A new last child. Names are written as they are given, those of attributes with `-` for `_`."""
    named = {key.rstrip("_").replace("_", "-"): writable(value) for key, value in attributes.items()}
    child = Xml.SubElement(parent, name, named)
    child.text = None if text is None else writable(text)
    return child


def fill(parent: Xml.Element, parts: Iterable[tuple[str, str | None]]) -> None:
    """Add elements in their order; those without a value are left out."""
    for name, value in parts:
        if value is not None:
            add(parent, name, value)


def root(name: str, namespace: str, **attributes: str) -> Xml.Element:
    """The outermost element, whose namespace is that of all without a prefix.

    It is written as an attribute: prefixes that are registered with ElementTree are those of all threads at once.
    """
    return Xml.Element(name, {"xmlns": namespace, **attributes})


def document(element: Xml.Element) -> bytes:
    """The file of an outermost element: UTF-8, indented, with a declaration."""
    Xml.indent(element)
    return bytes(Xml.tostring(element, encoding="utf-8", xml_declaration=True)) + b"\n"


def require_address(address: str) -> None:
    """`WrongUse` for what is no absolute address."""
    if not _ADDRESS.fullmatch(address) or writable(address) != address:
        raise WrongUse(f"'{address}' is no absolute address: write it out, as in https://example.org/alerts.")


def stamp(time: datetime) -> str:
    """A time in UTC as RFC 3339 has it, to the second; `WrongUse` without a time zone."""
    require_zone(time)
    return time.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def require_zone(time: datetime) -> None:
    """`WrongUse` for a time that could be anywhere."""
    if time.tzinfo is None:
        raise WrongUse(f"The time {time} has no time zone: give an aware datetime.")
