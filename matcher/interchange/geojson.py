"""Areas of alerts as GeoJSON (RFC 7946), which maps in browsers and geographic programs read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from matcher.domain.alerts import Circle
from matcher.domain.geodesy import distance_km, ring
from matcher.domain.positions import Position
from matcher.interchange.markup import stamp, writable

MEDIA_TYPE = "application/geo+json"
_POINTS = 48
_DIGITS, _FINE_DIGITS = 4, 6  # 11 m, which no warning needs more exactly; 11 cm for circles of less than a kilometre

_Point = tuple[float, float]  # longitude before latitude, as GeoJSON has it
JsonObject = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaProperties:
    """What an alert tells on a map, in one language; `document` is the address of its whole text."""

    headline: str
    event: str
    area: str
    language: str
    radius_km: float
    effective: datetime
    expires: datetime
    document: str | None = None


@dataclass(frozen=True, slots=True)
class AreaFeature:
    """One alert with the geometry that `geometry` made of its circle, now or long ago."""

    id: str
    geometry: JsonObject
    properties: AreaProperties


def feature_collection(features: Iterable[AreaFeature]) -> dict[str, object]:
    """All alerts as one JSON object."""
    return {"type": "FeatureCollection", "features": [_feature(one) for one in features]}


def geometry(circle: Circle, points: int = _POINTS) -> dict[str, object]:
    """The circle as a Polygon of that many corners, counter-clockwise.

    Where it reaches over the antimeridian it is cut there into a MultiPolygon (RFC 7946, 3.1.9). Around a pole it is
    one Polygon from −180 to 180 degrees that goes along the pole.
    """
    corners = _unrolled(ring(circle.centre, _beyond_poles(circle), points))
    turns = round((corners[-1][0] - corners[0][0]) / 360)
    parts = [_around_pole(corners, turns)] if turns else _cut(corners[:-1])
    digits = _DIGITS if circle.radius_km >= 1 else _FINE_DIGITS
    polygons = [one for one in (_rounded(part, digits) for part in parts) if one]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _feature(feature: AreaFeature) -> dict[str, object]:
    told = feature.properties
    properties = {
        "headline": writable(told.headline),
        "event": writable(told.event),
        "area": writable(told.area),
        "language": told.language,
        "radius_km": told.radius_km,
        "effective": stamp(told.effective),
        "expires": stamp(told.expires),
        "document": told.document,
    }
    return {"type": "Feature", "id": feature.id, "geometry": feature.geometry, "properties": properties}


def _beyond_poles(circle: Circle) -> float:
    """The radius, a thousandth larger where the rim would go through a pole: a corner there has no longitude."""
    slack = 0.001 * circle.radius_km + 0.02
    for pole in (Position(90, 0), Position(-90, 0)):
        km = distance_km(circle.centre, pole)
        if abs(km - circle.radius_km) < slack:
            return km + slack
    return circle.radius_km


def _unrolled(corners: Sequence[Position]) -> list[_Point]:
    """Longitudes that go on beyond ±180 instead of jumping there; around a pole, the last is 360 from the first."""
    found = [(corners[0].lon, corners[0].lat)]
    for corner in corners[1:]:
        lon = found[-1][0]
        found.append((lon + (corner.lon - lon + 180) % 360 - 180, corner.lat))
    return found


def _around_pole(corners: Sequence[_Point], turns: int) -> list[_Point]:
    """The band between a ring around a pole and that pole; eastwards it is the north pole."""
    rising = corners[:-1] if turns > 0 else corners[:0:-1]
    # Once more round on both sides, so that a whole turn from −180 to 180 lies within.
    rolled = [(lon + 360 * turn, lat) for turn in (-1, 0, 1) for lon, lat in rising]
    lat = float(np.interp(180.0, [lon for lon, _ in rolled], [lat for _, lat in rolled]))
    edge = [(-180.0, lat), *(point for point in rolled if -180 < point[0] < 180), (180.0, lat)]
    if turns > 0:
        return [*edge, (180.0, 90.0), (-180.0, 90.0)]
    return [*edge[::-1], (-180.0, -90.0), (180.0, -90.0)]


def _cut(corners: Sequence[_Point]) -> list[list[_Point]]:
    """The parts of a polygon in each turn of the globe, moved into −180 … 180 degrees."""
    parts = []
    for turn in (-360.0, 0.0, 360.0):
        part = _beside(_beside(corners, turn - 180, 1), turn + 180, -1)
        parts.append([(lon - turn, lat) for lon, lat in part])
    return parts


def _beside(corners: Sequence[_Point], meridian: float, side: int) -> list[_Point]:
    """What of a polygon lies east (`side` 1) or west (−1) of a meridian, which becomes an edge of it."""
    found: list[_Point] = []
    for (lon, lat), (next_lon, next_lat) in zip(corners, (*corners[1:], *corners[:1]), strict=True):
        here, there = side * (lon - meridian), side * (next_lon - meridian)
        if here >= 0:
            found.append((lon, lat))
        if here * there < 0:
            found.append((meridian, lat + (next_lat - lat) * here / (here - there)))
    return found


def _rounded(corners: Sequence[_Point], digits: int) -> list[list[list[float]]]:
    """The coordinates of a polygon of one closed ring; nothing for one that has no area."""
    found: list[list[float]] = []
    for lon, lat in corners:
        point = [round(lon, digits) + 0.0, round(lat, digits) + 0.0]
        if not found or found[-1] != point:
            found.append(point)
    if found and found[0] == found[-1]:
        found.pop()
    if len({lon for lon, _ in found}) < 2 or len({lat for _, lat in found}) < 2:
        return []
    return [[*found, found[0]]]
