"""Maps of cases: true to the globe, nothing outside the sheet, nothing hidden, nothing but words and shapes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from matcher.domain.alerts import Circle
from matcher.domain.geodesy import bearing
from matcher.domain.people import Language
from matcher.domain.positions import Position
from matcher.errors import WrongUse
from matcher.interchange.map_labels import width
from matcher.interchange.map_sheet import Area, MapSheet, Seen, way
from matcher.interchange.markup import writable
from matcher.interchange.sighting_map import sighting_map
from matcher.web.languages import speech

SVG = "{http://www.w3.org/2000/svg}"
GONE = datetime(2026, 5, 3, 6, 20, tzinfo=timezone.utc)
WEST_LAKE = Position(30.2510, 120.1410)
CITIES = {
    "Suzhou": Position(31.3300, 120.6070),
    "Shanghai": Position(31.2330, 121.4750),
    "Nanjing": Position(31.9700, 118.7980),
}


def hours(count: float) -> datetime:
    return GONE + timedelta(hours=count)


CHINA = MapSheet(
    title="Case 7nf",
    notice="Possible resemblance, not an identification",
    last_seen=Seen("West Lake, Hangzhou", GONE, WEST_LAKE),
    sightings=(
        Seen("Nanjing, South station", hours(30), CITIES["Nanjing"]),
        Seen("Suzhou, station", hours(5), CITIES["Suzhou"]),
        Seen("Shanghai, People's Square", hours(9), CITIES["Shanghai"]),
        Seen("Caller did not say where", hours(12)),
    ),
    areas=tuple(Area(Circle(WEST_LAKE, km), f"{km} km") for km in (100, 200, 300, 500)),
)


def drawn(sheet: MapSheet) -> etree._Element:
    return etree.fromstring(sighting_map(sheet).encode())


def texts(root: etree._Element) -> list[str]:
    return [" ".join("".join(one.itertext()).split()) for one in root.iter(f"{SVG}text")]


def rows(root: etree._Element) -> list[list[str]]:
    (table,) = root.findall(f".//{SVG}g[@role='table']")
    found = table.findall(f"{SVG}g[@role='row']")
    return [[" ".join("".join(cell.itertext()).split()) for cell in row.findall(f"{SVG}text")] for row in found]


def coordinates(element: etree._Element) -> Iterator[tuple[float, float]]:
    """All points that an element names."""
    for pair in (element.get("points") or "").split():
        x, y = map(float, pair.split(","))
        yield x, y
    for x_name, y_name in (("x", "y"), ("x1", "y1"), ("x2", "y2")):
        if element.get(x_name) is not None:
            yield float(element.get(x_name, "")), float(element.get(y_name, ""))
    if element.tag == f"{SVG}rect":
        x, y = float(element.get("x", 0)), float(element.get("y", 0))
        yield x + float(element.get("width", "")), y + float(element.get("height", ""))
    if element.get("cx") is not None:
        x, y, r = (float(element.get(name, "")) for name in ("cx", "cy", "r"))
        yield from [(x - r, y - r), (x + r, y + r)]


def diamond(root: etree._Element) -> tuple[float, float]:
    """The middle of the mark of where the child was last seen."""
    first = next(one for one in root.iter(f"{SVG}polygon") if one.get("fill") == "#a3261b")
    corners = list(coordinates(first))
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def rings(root: etree._Element) -> list[list[tuple[float, float]]]:
    found = [list(coordinates(one)) for one in root.iter(f"{SVG}polygon") if one.get("stroke-dasharray")]
    return sorted(found, key=lambda ring: max(x for x, _ in ring) - min(x for x, _ in ring))


def pills(root: etree._Element) -> dict[str, tuple[float, float, float, float]]:
    """Left, top, right and bottom of each mark by what is written in it."""
    found = {}
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("rx"):
            left, top, wide, high = (float(rect.get(name, "")) for name in ("x", "y", "width", "height"))
            label = rect.getnext()
            found[label.text] = left, top, left + wide, top + high
    return found


def labels(root: etree._Element) -> list[tuple[float, float, float, float]]:
    """The room of each label on the map: those with a halo."""
    found = []
    for group in root.iter(f"{SVG}g"):
        if group.get("paint-order") == "stroke":
            size = float(group.get("font-size", ""))
            lines = group.findall(f"{SVG}text")
            wide = max(width(line.text or "", size) for line in lines)
            part = {"start": 0.0, "middle": 0.5, "end": 1.0}[group.get("text-anchor", "")]
            left, top = float(lines[0].get("x", "")) - part * wide, float(lines[0].get("y", "")) - 0.8 * size
            found.append((left, top, left + wide, float(lines[-1].get("y", "")) + 0.2 * size))
    return found


def test_rings_and_dots_are_true_to_the_ellipsoid() -> None:
    root = drawn(CHINA)
    x, y = diamond(root)
    sizes = [[math.dist((x, y), corner) for corner in ring] for ring in rings(root)]
    px_per_km = sum(sizes[3]) / len(sizes[3]) / 500
    for ring, km in zip(sizes, (100, 200, 300, 500), strict=True):
        assert ring == pytest.approx([km * px_per_km] * len(ring), abs=0.15)
    for number, city in zip("124", ("Suzhou", "Shanghai", "Nanjing"), strict=True):
        left, top, right, bottom = pills(root)[number]
        km, azimuth = bearing(WEST_LAKE, CITIES[city])
        east, north = (left + right) / 2 - x, y - (top + bottom) / 2
        assert math.hypot(east, north) == pytest.approx(km * px_per_km, abs=0.2)
        assert math.degrees(math.atan2(east, north)) == pytest.approx(azimuth, abs=0.2)
    bar = next(
        rect for rect in root.iter(f"{SVG}rect") if rect.get("fill") == "#ffffff" and rect.get("stroke") == "#1f2328"
    )
    assert "200 km" in texts(root)
    assert float(bar.get("width", "")) == pytest.approx(200 * px_per_km, abs=0.1)


def test_the_table_says_all_that_the_map_shows() -> None:
    assert rows(drawn(CHINA)) == [
        ["No.", "When (UTC)", "Where", "From where last seen", "From the position before"],
        ["", "2026-05-03 06:20", "West Lake, Hangzhou", "–", "–"],
        ["1", "2026-05-03 11:20", "Suzhou, station", "128 km in 5 h: 26 km/h", "–"],
        ["2", "2026-05-03 15:20", "Shanghai, People's Square", "168 km in 9 h: 19 km/h", "83 km in 4 h: 21 km/h"],
        ["3", "2026-05-03 18:20", "Caller did not say where (no position, not on the map)", "–", "–"],
        ["4", "2026-05-04 12:20", "Nanjing, South station", "230 km in 30 h: 7.7 km/h", "267 km in 21 h: 13 km/h"],
    ]


def test_numbers_go_by_time_and_whatever_has_none_comes_last() -> None:
    sheet = MapSheet(title="", notice="", sightings=(Seen("c"), Seen("b", hours(2)), Seen("a", hours(1)), Seen("d")))
    assert [(number, one.label) for number, one in sheet.numbered] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_times_are_told_in_utc_wherever_they_come_from() -> None:
    at = GONE.astimezone(timezone(timedelta(hours=8)))
    root = drawn(
        MapSheet(title="", notice="", last_seen=Seen("", at, WEST_LAKE), sightings=(Seen("", at, CITIES["Suzhou"]),))
    )
    assert texts(root).count("2026-05-03 06:20") == 4  # both in the table and on the map
    with pytest.raises(WrongUse, match="time zone"):
        drawn(MapSheet(title="", notice="", sightings=(Seen("", GONE.replace(tzinfo=None)),)))


def test_the_way_from_a_sighting_without_a_time_is_not_told() -> None:
    sheet = MapSheet(title="", notice="", sightings=(Seen("a", hours(1), WEST_LAKE), Seen("b", None, CITIES["Suzhou"])))
    assert [row[4] for row in rows(drawn(sheet))[1:]] == ["–", "–"]


@pytest.mark.parametrize(
    ("spent", "told"),
    [
        (timedelta(hours=5), "128 km in 5 h: 26 km/h"),
        (timedelta(minutes=90), "128 km in 90 min: 85 km/h"),
        (timedelta(hours=9, minutes=30), "128 km in 9.5 h: 13 km/h"),
        (timedelta(days=2), "128 km in 2 days: 2.7 km/h"),
        (timedelta(days=400), "128 km in 400 days"),
        (timedelta(0), "128 km at the same time"),
        (timedelta(seconds=1), "128 km at the same time"),
        (-timedelta(hours=3), "128 km, 3 h earlier"),
    ],
)
def test_ways_in_words(spent: timedelta, told: str) -> None:
    start, end = Seen("", GONE, WEST_LAKE), Seen("", GONE + spent, CITIES["Suzhou"])
    assert way(start, end) == told


def test_ways_without_times_or_positions() -> None:
    here, there = Seen("", GONE, WEST_LAKE), Seen("", None, Position(30.2510, 120.1510))
    assert way(here, there) == way(there, here) == "962 m"
    assert way(here, Seen("", GONE)) is None
    assert way(Seen("", GONE), here) is None
    assert way(None, here) is None
    assert way(here, Seen("", None, WEST_LAKE)) == "0 m"


def test_a_map_in_chinese_has_no_english_of_its_own() -> None:
    label = "目击"
    reader = speech(Language.CHINESE).reader
    sheet = MapSheet(
        title="案件",
        notice="可能相似",
        last_seen=Seen("西湖", GONE, WEST_LAKE),
        sightings=(
            Seen(label, hours(5), CITIES["Suzhou"]),
            Seen(label, hours(-1), CITIES["Nanjing"]),
            Seen(label, GONE),
        ),
        areas=(Area(Circle(WEST_LAKE, 100), "100 公里"),),
        reader=reader,
    )
    root = drawn(sheet)
    assert root.get("lang") == "zh-Hans"
    assert rows(root)[4][3] == "128 公里，5 小时：26 公里/时"
    assert rows(root)[2][3] == "230 公里，早 60 分钟"
    words = " ".join("".join(root.itertext()).split()).replace("UTC", "")
    assert not re.search("[A-Za-z]{2}", words)


def test_it_is_told_what_kind_of_thing_each_part_is() -> None:
    root = drawn(CHINA)
    assert root[0].tag == f"{SVG}title" and root[0].text == "Case 7nf"
    assert root[1].tag == f"{SVG}desc" and root[1].text is not None
    assert root[1].text.endswith("Sightings on the map: 3 of 4.")
    (picture,) = root.findall(f".//{SVG}g[@role='img']")
    assert picture[0].tag == f"{SVG}title" and picture[0].text
    (table,) = root.findall(f".//{SVG}g[@role='table']")
    assert table.get("aria-label")
    (first, *others) = table.findall(f"{SVG}g[@role='row']")
    assert {cell.get("role") for cell in first.findall(f"{SVG}text")} == {"columnheader"}
    assert {cell.get("role") for row in others for cell in row.findall(f"{SVG}text")} == {"cell"}
    assert others[0].find(f"{SVG}text").get("aria-label") == "Last seen"


def test_no_position_at_all_is_said() -> None:
    root = drawn(MapSheet(title="Case", notice="", last_seen=Seen("", GONE), sightings=(Seen("Somewhere", hours(1)),)))
    assert "There is no map: no position is known." in texts(root)
    assert root.find(f".//{SVG}g[@role='img']") is None
    assert rows(root)[1][1:] == ["2026-05-03 06:20", "no position, not on the map", "–", "–"]
    assert len(rows(drawn(MapSheet(title="", notice="")))) == 1


def test_sightings_that_would_cover_each_other_share_a_mark() -> None:
    near = tuple(Seen(f"{one}", hours(one), Position(31.33 + one / 1e4, 120.607)) for one in (1, 2, 3, 4))
    far = (Seen("5", hours(5), CITIES["Nanjing"]), Seen("6", hours(6), Position(31.33, 120.6071)))
    sheet = MapSheet(title="", notice="", last_seen=Seen("", GONE, WEST_LAKE), sightings=near + far)
    assert set(pills(drawn(sheet))) == {"1–4, 6", "5"}


def test_a_sighting_where_the_child_was_last_seen_does_not_hide_it() -> None:
    sightings = (Seen("here", hours(1), WEST_LAKE), Seen("there", hours(2), CITIES["Suzhou"]))
    root = drawn(MapSheet(title="", notice="", last_seen=Seen("", GONE, WEST_LAKE), sightings=sightings))
    x, y = diamond(root)
    left, top, right, bottom = pills(root)["1"]
    assert left >= x + 9 and top < y < bottom
    assert right < x + 40


def test_degrees_are_written_where_the_lines_are() -> None:
    root = drawn(CHINA)
    named = {one.text: one for one in root.iter(f"{SVG}text") if re.fullmatch(r"\d+°[NE]", one.text or "")}
    assert {"30°N", "32°N", "120°E"} <= set(named)
    x, _ = diamond(root)
    km, _ = bearing(WEST_LAKE, Position(WEST_LAKE.lat, 120))
    assert 0 < x - float(named["120°E"].get("x", "")) < 2 * km


PLACES = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))
NEAR = st.builds(
    lambda lat, lon: Position(30 + lat, 120 + lon),
    st.floats(-0.02, 0.02) | st.floats(-2, 2) | st.floats(-20, 20),
    st.floats(-0.02, 0.02) | st.floats(-2, 2) | st.floats(-20, 20),
)
TIMES = st.none() | st.builds(hours, st.floats(-1000, 100_000))
SEEN = st.builds(Seen, st.text(max_size=60), TIMES, st.none() | NEAR | PLACES)
AREAS = st.builds(
    lambda centre, km, told: Area(Circle(centre, km), told), NEAR | PLACES, st.floats(0.1, 2000), st.text(max_size=50)
)
SHEETS = st.builds(
    MapSheet,
    title=st.text(max_size=150),
    notice=st.text(max_size=150),
    last_seen=st.none() | SEEN,
    sightings=st.lists(SEEN, max_size=12).map(tuple),
    areas=st.lists(AREAS, max_size=2).map(tuple),
)
SHAPES = {"svg", "title", "desc", "g", "rect", "circle", "line", "polyline", "polygon", "text", "tspan"}


@given(sheet=SHEETS)
@settings(max_examples=40, deadline=None)
def test_whatever_comes_stays_on_the_sheet_and_is_words_and_shapes(sheet: MapSheet) -> None:
    root = drawn(sheet)
    _, _, wide, high = map(float, root.get("viewBox", "").split())
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in SHAPES
        assert not any(name.startswith("on") or name in ("style", "href") for name in element.attrib)
        for x, y in coordinates(element):
            assert 0 <= x <= wide and 0 <= y <= high, etree.tostring(element)
    for left, top, right, bottom in labels(root):
        assert left >= 0 and right <= wide and top >= 0 and bottom <= high
    for text in root.iter(f"{SVG}tspan"):
        assert float(text.get("x", "")) + width((text.text or "").strip(), 12) <= wide + 1
    assert len(rows(root)) == 1 + len(sheet.sightings) + (sheet.last_seen is not None)


@given(sheet=SHEETS)
@settings(max_examples=40, deadline=None)
def test_no_label_covers_another_or_a_mark(sheet: MapSheet) -> None:
    root = drawn(sheet)
    marks = [*pills(root).values()]
    told = labels(root)
    for number, (left, top, right, bottom) in enumerate(told):
        for other in told[:number] + marks:
            assert (
                right <= other[0] + 0.2 or other[2] <= left + 0.2 or bottom <= other[1] + 0.2 or other[3] <= top + 0.2
            )


def test_words_of_others_become_no_markup() -> None:
    bad = '</text><script>alert(1)</script> "&\x00\ud800'
    sheet = MapSheet(
        title=bad,
        notice=bad,
        last_seen=Seen(bad, GONE, WEST_LAKE),
        sightings=(Seen(bad, hours(1), CITIES["Suzhou"]),),
        areas=(Area(Circle(WEST_LAKE, 10), bad),),
    )
    svg = sighting_map(sheet)
    assert "<script" not in svg
    shown = writable(bad)
    assert shown in texts(drawn(sheet))
    svg.encode("utf-8")


def test_a_map_has_no_place_for_a_score() -> None:
    assert {one.name for one in fields(Seen)} == {"label", "at", "position"}
    assert not {one.name for one in fields(MapSheet)} & {"score", "similarity", "rank"}
