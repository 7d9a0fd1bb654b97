"""Places on the globe: what is off it, how far apart, and Chinese map coordinates turned back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.domain.positions import Datum, Position, _to_gcj02
from matcher.errors import WrongUse

# WGS-84 and GCJ-02 of the same places, as published with the conversion.
KNOWN = {
    "Shanghai": ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    "Shenzhen": ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    "Beijing": ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
}
METRE = 0.001


@pytest.mark.parametrize("place", KNOWN)
def test_known_places(place: str) -> None:
    true, shown = KNOWN[place]
    assert _to_gcj02(*true) == pytest.approx(shown, abs=1e-9)
    found = Position.given(*shown, Datum.GCJ02)
    assert found.distance_km(Position(*true)) < 0.1 * METRE
    assert Position(*shown).distance_km(Position(*true)) > 300 * METRE  # what would be lost without


@given(lat=st.floats(18, 53), lon=st.floats(74, 134))
def test_there_and_back(lat: float, lon: float) -> None:
    assert Position.given(*_to_gcj02(lat, lon), Datum.GCJ02).distance_km(Position(lat, lon)) < 0.1 * METRE


@pytest.mark.parametrize("place", [(51.5, -0.12), (-33.9, 151.2), (35.68, 139.69), (0.0, 0.0)])
def test_outside_china_nothing_is_shifted(place: tuple[float, float]) -> None:
    assert Position.given(*place, Datum.GCJ02) == Position(*place)


def test_wgs84_is_taken_as_it_is() -> None:
    assert Position.given(39.9, 116.4) == Position(39.9, 116.4)


@pytest.mark.parametrize("lat", [90.0001, -91, 1000, math.nan, math.inf])
def test_latitudes_off_the_globe(lat: float) -> None:
    with pytest.raises(WrongUse, match=r"Latitude .* off the globe: expected −90 … 90"):
        Position(lat, 0)


@pytest.mark.parametrize("lon", [180.0001, -181, 400, math.nan, -math.inf])
def test_longitudes_off_the_globe(lon: float) -> None:
    with pytest.raises(WrongUse, match=r"Longitude .* off the globe: expected −180 … 180"):
        Position.given(0, lon, Datum.GCJ02)


def test_the_rim_is_on_the_globe() -> None:
    assert Position(90, 180).distance_km(Position(90, -180)) == pytest.approx(0, abs=METRE)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((0, 0), (0, 0), 0),
        ((0, 0), (0, 90), 10_018.75),
        ((0, 0), (0, 180), 20_003.93),  # over a pole, which is nearer than along the equator
        ((90, 0), (-90, 50), 20_003.93),
        ((52.5200, 13.4050), (48.8566, 2.3522), 879.70),  # Berlin, Paris
        ((0, 179.9), (0, -179.9), 22.264),  # over the date line
    ],
)
def test_distances(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert Position(*one).distance_km(Position(*other)) == pytest.approx(km, rel=2e-5, abs=METRE)
    assert Position(*other).distance_km(Position(*one)) == Position(*one).distance_km(Position(*other))
