"""A card for another program, such as the message box of a shopping app: one JSON object, whose keys are `KEYS`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from matcher.domain.cards import Card, coarse_age
from matcher.interchange.card_sheet import CardSheet, card_sheet
from matcher.wording import Reader

FORMAT, VERSION = "sighting-matcher.card", 1

# What each key means, the same for all that write or read the format. A key gets no other meaning in a later version;
# new ones may come without a new version, so that readers pass over what they do not know.
KEYS = {
    "format": "always sighting-matcher.card",
    "version": "rises when a key goes or changes its meaning",
    "code": "the short code of the case, to be said over the telephone",
    "made_on": "day as of which ages and durations are counted, YYYY-MM-DD",
    "expires": "last day on which the card may be shown, YYYY-MM-DD",
    "child.name": "as far as it may be shown; null: not given",
    "child.sex": "female, male, other or unknown",
    "child.age_then": "years when missing, whole ones from 2 years on; null: unknown",
    "child.age_now": "about how many years on made_on; null: unknown",
    "child.missing_since": "day, YYYY-MM-DD; null: unknown",
    "child.days_missing": "days from then to made_on; null: unknown",
    "child.place": "where the child was last seen, as people say it; null: unknown",
    "child.height_cm": "when missing; null: unknown",
    "child.weight_kg": "when missing; null: unknown",
    "child.marks": "scars, moles and the like; null: unknown",
    "child.clothing": "when last seen; null: unknown",
    "photo.url": "where the photo is; null: it comes by another way",
    "photo.media_type": "always image/jpeg",
    "photo.size": "bytes",
    "photo.sha256": "hexadecimal digest of these bytes",
    "photo.age": "years at which it was taken, whole ones from 2 years on; null: unknown",
    "photo.year": "in which it was taken; null: unknown",
    "contact.office": "who issues the card; null: not told",
    "contact.phone": "whom to call",
    "contact.report_url": "page for those who would rather write",
    "words": "by BCP 47 tag of a language, what the card says in it: title, name, about, photo_note, advice, call, "
    "report, code, valid, and lines, each with heading and text",
}
_SAID = ("title", "name", "about", "photo_note", "advice", "call", "report", "code", "valid")


def card_json(card: Card, readers: Iterable[Reader] = (), photo_url: str | None = None) -> str:
    """The card as JSON text, with its words for each reader; size and digest are those of `card.photo`."""
    facts = card.facts
    told = {
        "format": FORMAT,
        "version": VERSION,
        "code": card.code,
        "made_on": _day(card.made_on),
        "expires": _day(card.expires),
        "child": {
            "name": facts.name,
            "sex": facts.sex.value,
            "age_then": _age(facts.age_then),
            "age_now": _age(card.age_now),
            "missing_since": _day(facts.missing_since),
            "days_missing": card.days_missing,
            "place": facts.place,
            "height_cm": facts.height_cm,
            "weight_kg": facts.weight_kg,
            "marks": facts.marks,
            "clothing": facts.clothing,
        },
        "photo": {
            "url": photo_url,
            "media_type": "image/jpeg",
            "size": len(card.photo),
            "sha256": hashlib.sha256(card.photo).hexdigest(),
            "age": _age(facts.photo_age),
            "year": facts.photo_year,
        },
        "contact": {"office": card.office, "phone": card.phone, "report_url": card.report_url},
        "words": {reader.language: _words(card_sheet(card, reader)) for reader in readers},
    }
    text = json.dumps(told, ensure_ascii=False, indent=2)
    return text.encode("utf-8", "replace").decode("utf-8") + "\n"  # halves of letters cannot be written to a file


def _words(sheet: CardSheet) -> dict[str, Any]:
    lines = [{"heading": line.heading, "text": line.text} for line in sheet.lines]
    return {name: getattr(sheet, name) for name in _SAID} | {"lines": lines}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _age(years: float | None) -> float | None:
    return None if years is None else round(coarse_age(years), 2)
