"""Exact search of vectors that are nowhere kept together: they come in blocks, and only the best are remembered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice, pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from matcher.domain.ids import FaceId
from matcher.domain.records import Ids
from matcher.domain.scores import Vectors
from matcher.gallery.exact import best_faces, check_probes, rounding
from matcher.gallery.nearest import limit_threads, nearest
from matcher.gallery.parts import Part

Near: TypeAlias = tuple[FaceId, float]
Block: TypeAlias = tuple[Sequence[FaceId], Vectors]

_SPARE = 32  # rows fetched beyond those asked for, so that ties seldom cost another pass
_PROBES = 256  # that go through a block together


def best_of_blocks(blocks: Iterable[Block], probes: Vectors, count: int, *, threads: int = 0) -> list[list[Near]]:
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
        for start in range(0, len(probes), _PROBES):
            some = slice(start, start + _PROBES)
            best[some] = _better(best[some], probes[some], (ids, vectors), count)
    return best


def _better(best: Sequence[list[Near]], probes: Vectors, block: tuple[Ids, Vectors], count: int) -> list[list[Near]]:
    """The best so far, with what is better in one more block.

    Most of a block is worse than what was found before, so that only few rows are scored in the exact way, those of all
    probes at once. Where a row that FAISS did not propose might belong to the answer, the whole block is asked.
    """
    ids, vectors = block
    fetch, slack = min(count + _SPARE, len(ids)), rounding(probes.shape[1])
    scores, rows = nearest(vectors, probes, fetch)
    floors = np.array([found[count - 1][1] if len(found) == count else -np.inf for found in best])
    merged = []
    for number, new in enumerate(_exact(probes, vectors, rows, scores >= floors[:, None] - slack)):
        found = _merged(best[number], [(FaceId(int(ids[row])), score) for row, score in new], count)
        unseen = float(scores[number, -1]) + slack if fetch < len(ids) else -np.inf
        if len(found) < min(count, len(ids)) or (found and found[-1][1] <= unseen):
            (hits,) = best_faces([Part.whole(vectors, ids, ids)], probes[number : number + 1], count)
            found = _merged(best[number], [(hit.face_id, hit.similarity) for hit in hits], count)
        merged.append(found)
    return merged


def _exact(
    probes: Vectors, vectors: Vectors, rows: Ids, wanted: NDArray[np.bool_]
) -> Iterator[list[tuple[int, float]]]:
    """The wanted of the proposed rows of each probe with the similarity of `exact.similarity`."""
    owners, places = np.nonzero(wanted)
    chosen = rows[owners, places]
    scores = np.sum(vectors[chosen] * probes[owners].astype(np.float64), axis=1).astype(np.float32)
    pairs = list(zip(chosen.tolist(), np.clip(scores, -1, 1).tolist(), strict=True))
    ends = np.searchsorted(owners, np.arange(len(probes) + 1))
    return (pairs[start:end] for start, end in pairwise(ends.tolist()))


def _merged(best: list[Near], new: list[Near], count: int) -> list[Near]:
    return list(islice(merge(best, sorted(new, key=_order), key=_order), count)) if new else best


def _order(near: Near) -> tuple[float, int]:
    return -near[1], near[0]
