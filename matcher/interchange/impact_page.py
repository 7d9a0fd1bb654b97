"""The page that an impact assessment can start from, as Markdown: headings with their sources, tables, blanks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

_BLANK = "…"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts under their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page: what the program knows, then what a person has to answer. `source` says which law asks."""

    title: str
    source: str
    told: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    questions: tuple[str, ...] = field(default=())


def impact_page(title: str, notice: str, sections: Sequence[Section]) -> str:
    """The whole page; what others wrote cannot become markup or break a table."""
    parts = [f"# {_line(title)}", _line(notice)]
    for number, section in enumerate(sections, 1):
        parts += [f"## {number}. {_line(section.title)}", f"*{_line(section.source)}*"]
        parts += map(_line, section.told)
        parts += map(_table, section.tables)
        parts += [f"**To be answered:** {_line(question)}\n\n> {_BLANK}" for question in section.questions]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    ruler = ("---",) * len(table.columns)
    return "\n".join("| " + " | ".join(map(_line, row)) + " |" for row in (table.columns, ruler, *table.rows))


def _line(text: str) -> str:
    """A text in one line, without signs that Markdown or HTML would take for their own."""
    plain = " ".join(text.split())
    for sign in "\\`*_|":
        plain = plain.replace(sign, f"\\{sign}")
    return plain.replace("<", "&lt;")
