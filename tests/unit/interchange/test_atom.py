"""Atom feeds, read as subscribers do and by libxml2."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from matcher.errors import WrongUse
from matcher.interchange.atom import NAMESPACE, Entry, Feed, atom_xml, tag_id, uuid_id
from matcher.interchange.markup import writable

BEGUN = datetime(2026, 1, 2, 8, 30, 15, 7, tzinfo=timezone(timedelta(hours=8)))
HOME = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
FIRST = Entry(
    id=tag_id("police.example.org", date(2026, 1, 1), "alerts/7nf"),
    title="Girl, 7, missing from <Hangzhou> & surroundings",
    summary="Red coat & boots\nDo not approach.",
    published=BEGUN,
    updated=BEGUN + timedelta(hours=1),
    document="https://example.org/alerts/7nf.xml?a=1&b=2",
    length=4321,
    page="https://example.org/alerts/7nf",
)
SECOND = replace(
    FIRST, id=uuid_id(HOME, "alert 8"), title="杭州一名七岁女童走失", language="zh-Hans", page=None, length=None
)
FEED = Feed(
    id=tag_id("police.example.org", date(2026, 1, 1), "alerts"),
    title="Missing children",
    author="Police of Hangzhou",
    updated=BEGUN + timedelta(hours=1),
    address="https://example.org/alerts?page=2",
    language="en",
    next="https://example.org/alerts?page=3",
    previous="https://example.org/alerts?page=1",
    first="https://example.org/alerts",
    entries=(FIRST, SECOND),
)


def links(of: Any) -> dict[tuple[str, str], str]:
    return {(link["rel"], link["type"]): link["href"] for link in of["links"]}


def test_a_subscriber_reads_what_was_given() -> None:
    read = feedparser.parse(atom_xml(FEED))
    assert (read.bozo, read.version) == (False, "atom10")
    assert (read.feed.id, read.feed.title) == (FEED.id, FEED.title)
    assert (read.feed.author, read.feed.updated) == (FEED.author, "2026-01-02T01:30:15Z")
    one, two = read.entries
    assert (one.id, one.title, one.summary) == (FIRST.id, FIRST.title, FIRST.summary)
    assert (one.published, one.updated) == ("2026-01-02T00:30:15Z", "2026-01-02T01:30:15Z")
    assert links(one) == {
        ("alternate", "application/cap+xml"): FIRST.document,
        ("alternate", "text/html"): FIRST.page,
    }
    assert one.links[0]["length"] == "4321"
    assert (two.title, two.title_detail.language) == (SECOND.title, "zh-Hans")
    assert one.title_detail.language == "en"
    assert two.id.startswith("urn:uuid:")


def test_pages_are_linked() -> None:
    kind = "application/atom+xml"
    assert links(feedparser.parse(atom_xml(FEED)).feed) == {
        ("self", kind): FEED.address,
        ("first", kind): FEED.first,
        ("previous", kind): FEED.previous,
        ("next", kind): FEED.next,
    }
    last = replace(FEED, next=None, entries=())
    read = feedparser.parse(atom_xml(last))
    assert ("next", kind) not in links(read.feed)
    assert (read.bozo, read.entries) == (False, [])


def test_feed_and_entries_have_what_the_standard_requires_once() -> None:
    root = etree.fromstring(atom_xml(FEED))
    assert root.tag == f"{{{NAMESPACE}}}feed"
    for element in (root, *root.findall(f"{{{NAMESPACE}}}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{{{NAMESPACE}}}{name}")) == 1, name
    assert root.find(f"{{{NAMESPACE}}}author/{{{NAMESPACE}}}name") is not None


@given(title=st.text(st.characters()), summary=st.text(st.characters()), author=st.text(st.characters()))
@settings(max_examples=60, deadline=None)
def test_whatever_words_come_the_feed_can_be_read(title: str, summary: str, author: str) -> None:
    def held(words: str) -> str:
        return writable(words).replace("\r\n", "\n").replace("\r", "\n")

    content = atom_xml(replace(FEED, author=author, entries=(replace(FIRST, title=title, summary=summary),)))
    root = etree.fromstring(content)
    found = [root.findtext(f".//{{{NAMESPACE}}}{name}") for name in ("entry/{*}title", "summary", "name")]
    assert found == [held(title), held(summary), held(author)]
    read = feedparser.parse(content)
    assert (read.bozo, len(read.entries)) == (False, 1)
    assert read.entries[0].id == FIRST.id
    if not re.search("[\x80-\x9f]", title):  # which feedparser takes for letters of an old Windows
        assert read.entries[0].title == held(title).strip()


def test_ids_are_made_of_what_is_given_and_last() -> None:
    assert (
        tag_id("Police.example.org", date(2026, 1, 2), "alerts/7nf.1")
        == "tag:police.example.org,2026-01-02:alerts/7nf.1"
    )
    assert tag_id("desk@example.org", date(2026, 1, 2), "x") == "tag:desk@example.org,2026-01-02:x"
    assert uuid_id(HOME, "7nf") == uuid_id(HOME, "7nf") != uuid_id(HOME, "7ng")
    for authority, specific in [("a b", "x"), ("", "x"), ("example.org", ""), ("example.org", "a b"), ("a,b", "x")]:
        with pytest.raises(WrongUse, match="make no id"):
            tag_id(authority, date(2026, 1, 1), specific)


@pytest.mark.parametrize("name", ["", "7nf", "https://example.org/7", "urn:uuid:7", "tag:example.org:7"])
def test_what_is_no_lasting_id_is_refused(name: str) -> None:
    with pytest.raises(WrongUse, match="lasting id"):
        replace(FIRST, id=name)
    with pytest.raises(WrongUse, match="lasting id"):
        replace(FEED, id=name)


def test_what_leads_nowhere_is_refused() -> None:
    for wrong in ("/alerts/7", "alerts", "", "https://example.org/a b", "https://example.org/\x00"):
        with pytest.raises(WrongUse, match="absolute address"):
            replace(FIRST, document=wrong)
        with pytest.raises(WrongUse, match="absolute address"):
            replace(FEED, next=wrong)
    with pytest.raises(WrongUse, match="time zone"):
        replace(FIRST, updated=BEGUN.replace(tzinfo=None))
    with pytest.raises(WrongUse, match="each alert once"):
        replace(FEED, entries=(FIRST, FIRST))
