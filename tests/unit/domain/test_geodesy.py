"""Distances, circles and what they cover: held against geographiclib alone, at poles, date line and the very rim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.domain import geodesy
from matcher.domain.geodesy import Circles, bearing, destination, distance_km, ring
from matcher.domain.positions import Position
from matcher.errors import WrongUse

WEST_LAKE = Position(30.25, 120.125)
# Latitudes and longitudes with the places where formulas break.
LATS = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, -89.999, 0.0, 1e-9, 66.5, 89.999, 90.0]))
LONS = st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, -179.9999, 0.0, 179.9999, 180.0]))
PLACES = st.builds(Position, LATS, LONS)


def metres(one: Position, other: Position) -> float:
    return float(Geodesic.WGS84.Inverse(one.lat, one.lon, other.lat, other.lon)["s12"])


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((0, 0), (0, 1), 111.319_491),  # a degree of the equator: its radius × π / 180
        ((-90, 0), (90, 0), 20_003.931_459),  # half a meridian, as tables of WGS-84 give it
        ((0, 0), (0.5, 179.5), 19_936.288_579),  # nearly antipodes: the way goes over high latitudes
        ((-37.951_033, 144.424_868), (-37.652_821, 143.926_496), 54.972_271),  # Flinders Peak, Buninyong
    ],
)
def test_distances_as_published(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert distance_km(Position(*one), Position(*other)) == pytest.approx(km, abs=1e-3)
    assert Position(*one).distance_km(Position(*other)) == distance_km(Position(*other), Position(*one))


def test_a_way_has_a_direction_and_leads_there() -> None:
    assert bearing(Position(0, 0), Position(0, 1)) == pytest.approx((111.319_491, 90))
    assert bearing(Position(10, 20), Position(9, 20))[1] == pytest.approx(180)
    km, azimuth = bearing(WEST_LAKE, Position(39.9, 116.4))
    assert distance_km(destination(WEST_LAKE, azimuth, km), Position(39.9, 116.4)) < 1e-6


@given(centre=PLACES, radius=st.floats(0.01, 2000), points=st.integers(8, 60))
@settings(max_examples=60, deadline=None)
def test_a_ring_is_closed_and_lies_on_the_circle(centre: Position, radius: float, points: int) -> None:
    found = ring(centre, radius, points)
    assert (len(found), found[0]) == (points + 1, found[-1])
    assert len(set(found)) == points
    assert [metres(centre, one) for one in found] == pytest.approx([1000 * radius] * (points + 1), abs=1e-5)


def test_a_ring_goes_round_against_the_clock() -> None:
    north, west, south, east, _ = ring(WEST_LAKE, 100, 8)[::2]
    assert north.lat > WEST_LAKE.lat > south.lat
    assert west.lon < WEST_LAKE.lon < east.lon


def test_a_polygon_of_48_points_lies_hardly_inside_its_circle() -> None:
    one, two = ring(WEST_LAKE, 500)[:2]
    km, azimuth = bearing(one, two)
    depth = 1 - distance_km(WEST_LAKE, destination(one, azimuth, km / 2)) / 500
    assert 0.002 < depth < 0.0022


@pytest.mark.parametrize("radius", [0, -1, math.nan, math.inf])
def test_no_ring_without_a_radius(radius: float) -> None:
    with pytest.raises(WrongUse, match="draws no circle"):
        ring(WEST_LAKE, radius)
    with pytest.raises(WrongUse, match="8 or more"):
        ring(WEST_LAKE, 10, 7)


CIRCLES = st.lists(
    st.tuples(PLACES, st.one_of(st.floats(0, 2500), st.floats(0, 21_000), st.just(math.inf))), max_size=20
)


@given(circles=CIRCLES, place=PLACES)
@settings(max_examples=120, deadline=None)
def test_covering_is_what_geographiclib_says(circles: list[tuple[Position, float]], place: Position) -> None:
    asked = Circles.of([centre for centre, _ in circles], [radius for _, radius in circles])
    expected = [i for i, (centre, radius) in enumerate(circles) if metres(centre, place) / 1000 <= radius]
    assert asked.covering(place).tolist() == expected


@given(
    centre=PLACES,
    azimuth=st.floats(-180, 180),
    radius=st.floats(1e-6, 4999),
    nudge=st.sampled_from([0, 1e-10, 1e-7, 1e-3]),
)
@settings(max_examples=150, deadline=None)
def test_covering_is_exact_at_the_rim(centre: Position, azimuth: float, radius: float, nudge: float) -> None:
    place = destination(centre, azimuth, radius)
    km = metres(centre, place) / 1000
    radii = [km, km + nudge, max(km - nudge, 0), math.nextafter(km, math.inf), math.nextafter(km, 0)]
    expected = [i for i, one in enumerate(radii) if km <= one]
    assert Circles.of([centre] * 5, radii).covering(place).tolist() == expected


def test_a_circle_of_nothing_covers_its_centre_alone() -> None:
    asked = Circles.of([WEST_LAKE, Position(90, 0)], [0, 0])
    assert asked.covering(WEST_LAKE).tolist() == [0]
    assert asked.covering(Position(90, 77)).tolist() == [1]
    assert Circles.of([], []).covering(WEST_LAKE).tolist() == []


@given(before=CIRCLES, after=CIRCLES, place=PLACES, data=st.data())
@settings(max_examples=60, deadline=None)
def test_changed_circles_are_those_made_anew(
    before: list[tuple[Position, float]],
    after: list[tuple[Position, float]],
    place: Position,
    data: st.DataObject,
) -> None:
    places = st.integers(0, len(before) + len(after))
    at = data.draw(st.lists(places, min_size=len(after), max_size=len(after), unique=True))
    old = Circles.of([centre for centre, _ in before], [radius for _, radius in before])
    known = old.covering(place).tolist()
    changed = old.changed(np.array(at, np.intp), Circles.of([one for one, _ in after], [radius for _, radius in after]))
    every = dict(enumerate(before)) | dict(zip(at, after, strict=True))
    expected = [i for i, (centre, radius) in sorted(every.items()) if metres(centre, place) / 1000 <= radius]
    assert changed.covering(place).tolist() == expected
    assert old.covering(place).tolist() == known, "these stay as they are"


def test_hardly_any_circle_needs_geographiclib(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    lat, lon = random.uniform(20, 50, 100_000), random.uniform(80, 130, 100_000)
    radius = random.choice([10.0, 100, 200, 300, 500], 100_000)
    asked, exact = [], geodesy.distance_km

    def counted(one: Position, other: Position) -> float:
        asked.append(one)
        return exact(one, other)

    monkeypatch.setattr(geodesy, "distance_km", counted)
    found = Circles(lat, lon, radius).covering(WEST_LAKE)
    assert len(found) > 1000
    assert len(asked) < 20


@pytest.mark.parametrize(
    ("lat", "lon", "radius", "told"),
    [
        ([91.0], [0.0], [1.0], "on the globe"),
        ([0.0], [math.nan], [1.0], "on the globe"),
        ([0.0], [0.0], [-1.0], "0 or more"),
        ([0.0], [0.0], [math.nan], "0 or more"),
        ([0.0, 1.0], [0.0], [1.0], "as many latitudes"),
    ],
)
def test_circles_that_are_none(lat: list[float], lon: list[float], radius: list[float], told: str) -> None:
    with pytest.raises(WrongUse, match=told):
        Circles(np.array(lat), np.array(lon), np.array(radius))
