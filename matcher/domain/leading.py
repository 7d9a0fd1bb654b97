"""The highest scores of each of many probes, among rows that pass by in blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matcher.domain.scores import Vectors

Rows = NDArray[np.intp]


class Leading:
    """Keeps the `count` highest scores of each probe: `scores`, falling, and their `rows`, both (probes, count).

    Where fewer rows were seen, the rest is −∞ and −1. Which of several equal scores are kept is left open.
    """

    def __init__(self, probes: int, count: int) -> None:
        self.scores = np.full((probes, count), -np.inf, np.float32)
        self.rows = np.full((probes, count), -1, np.intp)

    def add(self, scores: Vectors, rows: Rows) -> None:
        """See the scores (probes, n) of all probes with `rows` (n,)."""
        count = self.scores.shape[1]
        bound = self.scores[:, -1]
        if scores.shape[1] > count and not np.isfinite(bound).any():
            # Nothing can be passed over yet: find what the block's own best is worth. The smallest step below it, so
            # that it passes itself.
            bound = np.nextafter(np.partition(scores, -count, axis=1)[:, -count], np.float32(-np.inf))
        # Few scores pass, so that a block costs one comparison each; a partition of all would cost a multiple.
        # NumPy finds the true ones of a flat array several times faster than those of a table.
        probe, place = np.divmod(np.flatnonzero(scores > bound[:, np.newaxis]), scores.shape[1])
        if not len(probe):
            return
        kept_probe, kept_place = np.nonzero(self.rows >= 0)
        owner = np.concatenate((kept_probe, probe))
        score = np.concatenate((self.scores[kept_probe, kept_place], scores[probe, place]))
        row = np.concatenate((self.rows[kept_probe, kept_place], rows[place]))
        order = np.lexsort((-score, owner))
        owner, score, row = owner[order], score[order], row[order]
        rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
        led = rank < count
        self.scores[owner[led], rank[led]] = score[led]
        self.rows[owner[led], rank[led]] = row[led]
