"""All numbers of one evaluation, in the words of ISO/IEC 19795-1 and NIST's FRTE 1:N reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from matcher.domain.ages import AgeBand
from matcher.evaluation.outcomes import Outcomes
from matcher.evaluation.rates import Estimate, Miss, Rate, Share, estimates
from matcher.evaluation.strata import FEWEST_PROBES, FEWEST_SUBJECTS, Stratum, strata, unknown_attributes
from matcher.evaluation.trials import About, Floats, Mask, Portrait, Trials

RANKS = (1, 5, 10, 20, 50)
FPIRS = (0.3, 0.1, 0.01, 0.003)
PROMISES = (0.3, 0.1, 0.03, 0.01)
STRATUM_RANK, STRATUM_FPIR = 1, 0.1


@dataclass(frozen=True, slots=True)
class Failures:
    """Photos without a usable face: `of` photos in all, `count` failed, by reason."""

    count: int
    of: int
    reasons: Mapping[str, int]

    @property
    def rate(self) -> float | None:
        """The share that failed; `None` of no photo."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Counts:
    """`enrolled` of `subjects` in the gallery; probes by kind; failures to enrol (FTE) and to acquire (FTA)."""

    subjects: int
    enrolled: int
    gallery_photos: int
    mated: int
    mated_subjects: int
    nonmated: int
    nonmated_subjects: int
    excluded: int
    fte: Failures
    fta: Failures


@dataclass(frozen=True, slots=True)
class RankMiss:
    """Investigation mode: the share of mated probes whose subject is not among the first `rank`."""

    rank: int
    miss: Estimate | None


@dataclass(frozen=True, slots=True)
class WorkingPoint:
    """Identification mode: the misses (FNIR) at the lowest threshold whose false positive rate is at most `fpir`.

    `threshold` is `None` where the rate cannot be told (`fnir` is `None`, too), and where none is needed: so few
    strangers have any candidate that every one may pass. `realised` is the rate at that threshold. `excluded_above` is
    the share of pairs judged different that reach it.
    """

    method: str
    fpir: float
    threshold: float | None
    realised: float | None
    fnir: Estimate | None
    excluded_above: Estimate | None


@dataclass(frozen=True, slots=True)
class Promise:
    """How often searches with a stranger found a candidate of an age band whose promised rate was at most `promised`.

    `band` is the age on the gallery photo, since promises are made band by band. Counted among the non-mated searches
    in which the band could be judged.
    """

    band: AgeBand
    promised: float
    realised: Estimate


@dataclass(frozen=True, slots=True)
class StratumRates:
    """One group of probes: misses at rank 1 and at the common threshold, and false positives there.

    The rates are `None` where the group is too small; false positives also where the group belongs to pairs.
    """

    attribute: str
    group: str
    mated: int
    subjects: int
    nonmated: int
    refused: str | None
    rank_miss: Estimate | None
    fnir: Estimate | None
    fpir: Estimate | None


@dataclass(frozen=True, slots=True)
class Report:
    """All numbers; those that cannot be told are `None`, and `limits` says why."""

    about: About
    counts: Counts
    investigation: tuple[RankMiss, ...]
    identification: tuple[WorkingPoint, ...]
    promises: tuple[Promise, ...]
    stratum_method: str
    strata: tuple[StratumRates, ...]
    limits: tuple[str, ...]


def report(trials: Trials) -> Report:
    """Count everything. Intervals are drawn with the seed of the trials, or 0: the same trials give the same report."""
    outcomes = Outcomes.of(trials)
    grouped = strata(outcomes)
    rates = _Rates.of(outcomes, grouped)
    kinds = outcomes.mated * 1 + outcomes.nonmated * 2 + outcomes.excluded * 4
    found = iter(estimates(rates.all, outcomes.subjects, kinds, trials.about.seed or 0))
    investigation = tuple(RankMiss(rank, next(found)) for rank in RANKS)
    identification = tuple(
        _point(method, miss, next(found), next(found)) for method, miss in zip(rates.named, rates.misses, strict=True)
    )
    groups = tuple(_stratum(stratum, outcomes, (next(found), next(found), next(found))) for stratum in grouped)
    kept = [(promised, next(found)) for promised in rates.promised]
    promises = tuple(Promise(*promised, realised) for promised, realised in kept if realised is not None)
    return Report(
        about=trials.about,
        counts=_counts(outcomes),
        investigation=investigation,
        identification=identification,
        promises=promises,
        stratum_method=trials.about.promised_by,
        strata=groups,
        limits=tuple(_limits(outcomes, groups)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rates:
    """Every rate of a report, in its order: one resampling of subjects serves all."""

    all: list[Rate]
    named: list[str]
    misses: list[Miss]
    promised: list[tuple[AgeBand, float]]

    @classmethod
    def of(cls, outcomes: Outcomes, grouped: Sequence[Stratum]) -> _Rates:
        every: list[Rate] = [_rank_miss(outcomes, rank, outcomes.mated) for rank in RANKS]
        named, misses = [], []
        for number, method in enumerate(outcomes.methods):
            for fpir in FPIRS:
                sought, best = outcomes.sought[:, number], outcomes.best[:, number]
                miss = Miss(sought, outcomes.mated, best, outcomes.nonmated, fpir)
                named.append(method)
                misses.append(miss)
                every += [miss, _reaching(sought, miss.threshold, outcomes.excluded)]
        number = outcomes.methods.index(outcomes.trials.about.promised_by)
        sought, best = outcomes.sought[:, number], outcomes.best[:, number]
        limit = Miss(sought, outcomes.mated, best, outcomes.nonmated, STRATUM_FPIR).threshold
        for stratum in grouped:
            members = stratum.members if not refusal(stratum, outcomes) else np.zeros_like(stratum.members)
            strangers = outcomes.nonmated & members if stratum.of_probe else np.zeros_like(members)
            missed = _reaching(sought, limit, outcomes.mated & members)
            every += [
                _rank_miss(outcomes, STRATUM_RANK, outcomes.mated & members),
                Share(~missed.hit, missed.among),
                _reaching(best, limit, strangers),
            ]
        promised = [(band, rate) for band in outcomes.promised for rate in PROMISES]
        return cls([*every, *(_kept(outcomes, *one) for one in promised)], named, misses, promised)


def _rank_miss(outcomes: Outcomes, rank: int, among: Mask) -> Share:
    # A list as long as the gallery holds everybody who is enrolled: that says nothing.
    told = among if rank < outcomes.enrolled else np.zeros_like(among)
    return Share(outcomes.rank > rank, told)


def _reaching(scores: Floats, limit: float | None, among: Mask) -> Share:
    told = np.zeros_like(among) if limit is None else among
    return Share(scores >= (np.inf if limit is None else limit), told)


def _point(method: str, miss: Miss, fnir: Estimate | None, excluded: Estimate | None) -> WorkingPoint:
    limit = miss.threshold
    strangers = miss.best[miss.nonmated]
    return WorkingPoint(
        method=method,
        fpir=miss.fpir,
        threshold=None if limit is None or limit <= np.nextafter(-np.inf, 0) else limit,
        realised=None if limit is None else float(np.mean(strangers >= limit)),
        fnir=fnir,
        excluded_above=excluded,
    )


def _kept(outcomes: Outcomes, band: AgeBand, rate: float) -> Share:
    promised = outcomes.promised[band]
    return Share(promised <= rate, outcomes.nonmated & outcomes.acquired & ~np.isnan(promised))


def refusal(stratum: Stratum, outcomes: Outcomes) -> str | None:
    """Why nothing is said about a group, or `None` if it is large enough."""
    probes, people = _size(stratum, outcomes)
    if probes >= FEWEST_PROBES and people >= FEWEST_SUBJECTS:
        return None
    return f"{probes} probes of {people} people: at least {FEWEST_PROBES} of {FEWEST_SUBJECTS} are needed"


def _size(stratum: Stratum, outcomes: Outcomes) -> tuple[int, int]:
    members = stratum.members & outcomes.mated
    return int(members.sum()), len(np.unique(outcomes.subjects[members]))


def _stratum(
    stratum: Stratum, outcomes: Outcomes, rates: tuple[Estimate | None, Estimate | None, Estimate | None]
) -> StratumRates:
    probes, people = _size(stratum, outcomes)
    strangers = int((stratum.members & outcomes.nonmated).sum()) if stratum.of_probe else 0
    return StratumRates(stratum.attribute, stratum.group, probes, people, strangers, refusal(stratum, outcomes), *rates)


def _counts(outcomes: Outcomes) -> Counts:
    gallery, probes = outcomes.trials.gallery, outcomes.trials.probes
    return Counts(
        subjects=len({portrait.subject for portrait in gallery}),
        enrolled=outcomes.enrolled,
        gallery_photos=len(gallery),
        mated=int(outcomes.mated.sum()),
        mated_subjects=len(np.unique(outcomes.subjects[outcomes.mated])),
        nonmated=int(outcomes.nonmated.sum()),
        nonmated_subjects=len(np.unique(outcomes.subjects[outcomes.nonmated])),
        excluded=int(outcomes.excluded.sum()),
        fte=_failures(gallery),
        fta=_failures({(probe.subject, probe.photo): probe for probe in probes}.values()),
    )


def _failures(photos: Collection[Portrait]) -> Failures:
    reasons = Counter(photo.failure for photo in photos if photo.failure is not None)
    return Failures(sum(reasons.values()), len(photos), dict(sorted(reasons.items())))


def _limits(outcomes: Outcomes, groups: Sequence[StratumRates]) -> list[str]:
    """What cannot be said from these trials, in sentences."""
    said, strangers = [], int(outcomes.nonmated.sum())
    if not outcomes.mated.any():
        said.append("No probe shows a person of the gallery, so nothing is said about misses.")
    elif outcomes.enrolled <= RANKS[-1]:
        beyond = ", ".join(str(rank) for rank in RANKS if rank >= outcomes.enrolled)
        said.append(f"The gallery holds {outcomes.enrolled} people: a list of {beyond} would hold them all.")
    if not strangers:
        said.append("No probe shows a stranger to the gallery, so nothing is said about false positives.")
    elif strangers * min(FPIRS) < 1:
        rates = ", ".join(f"{fpir:g}" for fpir in FPIRS if fpir * strangers < 1 - 1e-9)
        said.append(f"{strangers} non-mated probes resolve no false positive rate below 1 in {strangers}: not {rates}.")
    finite = outcomes.best[np.isfinite(outcomes.best[:, 0]), 0]
    if len(finite) > 1 and np.ptp(finite) == 0:
        said.append("All best similarities are equal: these scores tell nobody apart.")
    if strangers and not outcomes.promised:
        said.append(
            "For no candidate could be said how often chance finds somebody so alike: too few people of one age are "
            "enrolled, or they are too young."
        )
    said += _too_small(groups)
    if unknown := unknown_attributes(outcomes):
        said.append(f"Not known for any mated probe: {'; '.join(unknown)}.")
    return said


def _too_small(groups: Sequence[StratumRates]) -> Iterator[str]:
    """One sentence for each attribute with groups that are refused, with their counts."""
    refused = [group for group in groups if group.refused]
    for attribute in dict.fromkeys(group.attribute for group in refused):
        sizes = [
            f"{group.group} ({group.mated} of {group.subjects})" for group in refused if group.attribute == attribute
        ]
        yield (
            f"By {attribute}, too few probes or people to say anything: {', '.join(sizes)}; "
            f"at least {FEWEST_PROBES} probes of {FEWEST_SUBJECTS} people are needed."
        )
