"""What a printed comparison says: words and pictures that are put in, and what a redacted one leaves out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace

from matcher.wording import Say, Wording, said

REMOVED = "▇▇▇"


@dataclass(frozen=True, slots=True)
class Headings:
    """The words of the sheet itself, in the reader's language."""

    title: str = Wording("Comparison of two faces")
    case: str = Wording("Case")
    people: str = Wording("People")
    place: str = Wording("Place")
    time: str = Wording("Time")
    sighting: str = Wording("Sighting")
    case_photo: str = Wording("Case photo")
    aligned: str = Wording("Upright, at one scale")
    original: str = Wording("The whole photo")
    feature: str = Wording("Feature")
    likeness: str = Wording("What is seen")
    note: str = Wording("Note")
    verdict: str = Wording("Verdict")
    redacted: str = Wording("Names, place and time are left out.")

    def said(self, say: Say) -> Headings:
        """These words in another language."""
        return Headings(**{one.name: said(getattr(self, one.name), say) for one in fields(self)})


@dataclass(frozen=True, slots=True)
class Compared:
    """One side of a comparison: JPEG bytes without metadata. `aligned` is of the same frame on both sides."""

    aligned: bytes = field(repr=False)
    original: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """One feature with what a person saw of it; no likeness: nothing was entered."""

    name: str
    likeness: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSheet:
    """A comparison for paper. All words are in the reader's language; notes are as people wrote them.

    `language` is a BCP 47 tag such as `en` or `zh-Hans`. `verdict` is the sealed one in words, `None` before. A sheet
    never holds a score, a rank or a percentage: there is no field for one.
    """

    language: str
    headings: Headings
    notice: str
    sighting: Compared
    case: Compared
    features: tuple[FeatureLine, ...]
    verdict: str | None = None
    note: str | None = None
    case_number: str | None = None
    people: tuple[str, ...] = ()
    place: str | None = None
    time: str | None = None
    redacted: bool = False

    @property
    def about(self) -> tuple[tuple[str, str], ...]:
        """Heading and words of what tells whose comparison it is."""
        words = self.headings
        entries = (
            (words.case, self.case_number),
            (words.people, ", ".join(self.people)),
            (words.place, self.place),
            (words.time, self.time),
        )
        return tuple((heading, told) for heading, told in entries if told)


def redacted(sheet: ReviewSheet, sighting: Compared, case: Compared) -> ReviewSheet:
    """The sheet without case number, people, place and time, with pictures in which other faces are hidden.

    In notes, each of those words is blotted out wherever it stands, and so is every part of a person's name that
    stands as a word of its own; capitals do not matter. What a note tells in other words stays: people read it before
    they give it out.
    """
    whole = [one for one in (sheet.case_number, *sheet.people, sheet.place, sheet.time) if one and one.strip()]
    parts = [part for name in sheet.people for part in name.split() if len(part) > 1]
    hidden = [re.escape(one.strip()) for one in sorted(whole, key=len, reverse=True)]
    hidden += [rf"\b{re.escape(part)}\b" for part in sorted(parts, key=len, reverse=True)]
    pattern = re.compile("|".join(hidden), re.IGNORECASE) if hidden else None

    def blotted(text: str | None) -> str | None:
        return text if text is None or pattern is None else pattern.sub(REMOVED, text)

    return replace(
        sheet,
        sighting=sighting,
        case=case,
        features=tuple(replace(line, note=blotted(line.note)) for line in sheet.features),
        note=blotted(sheet.note),
        case_number=None,
        people=(),
        place=None,
        time=None,
        redacted=True,
    )
