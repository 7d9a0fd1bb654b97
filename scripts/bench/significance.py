"""Measuring a large gallery inside a reindex, and what a sentence beside each candidate costs a search.

    python scripts/bench/significance.py [CASES]

Vectors are random around a common mean; children are spread over the age bands.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from match import QUALITY, fill

from matcher import Matcher
from matcher.domain.faces import Box, Face
from matcher.domain.scores import unit
from matcher.matching.plausibility import Observation
from matcher.matching.sentences import sentence
from matcher.services import candidates, snapshots
from matcher.services.significance import Scale, measure


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, Matcher.create(Path(folder) / "home", key=None) as matcher:
        fill(matcher, count)
        measuring(matcher)
        sentences(matcher)


def measuring(matcher: Matcher) -> None:
    """The reindex as it is, with a clock on the part that measures."""
    spent: list[float] = []

    def clocked(*given: object) -> object:
        began = time.perf_counter()
        found = measure(*given)  # type: ignore[arg-type]
        spent.append(time.perf_counter() - began)
        return found

    snapshots.measure = clocked  # type: ignore[assignment]
    began = time.perf_counter()
    matcher.reindex(actor="bench")
    print(f"reindex {time.perf_counter() - began:.1f} s, of which statistics {sum(spent):.1f} s")
    for band in matcher.gallery_status().bands:
        print(f"  {band.band.value}: {band.children} children, {band.measured} searches, gap {band.gap:.3f}")


def sentences(matcher: Matcher) -> None:
    """Lists of 30 as a search makes them, with a clock on what meanings and their sentences add."""
    vectors = unit(np.random.default_rng(5).standard_normal((200, matcher.space.dim)))
    faces = [Face(Box(0, 0, 9, 9), np.zeros((5, 2), np.float32), 1.0, 0, QUALITY, vector) for vector in vectors]
    context, spent = matcher.context, [0.0]

    def clocked(run: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: object) -> object:
            began = time.perf_counter()
            found = run(*given)
            spent[-1] += time.perf_counter() - began
            return found

        return timed

    Scale.comparable = clocked(Scale.comparable)  # type: ignore[method-assign]
    candidates.meanings = clocked(candidates.meanings)  # type: ignore[attr-defined]
    words = clocked(lambda places: [sentence(one.meaning) for one in places])
    whole = []
    for face in faces:
        began = time.perf_counter()
        found = candidates.search(context, [face], 30)
        with context.store.read() as reading:
            (described,) = candidates.describe(context, reading, found, Observation())
        words(described.places)
        whole.append(time.perf_counter() - began)
        spent.append(0.0)
    added, all_of_it = np.median(spent[1:-1]) * 1e3, np.median(whole[1:]) * 1e3
    print(f"list of 30: {all_of_it:.2f} ms in the median, of which meanings and sentences {added:.2f} ms")


if __name__ == "__main__":
    main()
