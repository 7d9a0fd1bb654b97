"""The drawing itself: graticule, areas of alerts, ways, marks and their labels, north and a scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from matcher.domain.geodesy import ring
from matcher.domain.positions import Position
from matcher.interchange.map_labels import Label, Room, shortened, width
from matcher.interchange.map_sheet import Area, MapSheet, Seen
from matcher.interchange.map_view import Extent, Frame, GridLine, Point, Projection, View
from matcher.interchange.markup import add
from matcher.wording import Wording, said

INK, QUIET, GRID, PAPER = "#1f2328", "#57606a", "#d3d8de", "#ffffff"
AREA, PLACE, DOT = "#9a4a10", "#a3261b", "#1d4776"
_CORNERS = 96  # of a circle
_SIZE, _SMALL = 12.0, 10.5
_PILL = 20.0  # height of a mark with a number, px
_DIAMOND = 9.0  # from its middle to a corner
_LOWEST, _HIGHEST = 0.55, 0.8  # of the frame for its width
_LABEL = 180.0  # width of a line beside a mark, at most
_FEW = 8  # marks, between which labels are not taken for each other's
_LONGEST_SCALE = 170.0


@dataclass(frozen=True, slots=True)
class Mark:
    """Sightings so near to each other on the map that they share a mark."""

    numbers: tuple[int, ...]
    seen: tuple[Seen, ...]
    points: tuple[Point, ...]
    moved: float = 0.0  # px to the right, off the mark of where the child was last seen

    @property
    def middle(self) -> Point:
        """Where the mark is."""
        count = len(self.points)
        return sum(x for x, _ in self.points) / count + self.moved, sum(y for _, y in self.points) / count

    @property
    def text(self) -> str:
        """The numbers, those in a row as a range."""
        runs: list[list[int]] = []
        for number in sorted(self.numbers):
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        told = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
        return ", ".join(told if len(told) <= 3 else [*told[:2], "…"])

    @property
    def frame(self) -> Frame:
        """The room that it takes."""
        wide = max(_PILL, width(self.text, _SIZE) + 10)
        x, y = self.middle
        return Frame(x - wide / 2, y - _PILL / 2, wide, _PILL)


@dataclass(frozen=True, slots=True)
class Rim:
    """The circle of an alert in its projection, from the north against the clock."""

    label: str
    radius_km: float
    corners: tuple[Point, ...]


def positions(sheet: MapSheet) -> list[Position]:
    """Where something is, the last-seen place first; empty if there is no map to draw."""
    seen = [] if sheet.last_seen is None else [sheet.last_seen]
    places = [one.position for one in (*seen, *sheet.sightings) if one.position is not None]
    return [*places, *(area.circle.centre for area in sheet.areas)]


def draw(parent: Xml.Element, sheet: MapSheet, left: float, top: float, wide: float) -> float:
    """Add the map in a frame of a width; returns the y of its lower end. There is at least one position."""
    around = _projection(sheet)
    rims = [_rim(area, around) for area in sheet.areas]
    points = [around.point(place) for place in positions(sheet)]
    extent = Extent.of([*points, *(corner for rim in rims for corner in rim.corners)])
    part = min(max(extent.high / extent.wide, _LOWEST), _HIGHEST)
    frame = Frame(left, top, wide, round(wide * part))
    view = extent.view(around, frame)
    room = Room(frame)
    names = _graticule(parent, view)
    _areas(parent, rims, view)
    place = None if sheet.last_seen is None or sheet.last_seen.position is None else view.at(sheet.last_seen.position)
    marks = _marks(sheet, view, place)
    _ways(parent, place, marks)
    _rectangle(parent, frame, fill="none", stroke=QUIET)
    _scale(parent, view, room, sheet)
    _north(parent, room, sheet)
    _rim_names(parent, names, frame)
    if place is not None:
        room.take(Frame(place[0] - _DIAMOND, place[1] - _DIAMOND, 2 * _DIAMOND, 2 * _DIAMOND))
    for mark in marks:
        room.take(mark.frame)
    labels = [*_place_label(sheet, place, room), *_area_labels(rims, view, room), *_mark_labels(marks, room)]
    for mark in marks:
        _pill(parent, mark)
    if place is not None:
        diamond(parent, *place)
    for label, colour in labels:
        _write(parent, label, colour)
    return frame.bottom


def _projection(sheet: MapSheet) -> Projection:
    """Around where the child was last seen; where nobody knows, around the middle of what is known."""
    if sheet.last_seen is not None and sheet.last_seen.position is not None:
        return Projection(sheet.last_seen.position)
    first, *others = positions(sheet)
    about = Projection(first)
    extent = Extent.of([(0.0, 0.0), *(about.point(place) for place in others)])
    return Projection(about.place(*extent.middle))


def _rim(area: Area, around: Projection) -> Rim:
    corners = ring(area.circle.centre, area.circle.radius_km, _CORNERS)[:-1]
    return Rim(area.label, area.circle.radius_km, tuple(around.point(corner) for corner in corners))


def diamond(parent: Xml.Element, x: float, y: float) -> None:
    """The mark of where the child was last seen."""
    corners = [(x, y - _DIAMOND), (x + _DIAMOND, y), (x, y + _DIAMOND), (x - _DIAMOND, y)]
    add(parent, "polygon", points=_points(corners), fill=PLACE, stroke=PAPER, stroke_width="1.5")


def _graticule(parent: Xml.Element, view: View) -> list[GridLine]:
    group = add(parent, "g", fill="none", stroke=GRID, stroke_width="1")
    lines = list(view.graticule())
    for line in lines:
        for part in line.parts:
            add(group, "polyline", points=_points(part))
    return lines


def _areas(parent: Xml.Element, rims: Sequence[Rim], view: View) -> None:
    group = add(parent, "g", fill=AREA, fill_opacity="0.05", stroke=AREA, stroke_width="1.5")
    for rim in sorted(rims, key=lambda one: -one.radius_km):
        add(group, "polygon", points=_points([view.on_sheet(corner) for corner in rim.corners]), stroke_dasharray="7 3")


def _marks(sheet: MapSheet, view: View, place: Point | None) -> list[Mark]:
    known = [(number, seen, seen.position) for number, seen in sheet.numbered if seen.position is not None]
    marks = [Mark((number,), (seen,), (view.at(position),)) for number, seen, position in known]
    met = True
    while met:
        marks, met = _merged([_off(mark, place, view.frame) for mark in marks])
    return marks


def _merged(marks: Sequence[Mark]) -> tuple[list[Mark], bool]:
    """Marks with those joined that would cover each other, and whether there were any."""
    kept: list[Mark] = []
    for mark in marks:
        near = next((one for one in kept if _cover(one.frame, mark.frame)), None)
        if near is None:
            kept.append(mark)
        else:
            both = Mark(near.numbers + mark.numbers, near.seen + mark.seen, near.points + mark.points)
            kept[kept.index(near)] = both
    return kept, len(kept) < len(marks)


def _off(mark: Mark, place: Point | None, frame: Frame) -> Mark:
    """A mark moved aside from the one of where the child was last seen."""
    if place is None or mark.moved:
        return mark
    x, y = mark.middle
    beside = _DIAMOND + mark.frame.width / 2 + 2
    if abs(x - place[0]) >= beside or abs(y - place[1]) >= _DIAMOND + _PILL / 2:
        return mark
    right = place[0] + beside + mark.frame.width / 2 <= frame.right
    return Mark(mark.numbers, mark.seen, mark.points, place[0] + (beside if right else -beside) - x)


def _cover(one: Frame, other: Frame) -> bool:
    across = one.left < other.right and other.left < one.right
    return across and one.top < other.bottom and other.top < one.bottom


def _ways(parent: Xml.Element, place: Point | None, marks: Sequence[Mark]) -> None:
    """Straight lines from where the child was last seen: around the centre of this projection, the shortest ways."""
    if place is None:
        return
    group = add(parent, "g", stroke=QUIET, stroke_width="1", stroke_dasharray="2 3")
    for mark in marks:
        (x, y), (start_x, start_y) = mark.middle, place
        add(group, "line", x1=_px(start_x), y1=_px(start_y), x2=_px(x), y2=_px(y))


def _scale(parent: Xml.Element, view: View, room: Room, sheet: MapSheet) -> None:
    km, wide = view.scale(_LONGEST_SCALE)
    told = Wording("{km} km", km=f"{km:g}") if km >= 1 else Wording("{metres} m", metres=f"{km * 1000:g}")
    left, bottom = view.frame.left + 14, view.frame.bottom - 12
    back = Frame(left - 8, bottom - 28, max(wide, 40) + 16, 34)
    room.take(back)
    group = add(parent, "g")
    _rectangle(group, back, fill=PAPER, fill_opacity="0.85")
    _rectangle(group, Frame(left, bottom - 6, wide, 6), fill=PAPER, stroke=INK)
    _rectangle(group, Frame(left, bottom - 6, wide / 2, 6), fill=INK, stroke=INK)
    text = said(told, sheet.reader.say)
    add(group, "text", text, x=_px(left), y=_px(bottom - 12), font_size=f"{_SIZE:g}", fill=INK)


def _north(parent: Xml.Element, room: Room, sheet: MapSheet) -> None:
    x, top = room.frame.right - 22, room.frame.top + 10
    room.take(Frame(x - 14, top - 4, 28, 42))
    group = add(parent, "g", fill=INK)
    add(group, "polygon", points=_points([(x, top), (x + 6, top + 20), (x, top + 15), (x - 6, top + 20)]))
    letter = said(Wording("N"), sheet.reader.say)
    add(
        group,
        "text",
        letter,
        x=_px(x),
        y=_px(top + 33),
        text_anchor="middle",
        font_size=f"{_SIZE:g}",
        font_weight="700",
    )


def _rim_names(parent: Xml.Element, lines: Sequence[GridLine], frame: Frame) -> None:
    """Names of meridians below the frame and of parallels at its left, where the lines come out and there is room."""
    group = add(parent, "g", fill=QUIET, font_size=f"{_SMALL:g}", text_anchor="middle")
    taken: list[Frame] = []
    for line in lines:
        wide = width(line.name, _SMALL) + 6
        for x, y in (point for part in line.parts for point in (part[0], part[-1])):
            if line.parallel and x == frame.left:
                asked, middle, turn = Frame(0, y - wide / 2, frame.left, wide), (frame.left - 6, y), True
            elif not line.parallel and y == frame.bottom:
                asked, middle, turn = Frame(x - wide / 2, y, wide, 16), (x, y + 14), False
            else:
                continue
            inside = frame.top <= asked.top and asked.bottom <= frame.bottom if turn else (
                frame.left <= asked.left and asked.right <= frame.right)  # fmt: skip
            if inside and not any(_cover(asked, one) for one in taken):
                taken.append(asked)
                where = {"transform": f"rotate(-90 {_px(middle[0])} {_px(middle[1])})"} if turn else {}
                add(group, "text", line.name, x=_px(middle[0]), y=_px(middle[1]), **where)
                break


def _place_label(sheet: MapSheet, place: Point | None, room: Room) -> Iterator[tuple[Label, str]]:
    if place is None or sheet.last_seen is None:
        return
    first = said(Wording("Last seen"), sheet.reader.say)
    lines = [line for line in (first, sheet.last_seen.moment, shortened(sheet.last_seen.label, _SIZE, _LABEL)) if line]
    x, y = place
    mark = Frame(x - _DIAMOND, y - _DIAMOND, 2 * _DIAMOND, 2 * _DIAMOND)
    label = room.beside(mark, (lines, lines[:1]), _SIZE)
    if label is not None:
        yield label, PLACE


def _area_labels(rims: Sequence[Rim], view: View, room: Room) -> Iterator[tuple[Label, str]]:
    # From the north to both sides, a twenty-fourth of the circle at a time.
    order = sorted(range(0, _CORNERS, 4), key=lambda corner: min(corner, _CORNERS - corner))
    for rim in rims:
        points = (view.on_sheet(rim.corners[corner]) for corner in order)
        label = room.around(points, shortened(rim.label, _SIZE, 2 * _LABEL), _SIZE)
        if label is not None:
            yield label, AREA


def _mark_labels(marks: Sequence[Mark], room: Room) -> Iterator[tuple[Label, str]]:
    for mark in marks:
        label = room.beside(mark.frame, _choices(mark, named=len(marks) > _FEW), _SIZE)
        if label is not None:
            yield label, INK


def _choices(mark: Mark, *, named: bool) -> list[list[str]]:
    """What may stand beside a mark, the fullest first; `named` tells whose it is among many. The table has the rest."""
    if len(mark.seen) > 3:
        return []
    if len(mark.seen) > 1:
        both = zip(mark.numbers, mark.seen, strict=True)
        dated = [f"{number}: {seen.moment}" for number, seen in both if seen.moment is not None]
        return [dated] if dated else []
    (seen,), (number,) = mark.seen, mark.numbers
    told = [] if seen.moment is None else [seen.moment]
    name = shortened(seen.label, _SIZE, _LABEL)
    lines = [*told, name] if name else told
    if named and lines:
        lines = [f"{number}: {lines[0]}", *lines[1:]]
    return [lines, lines[:1]] if lines else []


def _pill(parent: Xml.Element, mark: Mark) -> None:
    frame = mark.frame
    x, y = mark.middle
    box = {"x": _px(frame.left), "y": _px(frame.top), "width": _px(frame.width), "height": _px(frame.height)}
    add(parent, "rect", rx=_px(_PILL / 2), fill=DOT, stroke=PAPER, stroke_width="1.5", **box)
    add(
        parent,
        "text",
        mark.text,
        x=_px(x),
        y=_px(y + 4.3),
        text_anchor="middle",
        fill=PAPER,
        font_size="12",
        font_weight="700",
    )


def _write(parent: Xml.Element, label: Label, colour: str) -> None:
    size = f"{label.size:g}"
    halo = {"stroke": PAPER, "stroke_width": "3", "stroke_linejoin": "round", "paint_order": "stroke"}
    group = add(parent, "g", fill=colour, font_size=size, text_anchor=label.anchor, **halo)
    for y, line in label.baselines:
        add(group, "text", line, x=_px(label.x), y=_px(y))


def _centred(parent: Xml.Element, text: str, start: Point, colour: str) -> None:
    look = {"text_anchor": "middle", "font_size": f"{_SIZE:g}", "font_weight": "700", "fill": colour}
    add(parent, "text", text, x=_px(start[0]), y=_px(start[1]), **look)


def _rectangle(parent: Xml.Element, frame: Frame, **look: str) -> None:
    box = {"x": _px(frame.left), "y": _px(frame.top), "width": _px(frame.width), "height": _px(frame.height)}
    add(parent, "rect", **box, **look)


def _points(line: Sequence[Point]) -> str:
    return " ".join(f"{_px(x)},{_px(y)}" for x, y in line)


def _px(value: float) -> str:
    return f"{value + 0.0:.1f}"
