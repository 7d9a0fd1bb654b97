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

import numpy as np
from match import QUALITY, fill

from matcher import Matcher
from matcher.domain.faces import Box, Face
from matcher.domain.scores import unit
from matcher.matching.plausibility import Observation
from matcher.matching.sentences import sentence
from matcher.services import candidates, reindex
from matcher.services.significance import measure


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, Matcher.create(Path(folder) / "home") as matcher:
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

    reindex.measure = clocked  # type: ignore[assignment]
    began = time.perf_counter()
    matcher.reindex(actor="bench")
    print(f"reindex {time.perf_counter() - began:.1f} s, of which statistics {sum(spent):.1f} s")
    for band in matcher.gallery_status().bands:
        print(f"  {band.band.value}: {band.children} children, {band.measured} searches, gap {band.gap:.3f}")


def sentences(matcher: Matcher) -> None:
    """A search and its description with and without meanings, in turns."""
    vectors = unit(np.random.default_rng(5).standard_normal((64, matcher.space.dim)))

    faces = [Face(Box(0, 0, 9, 9), np.zeros((5, 2), np.float32), 1.0, 0, QUALITY, vector) for vector in vectors]
    context = matcher.context

    def run(face: Face) -> list[str]:
        found = candidates.search(context, [face], 30)
        with context.store.read() as reading:
            (described,) = candidates.describe(context, reading, found, Observation())
        return [sentence(one.meaning) for one in described.places]

    with_meanings = timed(run, faces)
    plain = context.gallery._read_notes
    context.gallery._read_notes = lambda _snapshot: None
    context.gallery._forget()
    without = timed(run, faces)
    context.gallery._read_notes = plain
    print(f"list of 30: {with_meanings * 1e3:.2f} ms with chances, {without * 1e3:.2f} ms without", end="; ")
    print(f"they add {(with_meanings - without) * 1e3:.2f} ms")


def timed(run: Callable[[Face], list[str]], faces: list[Face]) -> float:
    """Median seconds of one list."""
    run(faces[0])
    seconds = []
    for face in faces:
        began = time.perf_counter()
        run(face)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
