"""The parts of a map: a projection that goes there and back, lines cut to a frame, round numbers, words in lines."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import LineString
from shapely.geometry import box

from matcher.domain.geodesy import destination, distance_km
from matcher.domain.positions import Position
from matcher.interchange.map_labels import Room, shortened, width, wrapped
from matcher.interchange.map_view import Extent, Frame, Projection, View, _degrees

FRAME = Frame(40, 60, 776, 500)
LATS, LONS = st.floats(-90, 90), st.floats(-180, 180)
PLACES = st.builds(Position, LATS, LONS)


def view(centre: Position, km: float) -> View:
    """A view that is so many kilometres wide."""
    return View(Projection(centre), FRAME, (0.0, 0.0), FRAME.width / km)


@given(centre=PLACES, km=st.floats(1, 4000), x=st.floats(40, 816), y=st.floats(60, 560))
@settings(max_examples=100, deadline=None)
def test_the_projection_goes_there_and_back(centre: Position, km: float, x: float, y: float) -> None:
    shown = view(centre, km)
    assert shown.at(shown.place(x, y)) == pytest.approx((x, y), abs=1e-3)


@given(centre=PLACES, km=st.floats(1, 2000), azimuth=st.floats(-180, 180), radius=st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_distances_and_directions_from_the_centre_are_true(
    centre: Position, km: float, azimuth: float, radius: float
) -> None:
    assume(abs(centre.lat) < 89.9)  # where all directions are south
    east, north = Projection(centre).point(destination(centre, azimuth, radius * km))
    assert math.hypot(east, north) == pytest.approx(radius * km, abs=1e-6)
    expected = math.sin(math.radians(azimuth)) * radius * km, math.cos(math.radians(azimuth)) * radius * km
    assert (east, north) == pytest.approx(expected, abs=1e-5)


@given(places=st.lists(PLACES, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_view_shows_all_that_it_is_made_for(places: list[Position]) -> None:
    assume(all(distance_km(places[0], one) < 15_000 for one in places))
    around = Projection(places[0])
    found = Extent.of([around.point(place) for place in places]).view(around, FRAME)
    assert all(FRAME.holds(found.at(place)) for place in places)
    assert found.px_per_km <= FRAME.width / 1.0


POINTS = st.tuples(st.integers(-200, 1100).map(float), st.integers(-200, 900).map(float))


@given(line=st.lists(POINTS, min_size=2, max_size=8))
@settings(max_examples=200, deadline=None)
def test_lines_are_cut_as_geos_cuts_them(line: list[tuple[float, float]]) -> None:
    assume(all(math.dist(one, other) < FRAME.width for one, other in pairwise(line)))
    parts = list(FRAME.cut(line))
    assert all(FRAME.holds(point) for part in parts for point in part)
    length = sum(math.dist(one, other) for part in parts for one, other in pairwise(part))
    pieces = (LineString(pair) for pair in pairwise(line))
    frame = box(FRAME.left, FRAME.top, FRAME.right, FRAME.bottom)
    assert length == pytest.approx(sum(one.intersection(frame).length for one in pieces), abs=1e-6)


@pytest.mark.parametrize("km", [1, 3, 9.99, 10, 80, 500, 1234, 4000])
def test_scales_are_round_and_fit(km: float) -> None:
    length, px = view(Position(30, 120), km).scale(170)
    assert 170 / 2.5 - 1e-6 <= px <= 170
    assert px == pytest.approx(length * FRAME.width / km)
    assert f"{length:e}"[:8] in ("1.000000", "2.000000", "5.000000")


@pytest.mark.parametrize("lat", [0.0, 30.25, -60.0, 78.0])
@pytest.mark.parametrize("km", [1, 7, 40, 300, 2000, 4000])
def test_a_graticule_has_a_few_lines_at_round_places(lat: float, km: float) -> None:
    lines = list(view(Position(lat, 179.99), km).graticule())
    for parallel in (True, False):
        names = [line.name for line in lines if line.parallel is parallel and line.parts]
        assert 2 <= len(names) <= 14
        assert len(set(names)) == len(names)
    for line in lines:
        assert all(FRAME.holds(point) for part in line.parts for point in part)
        if line.parallel:
            degrees = sum(int(part) / unit for part, unit in zip(_digits(line.name), (1, 60, 3600), strict=False))
            expected = degrees if line.name.endswith("N") else -degrees
            for x, y in (point for part in line.parts for point in part[1:-1]):
                assert view(Position(lat, 179.99), km).place(x, y).lat == pytest.approx(expected, abs=1e-6)


def _digits(name: str) -> list[str]:
    return [part for part in name[:-1].replace("°", " ").replace("′", " ").replace("″", " ").split() if part]


def test_a_map_of_half_the_globe_has_no_graticule() -> None:
    assert list(view(Position(30, 120), 20_000).graticule()) == []


@pytest.mark.parametrize(
    ("seconds", "parallel", "name"),
    [
        (0, True, "0°"),
        (30 * 3600, True, "30°N"),
        (-30 * 3600 - 15 * 60, True, "30°15′S"),
        (30 * 3600 + 5, True, "30°00′05″N"),
        (120 * 3600, False, "120°E"),
        (181 * 3600, False, "179°W"),
        (180 * 3600, False, "180°"),
        (-180 * 3600, False, "180°"),
        (0, False, "0°"),
        (-541 * 3600, False, "179°E"),
    ],
)
def test_degrees_have_names(seconds: int, parallel: bool, name: str) -> None:
    assert _degrees(seconds, parallel=parallel) == name


@given(text=st.text(st.sampled_from("ab mW.杭州，。 ")), room=st.integers(20, 120))
@settings(max_examples=200, deadline=None)
def test_words_are_broken_into_lines_that_fit_and_none_is_lost(text: str, room: int) -> None:
    lines = wrapped(text, 12, room)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line, 12) <= room for line in lines)


def test_lines_break_between_words_and_chinese_letters() -> None:
    assert wrapped("near the railway station", 10, 75) == ["near the", "railway", "station"]
    assert wrapped("railwaystation", 10, 60) == ["railwaysta", "tion"]
    assert wrapped("杭州西湖，断桥边", 10, 45) == ["杭州西", "湖，断桥", "边"]
    assert wrapped("", 10, 40) == []


def test_a_long_text_is_shortened_with_a_sign_of_it() -> None:
    assert shortened("Suzhou", 10, 100) == "Suzhou"
    short = shortened("Suzhou railway station", 10, 100)
    assert short.endswith("…") and "Suzhou railway station".startswith(short[:-1])
    assert width(short, 10) <= 100


def test_a_label_goes_where_there_is_room() -> None:
    room = Room(Frame(0, 0, 200, 100))
    mark = Frame(90, 40, 20, 20)
    right = room.beside(mark, [["word"]], 10)
    assert right is not None and right.anchor == "start" and right.left > mark.right
    left = room.beside(mark, [["word"]], 10)
    assert left is not None and left.anchor == "end" and left.frame.right < mark.left
    assert room.beside(mark, [["much " * 20], ["x"]], 10) is not None  # the second choice, where the first has no room
    assert room.beside(mark, [["much " * 20]], 10) is None
