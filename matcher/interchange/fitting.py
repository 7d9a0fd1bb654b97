"""Texts in rooms: lines are broken, letters become smaller down to a limit, and what is left over ends in an ellipsis.

All of it is counted with the widths that a `Measure` gives, so that it is the same for pictures and for paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

Measure = Callable[[str, float, bool], float]  # a line, the size of its letters, whether it is bold

LEADING = 1.28  # from line to line, in sizes of letters
HEADING = 0.72  # the size of a heading that stands above its text, in that of the text
_GAP, _GAP_BESIDE = 0.42, 0.2  # between rows of a table, in sizes of letters
_STEP = 0.95  # from a size to the next smaller one
_OPENING = r"(\[{（【《「『“‘〈"
_CLOSING = r",.;:?!)\]}，。、；：？！）】》」』”’〉…·"
_WIDE = "\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff○"
# What is never broken: a wide letter, or a word of others, with the signs that belong to it; a space; lonely signs.
_PIECE = re.compile(
    rf"[{_OPENING}]*(?![{_OPENING}{_CLOSING}])[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+[{_CLOSING}]*|\s+|[^\s]"
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set: the size of its letters where it fits, the least size before it is cut, how many lines."""

    size: float
    least: float
    bold: bool = False
    lines: int = 1000

    @property
    def sizes(self) -> list[float]:
        """All sizes in whole units, falling."""
        found, size = [round(self.size)], self.size * _STEP
        while size > self.least:
            found.append(round(size))
            size *= _STEP
        return list(dict.fromkeys([*found, round(self.least)]))


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that fit, and the size of their letters."""

    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * LEADING


@dataclass(frozen=True, slots=True)
class Table:
    """Headings with the lines beside or `below` each, at one size; `column` is the room of headings at the left."""

    rows: tuple[tuple[str, tuple[str, ...]], ...]
    size: float
    column: float
    below: bool

    @property
    def heading(self) -> float:
        """The size of a heading."""
        return self.size * (HEADING if self.below else 1)

    def row(self, lines: int) -> float:
        """The height of a row with its gap."""
        above = self.heading * LEADING if self.below else 0
        return above + self.size * (lines * LEADING + (_GAP if self.below else _GAP_BESIDE))

    @property
    def height(self) -> float:
        return sum(self.row(len(lines)) for _, lines in self.rows)


@dataclass(frozen=True, slots=True)
class Setter:
    """Sets texts with one measure."""

    measure: Measure

    def lines(self, text: str, width: float, size: float, bold: bool = False) -> list[str]:
        """The text in lines of at most `width`; a word that is longer is broken."""
        lines, line, length = [], "", 0.0
        for piece in self._pieces(text, width, size, bold):
            long = self.measure(piece, size, bold)
            if line.strip() and length + long > width and not piece.isspace():
                lines.append(line.strip())
                line, length = "", 0.0
            if line or not piece.isspace():
                line, length = line + piece, length + long
        return [*lines, line.strip()] if line.strip() else lines

    def paragraph(self, text: str, room: tuple[float, float], style: Style) -> Paragraph:
        """The text in a room (width, height), as large as it fits; at least one line, however low the room is."""
        width, height = room

        def most(size: float) -> int:
            return max(1, min(style.lines, int(height / (size * LEADING) + 1e-6)))

        size = self._largest(style, lambda size: len(self.lines(text, width, size, style.bold)) <= most(size))
        lines = self.lines(text, width, size, style.bold)
        return Paragraph(self._cut(lines, most(size), width, size, style.bold), size)

    def table(
        self, rows: Sequence[tuple[str, str]], room: tuple[float, float], style: Style, *, below: bool = False
    ) -> Table:
        """Headings with their texts beside, or `below`, them in a room, all of one size, each with some of its text.

        Where the least size is too large, lines are taken from whichever text has most, then rows from the end.
        """
        width, height = room
        size = self._largest(style, lambda size: self._set(rows, width, size, below).height <= height)
        table = self._set(rows, width, size, below)
        while table.rows and table.height > height:
            table = self._shorter(table, width)
        return table

    def _largest(self, style: Style, fits: Callable[[float], bool]) -> float:
        """The largest size that fits, found by halving; the least one where none does."""
        sizes = style.sizes
        low, high = 0, len(sizes) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if fits(sizes[middle]) else (middle + 1, high)
        return sizes[low]

    def _set(self, rows: Sequence[tuple[str, str]], width: float, size: float, below: bool) -> Table:
        widest = max((self.measure(heading, size, False) for heading, _ in rows), default=0)
        column = 0 if below else min(widest + size, width / 2)
        room = width if below else column - size / 2
        made = ((self._headed(heading, room, size), self.lines(text, width - column, size)) for heading, text in rows)
        return Table(tuple((heading, tuple(lines)) for heading, lines in made), size, column, below)

    def _headed(self, heading: str, width: float, size: float) -> str:
        """A heading in one line."""
        return heading if self.measure(heading, size, False) <= width else self._ended(heading, width, size, False)

    def _shorter(self, table: Table, width: float) -> Table:
        """The table without one line."""
        longest = max(range(len(table.rows)), key=lambda number: len(table.rows[number][1]))
        heading, lines = table.rows[longest]
        if len(lines) <= 1:
            return replace(table, rows=table.rows[:-1])
        cut = self._cut(lines, len(lines) - 1, width - table.column, table.size, False)
        return replace(table, rows=(*table.rows[:longest], (heading, cut), *table.rows[longest + 1 :]))

    def _cut(self, lines: Sequence[str], most: int, width: float, size: float, bold: bool) -> tuple[str, ...]:
        """The first lines; if there were more, the last of them ends in an ellipsis."""
        if len(lines) <= most:
            return tuple(lines)
        return (*lines[: most - 1], self._ended(lines[most - 1], width, size, bold))

    def _ended(self, line: str, width: float, size: float, bold: bool) -> str:
        """As much of a line as fits with an ellipsis at its end."""
        kept = line.rstrip("…")
        while kept and self.measure(f"{kept}…", size, bold) > width:
            kept = kept[:-1].rstrip()
        return f"{kept}…"

    def _pieces(self, text: str, width: float, size: float, bold: bool) -> list[str]:
        """What is never broken, and broken all the same where it is longer than a line."""
        pieces = []
        for piece in _PIECE.findall(" ".join(text.split())):
            rest = piece
            while len(rest) > 1 and self.measure(rest, size, bold) > width:
                end = self._fitting(rest, width, size, bold)
                pieces.append(rest[:end])
                rest = rest[end:]
            pieces.append(rest)
        return pieces

    def _fitting(self, word: str, width: float, size: float, bold: bool) -> int:
        """How many letters of a word fit a line, at least one; up to a hyphen, where there is one."""
        low, high = 1, len(word)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.measure(word[:middle], size, bold) <= width else (low, middle - 1)
        return word.rfind("-", 1, low) + 1 or low
