"""The languages in which people read the desk: which one a request gets, and its words, dates, numbers and units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime, get_timezone_name
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.units import format_unit
from markupsafe import Markup, escape

from matcher.domain.chances import Meaning
from matcher.domain.codes import spoken
from matcher.domain.people import Language
from matcher.domain.quality import Advice, Weakness
from matcher.matching.sentences import sentence
from matcher.services.views import NOTICE
from matcher.web.vocabulary import context
from matcher.wording import Reader, Wording, english, said

NO_DATA = "–"
FOOTER = f"{NOTICE[0].upper()}{NOTICE[1:]}."
CHINESE = Path(__file__).parent / "locale" / "zh_Hans" / "LC_MESSAGES" / "desk.po"

# By primary tag. Who reads Chinese in whatever country or script gets the Chinese that there is.
_BY_TAG = {"en": Language.ENGLISH, "zh": Language.CHINESE}
_RANGE = re.compile(r"\s*([a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", re.IGNORECASE)
_MOST_RANGES = 50  # of one header; browsers send a handful


@dataclass(frozen=True, slots=True)
class _Forms:
    """How a language writes times and days; times always name their zone. `letters` is a day for the public, `clock` a
    time of a zone that is named beside it.
    """

    locale: Locale
    time: str
    day: str
    letters: str
    clock: str


_FORMS = {
    Language.ENGLISH: _Forms(Locale("en"), "yyyy-MM-dd HH:mm 'UTC'", "yyyy-MM-dd", "d MMMM y", "d MMMM y, HH:mm"),
    Language.CHINESE: _Forms(
        Locale("zh", script="Hans"), "y年M月d日 HH:mm 'UTC'", "y年M月d日", "y年M月d日", "y年M月d日 HH:mm"
    ),
}

# Zones whose names in Babel's data nobody says.
_ZONES = {"Asia/Shanghai": Wording("China time"), "UTC": "UTC"}


def texts(language: Language) -> NullTranslations:
    """The translations into a language, from the file that people edit; those of English are the texts themselves."""
    if language is Language.ENGLISH:
        return NullTranslations()
    with CHINESE.open("rb") as file:
        catalog = read_po(file, locale="zh_Hans")
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


def wanted(account: Language | None, header: str) -> Language:
    """The account's language, else the best of an `Accept-Language` header (RFC 9110, 12.5.4), else English."""
    if account is not None:
        return account
    found = negotiate_locale(_preferred(header), list(_BY_TAG), sep="-")
    return Language.ENGLISH if found is None else _BY_TAG[found.lower()]


def _preferred(header: str) -> Sequence[str]:
    """Tags by falling weight, equals as they came; whatever is no tag with a weight is passed over."""
    ranges = [_RANGE.fullmatch(part) for part in header.split(",")[:_MOST_RANGES]]
    weighed = [(float(one[2] or 1), one[1]) for one in ranges if one is not None]
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


class Speech:
    """One language as pages use it. Its methods are the filters of the templates; no data is a dash in all of them."""

    def __init__(self, language: Language, translations: NullTranslations | None = None) -> None:
        self.language = language
        self.translations = texts(language) if translations is None else translations
        self._forms = _FORMS[language]

    @property
    def reader(self) -> Reader:
        """This language for files that are made elsewhere."""
        return Reader(self.language.value, self.say, self.words, self.day)

    def say(self, text: str) -> str:
        """The translation of a text, or the text itself; nothing is nothing, where gettext gives its file's header."""
        return self.translations.gettext(text) if text else ""

    def said(self, text: str | None) -> str:
        """A text with its parts."""
        return NO_DATA if text is None else said(text, self.say)

    def told(self, text: str) -> Markup:
        """A sentence for people; one without a translation is marked as English, so that it is read out as such."""
        spoken = self.said(text)
        if self.language is not Language.ENGLISH and spoken == text:
            return Markup('<span lang="en">{}</span>').format(spoken)
        return escape(spoken)

    def words(self, value: object, kind: str | None = None) -> str:
        """A word of an enumeration, or a plain text that is one of `kind`, the name of its class; any other text stays
        as it is.
        """
        if value is None:
            return NO_DATA
        name = kind or context(value)
        return english(value) if name is None else self.translations.pgettext(name, english(value))

    def code(self, value: str | None) -> str:
        """A code as people read it out."""
        return NO_DATA if value is None else spoken(value)

    def time(self, value: datetime | None) -> str:
        """An aware time, in UTC."""
        if value is None:
            return NO_DATA
        return format_datetime(value, self._forms.time, tzinfo=timezone.utc, locale=self._forms.locale)

    def local(self, value: datetime, zone: ZoneInfo) -> str:
        """A time as clocks show it in a zone, to the minute."""
        return format_datetime(value, self._forms.clock, tzinfo=zone, locale=self._forms.locale)

    def zone(self, zone: ZoneInfo) -> str:
        """The name that people have for a zone's time, as it is the whole year."""
        known = _ZONES.get(zone.key)
        return self.say(known) if known else get_timezone_name(zone, zone_variant="generic", locale=self._forms.locale)

    def day(self, value: date) -> str:
        """A day for whoever reads it anywhere, its month in letters where the language has them."""
        return format_date(value, self._forms.letters, locale=self._forms.locale)

    def date(self, value: date | None) -> str:
        """A day; of an aware time, its day in UTC."""
        if value is None:
            return NO_DATA
        day = value.astimezone(timezone.utc).date() if isinstance(value, datetime) else value
        return format_date(day, self._forms.day, locale=self._forms.locale)

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with that many decimals."""
        if value is None:
            return NO_DATA
        rounded = Decimal(f"{value:.{digits}f}")
        pattern = "0" if digits == 0 else f"0.{'0' * digits}"
        return format_decimal(rounded, pattern, locale=self._forms.locale)

    def cm(self, value: float | None) -> str:
        """A height."""
        return self._unit(value, "length-centimeter")

    def kg(self, value: float | None) -> str:
        """A weight."""
        return self._unit(value, "mass-kilogram")

    def km(self, value: float | None) -> str:
        """A distance."""
        return self._unit(value, "length-kilometer")

    def meaning(self, value: Meaning | None) -> str:
        """What a similarity means, in a sentence."""
        return NO_DATA if value is None else said(sentence(value), self.say)

    def advice(self, value: Advice | None) -> str:
        """What is wrong with a photo, and what a better one would be."""
        if value is None:
            return NO_DATA
        return said(Wording("{problem}: {better}", problem=value.problem, better=value.better), self.say)

    def weakness(self, value: Weakness | None) -> str:
        """How weak a face is, why, and what would help."""
        if value is None:
            return NO_DATA
        parts = {"degree": value.degree, "problem": value.problem, "better": value.better}
        return said(Wording("{degree}: {problem}: {better}", **parts), self.say)

    def _unit(self, value: float | None, unit: str) -> str:
        return NO_DATA if value is None else format_unit(value, unit, "short", locale=self._forms.locale)


@cache
def speech(language: Language) -> Speech:
    """A language, whose file is read once."""
    return Speech(language)
