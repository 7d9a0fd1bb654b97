"""What speaks against a report: reasons for a person to look before anything is searched, never a refusal."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from datetime import datetime, timedelta

from matcher.domain.cases import Photo
from matcher.domain.ids import SightingId
from matcher.domain.records import Report
from matcher.domain.reports import HELD_FROM, Doubt, PublicReport, ReportState, Via
from matcher.images.likeness import differing_bits
from matcher.store.database import Reading

SAME_BITS = 6  # of 64: photos that differ in no more are taken for the same one, saved or scaled anew
COMPARED = timedelta(days=30)
_FASTEST = 3.0  # seconds in which nobody chooses a photo and fills in a form
_FUTURE = timedelta(hours=14)  # a clock of another zone, told without it, is no lie
_LINK = re.compile(r"https?://|www\.|\b[a-z0-9-]+\.(?:com|net|org|cn|ru|top|xyz|info)\b", re.IGNORECASE)


def of_words(report: Report, *, trap: str, seconds: float | None, now: datetime) -> frozenset[Doubt]:
    """What the form noticed and the words say."""
    found = {
        Doubt.TRAP: bool(trap.strip()),
        Doubt.HASTE: seconds is not None and seconds < _FASTEST,
        Doubt.LINKS: bool(_LINK.search(report.note or "")),
        Doubt.EMPTY: report.seen_at is None and report.place is None and report.position is None,
        Doubt.FAR_FUTURE: report.seen_at is not None and report.seen_at > now + _FUTURE,
    }
    return frozenset(doubt for doubt, holds in found.items() if holds)


def of_surroundings(reading: Reading, report: PublicReport) -> frozenset[Doubt]:
    """What other reports, the case and its own photos say."""
    about = None if report.about is None else reading.cases.by_id(report.about)
    photos = reading.photos.of_sighting(report.sighting_id)
    own = any(reading.photos.owners_of(photo.digest)[0] for photo in photos)
    found = {
        # An institution tells the same of many children, and a program sends many people's words.
        Doubt.REPEATED_WORDS: report.via is Via.FORM
        and report.words is not None
        and reading.reports.same_words(report.words, report.sighting_id) > 0,
        Doubt.CASE_CLOSED: about is not None and not about.status.searched,
        Doubt.CARD_PHOTO: own or _shows_a_card(reading, photos),
    }
    return frozenset(doubt for doubt, holds in found.items() if holds)


def _shows_a_card(reading: Reading, photos: Sequence[Photo]) -> bool:
    """Whether a photo looks like that of a card, as the public sees it. A whole poster or picture for messages, with
    its words and frame, does not.
    """
    shown = reading.cards.likenesses()
    mine = reading.reports.likenesses_of([photo.id for photo in photos])
    return any((differing_bits(one, shown) <= SAME_BITS).any() for one in mine)


def same_photos_in(reading: Reading, report: PublicReport) -> set[SightingId]:
    """The other sightings that have, byte by byte or nearly so, every photo of this report."""
    photos = reading.photos.of_sighting(report.sighting_id)
    owners, known = reading.reports.likenesses(report.received_at - COMPARED)
    mine = known[owners == report.sighting_id].tolist()
    near = [set(owners[differing_bits(one, known) <= SAME_BITS].tolist()) for one in mine]
    exact = [reading.photos.owners_of(photo.digest)[1] for photo in photos]
    having = near if len(near) == len(photos) else []
    common = (set.intersection(*having) if having else set()) | (set.intersection(*exact) if exact else set())
    return common - {report.sighting_id}


def first_same(reading: Reading, report: PublicReport, same: Set[SightingId]) -> SightingId | None:
    """The first of the sightings with the photos of this report, if it came before it.

    One against which little speaks does not wait for a person together with one of the same photos that has to.
    """
    held = reading.reports.ids(ReportState.HELD) if report.score < HELD_FROM else set()
    first = reading.sightings.first_of(same - held)
    here = report.received_at, report.sighting_id  # one order for all, so that no two are duplicates of each other
    return first.id if first is not None and (first.created_at, first.id) < here else None


def of_same(reading: Reading, same: SightingId) -> Doubt | None:
    """What became of another sighting that speaks against one of the same photos."""
    sighting, report = reading.sightings.get(same), reading.reports.get(same)
    if sighting is not None and sighting.disputed_at is not None:
        return Doubt.SAME_DISPUTED
    return Doubt.SAME_REFUSED if report is not None and report.state is ReportState.REFUSED else None
