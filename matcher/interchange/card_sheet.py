"""What a card says, in words that are put in: the same for pictures, paper, pages and programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce

from matcher.domain.cards import Card, whole_months
from matcher.domain.cases import Sex
from matcher.domain.faces import Box
from matcher.wording import ENGLISH, Reader, Wording, said

_IN_MONTHS = 24  # ages and times from here on are said in years
_ADULT = 18
_CHILDREN = {Sex.FEMALE: Wording("Girl"), Sex.MALE: Wording("Boy")}
_ADULTS = {Sex.FEMALE: Wording("Woman"), Sex.MALE: Wording("Man")}
_CHILD, _PERSON = Wording("Child"), Wording("Person")
_KEEP_AWAY_CHILD = Wording("Please do not approach or follow the child or anyone with the child.")
_KEEP_AWAY_PERSON = Wording("Please do not approach or follow this person or anyone with them.")
_TITLE = Wording("MISSING")
_UNSURE = Wording("You need not be sure: say what you saw, where and when.")


@dataclass(frozen=True, slots=True)
class Line:
    """One fact: its heading and what is known."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSheet:
    """A card in the words of one language, a BCP 47 tag such as `en` or `zh-Hans`.

    `name` is what stands largest: the name, or what is known of the child in one word. `about` is sex and ages in one
    line, perhaps empty. `photo` is a JPEG as it came, `face` where the face is in it, and `photo_says` what those are
    told who cannot see it. `report` stands beside the code of `report_url`, `report_page` on a link to it.
    """

    language: str
    title: str
    name: str
    about: str
    lines: tuple[Line, ...]
    photo: bytes = field(repr=False)
    face: Box | None
    photo_says: str
    photo_note: str
    advice: str
    call: str
    phone: str
    report: str
    report_page: str
    report_url: str
    code: str
    valid: str

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is written on a card, in the order in which it is read."""
        facts = (text for line in self.lines for text in (line.heading, line.text))
        ending = (self.advice, self.call, self.phone, self.report, self.code, self.valid)
        return (self.title, self.name, self.about, *facts, self.photo_note, *ending)


def card_sheet(card: Card, reader: Reader = ENGLISH) -> CardSheet:
    """The card in the reader's words."""
    words = _Words(card, reader)
    say = words.say
    days = {"day": reader.day(card.expires), "made": reader.day(card.made_on)}
    valid = Wording("As of {made}. Valid until {day}: please do not share it after that day.", **days)
    call = Wording("Have you seen this face? Call")
    if card.office:
        call = Wording("Have you seen this face? Call {office}", office=card.office)
    return CardSheet(
        language=reader.language,
        title=say(_TITLE),
        name=words.name(),
        about=say(words.about()),
        lines=tuple(words.lines()),
        photo=card.photo,
        face=card.face,
        photo_says=say(Wording("Photo: {name}", name=words.name())),
        photo_note=say(words.photo_note()),
        advice=say(Wording("{first} {second}", first=words.keep_away(), second=_UNSURE)),
        call=say(call),
        phone=card.phone,
        report=say(Wording("Or scan to report")),
        report_page=say(Wording("Or report on this page")),
        report_url=card.report_url,
        code=say(Wording("Case code {code}", code=card.code)),
        valid=say(valid),
    )


def headline(card: Card, reader: Reader = ENGLISH) -> str:
    """The card in one line of the reader's words."""
    words = _Words(card, reader)
    return ": ".join(part for part in (words.say(_TITLE), words.name(), words.say(words.about())) if part)


@dataclass(frozen=True, slots=True)
class _Words:
    """The sentences about one card."""

    card: Card
    reader: Reader

    def say(self, text: str) -> str:
        return said(text, self.reader.say) if text else ""

    def keep_away(self) -> Wording:
        """Who is not to be approached: a child, or one who is no child any more."""
        age = self.card.facts.age_then if self.card.age_now is None else self.card.age_now
        return _KEEP_AWAY_PERSON if age is not None and age >= _ADULT else _KEEP_AWAY_CHILD

    def kind(self) -> Wording:
        """Girl, boy or child, by the age when missing, as on the photo."""
        facts = self.card.facts
        if facts.age_then is not None and facts.age_then >= _ADULT:
            return _ADULTS.get(facts.sex, _PERSON)
        return _CHILDREN.get(facts.sex, _CHILD)

    def name(self) -> str:
        """The name, or what is known of the child in one word."""
        return self.card.facts.name or self.say(self.kind())

    def about(self) -> str:
        """Sex, unless it stands in the place of the name, and ages; nothing if nothing is known."""
        facts, now = self.card.facts, self.card.age_now
        parts = [self.kind()] if facts.name is not None and facts.sex in _CHILDREN else []
        if facts.age_then is not None:
            parts.append(Wording("{age} when missing", age=_age(facts.age_then)))
            if now is not None and _age(now) != _age(facts.age_then):
                parts.append(Wording("about {age} today", age=_age(now)))
        return reduce(_and, parts) if parts else ""

    def lines(self) -> Iterator[Line]:
        facts, say = self.card.facts, self.say
        if facts.missing_since is not None:
            told = {"day": self.reader.day(facts.missing_since), "long": self._how_long()}
            yield Line(say(Wording("Missing since")), say(Wording("{day} ({long})", **told)))
        if facts.place is not None:
            yield Line(say(Wording("Last seen at")), facts.place)
        if facts.height_cm is not None or facts.weight_kg is not None:
            yield self._body(facts.height_cm, facts.weight_kg)
        if facts.marks is not None:
            yield Line(say(Wording("Marks")), facts.marks)
        if facts.clothing is not None:
            yield Line(say(Wording("Clothing")), facts.clothing)

    def _body(self, height_cm: float | None, weight_kg: float | None) -> Line:
        height = None if height_cm is None else Wording("{number} cm", number=f"{height_cm:.0f}")
        weight = None if weight_kg is None else Wording("{number} kg", number=f"{round(weight_kg, 1):g}")
        if height is not None and weight is not None:
            both = Wording("{measure} when missing", measure=_and(height, weight))
            return Line(self.say(Wording("Height, weight")), self.say(both))
        heading = Wording("Height") if weight is None else Wording("Weight")
        return Line(self.say(heading), self.say(Wording("{measure} when missing", measure=height or weight)))

    def _how_long(self) -> Wording:
        days, months = self.card.days_missing or 0, self.card.months_missing or 0
        if days == 0:
            return Wording("since today")
        if days == 1:
            return Wording("for 1 day")
        if months < 2:
            return Wording("for {count} days", count=days)
        if months < _IN_MONTHS:
            return Wording("for {count} months", count=months)
        return Wording("for {count} years", count=months // 12)

    def photo_note(self) -> Wording:
        """When the photo was taken, and that the face may have changed since."""
        facts = self.card.facts
        age = None if facts.photo_age is None else _age(facts.photo_age)
        year = None if facts.photo_year is None else str(facts.photo_year)
        if year is not None and age is not None:
            return Wording("Photo taken in {year}, when {age}. The face may look different today.", year=year, age=age)
        if year is not None:
            return Wording("Photo taken in {year}. The face may look different today.", year=year)
        if age is not None:
            return Wording("Photo taken when {age}. The face may look different today.", age=age)
        return Wording("When this photo was taken is not known. The face may look different today.")


def _and(first: Wording, second: Wording) -> Wording:
    return Wording("{first}, {second}", first=first, second=second)


def _age(years: float) -> Wording:
    """An age as people say it, in completed years; that of a small child in months."""
    months = whole_months(years)
    if months < 1:
        return Wording("less than a month old")
    if months == 1:
        return Wording("1 month old")
    if months < _IN_MONTHS:
        return Wording("{count} months old", count=months)
    return Wording("{count} years old", count=months // 12)
