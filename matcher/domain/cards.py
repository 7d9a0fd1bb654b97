"""The card of a missing child that the public sees: what may be on it, and how long ago it all was on a given day.

`CardFacts` is the whole list of what a card may ever tell of a child. What is not a field of it cannot be shown by
anything that is made of a card.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date

from matcher.domain.cases import CaseDetails, Sex
from matcher.domain.faces import Box
from matcher.domain.names import NamePolicy, shown_name
from matcher.errors import WrongUse
from matcher.wording import Wording

__all__ = ["Card", "CardFacts", "NamePolicy", "coarse_age", "facts_of", "months_between", "whole_months"]

LONGEST_ADDRESS = 106  # of a report's page: more letters make a code too fine for a telephone's camera
_ADDRESS = re.compile(r"https?://[!-~]+", re.ASCII)
_PHONE = re.compile(r"[^\n\r\t]{3,40}")
_CODE = re.compile(r"[0-9A-Za-z]([0-9A-Za-z -]{0,22}[0-9A-Za-z])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What a card may tell of a child, and nothing else. Everything but `sex` may be unknown.

    `name` is already shown as far as it may be. `age_then` is in years, of the time when the child went missing: whole
    years, and whole months below two years, because a finer one beside a day would tell the birth date. `missing_since`
    is the day where it happened; `place` is as people say it. `photo_age` is as coarse, of the photo that the card
    shows, and of the day on which that was taken the year is told.
    """

    name: str | None = None
    sex: Sex = Sex.UNKNOWN
    age_then: float | None = None
    missing_since: date | None = None
    place: str | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    marks: str | None = None
    clothing: str | None = None
    photo_age: float | None = None
    photo_year: int | None = None


def facts_of(
    details: CaseDetails, policy: NamePolicy, *, photo_age: float | None = None, photo_taken: date | None = None
) -> CardFacts:
    """What a card may tell of a case, and of its photo."""
    since = None if details.missing_since is None else details.missing_since.date()  # the day by its own clock
    return CardFacts(
        name=shown_name(details.name, policy),
        sex=details.sex,
        age_then=_age_then(details.born, details.age, since),
        missing_since=since,
        place=_line(details.last_seen_place),
        height_cm=details.height_cm,
        weight_kg=details.weight_kg,
        marks=_line(details.marks),
        clothing=_line(details.clothing),
        photo_age=None if photo_age is None else coarse_age(photo_age),
        photo_year=None if photo_taken is None else photo_taken.year,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One card as it is given out. Ages and durations are those of `made_on`; after `expires` it is not to be shown.

    `code` is a short word for the case that can be said over a telephone. `photo` is a JPEG, whose metadata no output
    keeps; `face` is where the child's face is in it, upright. `phone` is whom to call, `report_url` the page for those
    who would rather write, and `office` who issues the card.
    """

    code: str
    facts: CardFacts
    photo: bytes = field(repr=False)
    phone: str
    report_url: str
    expires: date
    made_on: date
    face: Box | None = None
    office: str | None = None

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise WrongUse(
                Wording("The case code '{code}' cannot be said: up to 24 letters and digits, please.", code=self.code)
            )
        if not _PHONE.fullmatch(self.phone) or sum(map(str.isdigit, self.phone)) < 3:
            raise WrongUse(Wording("'{phone}' is no telephone number that a card can show.", phone=self.phone))
        if not _ADDRESS.fullmatch(self.report_url) or len(self.report_url) > LONGEST_ADDRESS:
            told = {"address": self.report_url, "most": LONGEST_ADDRESS}
            raise WrongUse(
                Wording(
                    "'{address}' cannot be a card's address: it begins with https:// or http:// and has up to {most} "
                    "plain letters.",
                    **told,
                )
            )
        if self.expires < self.made_on:
            told = {"expires": self.expires, "made": self.made_on}
            raise WrongUse(Wording("A card of {made} cannot have expired on {expires}: give a later day.", **told))

    @property
    def months_missing(self) -> int | None:
        """Whole months since the child went missing."""
        since = self.facts.missing_since
        return None if since is None else max(0, months_between(since, self.made_on))

    @property
    def years_missing(self) -> int | None:
        """Whole years since the child went missing."""
        return None if self.months_missing is None else self.months_missing // 12

    @property
    def days_missing(self) -> int | None:
        """Days since the child went missing; 0 on that day, and where a card's day lies before it."""
        since = self.facts.missing_since
        return None if since is None else max(0, (self.made_on - since).days)

    @property
    def age_now(self) -> float | None:
        """The age then and the whole months since, in years: up to a year too low, as people say their age."""
        if self.facts.age_then is None or self.months_missing is None:
            return None
        return (whole_months(self.facts.age_then) + self.months_missing) / 12


def months_between(first: date, last: date) -> int:
    """Whole months from one day to another, as birthdays are counted; a month without that day ends it on the next."""
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)


def whole_months(years: float) -> int:
    """An age in years as whole months."""
    return math.floor(years * 12 + 1e-6)


def coarse_age(years: float) -> float:
    """An age in whole years, and in whole months below two years."""
    months = whole_months(years)
    return months / 12 if months < 24 else float(months // 12)


def _age_then(born: date | None, age: float | None, since: date | None) -> float | None:
    if born is not None and since is not None:
        return coarse_age(months_between(born, since) / 12)
    return None if age is None else coarse_age(age)


def _line(text: str | None) -> str | None:
    """A text in one line; nothing is `None`."""
    return " ".join((text or "").split()) or None
