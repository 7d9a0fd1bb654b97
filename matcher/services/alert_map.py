"""Which alerts are heard at a place: the areas of all alerts, kept in memory and brought up to date at each question.

The place that somebody asks about is looked at and forgotten: nothing keeps or writes it.
"""

from __future__ import annotations

import threading
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from matcher.domain.geodesy import Circles
from matcher.domain.positions import Position
from matcher.services.context import Context

_EARTH = (0.0, 0.0, np.inf, 0.0)  # latitude, longitude, radius in km, end in seconds since 1970


class AlertMap:
    """The areas of one home's actual alerts. Safe across threads."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._through = 0
        self._ids = np.zeros((0, 2), np.int64)
        self._areas = np.zeros((0, 4))
        self._circles = Circles(*self._areas[:, :3].T)

    def heard_at(self, place: Position, *, after: int, now: datetime, limit: int) -> list[int]:
        """Numbers of bulletins behind `after`, in their order, that concern this place; of each alert its newest only.

        To whoever begins (`after` is 0) nothing is told that is over; others are told of ends of what was heard here.
        """
        ids, areas, circles = self._up_to_date()
        covering = circles.covering(place)
        alive = areas[:, 3] > now.timestamp()  # a cancellation has the area of what it ends, and no time
        heard = [row for row in covering.tolist() if ids[row, 0] > after]
        if after == 0:
            heard = [row for row in heard if alive[row]]
        return [int(ids[row, 0]) for row in heard[:limit]]

    def _up_to_date(self) -> tuple[NDArray[np.int64], NDArray[np.float64], Circles]:
        with self._lock:
            with self._context.store.read() as reading:
                last = reading.alerts.last_bulletin()
                if last == self._through:
                    return self._ids, self._areas, self._circles
                ids, areas = reading.alerts.areas_since(self._through)
            ids = np.concatenate([self._ids, ids])
            areas = _with_ends(ids, np.concatenate([self._areas, areas]))
            kept = np.sort(_last_of_each(ids[:, 1]))  # in the order of their numbers
            self._ids, self._areas, self._through = ids[kept], areas[kept], last
            self._circles = Circles(*self._areas[:, :3].T)
            return self._ids, self._areas, self._circles


def _last_of_each(alerts: NDArray[np.int64]) -> NDArray[np.intp]:
    """The last row of each alert."""
    _, first_from_behind = np.unique(alerts[::-1], return_index=True)
    return len(alerts) - 1 - first_from_behind


def _with_ends(ids: NDArray[np.int64], areas: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas in which each cancellation has that of what it ends, or the whole Earth if that is not known any more,
    and the time 0.
    """
    filled = areas.copy()
    last: dict[int, int] = {}
    ends = np.isnan(areas[:, 0])
    for row, (alert, end) in enumerate(zip(ids[:, 1].tolist(), ends.tolist(), strict=True)):
        if end:
            before = last.get(alert)
            filled[row] = _EARTH if before is None else filled[before]
            filled[row, 3] = 0.0
        last[alert] = row
    return filled
