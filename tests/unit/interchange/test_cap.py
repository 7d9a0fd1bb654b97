"""CAP 1.2 documents, read back by another parser than the one that wrote them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from xml.dom import minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.domain.alerts import Circle
from matcher.domain.positions import Position
from matcher.errors import WrongUse
from matcher.interchange.cap import NAMESPACE, CapAlert, CapKind, CapStatus, Info, Reference, Resource, cap_xml

SENT = datetime(2026, 1, 2, 8, 30, 15, 999, tzinfo=timezone(timedelta(hours=8)))
INFO = Info(
    language="en",
    event="Missing child",
    headline="Girl, 7, missing from Hangzhou",
    description="Red coat & boots",
    instruction="Do not approach. Call 110.",
    area="100 km around West Lake",
    circle=Circle(Position(30.25, 120.125), 100),
    effective=SENT,
    expires=SENT + timedelta(days=2),
    sender_name="Police of Hangzhou",
    contact="110",
    parameters=(("case", "7nfxa83jcpfky"),),
    resources=(Resource("Card", "image/png", 1234, "https://example.org/card.png", "a" * 40),),
)
ALERT = CapAlert(
    identifier="7nf.1", sender="police@example.org", sent=SENT, infos=(INFO, replace(INFO, language="zh-Hans"))
)

# The order of the standard's schema (OASIS CAP 1.2, 3.4), of the elements that are used here.
ORDER = {
    "alert": ["identifier", "sender", "sent", "status", "msgType", "scope", "note", "references", "info"],
    "info": [
        "language", "category", "event", "responseType", "urgency", "severity", "certainty", "eventCode", "effective",
        "expires", "senderName", "headline", "description", "instruction", "web", "contact", "parameter", "resource",
        "area",
    ],
    "eventCode": ["valueName", "value"],
    "parameter": ["valueName", "value"],
    "resource": ["resourceDesc", "mimeType", "size", "uri", "digest"],
    "area": ["areaDesc", "circle"],
}  # fmt: skip


def read(content: bytes) -> minidom.Element:
    return minidom.parseString(content).documentElement  # noqa: S318 - what was written here


def children(element: minidom.Element) -> list[minidom.Element]:
    return [node for node in element.childNodes if node.nodeType == node.ELEMENT_NODE]


def text(element: minidom.Element, name: str) -> str:
    (found, *_) = element.getElementsByTagName(name)
    return "".join(node.data for node in found.childNodes)


def in_order(element: minidom.Element) -> None:
    names = [child.tagName for child in children(element)]
    places = [ORDER[element.tagName].index(name) for name in names]
    assert places == sorted(places), element.tagName
    for child in children(element):
        if child.tagName in ORDER:
            in_order(child)


def test_a_document_says_what_it_was_given_in_the_order_of_the_standard() -> None:
    root = read(cap_xml(ALERT))
    assert (root.tagName, root.namespaceURI) == ("alert", NAMESPACE)
    in_order(root)
    assert [text(root, name) for name in ("identifier", "status", "msgType", "scope")] == [
        "7nf.1",
        "Draft",
        "Alert",
        "Public",
    ]
    assert text(root, "sent") == "2026-01-02T08:30:15+08:00"
    english, chinese = (one for one in children(root) if one.tagName == "info")
    assert (text(english, "language"), text(chinese, "language")) == ("en", "zh-Hans")
    assert text(english, "description") == "Red coat & boots"
    assert (text(english, "category"), text(english, "value")) == ("Rescue", "CAE")
    assert text(english, "circle") == "30.25000,120.12500 100"
    assert text(english, "digest") == "a" * 40


def test_times_are_as_the_standard_wants_them() -> None:
    utc = replace(ALERT, sent=SENT.astimezone(timezone.utc))
    times = re.findall(rb">(\d{4}-[^<]+)<", cap_xml(utc))
    assert len(times) == 5
    with pytest.raises(WrongUse, match="time zone"):
        cap_xml(replace(ALERT, sent=SENT.replace(tzinfo=None)))
    assert all(re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d", time) for time in times)


def test_an_update_and_a_cancellation_name_what_came_before() -> None:
    before = (Reference("police@example.org", "7nf.1", SENT), Reference("police@example.org", "7nf.2", SENT))
    cancel = CapAlert(
        identifier="7nf.3", sender="police@example.org", sent=SENT, kind=CapKind.CANCEL, references=before
    )
    root = read(cap_xml(cancel))
    in_order(root)
    told = "police@example.org,7nf.1,2026-01-02T08:30:15+08:00 police@example.org,7nf.2,2026-01-02T08:30:15+08:00"
    assert text(root, "references") == told
    with pytest.raises(WrongUse, match="name the documents"):
        replace(cancel, references=())
    with pytest.raises(WrongUse, match="first one names none"):
        replace(ALERT, references=before)


def test_nothing_is_meant_for_the_public_unless_it_is_said() -> None:
    assert ALERT.status is CapStatus.DRAFT
    with pytest.raises(WrongUse, match="one language"):
        replace(ALERT, infos=())


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a<b", "a&b", "a\n"])
def test_names_that_the_standard_forbids_are_refused(name: str) -> None:
    for field in ("identifier", "sender"):
        with pytest.raises(WrongUse, match="no spaces"):
            replace(ALERT, **{field: name})


@given(st.text())
def test_whatever_words_come_in_the_document_can_be_read(words: str) -> None:
    root = read(cap_xml(replace(ALERT, infos=(replace(INFO, headline=words),))))
    in_order(root)
    kept = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", words)
    assert text(root, "headline") == re.sub("\r\n?", "\n", kept)
