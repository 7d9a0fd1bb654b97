"""CAP 1.2 documents: valid by the standard's own schema, and read back by a parser that did not write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree

import pytest
from caps import parse_cap, require_valid
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from matcher.domain.alerts import Circle
from matcher.domain.positions import Position
from matcher.errors import WrongUse
from matcher.interchange.cap import (
    NAMESPACE,
    CapAlert,
    CapKind,
    CapStatus,
    Info,
    Reference,
    Resource,
    cap_time,
    cap_xml,
)

HANGZHOU = timezone(timedelta(hours=8))
SENT = datetime(2026, 1, 2, 8, 30, 15, 999, tzinfo=HANGZHOU)
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
CHINESE = replace(INFO, language="zh-Hans", event="儿童走失", headline="杭州一名七岁女童走失", area="西湖周围100公里")
ALERT = CapAlert(identifier="7nf.1", sender="police@example.org", sent=SENT, infos=(INFO, CHINESE))
BEFORE = (Reference("police@example.org", "7nf.1", SENT), Reference("police@example.org", "7nf.2", SENT))
BARE = replace(INFO, contact=None, web=None, parameters=(), resources=(), codes=())
UPDATE = replace(ALERT, identifier="7nf.2", kind=CapKind.UPDATE, references=BEFORE[:1], status=CapStatus.ACTUAL)
CANCEL = replace(ALERT, identifier="7nf.3", kind=CapKind.CANCEL, references=BEFORE)
DOCUMENTS = {
    "alert": ALERT,
    "update": UPDATE,
    "cancellation": CANCEL,
    "cancellation without words": replace(CANCEL, infos=(), note="Found"),
    "the least": replace(ALERT, infos=(BARE,)),
    "the most": replace(
        ALERT,
        status=CapStatus.EXERCISE,
        note="Exercise 7",
        infos=(replace(INFO, web="https://example.org/儿童?a=1&b=2", resources=INFO.resources * 3), CHINESE, BARE),
    ),
    "in UTC": replace(ALERT, sent=SENT.astimezone(timezone.utc)),
    "a small circle": replace(ALERT, infos=(replace(INFO, circle=Circle(Position(-0.000001, -180), 0.00001)),)),
}


def read(content: bytes) -> etree._Element:
    return etree.fromstring(content)


def text(element: etree._Element, name: str) -> str:
    return element.findtext(f".//{{{NAMESPACE}}}{name}") or ""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_valid_by_the_schema_and_read_back_as_they_were_given(name: str) -> None:
    content = cap_xml(DOCUMENTS[name])
    require_valid(content)
    given = DOCUMENTS[name]
    read_back = parse_cap(content)
    whole = given.sent.replace(microsecond=0)
    infos = (replace(one, effective=whole, expires=one.expires.replace(microsecond=0)) for one in given.infos)
    earlier = tuple(replace(one, sent=whole) for one in given.references)
    if name == "a small circle":
        infos = (replace(one, circle=Circle(Position(0, -180), 0.00001)) for one in infos)
    assert read_back == replace(given, sent=whole, infos=tuple(infos), references=earlier)


def test_the_schema_would_find_a_fault() -> None:
    for wrong in (b"<scope>Public</scope>", b"<category>Rescue</category>"):
        with pytest.raises(etree.DocumentInvalid):
            require_valid(cap_xml(ALERT).replace(wrong, b""))
    with pytest.raises(etree.DocumentInvalid):
        require_valid(cap_xml(ALERT).replace(b"15+08:00</sent>", b"15Z</sent>"))


def test_a_document_says_what_systems_look_for() -> None:
    root = read(cap_xml(ALERT))
    assert root.tag == f"{{{NAMESPACE}}}alert"
    found = [text(root, name) for name in ("identifier", "status", "msgType", "scope")]
    assert found == ["7nf.1", "Draft", "Alert", "Public"]
    assert text(root, "sent") == "2026-01-02T08:30:15+08:00"
    english, chinese = root.findall(f"{{{NAMESPACE}}}info")
    assert (text(english, "language"), text(chinese, "language")) == ("en", "zh-Hans")
    assert (text(english, "category"), text(english, "valueName"), text(english, "value")) == ("Rescue", "SAME", "CAE")
    assert text(english, "circle") == "30.25000,120.12500 100"
    assert text(english, "digest") == "a" * 40
    assert not read(cap_xml(replace(ALERT, infos=(BARE,)))).findall(f".//{{{NAMESPACE}}}eventCode")


@pytest.mark.parametrize(
    ("radius", "told"),
    [(100, "100"), (100.0, "100"), (0.5, "0.5"), (1234.567, "1234.567"), (1e-05, "0.00001"), (2000, "2000")],
)
def test_radii_are_plain_decimals_and_lose_nothing(radius: float, told: str) -> None:
    document = replace(ALERT, infos=(replace(INFO, circle=Circle(Position(30.25, 120.125), radius)),))
    assert text(read(cap_xml(document)), "circle") == f"30.25000,120.12500 {told}"


@pytest.mark.parametrize(
    ("time", "told"),
    [
        (SENT, "2026-01-02T08:30:15+08:00"),
        (SENT.astimezone(timezone.utc), "2026-01-02T00:30:15-00:00"),  # 3.3.2 of the standard: not +00:00, not Z
        (SENT.astimezone(timezone(timedelta(hours=-3, minutes=-30))), "2026-01-01T21:00:15-03:30"),
        (SENT.astimezone(timezone(timedelta(hours=8, minutes=5, seconds=43))), "2026-01-02T00:30:15-00:00"),
        (SENT.astimezone(timezone(timedelta(hours=20))), "2026-01-02T00:30:15-00:00"),
    ],
)
def test_times_are_as_the_standard_wants_them(time: datetime, told: str) -> None:
    assert cap_time(time) == told
    content = cap_xml(replace(ALERT, sent=time))
    assert text(read(content), "sent") == told
    require_valid(content)


def test_times_without_a_zone_are_refused() -> None:
    naive = SENT.replace(tzinfo=None)
    with pytest.raises(WrongUse, match="time zone"):
        replace(ALERT, sent=naive)
    for name in ("effective", "expires"):
        with pytest.raises(WrongUse, match="time zone"):
            replace(INFO, **{name: naive})
    with pytest.raises(WrongUse, match="time zone"):
        str(replace(BEFORE[0], sent=naive))


def test_an_alert_ends_after_it_begins() -> None:
    over = replace(INFO, expires=SENT)
    with pytest.raises(WrongUse, match="ends after"):
        replace(ALERT, infos=(INFO, over))
    assert replace(CANCEL, infos=(over,)).infos == (over,)  # what is called off may have run out


def test_an_update_and_a_cancellation_name_what_came_before() -> None:
    told = "police@example.org,7nf.1,2026-01-02T08:30:15+08:00 police@example.org,7nf.2,2026-01-02T08:30:15+08:00"
    assert text(read(cap_xml(CANCEL)), "references") == told
    with pytest.raises(WrongUse, match="name the documents"):
        replace(CANCEL, references=())
    with pytest.raises(WrongUse, match="first one names none"):
        replace(ALERT, references=BEFORE)


def test_an_end_asks_for_nothing_and_does_not_tell_how_the_child_is() -> None:
    names = ("responseType", "urgency", "severity", "certainty")
    assert [text(read(cap_xml(UPDATE)), name) for name in names] == ["Monitor", "Immediate", "Severe", "Likely"]
    assert [text(read(cap_xml(CANCEL)), name) for name in names] == ["AllClear", "Past", "Unknown", "Unknown"]


def test_nothing_is_meant_for_the_public_unless_it_is_said() -> None:
    assert ALERT.status is CapStatus.DRAFT
    with pytest.raises(WrongUse, match="one language"):
        replace(ALERT, infos=())


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a<b", "a&b", "a\n", "a\x00", "\ud800"])
def test_names_that_the_standard_forbids_are_refused(name: str) -> None:
    for field in ("identifier", "sender"):
        with pytest.raises(WrongUse, match="no spaces"):
            replace(ALERT, **{field: name})
        with pytest.raises(WrongUse, match="no spaces"):
            replace(BEFORE[0], **{field: name})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"language": "Chinese (simplified)"}, "language tag"),
        ({"language": ""}, "language tag"),
        ({"language": "zh_Hans"}, "language tag"),
        ({"event": " "}, "what it is about"),
        ({"area": ""}, "what it is about"),
        ({"web": "/alerts/7"}, "absolute address"),
        ({"web": "https://example.org/a b"}, "absolute address"),
        ({"web": ""}, "absolute address"),
    ],
)
def test_what_is_said_is_whole(wrong: Mapping[str, Any], told: str) -> None:
    with pytest.raises(WrongUse, match=told):
        replace(INFO, **wrong)


@pytest.mark.parametrize(
    "wrong", [{"media_type": "png"}, {"media_type": "image/"}, {"size": -1}, {"sha1": "a" * 39}, {"sha1": "b" * 64}]
)
def test_files_are_told_as_the_standard_asks(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(WrongUse, match="SHA-1 of 40 digits"):
        replace(INFO.resources[0], **wrong)
    with pytest.raises(WrongUse, match="absolute address"):
        replace(INFO.resources[0], uri="card.png")


def held(words: str) -> str:
    """What an XML document can hold of a text, after its reader has made one kind of line end of three."""
    kept = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", words)
    return re.sub("\r\n?", "\n", kept)


WORDS = st.text(st.characters(), max_size=40)
NAMES = st.from_regex(r"[A-Za-z0-9._@:-]{1,20}", fullmatch=True)
ZONES = st.sampled_from([timezone.utc, HANGZHOU])
TIMES = st.builds(lambda days, zone: (SENT + timedelta(days)).astimezone(zone), st.floats(-9999, 9999), ZONES)


@given(words=st.lists(WORDS, min_size=8, max_size=8), name=NAMES, sent=TIMES, radius=st.floats(1e-6, 2000))
@settings(max_examples=150, deadline=None)
def test_whatever_words_come_the_document_is_valid_and_says_them(
    words: list[str], name: str, sent: datetime, radius: float
) -> None:
    headline, description, instruction, sender, contact, key, value, note = words
    told = replace(
        INFO,
        headline=headline,
        description=description,
        instruction=instruction,
        sender_name=sender,
        contact=contact,
        parameters=((key, value),),
        circle=Circle(INFO.circle.centre, radius),
    )
    content = cap_xml(replace(ALERT, identifier=name, sent=sent, note=note, infos=(told,)))
    require_valid(content)
    found = parse_cap(content)
    assert (found.identifier, found.sent, found.note) == (name, sent.replace(microsecond=0), held(note))
    (info,) = found.infos
    assert [info.headline, info.description, info.instruction] == list(map(held, words[:3]))
    assert [info.sender_name, info.contact, *info.parameters[0]] == list(map(held, words[3:7]))
    assert info.circle.radius_km == radius


def test_prefixes_that_others_register_change_no_document() -> None:
    def beside_another(_: int) -> bytes:
        ElementTree.register_namespace("", "http://www.w3.org/2005/Atom")  # for all threads of the process
        return cap_xml(ALERT)

    with ThreadPoolExecutor(4) as pool:
        (content,) = set(pool.map(beside_another, range(40)))
    assert content.count(b"xmlns") == 1
    assert b"<alert xmlns=" in content
