"""Where everything stands on a card: three shapes, drawn on whatever can show letters, areas and photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from matcher.images.portraits import Area, Image, portrait
from matcher.interchange.card_sheet import CardSheet
from matcher.interchange.fitting import LEADING, Setter, Style
from matcher.interchange.qr import qr_squares

# White letters on the first three have a contrast above 7 : 1, as have those of PALE on SEA, and INK and RED on white.
RED, SEA, SLATE, WHITE = "#a61b1b", "#12395b", "#2a3037", "#ffffff"
INK, GREY, PALE = "#1b2026", "#545c66", "#d6e4f0"
_MIDST, _LAST, _CENTRE = (0, 0.5), (1, 0.5), (0.5, 0)  # shares of free room at the left and above
_MIDDLE = 0.37  # from the middle of a line down to its baseline, in sizes of letters


class Surface(Protocol):
    """What a card is drawn on; lengths count from the upper left, in units of its own."""

    @property
    def density(self) -> float:
        """Pixels of a photo per unit."""

    def width(self, text: str, size: float, bold: bool) -> float: ...

    def write(self, at: tuple[float, float], text: str, size: float, bold: bool, colour: str) -> None: ...

    def fill(self, area: Area, colour: str, radius: float = 0) -> None: ...

    def photo(self, area: Area, image: Image) -> None: ...

    def squares(self, area: Area, rows: Sequence[Sequence[bool]], colour: str) -> None: ...

    def link(self, area: Area, address: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """One card on one surface."""

    surface: Surface
    sheet: CardSheet

    def message(self) -> None:
        """1200 × 630: the shape in which messengers show links and pictures without cutting them."""
        right = 1172.0
        self._band((430, 0, 1200, 92), Style(58, 30, True, lines=1), edge=28)
        self._photo((0, 0, 430, 544))
        self._note((0, 544, 430, 630), Style(22, 15), edge=16)
        down = self._name((458, 100, right, 228), Style(54, 26, True), Style(27, 18))
        self._facts((458, down + 6, right, 420), Style(30, 17), below=False)
        self._call((430, 426, 1200, 630), edge=28, code=185, sizes=(20, 68))

    def square(self) -> None:
        """1080 × 1080: the shape of what is posted and passed on."""
        self._band((0, 0, 1080, 122), Style(80, 40, True, lines=1), edge=40)
        self._photo((0, 122, 530, 742))
        self._note((0, 742, 530, 820), Style(24, 16), edge=24)
        down = self._name((562, 136, 1044, 330), Style(60, 28, True), Style(30, 20))
        self._facts((562, down + 14, 1044, 812), Style(38, 18), below=True)
        self._call((0, 820, 1080, 1080), edge=40, code=222, sizes=(26, 84))

    def poster(self) -> None:
        """A4 in points, upright."""
        self._band((0, 0, 596, 84), Style(54, 26, True, lines=1), edge=40)
        top = self._name((40, 94, 555, 184), Style(42, 18, True), Style(18, 11)) + 10
        self._photo((40, top, 345, 582))
        self._note((40, 582, 345, 620), Style(11, 8), edge=10)
        self._facts((365, top, 555, 620), Style(17, 8), below=True)
        self._call((0, 636, 596, 843), edge=40, code=172, sizes=(15, 66))

    def _band(self, area: Area, style: Style, edge: float) -> None:
        """The strong band: what this is, and the code that is said on the telephone."""
        left, top, right, bottom = area
        self.surface.fill(area, RED)
        half = (right - left - 2 * edge) / 2
        self._text(self.sheet.title, (left + edge, top, left + edge + half, bottom), style, WHITE, _MIDST)
        small = Style(style.size / 2.2, style.size / 4)
        self._text(self.sheet.code, (right - edge - half, top, right - edge, bottom), small, WHITE, _LAST)

    def _photo(self, area: Area) -> None:
        left, top, right, bottom = area
        density, face = self.surface.density, self.sheet.face
        pixels = round((right - left) * density), round((bottom - top) * density)
        around = None if face is None else (face.left, face.top, face.right, face.bottom)
        self.surface.photo(area, portrait(self.sheet.photo, self.sheet.code, pixels, around))

    def _note(self, area: Area, style: Style, edge: float) -> None:
        left, top, right, bottom = area
        self.surface.fill(area, SLATE)
        inner = left + edge, top + edge / 3, right - edge, bottom - edge / 3
        self._text(self.sheet.photo_note, inner, style, WHITE, _MIDST)

    def _name(self, area: Area, name: Style, about: Style) -> float:
        """Name, sex and ages; the place at which they end."""
        left, top, right, bottom = area
        room = right - left, about.size * LEADING * 2
        under = self._setter.paragraph(self.sheet.about, room, about).height + about.size * 0.1
        down = self._text(self.sheet.name, (left, top, right, bottom - under), name, INK)
        if not self.sheet.about:
            return down
        return self._text(self.sheet.about, (left, down + about.size * 0.1, right, bottom), about, RED)

    def _facts(self, area: Area, style: Style, *, below: bool) -> None:
        left, top, right, bottom = area
        rows = [(line.heading, line.text) for line in self.sheet.lines]
        table = self._setter.table(rows, (right - left, bottom - top), style, below=below)
        for heading, lines in table.rows:
            self._line(heading, (left, top), table.heading, False, GREY)
            down = top + (table.heading * LEADING if below else 0)
            for number, line in enumerate(lines):
                self._line(line, (left + table.column, down + number * table.size * LEADING), table.size, False, INK)
            top += table.row(len(lines))

    def _call(self, area: Area, edge: float, code: float, sizes: tuple[float, float]) -> None:
        """What to do: call, keep away, or scan; at the foot how long the card is good for."""
        left, top, right, bottom = area
        text, large = sizes
        sheet, white = self.sheet, Style(text, text * 0.62)
        self.surface.fill((left, top, right - code, bottom), SEA)
        self._code((right - code, top, right, bottom), text)
        start, end = left + edge, right - code - edge * 0.6
        foot = bottom - text * 0.4 - text * 0.8 * LEADING
        down = self._text(sheet.call, (start, top + text * 0.6, end, top + text * 2.2), white, PALE)
        number = Style(large, large * 0.3, True, lines=1)
        self._text(sheet.phone, (start, down, end, down + large * 1.15), number, WHITE, _MIDST)
        self._text(sheet.advice, (start, down + large * 1.15 + text * 0.1, end, foot), white, WHITE)
        small = Style(text * 0.7, text * 0.5)
        self._text(sheet.valid, (start, foot, end, bottom - text * 0.3), small, PALE)

    def _code(self, area: Area, text: float) -> None:
        """The code on white, and what it is for below."""
        left, top, right, bottom = area
        below = top + right - left
        self.surface.squares((left, top, right, below), qr_squares(self.sheet.report_url), "#000000")
        self.surface.link((left, top, right, below), self.sheet.report_url)
        size = min((bottom - below) / LEADING, text)
        self._text(self.sheet.report, (left + 4, below, right - 4, bottom), Style(size, size / 2), SEA, _CENTRE)

    @property
    def _setter(self) -> Setter:
        return Setter(self.surface.width)

    def _text(self, text: str, area: Area, style: Style, colour: str, at: tuple[float, float] = (0, 0)) -> float:
        """A text in an area; the place at which it ends. `at` says which share of the free room is left and above."""
        left, top, right, bottom = area
        made = self._setter.paragraph(text, (right - left, bottom - top), style)
        down = top + (bottom - top - made.height) * at[1]
        for line in made.lines:
            free = right - left - self.surface.width(line, made.size, style.bold)
            self._line(line, (left + free * at[0], down), made.size, style.bold, colour)
            down += made.size * LEADING
        return down

    def _line(self, text: str, at: tuple[float, float], size: float, bold: bool, colour: str) -> None:
        """A line whose room begins at `at`."""
        self.surface.write((at[0], at[1] + size * (LEADING / 2 + _MIDDLE)), text, size, bold, colour)
