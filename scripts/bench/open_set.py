"""Which score separates best in an open set: misses at fixed false positive rates, each score in the same run.

    MATCHER_PHOTOS=FOLDER python scripts/bench/open_set.py [SPLITS]

Each split enrols 175 of the people with several photos by one photo each. Their other photos are mated searches, all
photos of everybody else non-mated ones. Rank is by cosine, whatever the score.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from lfw_faces import Faces, lfw_faces

from matcher.domain.ages import AgeBand
from matcher.matching.comparable import RECIPES
from matcher.matching.significance import GalleryStatistics

ENROLLED = 175
RATES = (0.3, 0.1, 0.03, 0.01)


def main() -> None:
    splits = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    faces = lfw_faces()
    several = np.array([person for person in range(faces.count) if len(faces.of(person)) > 1])
    found = np.array([one_split(faces, several, seed) for seed in range(splits)])  # (splits, scores, rank-1 and rates)
    mean, plain = found.mean(axis=0), found[:, :1]
    print(f"{faces.count} people, {len(faces.vectors)} photos; {ENROLLED} enrolled, {splits} splits")
    print("beside each rate the paired difference to cosine and its standard error")
    print("score               rank-1  " + "  ".join(f"FNIR at FPIR {rate:<11}" for rate in RATES))
    error = (found - plain).std(axis=0) / np.sqrt(splits)
    for name, values, errors, difference in zip(RECIPES, mean, error, mean - mean[0], strict=True):
        cells = [f"{values[i]:.4f} {difference[i]:+.4f} ±{errors[i]:.4f}" for i in range(1, len(values))]
        print(f"{name:<18}  {values[0]:.4f}  " + "  ".join(cells))


def one_split(faces: Faces, several: np.ndarray, seed: int) -> list[list[float]]:
    """Rank-1 and the misses at each rate, for each score."""
    random = np.random.default_rng(seed)
    people = random.choice(several, ENROLLED, replace=False)
    gallery, mated = [], []
    for person in people:
        first, *others = random.permutation(faces.of(person))
        gallery.append(first)
        mated += others
    strangers = np.flatnonzero(~np.isin(faces.people, people))
    truth = np.array([int(np.flatnonzero(people == faces.people[probe])[0]) for probe in mated])
    cosines = faces.vectors[mated] @ faces.vectors[gallery].T
    rank1 = float(np.mean(cosines.argmax(axis=1) == truth))
    rows = []
    for method in RECIPES:
        score = scorer(faces.vectors[gallery], method)
        mates = np.array([score(faces.vectors[probe])[place] for probe, place in zip(mated, truth, strict=True)])
        best = np.array([score(faces.vectors[probe]).max() for probe in strangers])
        rows.append([rank1, *(misses(mates, best, rate) for rate in RATES)])
    return rows


def scorer(vectors: np.ndarray, method: str) -> Callable[[np.ndarray], np.ndarray]:
    """A function from a probe to its scores with all enrolled."""
    cases = np.arange(len(vectors))
    statistics = GalleryStatistics.measure(vectors, cases, [AgeBand.UNKNOWN] * len(cases), method=method)
    return lambda probe: statistics.comparable(probe, vectors, cases, statistics.levels)


def misses(mates: np.ndarray, best: np.ndarray, rate: float) -> float:
    """FNIR at the lowest threshold (`>=`) at which at most `rate` of the strangers' best scores are reached."""
    allowed = int(rate * len(best) + 1e-9)
    threshold = np.nextafter(np.sort(best)[::-1][allowed], np.inf)
    return float(np.mean(mates < threshold))


if __name__ == "__main__":
    main()
