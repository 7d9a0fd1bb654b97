"""Text for people that can still be said in another language where it is shown.

Whatever makes a sentence knows its numbers; only the page that shows it knows its reader. A `Wording` is the English
text, and carries its parts along. `scripts/translations.py` collects the first argument of every `Wording("…")`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

Say = Callable[[str], str]


class Wording(str):
    """An English text made of a template with `{names}` and their values, which may be wordings themselves."""

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Wording:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], Mapping[str, object]]:
        return (self.template,), self.values


def said(text: str, say: Say) -> str:
    """A text in the language of `say`, which gives a template's translation, or the template itself without one."""
    if not isinstance(text, Wording):
        return say(text)
    parts = {name: said(one, say) if isinstance(one, Wording) else one for name, one in text.values.items()}
    return say(text.template).format(**parts) if parts else say(text.template)


def english(value: object) -> str:
    """A word of an enumeration without the sign that joins its parts where programs read it."""
    return str(getattr(value, "value", value)).replace("_", " ")


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def english_day(day: date) -> str:
    """A day with its month in letters, which nobody can take for another day."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a file that is made: the BCP 47 tag of the language, and what says texts, words of enumerations and
    days.
    """

    language: str = "en"
    say: Say = str
    words: Callable[[object], str] = english
    day: Callable[[date], str] = english_day


ENGLISH = Reader()
