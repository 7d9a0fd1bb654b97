"""Which of many circles cover a place, and what a distance and a ring cost on the ellipsoid.

    python scripts/bench/circles.py [CIRCLES]

Circles of 10 to 500 km are spread over China, so that every place lies in hundreds of them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from matcher.domain.geodesy import Circles, distance_km, ring
from matcher.domain.positions import Position


def milliseconds(work: Callable[[int], object], times: int) -> tuple[float, float]:
    """Median and slowest of so many calls."""
    spent = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        spent.append(1000 * (time.perf_counter() - began))
    return float(np.median(spent)), max(spent)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    random = np.random.default_rng(7)
    lat, lon = random.uniform(20, 50, count), random.uniform(80, 130, count)
    began = time.perf_counter()
    circles = Circles(lat, lon, random.choice([10.0, 100, 200, 300, 500], count))
    print(f"{count} circles made in {1000 * (time.perf_counter() - began):.1f} ms")
    places = [Position(*one) for one in random.uniform([22, 100], [45, 122], (200, 2)).tolist()]
    hit = np.mean([len(circles.covering(place)) for place in places])
    median, slowest = milliseconds(lambda number: circles.covering(places[number]), len(places))
    print(f"those that cover a place ({hit:.0f} on average): median {median:.2f} ms, slowest {slowest:.2f} ms")
    median, _ = milliseconds(lambda number: distance_km(places[number], places[0]), len(places))
    print(f"one distance: {median:.3f} ms")
    median, _ = milliseconds(lambda number: ring(places[number], 500), 50)
    print(f"one ring of 48 points: {median:.1f} ms")


if __name__ == "__main__":
    main()
