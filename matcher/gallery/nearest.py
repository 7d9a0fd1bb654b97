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

# From so many probes on a product of matrices is faster than going through the vectors for each probe: 2 times for 16
# and 4 to 5 times for 64 and more, among a million rows of 128 numbers; a single probe it makes 5 times slower.
_MANY_PROBES = 8
_ALWAYS, _NEVER = 1, 2**31 - 1


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
    # A switch of the whole process, whose unit differs between FAISS's versions, so only its ends are used. If another
    # thread turns it in between, this search takes the slower way to the same answer.
    product = len(probes) >= _MANY_PROBES and not _Process.forked
    faiss.cvar.distance_compute_blas_threshold = _ALWAYS if product else _NEVER
    scores, rows = faiss.knn(probes, vectors, fetch, metric=faiss.METRIC_INNER_PRODUCT)
    return scores, rows


def _in_child() -> None:
    _Process.forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
