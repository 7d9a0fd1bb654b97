"""Rank misses and FNIR in NumPy alone, first photos enrolled: python tests/recount.py FILE.npz [UNENROLLED [SEED]]."""

import sys

import numpy as np


def recount(people, vectors, enrolled, ranks=(1, 5, 10, 20, 50), fpirs=(0.3, 0.1, 0.01, 0.003)):
    """From people (n,), vectors (n, dim) and enrolled (n,) bool: miss rate by rank, FNIR by FPIR. No face: zeros."""
    names, owner = np.unique(people[enrolled], return_inverse=True)
    cosines = vectors[~enrolled].astype(float) @ vectors[enrolled].astype(float).T
    best = np.stack([cosines[:, owner == number].max(axis=1) for number in range(len(names))], axis=1)
    mated = np.isin(people[~enrolled], names)
    mate = best[mated, np.searchsorted(names, people[~enrolled][mated])]
    rank = (best[mated] >= mate[:, None]).sum(axis=1)
    strangers = np.sort(best[~mated].max(axis=1))[::-1]
    allowed = {f: int(f * len(strangers) + 1e-9) for f in fpirs}
    fnir = {f: float(np.mean(mate <= strangers[many])) for f, many in allowed.items() if many}
    return {r: float(np.mean(rank > r)) for r in ranks}, fnir


if __name__ == "__main__":
    file, share, seed = np.load(sys.argv[1]), float((*sys.argv, 0)[2]), int((*sys.argv, 0, 0)[3])
    order = np.argsort(file["name"])
    people = np.array([name.split("/")[0] for name in file["name"][order]])
    names, first = np.unique(people, return_index=True)
    out = np.random.default_rng(seed).permutation(len(names))[: round(share * len(names))]
    enrolled = np.isin(np.arange(len(people)), np.delete(first, out))
    sys.stdout.write("{}\n{}\n".format(*recount(people, file["vector"][order], enrolled)))
