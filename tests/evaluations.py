"""Small trials, written as people would on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from matcher.evaluation.trials import About, Candidates, Kind, Portrait, Probe, Trials


@dataclass(frozen=True)
class Search:
    """One probe of `subject` that seeks `sought`, and the score of every enrolled subject."""

    subject: str
    sought: str | None
    scores: Mapping[str, float] = field(default_factory=dict)
    promised: Mapping[str, float] = field(default_factory=dict)
    failure: str | None = None
    age: float | None = None
    sex: str | None = None
    eye_distance: float | None = None


def mated(subject: str, **given: object) -> Search:
    return Search(subject, subject, **given)


def stranger(subject: str, **given: object) -> Search:
    return Search(subject, None, **given)


def enrolled(*subjects: str, age: float | None = None) -> list[Portrait]:
    """One photo of each subject."""
    return [Portrait(photo=f"{subject}/1.jpg", subject=subject, age=age) for subject in subjects]


def trials(gallery: Sequence[Portrait], searches: Sequence[Search], methods: tuple[str, ...] = ("cosine",)) -> Trials:
    """Trials whose every score is the one that is given."""
    place = {portrait.subject: number for number, portrait in enumerate(gallery)}
    rows = [
        (number, sum(other >= score for other in search.scores.values()), place[subject], score, search, subject)
        for number, search in enumerate(searches)
        for subject, score in search.scores.items()
    ]
    rows.sort(key=lambda row: row[:3])
    return Trials(
        About(
            protocol="on paper",
            depth=100,
            methods=methods,
            promised_by=methods[-1],
            space="paper",
            software="0",
            made="2026-01-01",
            seed=1,
        ),
        tuple(gallery),
        tuple(_probe(number, search) for number, search in enumerate(searches)),
        Candidates(
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1] for row in rows], np.int64),
            np.array([row[2] for row in rows], np.int64),
            np.array([[row[3]] * len(methods) for row in rows], np.float64).reshape(len(rows), len(methods)),
            np.array([row[4].promised.get(row[5], np.nan) for row in rows], np.float64),
        ),
    )


def _probe(number: int, search: Search) -> Probe:
    kind = Kind.NONMATED if search.sought is None else Kind.MATED
    if search.sought not in (None, search.subject):
        kind = Kind.EXCLUDED
    return Probe(
        photo=f"probe-{number}.jpg",
        subject=search.subject,
        kind=kind,
        sought=search.sought,
        failure=search.failure,
        age=search.age,
        sex=search.sex,
        eye_distance=search.eye_distance,
    )
