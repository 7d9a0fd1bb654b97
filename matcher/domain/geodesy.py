"""Distances, circles and what they cover, on the WGS-84 ellipsoid: the one home of all that is measured on the globe.

geographiclib solves the geodesic to nanometres, in a tenth of a millisecond or two. It alone decides; where circles are
many, bounds that hold for every geodesic say first which of them need it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matcher.domain.positions import Position
from matcher.errors import WrongUse

_AXIS_KM, _FLATTENING = 6378.137, 1 / 298.257223563  # WGS-84
_ECCENTRICITY2 = _FLATTENING * (2 - _FLATTENING)
# No line on the ellipsoid is bent more than a meridian is at the equator, or less than one at a pole.
_TIGHTEST_KM = _AXIS_KM * (1 - _ECCENTRICITY2)
_WIDEST_KM = _AXIS_KM / math.sqrt(1 - _ECCENTRICITY2)
_BOUNDED_KM = 5000.0  # beyond, the bounds say little, and nobody's circle is so large
_TWIST = 1e-9  # geodesics are no plane curves; below `_BOUNDED_KM` that adds less than this to their chords
_ROUNDING_KM = 1e-8  # a hundredth of a millimetre; coordinates in double precision are good to a thousandth of that


def distance_km(one: Position, other: Position) -> float:
    """The length of the shortest way over the ground."""
    from geographiclib.geodesic import Geodesic

    found = Geodesic.WGS84.Inverse(one.lat, one.lon, other.lat, other.lon, Geodesic.DISTANCE)
    return float(found["s12"]) / 1000


def bearing(start: Position, end: Position) -> tuple[float, float]:
    """Distance in km, and the direction in which the shortest way begins: degrees from north over east, −180 … 180."""
    from geographiclib.geodesic import Geodesic

    found = Geodesic.WGS84.Inverse(start.lat, start.lon, end.lat, end.lon, Geodesic.DISTANCE | Geodesic.AZIMUTH)
    return float(found["s12"]) / 1000, float(found["azi1"])


def destination(start: Position, azimuth: float, km: float) -> Position:
    """Where one comes to that goes straight on from `start`, first in the direction `azimuth`."""
    from geographiclib.geodesic import Geodesic

    found = Geodesic.WGS84.Direct(start.lat, start.lon, azimuth, km * 1000, Geodesic.LATITUDE | Geodesic.LONGITUDE)
    return Position(float(found["lat2"]), float(found["lon2"]))


def ring(centre: Position, radius_km: float, points: int = 48) -> tuple[Position, ...]:
    """That many positions on a circle, counter-clockwise from north; the first one ends it, too.

    Their polygon lies inside the circle, and with 48 points nowhere deeper than 0.0022 of the radius.
    """
    if not (math.isfinite(radius_km) and radius_km > 0):
        raise WrongUse(f"A radius of {radius_km} km draws no circle: give one above 0.")
    if points < 8:
        raise WrongUse(f"A circle of {points} points is none: give 8 or more.")
    around = [destination(centre, -360 * step / points, radius_km) for step in range(points)]
    return (*around, around[0])


@dataclass(frozen=True, slots=True, eq=False)
class Circles:
    """Many circles, asked which of them cover a place: degrees and km, float64 (n,), of equal length.

    A radius may be 0 or endless. `WrongUse` where a centre is off the globe or a radius is no number.
    """

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    radius_km: NDArray[np.float64]
    _points: NDArray[np.float64] = field(init=False, repr=False)
    _inside: NDArray[np.float64] = field(init=False, repr=False)
    _outside: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lat, lon, radius = (np.array(one, np.float64) for one in (self.lat, self.lon, self.radius_km))
        if not (lat.ndim == 1 and lat.shape == lon.shape == radius.shape):
            shapes = f"{lat.shape}, {lon.shape}, {radius.shape}"
            raise WrongUse(f"Circles need as many latitudes as longitudes and radii: got {shapes}.")
        if not (np.all(np.abs(lat) <= 90) and np.all(np.abs(lon) <= 180)):
            raise WrongUse("Circles need centres on the globe: latitudes −90 … 90 and longitudes −180 … 180 degrees.")
        if not np.all(radius >= 0):
            raise WrongUse("Circles need radii in kilometres: 0 or more.")
        inside, outside = _squared_chords(radius)
        made = {"lat": lat, "lon": lon, "radius_km": radius, "_inside": inside, "_outside": outside}
        for name, value in {**made, "_points": _in_space(lat, lon)}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, centres: Sequence[Position], radii_km: ArrayLike) -> Circles:
        """The circles around some centres."""
        lat = np.array([centre.lat for centre in centres], np.float64)
        lon = np.array([centre.lon for centre in centres], np.float64)
        return cls(lat, lon, np.asarray(radii_km, np.float64))

    def changed(self, at: NDArray[np.intp], others: Circles) -> Circles:
        """These circles with others at some places (m,), which may go on beyond the last one.

        Nothing is worked out anew for the other ones, and these themselves stay as they are. Where nothing is put
        beyond the last one, there is a circle that covers nothing.
        """
        made: Circles = object.__new__(Circles)
        size = max(len(self.lat), int(at.max(initial=-1)) + 1)
        for name in self.__dataclass_fields__:
            before, after = getattr(self, name), getattr(others, name)
            value = np.zeros((*before.shape[:-1], size))
            value[..., : before.shape[-1]] = before
            value[..., at] = after
            object.__setattr__(made, name, value)
        return made

    def covering(self, place: Position) -> NDArray[np.intp]:
        """The indices of the circles that cover a place, rising; a circle covers its rim."""
        apart = self._points - _in_space(np.array([place.lat]), np.array([place.lon]))
        squared = np.einsum("ij,ij->j", apart, apart)
        found = squared <= self._inside
        for index in np.flatnonzero(~found & (squared <= self._outside)):
            centre = Position(float(self.lat[index]), float(self.lon[index]))
            found[index] = distance_km(centre, place) <= self.radius_km[index]
        return np.flatnonzero(found)


def _squared_chords(radius: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Squares of straight-line distances in km²: up to the first all is within the radius, beyond the second nothing.

    The chord of a curve is no shorter than that of an equally long circle which is bent everywhere at least as much
    (Schur's theorem), and the other way round for plane curves, which geodesics of this length are but for `_TWIST`.
    """
    bounded = radius <= _BOUNDED_KM
    known = np.where(bounded, radius, 0.0)
    inner = 2 * _TIGHTEST_KM * np.sin(known / (2 * _TIGHTEST_KM)) - _ROUNDING_KM
    outer = 2 * _WIDEST_KM * np.sin(known / (2 * _WIDEST_KM)) * (1 + _TWIST) + _ROUNDING_KM
    inside = np.where(bounded & (inner > 0), inner**2, -1.0)
    return inside, np.where(bounded, outer**2, np.inf)


def _in_space(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions as points of space in km from the middle of the Earth, (3, n)."""
    north, east = np.radians(lat), np.radians(lon)
    normal = _AXIS_KM / np.sqrt(1 - _ECCENTRICITY2 * np.sin(north) ** 2)
    across = normal * np.cos(north)
    return np.stack([across * np.cos(east), across * np.sin(east), normal * (1 - _ECCENTRICITY2) * np.sin(north)])
