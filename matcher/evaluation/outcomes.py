"""From candidate lists to one outcome per probe: where the sought subject stands and how it scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from matcher.domain.ages import AgeBand
from matcher.evaluation.trials import Floats, Kind, Mask, Numbers, Portrait, Probe, Trials

Trait = Callable[[Probe, Portrait | None], float | str | None]


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """One row per probe (p,).

    `rank` of the sought subject, ∞ where it is in no list; its score by each method in `sought` (p, m) and the best
    candidate's in `best` (p, m), both −∞ where there is none: so a failure to acquire or to enrol is a miss, and never
    a false positive. `promised` holds, for every age band of gallery photos that was promised anything, the smallest
    rate (p,) promised for a candidate of that band: 1 where the list has no such candidate, NaN where it has some but
    nothing could be promised. `enrolled` counts the subjects in the gallery. `mates` is the sought subject's gallery
    photo: that of its row, else its first.
    """

    trials: Trials
    enrolled: int
    mated: Mask
    nonmated: Mask
    excluded: Mask
    acquired: Mask
    subjects: Numbers
    rank: Floats
    sought: Floats
    best: Floats
    promised: Mapping[AgeBand, Floats]
    mates: tuple[Portrait | None, ...]

    @classmethod
    def of(cls, trials: Trials) -> Outcomes:
        """Read the outcome of every probe out of the lists."""
        probes, gallery, found = trials.probes, trials.gallery, trials.candidates
        count, methods = len(probes), len(trials.about.methods)
        owners = np.array([portrait.subject for portrait in gallery], dtype=object)
        wanted = np.array([probe.sought for probe in probes], dtype=object)
        rows = np.flatnonzero(owners[found.entry] == wanted[found.probe]) if len(found.probe) else np.zeros(0, np.intp)
        rank, sought = np.full(count, np.inf), np.full((count, methods), -np.inf)
        rank[found.probe[rows]] = found.rank[rows]
        sought[found.probe[rows]] = found.scores[rows]
        best = np.full((count, methods), -np.inf)
        np.maximum.at(best, found.probe, found.scores)
        kinds = np.array([probe.kind.value for probe in probes])
        return cls(
            trials=trials,
            enrolled=len({portrait.subject for portrait in gallery if portrait.failure is None}),
            mated=kinds == Kind.MATED.value,
            nonmated=kinds == Kind.NONMATED.value,
            excluded=kinds == Kind.EXCLUDED.value,
            acquired=np.array([probe.failure is None for probe in probes], dtype=np.bool_),
            subjects=_numbers([probe.subject for probe in probes]),
            rank=rank,
            sought=sought,
            best=best,
            promised=_promised(trials),
            mates=_mates(trials, dict(zip(found.probe[rows].tolist(), found.entry[rows].tolist(), strict=True))),
        )

    @property
    def methods(self) -> tuple[str, ...]:
        return self.trials.about.methods

    def trait(self, of: Trait) -> list[float | str | None]:
        """What `of` says of each probe and the sought subject's gallery photo."""
        return [of(probe, mate) for probe, mate in zip(self.trials.probes, self.mates, strict=True)]


def _promised(trials: Trials) -> dict[AgeBand, Floats]:
    found = trials.candidates
    bands = np.array([AgeBand.of(portrait.age).value for portrait in trials.gallery], dtype=object)[found.entry]
    promised: dict[AgeBand, Floats] = {}
    for band in AgeBand:
        rows = np.flatnonzero(bands == band.value)
        if np.isnan(found.promised[rows]).all():
            continue
        smallest = np.ones(len(trials.probes))
        smallest[found.probe[rows]] = np.nan
        np.fmin.at(smallest, found.probe[rows], found.promised[rows])
        promised[band] = smallest
    return promised


def _numbers(names: list[str]) -> Numbers:
    places = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.fromiter((places[name] for name in names), np.int64, len(names))


def _mates(trials: Trials, seen: dict[int, int]) -> tuple[Portrait | None, ...]:
    first: dict[str, Portrait] = {}
    for portrait in trials.gallery:
        first.setdefault(portrait.subject, portrait)
    return tuple(
        trials.gallery[seen[number]] if number in seen else first.get(probe.sought or "")
        for number, probe in enumerate(trials.probes)
    )
