"""From the cells of a row to values; every refusal says what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone, tzinfo
from enum import Enum
from typing import Any, TypeVar

from matcher.domain.positions import Datum, Position
from matcher.errors import WrongUse
from matcher.wording import Wording

_Word = TypeVar("_Word", bound=Enum)
Parser = Callable[[Any], Any]

_TRUE = {"yes", "true", "1", "y", "是"}
_FALSE = {"no", "false", "0", "n", "否"}
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")  # no database takes NUL, no file half a surrogate pair
_LONE_DIGIT = re.compile(r"(?<![\d.])(\d)(?!\d)", re.ASCII)
_EARLIEST = date(1900, 1, 1)


def text(value: Any) -> str:
    """One cell as text; a number is taken as it is written."""
    if value is None or isinstance(value, (dict, list, bool)):
        raise WrongUse(Wording("expected text."))
    written = str(value).strip()
    if _UNWRITABLE.search(written):
        raise WrongUse(Wording("expected text without NUL or broken characters."))
    return written


def texts(value: Any) -> tuple[str, ...]:
    """Several texts: a JSON list, or one cell with semicolons."""
    parts = value if isinstance(value, list) else text(value).split(";")
    return tuple(part for part in (text(part) for part in parts) if part)


def number(value: Any) -> float:
    """A finite decimal number with a point."""
    try:
        parsed = float(text(value))
    except (ValueError, WrongUse) as error:
        raise WrongUse(Wording("expected a number such as 112.5.")) from error
    if not abs(parsed) < float("inf"):
        raise WrongUse(Wording("expected a finite number."))
    return parsed


def whole(value: Any) -> int:
    """A whole number."""
    parsed = number(value)
    if parsed != int(parsed):
        raise WrongUse(Wording("expected a whole number."))
    return int(parsed)


def day(value: Any) -> date:
    """A date, YYYY-MM-DD or YYYY/M/D, from 1900 until today, wherever on the globe that is."""
    try:
        parsed = date.fromisoformat(_iso(value))
    except ValueError as error:
        raise WrongUse(Wording("expected a date that exists, as YYYY-MM-DD.")) from error
    return _possible(parsed)


def moment(value: Any, zone: tzinfo = timezone.utc) -> datetime:
    """A date or an ISO 8601 time, from 1900 until today; one without an offset is of `zone`."""
    parsed = instant(value, zone)
    _possible(parsed.date())
    return parsed


def instant(value: Any, zone: tzinfo = timezone.utc) -> datetime:
    """A date or an ISO 8601 time, also one that is to come; one without an offset is of `zone`."""
    written = _iso(value)
    try:
        parsed = datetime.fromisoformat(written.removesuffix("Z") + ("+00:00" if written.endswith("Z") else ""))
    except ValueError as error:
        raise WrongUse(Wording("expected a time such as 2024-05-01 or 2024-05-01T18:30+08:00.")) from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


def today() -> date:
    """The present date in UTC."""
    return datetime.now(timezone.utc).date()


def _iso(value: Any) -> str:
    """A date or time with the hyphens and zeros of ISO 8601: spreadsheets write 2024/5/1 9:05."""
    return _LONE_DIGIT.sub(r"0\1", text(value).replace("/", "-"))


def _possible(given: date) -> date:
    # East of Greenwich it may be tomorrow already.
    if not _EARLIEST <= given <= today() + timedelta(days=1):
        raise WrongUse(Wording("expected a date after 1900 and not in the future."))
    return given


def yes_no(value: Any) -> bool:
    """Yes or no."""
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise WrongUse(Wording("expected yes or no."))


def one_of(words: type[_Word]) -> Callable[[Any], _Word]:
    """A parser for the words of an enumeration, in whatever case they are written; its members are taken too."""
    known = {word.value.lower(): word for word in words}

    def parse(value: Any) -> _Word:
        try:
            return known[str(getattr(value, "value", value)).strip().lower()]
        except KeyError as error:
            possible = ", ".join(word.value for word in words)
            raise WrongUse(Wording("expected one of {words}.", words=possible)) from error

    return parse


def position(cells: Mapping[str, Any]) -> Position | None:
    """The position in the cells `lat`, `lon` and `datum` (wgs84 or gcj02); `None` without both coordinates."""
    if "lat" not in cells and "lon" not in cells:
        return None
    if "lat" not in cells or "lon" not in cells:
        raise WrongUse(Wording("lat and lon belong together: give both or neither."))
    datum = one_of(Datum)(cells.get("datum", Datum.WGS84.value))
    return Position.given(number(cells["lat"]), number(cells["lon"]), datum)
