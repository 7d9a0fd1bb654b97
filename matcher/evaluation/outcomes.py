"""From candidate lists to one outcome per probe: where the sought subject stands and how it scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matcher.evaluation.trials import Floats, Kind, Mask, Numbers, Portrait, Probe, Trials

Trait = Callable[[Probe, Portrait | None], float | str | None]


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """One row per probe (p,).

    `rank` of the sought subject, ∞ where it is in no list; its score by each method in `sought` (p, m) and the best
    candidate's in `best` (p, m), both −∞ where there is none: so a failure to acquire or to enrol is a miss, and never
    a false positive. `promised` is the smallest rate that was promised for a candidate, NaN where none was. `enrolled`
    counts the subjects in the gallery. `mates` is the sought subject's gallery photo: that of its row, else its first.
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
    promised: Floats
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
        best, promised = np.full((count, methods), -np.inf), np.full(count, np.nan)
        np.maximum.at(best, found.probe, found.scores)
        np.fmin.at(promised, found.probe, found.promised)
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
            promised=promised,
            mates=_mates(trials, dict(zip(found.probe[rows].tolist(), found.entry[rows].tolist(), strict=True))),
        )

    @property
    def methods(self) -> tuple[str, ...]:
        return self.trials.about.methods

    def trait(self, of: Trait) -> list[float | str | None]:
        """What `of` says of each probe and the sought subject's gallery photo."""
        return [of(probe, mate) for probe, mate in zip(self.trials.probes, self.mates, strict=True)]


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
