"""Exact search of vectors that are nowhere kept together: they come in blocks, and only the best are remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import islice
from typing import TypeAlias

import numpy as np

from matcher.domain.ids import FaceId
from matcher.domain.scores import Vectors
from matcher.gallery.exact import best_faces, check_probes
from matcher.gallery.nearest import limit_threads
from matcher.gallery.parts import Part

Near: TypeAlias = tuple[FaceId, float]


def best_of_blocks(
    blocks: Iterable[tuple[Sequence[FaceId], Vectors]], probes: Vectors, count: int, *, threads: int = 0
) -> list[list[Near]]:
    """For each unit vector of `probes`, (n, dim), the `count` most similar faces of all blocks, with the cosine.

    A block is the ids of its faces and their unit vectors (rows, dim); no face comes twice. Order: falling similarity,
    then rising face id. The similarity of two faces is the same number whichever of them is the probe. `threads` as in
    `Gallery`.
    """
    limit_threads(threads)
    best: list[list[Near]] = [[] for _ in probes]
    for face_ids, vectors in blocks:
        probes = check_probes(probes, vectors.shape[1])
        ids = np.fromiter(face_ids, np.int64, len(face_ids))
        hits = best_faces([Part.whole(vectors, ids, ids)], probes, count)
        for number, found in enumerate(hits):
            here = [(hit.face_id, hit.similarity) for hit in found]
            best[number] = list(islice(merge(best[number], here, key=_order), count))
    return best


def _order(near: Near) -> tuple[float, int]:
    return -near[1], near[0]
