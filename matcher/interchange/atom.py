"""A feed of alerts as Atom (RFC 4287), in pages that are linked (RFC 5005); each entry leads to a CAP document."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree import ElementTree as Xml

from matcher.errors import WrongUse
from matcher.interchange import cap
from matcher.interchange.markup import add, document, fill, require_address, require_zone, root, stamp

NAMESPACE = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
_ID = re.compile(r"(?:urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|tag:[^\s,]+,\d{4}(?:-\d\d){0,2}:\S+)")
_AUTHORITY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[\w.-]+@[A-Za-z0-9.-]+", re.ASCII)
_SPECIFIC = re.compile(r"[\w.~:@!$'()*+,;=/?-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One alert as it is now: `id` never changes, `updated` does. `document` is where its newest CAP document lies.

    `page` is where people read of it; `length` is the document's size in bytes, if known. All addresses are absolute.
    """

    id: str
    title: str
    summary: str
    published: datetime
    updated: datetime
    document: str
    length: int | None = None
    page: str | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        _require_id(self.id)
        for address in (self.document, self.page):
            if address is not None:
                require_address(address)
        for time in (self.published, self.updated):
            require_zone(time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One page of a feed: `address` is its own, `next` that of the page with older alerts, if there is one."""

    id: str
    title: str
    author: str
    updated: datetime
    address: str
    language: str
    next: str | None = None
    previous: str | None = None
    first: str | None = None
    entries: Sequence[Entry] = ()

    def __post_init__(self) -> None:
        _require_id(self.id)
        for _, address in self.links:
            require_address(address)
        require_zone(self.updated)
        if len({one.id for one in self.entries}) < len(self.entries):
            raise WrongUse("A page of a feed names each alert once: give its newest document alone.")

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """Where this page and others lie, by the names of RFC 5005."""
        given = (("self", self.address), ("first", self.first), ("previous", self.previous), ("next", self.next))
        return tuple((name, address) for name, address in given if address is not None)


def tag_id(authority: str, since: date, specific: str) -> str:
    """An id as RFC 4151 makes it: of a host or mail address that was one's own on a day, and a name in one's own words.

    `WrongUse` where a part could not stand in one.
    """
    if not (_AUTHORITY.fullmatch(authority) and _SPECIFIC.fullmatch(specific)):
        raise WrongUse(f"'{authority}' and '{specific}' make no id: give a host name and a name without spaces.")
    return f"tag:{authority.lower()},{since:%Y-%m-%d}:{specific}"


def uuid_id(home: uuid.UUID, name: str) -> str:
    """An id that is always the same for a name in a home, and tells neither (RFC 9562, version 5)."""
    return uuid.uuid5(home, name).urn


def atom_xml(feed: Feed) -> bytes:
    """The page of the feed, UTF-8."""
    whole = root("feed", NAMESPACE, **{"xml:lang": feed.language})
    fill(whole, [("id", feed.id), ("title", feed.title), ("updated", stamp(feed.updated))])
    add(add(whole, "author"), "name", feed.author)
    for name, address in feed.links:
        add(whole, "link", rel=name, type=MEDIA_TYPE, href=address)
    for entry in feed.entries:
        _entry(whole, entry)
    return document(whole)


def _entry(whole: Xml.Element, entry: Entry) -> None:
    element = add(whole, "entry", **({} if entry.language is None else {"xml:lang": entry.language}))
    fill(element, _head(entry))
    length = {} if entry.length is None else {"length": str(entry.length)}
    add(element, "link", rel="alternate", type=cap.MEDIA_TYPE, href=entry.document, **length)
    if entry.page is not None:
        add(element, "link", rel="alternate", type="text/html", href=entry.page)
    add(element, "summary", entry.summary, type="text")


def _head(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "id", entry.id
    yield "title", entry.title
    yield "published", stamp(entry.published)
    yield "updated", stamp(entry.updated)


def _require_id(name: str) -> None:
    if not _ID.fullmatch(name):
        raise WrongUse(f"'{name}' is no lasting id: make one with tag_id or uuid_id.")
