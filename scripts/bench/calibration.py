"""Promised against realised false positive rates on real photos.

    MATCHER_PHOTOS=FOLDER python scripts/bench/calibration.py [SPLITS]

Each split draws half of the people as gallery, with one photo each, and one photo of each of the others as a search
with an unrelated person. The gallery is measured, and every search's best candidate promises a rate. Realised is the
share of searches that promise at most the nominal rate, divided by that rate: 1 is a promise kept, 2 twice as many
false positives. Beside each stands the spread that counting alone gives, if the promise holds.
"""

from __future__ import annotations

import sys

import numpy as np
from lfw_faces import Faces, lfw_faces

from matcher.domain.ages import AgeBand
from matcher.matching.significance import GalleryStatistics

NOMINAL = (0.3, 0.1, 0.03, 0.01)


def main() -> None:
    splits = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    faces = lfw_faces()
    promised = np.stack([promises(faces, seed) for seed in range(splits)])
    searches = promised.shape[1]
    print(
        f"{faces.count} people, {len(faces.vectors)} photos; {splits} splits: {searches} enrolled, {searches} searches"
    )
    print("promised   realised/promised: median  central 90 %      by counting alone")
    for rate in NOMINAL:
        ratio = (promised <= rate).mean(axis=1) / rate
        low, middle, high = np.quantile(ratio, (0.05, 0.5, 0.95))
        chance = np.quantile(np.random.default_rng(0).binomial(searches, rate, 100_000), (0.05, 0.95)) / searches / rate
        print(f"{rate:<10} {middle:25.2f}  {low:.2f} … {high:.2f}  {chance[0]:15.2f} … {chance[1]:.2f}")


def promises(faces: Faces, seed: int) -> np.ndarray:
    """The rate that the best candidate of each search promises."""
    random = np.random.default_rng(seed)
    people = random.permutation(faces.count)
    photos = np.array([random.choice(faces.of(person)) for person in people])
    enrolled, searched = np.split(photos, [faces.count // 2])
    vectors, cases = faces.vectors[enrolled], np.arange(len(enrolled))
    statistics = GalleryStatistics.measure(vectors, cases, [AgeBand.UNKNOWN] * len(cases))
    best = [statistics.comparable(faces.vectors[probe], vectors, cases, statistics.levels).max() for probe in searched]
    chances = statistics.chances(AgeBand.UNKNOWN, np.array(best))
    return np.array([chance.rate for chance in chances or ()])


if __name__ == "__main__":
    main()
