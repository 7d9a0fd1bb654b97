"""What somebody entered in the form of a sighting, read field by field as people write it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from matcher.domain.cases import Sex
from matcher.domain.positions import Datum, Position
from matcher.domain.records import HowSeen
from matcher.errors import WrongUse
from matcher.interchange import cells
from matcher.services.reports import LONGEST_CONTACT, LONGEST_NOTE
from matcher.web.public.trouble import WrongField
from matcher.wording import Wording

_Word = TypeVar("_Word", bound=Enum)

EARLIEST = date(1900, 1, 1)
# What is written freely: its name in messages, and how long it may be.
_TEXTS: dict[str, tuple[str, int]] = {
    "place": (Wording("The place"), LONGEST_CONTACT),
    "note": (Wording("What you noticed"), LONGEST_NOTE),
    "contact": (Wording("How we can reach you"), LONGEST_CONTACT),
}
_DEGREES = {"lat": (Wording("Latitude"), 90), "lon": (Wording("Longitude"), 180)}
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}(?:[.,][0-9]{1,20})?")
_AGE = re.compile(
    r"(?:(?:about|around|maybe|roughly|ca\.?|约|大约|大概|可能)\s*)?([0-9]{1,3}(?:[.,][0-9]{1,2})?)"
    r"\s*(?:周?岁|(?:years?|yrs?)?(?:\s*old)?)\s*(?:左右|上下)?",
    re.IGNORECASE,
)
_OLDEST = 120


def told(entered: Mapping[str, str], zone: ZoneInfo, today: date) -> dict[str, Any]:
    """The fields of a sighting; `WrongField` names the first that cannot be meant. `today` is the day in `zone`."""
    check_texts(entered)
    first_hand = entered.get("first_hand")
    found = {
        "place": entered.get("place"),
        "note": entered.get("note"),
        "how_seen": _choice("how_seen", HowSeen, entered),
        "first_hand": None if not first_hand else first_hand == "yes",
        "seen_at": _seen_at(entered, zone, today),
        "position": _position(entered),
        "apparent_sex": _choice("apparent_sex", Sex, entered),
        "apparent_age": _age(entered.get("apparent_age", "")),
    }
    return {name: value for name, value in found.items() if value is not None and value != ""}


def check_texts(entered: Mapping[str, str]) -> None:
    """Refuse free texts that are too long, or that nothing can keep."""
    for name, (called, longest) in _TEXTS.items():
        written = entered.get(name, "")
        if len(written) > longest:
            parts = {"field": called, "count": len(written), "most": longest}
            raise WrongField(
                name, Wording("{field}: {count} characters are too many. Write at most {most}, please.", **parts)
            )
        try:
            cells.text(written)
        except WrongUse as error:
            problem = Wording("{field}: some characters cannot be kept. Please type it anew.", field=called)
            raise WrongField(name, problem) from error


def _choice(name: str, words: type[_Word], entered: Mapping[str, str]) -> _Word | None:
    """One of the answers that the form offers, none if none was chosen."""
    chosen = entered.get(name)
    if not chosen:
        return None
    try:
        return words(chosen)
    except ValueError as error:
        raise WrongField(name, Wording("Please choose one of the answers that the form offers.")) from error


def _age(written: str) -> float | None:
    """Years, also with the words that people put around them."""
    if not written:
        return None
    found = _AGE.fullmatch(_plain(written))
    years = None if found is None else float(found[1].replace(",", "."))
    if years is None or years > _OLDEST:
        problem = Wording("About how old did the child seem? Write the years as a number, such as 6.")
        raise WrongField("apparent_age", problem)
    return years


def _position(entered: Mapping[str, str]) -> Position | None:
    """Both coordinates, of whatever map they are; none without both."""
    written = {name: entered.get(name, "") for name in _DEGREES}
    lacking = [name for name, one in written.items() if not one]
    if len(lacking) == len(written):
        return None
    if lacking:
        raise WrongField(
            lacking[0], Wording("Latitude and longitude belong together: fill in both, or leave both empty.")
        )
    lat, lon = (_degrees(name, one) for name, one in written.items())
    return Position.given(lat, lon, _choice("datum", Datum, entered) or Datum.WGS84)


def _degrees(name: str, written: str) -> float:
    called, most = _DEGREES[name]
    plain = _plain(written).rstrip("°").strip()
    value = float(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else None
    if value is None or abs(value) > most:
        parts = {"field": called, "most": most}
        raise WrongField(
            name, Wording("{field}: write degrees as a number from −{most} to {most}, such as 30.2741.", **parts)
        )
    return value


def _seen_at(entered: Mapping[str, str], zone: ZoneInfo, today: date) -> datetime | None:
    """Day and time as people at the place tell them; without a day there is none, without a time it is noon."""
    written, moment = entered.get("seen_day", ""), entered.get("seen_time", "")
    if not written and not moment:
        return None
    if not written:
        raise WrongField("seen_day", Wording("On which day was the child seen? Give the day with the time."))
    day = _day(written)
    if day > today:
        raise WrongField("seen_day", Wording("This day is still to come. On which day was the child seen?"))
    if day < EARLIEST:
        raise WrongField("seen_day", Wording("This day is too long ago. On which day was the child seen?"))
    return datetime.combine(day, _time(moment), zone)


def _day(written: str) -> date:
    try:
        return date.fromisoformat(_plain(written).replace("/", "-"))
    except ValueError as error:
        problem = Wording("“{day}” is no day. Write it as 2026-05-01.", day=written[:40])
        raise WrongField("seen_day", problem) from error


def _time(written: str) -> time:
    try:
        return time.fromisoformat(_plain(written)).replace(tzinfo=None) if written else time(12)
    except ValueError as error:
        problem = Wording("“{time}” is no time. Write it as 18:30.", time=written[:40])
        raise WrongField("seen_time", problem) from error


def _plain(written: str) -> str:
    """Digits and signs of ASCII where a Chinese keyboard gives wide ones."""
    return unicodedata.normalize("NFKC", written).replace("−", "-").strip()
