"""Areas as GeoJSON: valid for GEOS wherever on the globe, and where the circles are."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import Point
from shapely.geometry import shape

from matcher.domain.alerts import Circle
from matcher.domain.geodesy import destination, distance_km
from matcher.domain.positions import Position
from matcher.errors import WrongUse
from matcher.interchange.geojson import AreaFeature, AreaProperties, feature_collection, geometry

WEST_LAKE = Position(30.25, 120.125)
BEGUN = datetime(2026, 1, 2, 8, 30, 15, 7, tzinfo=timezone(timedelta(hours=8)))
TOLD = AreaProperties(
    headline="Girl, 7, missing from Hangzhou",
    event="Missing child",
    area="100 km around West Lake",
    language="en",
    radius_km=100,
    effective=BEGUN,
    expires=BEGUN + timedelta(days=2),
    document="https://example.org/alerts/7nf.xml",
)
LATS = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, -89.99, 0.0, 89.99, 90.0]))
LONS = st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, -179.99, 0.0, 179.99, 180.0]))
PLACES = st.builds(Position, LATS, LONS)
PARTS = st.one_of(st.floats(0, 0.97), st.floats(1.01, 2))
POLES = (Position(90, 0), Position(-90, 0))


def polygons(found: dict[str, Any]) -> list[Any]:
    return found["coordinates"] if found["type"] == "MultiPolygon" else [found["coordinates"]]


def test_a_circle_is_a_closed_polygon_against_the_clock() -> None:
    found: dict[str, Any] = geometry(Circle(WEST_LAKE, 100))
    assert found["type"] == "Polygon"
    (corners,) = found["coordinates"]
    assert (len(corners), corners[0]) == (49, corners[-1])
    assert all(round(one, 4) == one for corner in corners for one in corner)
    assert corners[0] == [120.125, 31.152]  # 100 km to the north; longitude first
    assert shape(found).exterior.is_ccw


@pytest.mark.parametrize(
    ("centre", "radius", "kind", "parts"),
    [
        ((0, 179.5), 100, "MultiPolygon", 2),
        ((0, -179.5), 100, "MultiPolygon", 2),
        ((10, 180), 50, "MultiPolygon", 2),
        ((10, -180), 50, "MultiPolygon", 2),
        ((0, 179), 100, "Polygon", 1),
        ((89, 30), 500, "Polygon", 1),
        ((-89, 30), 500, "Polygon", 1),
        ((90, 0), 300, "Polygon", 1),
        ((-90, 0), 300, "Polygon", 1),
        ((75, 179), 1500, "MultiPolygon", 2),
    ],
)
def test_nothing_reaches_over_the_antimeridian(
    centre: tuple[float, float], radius: float, kind: str, parts: int
) -> None:
    found = geometry(Circle(Position(*centre), radius))
    assert (found["type"], len(polygons(found))) == (kind, parts)
    for (corners,) in polygons(found):
        lons = [lon for lon, _ in corners]
        assert -180 <= min(lons) < max(lons) <= 180
    if parts == 2:
        assert {-180.0, 180.0} <= {lon for (corners,) in polygons(found) for lon, _ in corners}


@given(centre=PLACES, radius=st.floats(0.1, 2000))
@settings(max_examples=100, deadline=None)
def test_areas_are_valid_everywhere(centre: Position, radius: float) -> None:
    require_valid(Circle(centre, radius))


@given(centre=st.builds(Position, st.sampled_from([-89.7, -75.0, 80.0, 89.0]), LONS), nudge=st.floats(0.99, 1.01))
@settings(max_examples=60, deadline=None)
def test_areas_whose_rim_goes_by_a_pole_are_valid(centre: Position, nudge: float) -> None:
    pole = POLES[0] if centre.lat > 0 else POLES[1]
    for radius in (distance_km(centre, pole), distance_km(centre, pole) * nudge):
        require_valid(Circle(centre, radius))


def require_valid(circle: Circle) -> None:
    area = shape(geometry(circle))
    assert area.is_valid
    for polygon in getattr(area, "geoms", [area]):
        assert polygon.exterior.is_ccw
        assert -180 <= polygon.bounds[0] < polygon.bounds[2] <= 180
        assert -90 <= polygon.bounds[1] < polygon.bounds[3] <= 90


@given(
    centre=PLACES,
    radius=st.floats(1, 2000),
    azimuth=st.floats(0, 360),
    part=st.one_of(st.floats(0, 0.97), st.floats(1.01, 2)),
)
@settings(max_examples=100, deadline=None)
def test_areas_cover_what_the_circles_cover(centre: Position, radius: float, azimuth: float, part: float) -> None:
    place = destination(centre, azimuth, radius * part)
    # Straight edges of maps and of the globe differ near the poles, by much there.
    assume(all(distance_km(place, pole) > 400 for pole in POLES))
    assert shape(geometry(Circle(centre, radius))).covers(Point(place.lon, place.lat)) is (part < 1)


@pytest.mark.parametrize("pole", [1, -1])
def test_a_circle_around_a_pole_covers_it(pole: int) -> None:
    area = shape(geometry(Circle(Position(88 * pole, 77), 800)))
    assert area.covers(Point(0, 90 * pole)) and area.covers(Point(-180, 89.9 * pole))
    assert not area.covers(Point(77, 80 * pole))
    assert not area.covers(Point(0, -90 * pole))


def test_a_small_circle_keeps_its_shape() -> None:
    area = shape(geometry(Circle(WEST_LAKE, 0.01)))
    assert area.is_valid
    assert len(area.exterior.coords) > 40


def test_alerts_become_features() -> None:
    area = geometry(Circle(WEST_LAKE, 100))
    found: Any = json.loads(json.dumps(feature_collection([AreaFeature("7nf.1", area, TOLD)])))
    assert found["type"] == "FeatureCollection"
    (feature,) = found["features"]
    assert (feature["type"], feature["id"]) == ("Feature", "7nf.1")
    assert feature["geometry"] == area
    assert feature["properties"] == {
        "headline": "Girl, 7, missing from Hangzhou",
        "event": "Missing child",
        "area": "100 km around West Lake",
        "language": "en",
        "radius_km": 100,
        "effective": "2026-01-02T00:30:15Z",
        "expires": "2026-01-04T00:30:15Z",
        "document": "https://example.org/alerts/7nf.xml",
    }
    assert feature_collection([]) == {"type": "FeatureCollection", "features": []}


def test_times_without_a_zone_are_refused() -> None:
    told = AreaProperties(
        headline="", event="", area="", language="en", radius_km=1, effective=BEGUN.replace(tzinfo=None), expires=BEGUN
    )
    with pytest.raises(WrongUse, match="time zone"):
        feature_collection([AreaFeature("1", {}, told)])
