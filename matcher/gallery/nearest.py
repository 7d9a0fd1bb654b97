"""FAISS: which rows may be the best for a probe, by float32 inner product in whatever order FAISS adds it up.

A child that was forked while its parent searched must wait for none of the parent's threads, for they are gone: there
FAISS works with one thread and without its matrix product, whose locks may be held for ever. For the same reason the
product is not NumPy's: its threads can hang a parent that forks while another thread multiplies.
"""

from __future__ import annotations

import os
from typing import ClassVar

import faiss
import numpy as np
from numpy.typing import NDArray

from matcher.domain.scores import Vectors

# From so many probes on FAISS multiplies matrices instead of going through the vectors for each probe: 2 times faster
# for 16 probes and 5 times for 64 and more, among a million rows of 128 numbers.
_MANY_PROBES = 16
_NEVER = 2**31 - 1


class _Process:
    forked: ClassVar[bool] = False


def limit_threads(threads: int) -> None:
    """Let searches of the calling thread use so many threads; 0 changes nothing. OpenMP counts per calling thread."""
    if threads:
        faiss.omp_set_num_threads(threads)


def nearest(vectors: Vectors, probes: Vectors, fetch: int) -> tuple[Vectors, NDArray[np.intp]]:
    """Float32 scores, falling, and rows of the best `fetch` vectors for each probe, both (probes, fetch).

    `fetch` is at most the number of vectors. Which of several equal scores come last is left open.
    """
    if _Process.forked:
        faiss.omp_set_num_threads(1)
    scores, rows = faiss.knn(probes, vectors, fetch, metric=faiss.METRIC_INNER_PRODUCT)
    return scores, rows


def _in_child() -> None:
    _Process.forked = True
    faiss.cvar.distance_compute_blas_threshold = _NEVER


faiss.cvar.distance_compute_blas_threshold = _MANY_PROBES
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
