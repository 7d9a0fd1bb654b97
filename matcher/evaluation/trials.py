"""What a protocol hands over: who was enrolled, who was searched, and what each search found.

The words are those of ISO/IEC 19795-1: a probe is *mated* if its person is meant to be in the gallery, *non-mated* if
not. A third kind, *excluded*, is a pair that people judged to show two children: it is no search with a stranger, since
such pairs were looked at because they are alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

COSINE = "cosine"


class Kind(str, Enum):
    MATED = "mated"
    NONMATED = "nonmated"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """One photo of one subject, a person or a case.

    `failure` is the word for why it gave no usable face, `None` if it did. `age` at capture in years, `sex` as a word,
    `eye_distance` in pixels of the photo; `None` where unknown.
    """

    photo: str
    subject: str
    failure: str | None = None
    age: float | None = None
    sex: str | None = None
    eye_distance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(Portrait):
    """A photo that was searched. `sought` is the subject whose place in the list is looked at; `None` if non-mated."""

    kind: Kind
    sought: str | None = None

    def __post_init__(self) -> None:
        if (self.kind is Kind.NONMATED) != (self.sought is None):
            raise ValueError("A probe seeks a subject, unless it is non-mated.")
        if (self.kind is Kind.MATED) != (self.sought == self.subject):
            raise ValueError("A mated probe seeks its own subject, an excluded one another.")


@dataclass(frozen=True, slots=True)
class About:
    """How a table of scores came about; enough to judge it years later.

    `methods` name the scores, "cosine" first; `promised_by` is the one from which promises are made; `depth` is the
    length of the candidate lists; `made` is the day, UTC, in ISO 8601; `notes` are sentences about choices that were
    made on the way.
    """

    protocol: str
    depth: int
    methods: tuple[str, ...]
    promised_by: str
    space: str
    software: str
    made: str
    seed: int | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.methods or self.methods[0] != COSINE or len(set(self.methods)) < len(self.methods):
            raise ValueError("The methods are distinct, and the cosine comes first.")
        if self.promised_by not in self.methods:
            raise ValueError(f"Promises are made from one of the methods, not from '{self.promised_by}'.")


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """All candidate lists, row by row, by rising probe and rank.

    `probe` (r,) and `entry` (r,) count the probes and gallery photos from 0; `scores` (r, methods), higher is more
    alike; `promised` (r,) is the false positive rate that was promised for the candidate, 0 … 1, NaN where none could
    be. `rank` (r,) counts the subjects whose cosine is at least this one's, itself included: ties count against it.
    A list ends at the depth; the subject that is sought has a row wherever it stands, if it is enrolled.
    """

    probe: Numbers
    rank: Numbers
    entry: Numbers
    scores: Floats
    promised: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """One evaluation before any number is taken from it."""

    about: About
    gallery: tuple[Portrait, ...]
    probes: tuple[Probe, ...]
    candidates: Candidates
