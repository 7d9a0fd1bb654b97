"""The one place that knows which way a score points: cosine similarity, higher is more alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matcher.errors import WrongUse

Vectors = NDArray[np.float32]


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Scale vectors, shape (…, dim), to length 1 as float32; `WrongUse` for zero, NaN or infinite ones."""
    wide = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(wide, axis=-1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
        raise WrongUse("An embedding is zero or not finite: the model or the photo is damaged.")
    return np.ascontiguousarray(wide / lengths, dtype=np.float32)


def similarities(probes: Vectors, gallery: Vectors) -> Vectors:
    """Cosine of every probe, shape (n, dim), with every gallery row, shape (m, dim): (n, m), in −1 … 1."""
    return probes @ gallery.T


def ranking(scores: Vectors, ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """Indices from most to least alike; equal scores by rising id, so an order never depends on storage."""
    return np.lexsort((ids, -scores))
