"""What a candidate's similarity means, in a number or in the reason why there is none, and in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.domain.ages import AgeBand
from matcher.domain.chances import Chance, Insufficient, Meaning
from matcher.domain.records import Flag
from matcher.matching.significance import NEEDED, GalleryStatistics

_INFANT_YEARS = 3
# Bands of which nothing is ever said.
UNTOLD = frozenset({AgeBand.INFANT, AgeBand.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides whether a similarity can mean anything: the child's age band on the case photo, the cautions that
    were raised, how old the probe's person seemed (years), and whether either face is too poorly seen.
    """

    band: AgeBand
    flags: tuple[Flag, ...] = ()
    apparent_age: float | None = None
    poor: bool = False


def meanings(
    statistics: GalleryStatistics | None,
    circumstances: Sequence[Circumstances],
    scores: Sequence[float],
    growth: float = 1.0,
) -> list[Meaning]:
    """The meanings of comparable scores, each under its circumstances; `growth` as in `GalleryStatistics.chances`.

    Without statistics nothing can be said, and the scores are not looked at.
    """
    told: dict[int, Meaning] = {}
    sayable: dict[AgeBand, list[int]] = {}
    for index, one in enumerate(circumstances):
        reason = silence(statistics, one)
        if reason is None:
            sayable.setdefault(one.band, []).append(index)
        else:
            told[index] = _unsaid(statistics, one.band, reason)
    # One call for each band: NumPy takes as long for one score as for a list.
    for band, indices in sayable.items():
        here = np.array([scores[index] for index in indices])
        chances = statistics.chances(band, here, growth) if statistics else None
        told.update((index, Meaning(band, chance)) for index, chance in zip(indices, chances or (), strict=True))
    return [told[index] for index in range(len(circumstances))]


def _unsaid(statistics: GalleryStatistics | None, band: AgeBand, reason: Insufficient) -> Meaning:
    if reason is not Insufficient.TOO_FEW:
        return Meaning(band, insufficient=reason)
    measured = statistics.bands.get(band) if statistics else None
    return Meaning(band, insufficient=reason, children=measured.children if measured else 0, needed=NEEDED)


def silence(statistics: GalleryStatistics | None, circumstances: Circumstances) -> Insufficient | None:
    """Why nothing can be said under these circumstances: the first reason, in the order in which people ask."""
    band, age = circumstances.band, circumstances.apparent_age
    measured = statistics.bands.get(band) if statistics else None
    reasons = {
        Insufficient.INFANT: band is AgeBand.INFANT or (age is not None and age < _INFANT_YEARS),
        Insufficient.YEARS_APART: Flag.YEARS_APART in circumstances.flags,
        Insufficient.POOR_QUALITY: circumstances.poor,
        Insufficient.AGE_UNKNOWN: band is AgeBand.UNKNOWN,
        Insufficient.NO_STATISTICS: statistics is None,
        Insufficient.TOO_FEW: measured is None or measured.children < NEEDED,
        Insufficient.NO_SPREAD: measured is not None and measured.tail is None,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def within(chance: Chance, share: float, target: float) -> bool:
    """Whether a candidate is within a working point, a `target` rate of unrelated searches that list anybody, 0 … 1.

    The target is for the whole gallery. A band with this `share` of its children may use up that share of it: if each
    does, 1 − Π(1 − target)^share of the searches find somebody, which is the target. A rate that is too small to be
    told is always within: else a band of few children could list nobody, however alike.
    """
    return chance.at_most or bool(chance.rate <= 1 - (1 - target) ** share)


def shares(statistics: GalleryStatistics) -> Mapping[AgeBand, float]:
    """The share of the gallery's children that is in each band, 0 … 1."""
    total = sum(measured.children for measured in statistics.bands.values())
    return {band: measured.children / total for band, measured in statistics.bands.items()}
