"""Which alerts are heard at a place: the areas of all alerts, kept in memory and brought up to date at each question.

The place that somebody asks about is looked at and forgotten: nothing keeps or writes it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from matcher.domain.geodesy import Circles
from matcher.domain.positions import Position
from matcher.services.context import Context

_EARTH = (0.0, 0.0, math.inf)  # latitude, longitude, radius in km
_OVER = 0.0  # the end of an alert that was cancelled, in seconds since 1970


@dataclass(frozen=True, slots=True, eq=False)
class _Areas:
    """The newest bulletin of each alert, one place for each: number and end (n,), and the circle where it is heard.

    All that was told up to the number `through` is in it. Nobody changes it: questions look at it without a lock.
    """

    through: int
    numbers: NDArray[np.int64]
    ends: NDArray[np.float64]
    circles: Circles

    @classmethod
    def none(cls) -> _Areas:
        """Before anything was told."""
        return cls(0, np.zeros(0, np.int64), np.zeros(0), Circles.of([], []))

    def changed(self, newer: Mapping[int, tuple[int, tuple[float, ...]]], through: int) -> _Areas:
        """These with newer bulletins (number, and latitude, longitude, radius, end) at some places."""
        at = np.array(list(newer), np.intp)
        areas = np.array([area for _, area in newer.values()], np.float64).reshape(-1, 4)
        circles = self.circles.changed(at, Circles(*areas[:, :3].T))
        numbers, ends = np.zeros(len(circles.lat), np.int64), np.zeros(len(circles.lat))
        numbers[: len(self.numbers)], ends[: len(self.ends)] = self.numbers, self.ends
        numbers[at], ends[at] = [number for number, _ in newer.values()], areas[:, 3]
        return _Areas(through, numbers, ends, circles)


class AlertMap:
    """The areas of one home's actual alerts. Safe across threads."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._places: dict[int, int] = {}  # of each alert in `_areas`
        self._areas = _Areas.none()
        self._up_to_date()  # now, so that the first question waits no longer than any other

    def heard_at(self, place: Position, *, after: int, now: datetime, limit: int) -> list[int]:
        """Numbers of bulletins behind `after`, in their order, that concern this place; of each alert its newest only.

        To whoever begins (`after` is 0) nothing is told that is over; others are told of ends of what was heard here.
        """
        areas = self._up_to_date()
        covering = areas.circles.covering(place)
        if after == 0:
            covering = covering[areas.ends[covering] > now.timestamp()]
        numbers = areas.numbers[covering]
        heard: list[int] = np.sort(numbers[numbers > after])[:limit].tolist()
        return heard

    def _up_to_date(self) -> _Areas:
        with self._lock:
            known = self._areas
            with self._context.store.read() as reading:
                last = reading.alerts.last_bulletin()
                if last == known.through:
                    return known
                ids, areas = reading.alerts.areas_since(known.through)
            self._areas = known.changed(self._newer(ids, areas), last)
            return self._areas

    def _newer(self, ids: NDArray[np.int64], areas: NDArray[np.float64]) -> Mapping[int, tuple[int, tuple[float, ...]]]:
        """The last bulletin of each alert among these, by its place. A cancellation is told everywhere."""
        newer: dict[int, tuple[int, tuple[float, ...]]] = {}
        for (number, alert), told in zip(ids.tolist(), areas.tolist(), strict=True):
            place = self._places.setdefault(alert, len(self._places))
            area = tuple(told)
            if math.isnan(area[0]):
                area = (*_EARTH, _OVER)  # to ask where an end is told would tell where the child was missed
            newer[place] = number, area
        return newer
