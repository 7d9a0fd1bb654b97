"""A map of a case as SVG that needs nothing else: no map service, no script, no style sheet; it prints as it is seen.

From above: title, map, what its signs mean, and a table that says in words all that the map shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as Xml

from matcher.interchange.map_drawing import AREA, DOT, INK, PAPER, QUIET, diamond, draw, positions
from matcher.interchange.map_labels import width, wrapped
from matcher.interchange.map_sheet import MapSheet, Seen
from matcher.interchange.markup import add, root
from matcher.wording import Wording, said

_NAMESPACE = "http://www.w3.org/2000/svg"
_FONTS = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'Noto Sans', 'Noto Sans CJK SC', sans-serif"
_WIDTH, _LEFT, _RIGHT = 840.0, 40.0, 816.0
_LINE = 1.4  # from line to line of running text
_SIZE = 12.0
_BOLD = 1.15  # how much wider bold letters are
_NO_DATA = "–"
WAYS = Wording(
    "A way is straight over the ground and its speed the least it needs. Sightings may be of different people."
)
_COLUMNS = ((44, 38), (88, 122), (218, 196), (426, 190), (628, 188))  # left and width, px


def sighting_map(sheet: MapSheet, *, whole: bool = True) -> str:
    """The map as an SVG document; all its words are the reader's or those that people wrote.

    Not the `whole` of it is without title, notice and table: for a page that has them in its own form.
    """
    drawing = root("svg", _NAMESPACE)
    add(drawing, "title", sheet.title)
    add(drawing, "desc", f"{sheet.notice} {said(_counted(sheet), sheet.reader.say)}")
    ground = add(drawing, "rect", width=f"{_WIDTH:g}", fill=PAPER)
    page = _Page(drawing, sheet)
    if whole:
        page.text(sheet.title, 20, weight="700")
        page.text(sheet.notice, 13, gap=2)
    page.map()
    if whole:
        page.table()
    height = f"{page.y + 20:.0f}"
    ground.set("height", height)
    language = sheet.reader.language
    drawing.attrib |= {"viewBox": f"0 0 {_WIDTH:g} {height}", "width": f"{_WIDTH:g}", "height": height}
    drawing.attrib |= {"font-family": _FONTS, "xml:lang": language, "lang": language}
    return Xml.tostring(drawing, encoding="unicode") + "\n"


def _counted(sheet: MapSheet) -> Wording:
    known = sum(one.position is not None for one in sheet.sightings)
    return Wording("Sightings on the map: {known} of {all}.", known=known, all=len(sheet.sightings))


class _Page:
    """What is written from above; `y` is the lower end of what there is."""

    def __init__(self, drawing: Xml.Element, sheet: MapSheet) -> None:
        self.y = 20.0
        self._drawing, self._sheet = drawing, sheet

    def text(self, text: str, size: float, *, gap: float = 0, colour: str = INK, weight: str = "400") -> None:
        """A paragraph over the whole width."""
        lines = wrapped(text, size, (_RIGHT - _LEFT) / (_BOLD if weight == "700" else 1))
        self.y += gap
        element = _lines(self._drawing, lines, (_LEFT, self.y + size), size)
        element.attrib |= {"fill": colour, "font-weight": weight}
        self.y += size * _LINE * len(lines)

    def map(self) -> None:
        """The drawing, what its signs mean, and how it is to be read."""
        if not positions(self._sheet):
            self.text(self._said(Wording("There is no map: no position is known.")), 13, gap=8)
            return
        group = add(self._drawing, "g", role="img")
        add(group, "title", self._said(Wording("Map; the table below tells the same in words.")))
        self.y = draw(group, self._sheet, _LEFT, self.y + 10, _RIGHT - _LEFT) + 30
        self._signs()
        self.text(self._said(_reading(self._sheet)), _SIZE, gap=4, colour=QUIET)

    def table(self) -> None:
        """Where the child was last seen, then each sighting, with the ways from one to the other."""
        group = add(self._drawing, "g", role="table", aria_label=self._said(Wording("Places and ways")))
        self.y += 8
        self._row(group, [self._said(one) for one in _headings()], "columnheader")
        for line in self._sheet.lines:
            if line.number is None:
                diamond(group, 53, self.y + 12)
            ways = [_NO_DATA if one is None else self._said(one) for one in (line.from_start, line.from_before)]
            row = self._row(group, ["" if line.number is None else f"{line.number}", *self._place(line.seen), *ways])
            if line.number is None:
                row[0].set("aria-label", self._said(Wording("Last seen")))
        self.text(self._said(WAYS), _SIZE, gap=6, colour=QUIET)

    def _place(self, seen: Seen) -> list[str]:
        """The cells of time and place."""
        where = " ".join(seen.label.split())
        if seen.position is None:
            absent = self._said(Wording("no position, not on the map"))
            where = f"{where} ({absent})" if where else absent
        return [seen.moment or _NO_DATA, where or _NO_DATA]

    def _row(self, table: Xml.Element, cells: Sequence[str], role: str = "cell") -> Xml.Element:
        row = add(table, "g", role="row")
        deepest = 1
        for cell, (left, room) in zip(cells, _COLUMNS, strict=True):
            lines = wrapped(cell, _SIZE, room)
            element = _lines(row, lines, (left, self.y + 4 + _SIZE), _SIZE)
            element.attrib |= {"role": role, "fill": QUIET if role == "columnheader" else INK}
            deepest = max(deepest, len(lines))
        self.y += 12 + _SIZE * _LINE * deepest
        ends = {"x1": f"{_LEFT:g}", "x2": f"{_RIGHT:g}", "y1": f"{self.y - 3:.1f}", "y2": f"{self.y - 3:.1f}"}
        add(row, "line", stroke="#dfddd8", **ends)
        return row

    def _signs(self) -> None:
        x, y = _LEFT + 9, self.y
        for sign, name in self._used():
            if sign == "place":
                diamond(self._drawing, x, y)
            elif sign == "sighting":
                add(self._drawing, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="9", fill=DOT)
            else:
                circle = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "8.5", "stroke_dasharray": "7 3"}
                add(self._drawing, "circle", fill=AREA, fill_opacity="0.05", stroke=AREA, stroke_width="1.5", **circle)
            told = self._said(name)
            add(self._drawing, "text", told, x=f"{x + 15:.1f}", y=f"{y + 4:.1f}", font_size=f"{_SIZE:g}", fill=INK)
            x += 15 + width(told, _SIZE) + 30
        self.y += 14

    def _used(self) -> Iterator[tuple[str, Wording]]:
        sheet = self._sheet
        if sheet.last_seen is not None and sheet.last_seen.position is not None:
            yield "place", Wording("where the child was last seen")
        if any(one.position is not None for one in sheet.sightings):
            yield "sighting", Wording("sightings, numbered by time")
        if sheet.areas:
            yield "area", Wording("area of an alert")

    def _said(self, text: str) -> str:
        return said(text, self._sheet.reader.say)


def _headings() -> tuple[Wording, ...]:
    return (
        Wording("No."),
        Wording("When (UTC)"),
        Wording("Where"),
        Wording("From where last seen"),
        Wording("From the position before"),
    )


def _reading(sheet: MapSheet) -> Wording:
    if sheet.last_seen is not None and sheet.last_seen.position is not None:
        return Wording(
            "North is up. Distances and directions from where the child was last seen are true (azimuthal equidistant "
            "projection); dotted lines are the shortest ways from there. Times are UTC."
        )
    return Wording(
        "North is up. Distances and directions from the middle of the known positions are true (azimuthal equidistant "
        "projection). Times are UTC."
    )


def _lines(parent: Xml.Element, lines: Sequence[str], start: tuple[float, float], size: float) -> Xml.Element:
    """A text of several lines, which is one text for whoever has it read out."""
    x, y = start
    element = add(parent, "text", font_size=f"{size:g}")
    for number, line in enumerate(lines):
        ends = " " if number + 1 < len(lines) else ""
        add(element, "tspan", line + ends, x=f"{x:.1f}", y=f"{y + size * _LINE * number:.1f}")
    return element
