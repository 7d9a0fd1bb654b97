"""A gallery's statistics as two files beside its vectors: what was measured as JSON, the arrays as NumPy's npz.

The cohort is kept as row numbers, not as a second copy of anybody's vector. `index/README.md` tells the fields.
"""

from __future__ import annotations

import io
import json
from typing import Any
from zipfile import BadZipFile

import numpy as np

from matcher.domain.ages import AgeBand
from matcher.domain.scores import Vectors
from matcher.errors import Damaged
from matcher.matching.comparable import Normaliser
from matcher.matching.significance import BandStatistics, GalleryStatistics
from matcher.matching.tails import Tail

TABLE, ARRAYS = "statistics.json", "statistics.npz"
_VERSION = 1
_NUMBERS = ("threshold", "share", "shape", "scale", "gap", "fit")


def encoded(statistics: GalleryStatistics) -> dict[str, bytes]:
    """The contents of both files, by name."""
    normaliser = statistics.normaliser
    table = {
        "version": _VERSION,
        "method": normaliser.method,
        "faces": len(statistics.levels),
        "cohort": len(normaliser.rows),
        "nearest": normaliser.nearest_count,
        "changes": statistics.changes,
        "bands": {band.value: _band(measured) for band, measured in statistics.bands.items()},
        "kin": sorted([case, family] for case, family in statistics.kin.items()),
    }
    tails = {band: measured.tail for band, measured in statistics.bands.items() if measured.tail is not None}
    arrays = {
        "mean": normaliser.mean,
        "transform": normaliser.transform,
        "cohort_rows": normaliser.rows.astype(np.int64),
        "cohort_families": normaliser.families,
        "levels": statistics.levels,
        **{f"sample {band.value}": tail.sample for band, tail in tails.items()},
        **{f"replicates {band.value}": tail.replicates for band, tail in tails.items()},
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return {TABLE: (json.dumps(table, indent=2) + "\n").encode(), ARRAYS: buffer.getvalue()}


def _band(measured: BandStatistics) -> dict[str, Any]:
    tail = measured.tail
    numbers = None if tail is None else {"sample": len(tail.sample), **{name: getattr(tail, name) for name in _NUMBERS}}
    return {"children": measured.children, "copies": measured.copies, "tail": numbers}


def decoded(table: bytes, arrays: bytes, vectors: Vectors, where: str) -> GalleryStatistics | None:
    """The statistics of a gallery with these vectors (n, dim); `None` for files of an unknown version.

    `Damaged` names `where` they lie, if they are not what `encoded` wrote.
    """
    try:
        told = json.loads(table)
        if told["version"] != _VERSION:
            return None
        with np.load(io.BytesIO(arrays), allow_pickle=False) as stored:
            return _statistics(told, {name: stored[name] for name in stored.files}, vectors)
    except (ValueError, KeyError, TypeError, IndexError, OSError, EOFError, BadZipFile) as error:
        raise Damaged(f"The statistics in '{where}' cannot be read ({error}): run `matcher reindex`.") from error


def _statistics(told: dict[str, Any], arrays: dict[str, Any], vectors: Vectors) -> GalleryStatistics:
    if arrays["levels"].shape != (len(vectors),) or arrays["mean"].shape != vectors.shape[1:]:
        raise ValueError("they are of another gallery")
    rows = arrays["cohort_rows"].astype(np.intp)
    mean, transform = arrays["mean"], arrays["transform"]
    normaliser = Normaliser.with_cohort(told["method"], (mean, transform), vectors, rows, arrays["cohort_families"])
    bands = {}
    for word, numbers in told["bands"].items():
        law = numbers["tail"]
        tail = None
        if law is not None:
            sample, replicates = arrays[f"sample {word}"], arrays[f"replicates {word}"]
            tail = Tail(sample=sample, replicates=replicates, **{name: float(law[name]) for name in _NUMBERS})
        bands[AgeBand(word)] = BandStatistics(int(numbers["children"]), tail, int(numbers["copies"]))
    return GalleryStatistics(normaliser, bands, arrays["levels"], dict(told["kin"]), int(told.get("changes", 0)))
