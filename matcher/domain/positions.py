"""Places on the globe, always WGS-84 inside; positions of Chinese map services are converted at the border."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from matcher.errors import WrongUse
from matcher.wording import Wording


class Datum(str, Enum):
    """The coordinate system in which a position was given."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


@dataclass(frozen=True, slots=True)
class Position:
    """Latitude −90 … 90 and longitude −180 … 180 in degrees, WGS-84; `WrongUse` off the globe."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lat) and -90 <= self.lat <= 90):
            raise WrongUse(Wording("Latitude {lat} is off the globe: expected −90 … 90 degrees.", lat=self.lat))
        if not (math.isfinite(self.lon) and -180 <= self.lon <= 180):
            raise WrongUse(Wording("Longitude {lon} is off the globe: expected −180 … 180 degrees.", lon=self.lon))

    @classmethod
    def given(cls, lat: float, lon: float, datum: Datum = Datum.WGS84) -> Position:
        """The WGS-84 position of coordinates in `datum`."""
        given = cls(lat, lon)
        return given if datum is Datum.WGS84 else _from_gcj02(given)

    def distance_km(self, other: Position) -> float:
        """The length of the shortest way over the ground, in kilometres, on the ellipsoid."""
        from matcher.domain.geodesy import distance_km

        return distance_km(self, other)


def _from_gcj02(given: Position) -> Position:
    """Invert the shift of GCJ-02 by fixed-point iteration, to about a centimetre; outside China nothing is shifted."""
    if not (0.8293 <= given.lat <= 55.8271 and 72.004 <= given.lon <= 137.8347):
        return given
    lat, lon = given.lat, given.lon
    for _ in range(6):
        shifted_lat, shifted_lon = _to_gcj02(lat, lon)
        lat, lon = lat + given.lat - shifted_lat, lon + given.lon - shifted_lon
    return Position(lat, lon)


def _to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """The published approximation of the Chinese shift on the Krasovsky 1940 ellipsoid."""
    axis, eccentricity2 = 6378245.0, 0.00669342162296594323
    x, y = lon - 105.0, lat - 35.0
    wave = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave * 2 / 3
    north += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave * 2 / 3
    east += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    phi = math.radians(lat)
    squash = 1 - eccentricity2 * math.sin(phi) ** 2
    north = math.degrees(north * squash * math.sqrt(squash) / (axis * (1 - eccentricity2)))
    east = math.degrees(east * math.sqrt(squash) / (axis * math.cos(phi)))
    return lat + north, lon + east
