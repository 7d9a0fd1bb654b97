"""A report as tables of words, for the terminal and for the page alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matcher.evaluation.rates import Estimate
from matcher.evaluation.report import STRATUM_FPIR, STRATUM_RANK, Failures, Report, StratumRates, WorkingPoint
from matcher.evaluation.trials import COSINE

NO_DATA = "–"


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; `meaning` says what its numbers are. The first column is words, the others are numbers."""

    title: str
    meaning: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(report: Report) -> list[Table]:
    """All tables that have a row, in the order in which to read them."""
    every = [_counts(report), _investigation(report), _identification(report), _excluded(report), _promises(report)]
    return [_told(table) for table in (*every, *_strata(report)) if table.rows]


def _told(table: Table) -> Table:
    """The table without columns of which nothing is known."""
    kept = [place for place in range(len(table.columns)) if any(row[place] != NO_DATA for row in table.rows)]
    rows = tuple(tuple(row[place] for place in kept) for row in table.rows)
    return Table(table.title, table.meaning, tuple(table.columns[place] for place in kept), rows)


def rate(value: float | None) -> str:
    """A rate with as many digits as it is worth."""
    if value is None:
        return NO_DATA
    return f"{value:.4f}".rstrip("0").rstrip(".") if value < 0.01 else f"{value:.3f}"


def interval(estimate: Estimate | None) -> str:
    """The 95 % interval of a rate."""
    if estimate is None or estimate.low is None:
        return NO_DATA
    return f"{rate(estimate.low)} … {rate(estimate.high)}"


def count(estimate: Estimate | None) -> str:
    """What a rate was counted from."""
    return NO_DATA if estimate is None else f"{estimate.count} of {estimate.of}"


def _cells(estimate: Estimate | None) -> tuple[str, str, str]:
    return rate(estimate.value if estimate else None), interval(estimate), count(estimate)


def _counts(report: Report) -> Table:
    counts = report.counts
    rows = [
        ("people to enrol", str(counts.subjects), f"{counts.gallery_photos} photos"),
        ("enrolled (N)", str(counts.enrolled), ""),
        ("mated probes", str(counts.mated), f"of {counts.mated_subjects} people in the gallery"),
        (
            "non-mated probes",
            str(counts.nonmated),
            f"of {counts.nonmated_subjects} people of whom the gallery searched holds no photo",
        ),
    ]
    if counts.excluded:
        rows.append(("pairs judged different", str(counts.excluded), ""))
    rows.append(("failure to enrol (FTE)", rate(counts.fte.rate), _failures(counts.fte)))
    rows.append(("failure to acquire (FTA)", rate(counts.fta.rate), _failures(counts.fta)))
    return Table(
        "Who was searched",
        "Photos without a usable face stay in: a mated one is a miss, a non-mated one no false positive.",
        ("", "NUMBER", ""),
        tuple(rows),
    )


def _failures(failures: Failures) -> str:
    reasons = "".join(f"; {reason.replace('_', ' ')} {number}" for reason, number in failures.reasons.items())
    return f"{failures.count} of {failures.of} photos{reasons}"


def _investigation(report: Report) -> Table:
    return Table(
        "Investigation: is the right person among the first?",
        "Share of mated probes whose person is not among the first R of the list, ordered by cosine; ties count "
        "against the system. This is what people meet who look through lists.",
        ("RANK", "MISS RATE", "95 % INTERVAL", "MISSED"),
        tuple((str(line.rank), *_cells(line.miss)) for line in report.investigation if report.counts.mated),
    )


def _identification(report: Report) -> Table:
    return Table(
        "Identification: misses at a false positive rate",
        "FPIR: share of searches with a stranger that give at least one candidate at or above the threshold. FNIR: "
        "share of mated probes whose own person stays below it. Of two scores the one with fewer misses is the better. "
        f"Non-mated lists are looked at down to place {report.about.depth}.",
        ("SCORE", "FPIR", "THRESHOLD", "FNIR", "95 % INTERVAL", "MISSED"),
        tuple(_point(point) for point in report.identification if report.counts.nonmated and report.counts.mated),
    )


def _point(point: WorkingPoint) -> tuple[str, ...]:
    needless = NO_DATA if point.fnir is None else "none"
    limit = needless if point.threshold is None else f"{point.threshold:.4f}"
    return (point.method, f"{point.fpir:g}", limit, *_cells(point.fnir))


def _excluded(report: Report) -> Table:
    return Table(
        "Pairs that people judged different",
        "Share of them at or above the threshold of that false positive rate. They were looked at because they are "
        "alike, so more of them pass than of strangers.",
        ("SCORE", "FPIR", "AT OR ABOVE", "95 % INTERVAL", "PAIRS"),
        tuple(
            (point.method, f"{point.fpir:g}", *_cells(point.excluded_above))
            for point in report.identification
            if report.counts.excluded
        ),
    )


def _promises(report: Report) -> Table:
    rows = [
        (
            promise.band.value,
            f"{promise.promised:g}",
            *_cells(promise.realised),
            f"{promise.realised.value / promise.promised:.2f}",
        )
        for promise in report.promises
    ]
    return Table(
        "Promised and realised false positive rates",
        "Share of searches with a stranger that found a candidate of this age for whom at most this rate was promised. "
        "A promise that is kept has a ratio near 1; above 1 chance finds look-alikes more often than people are told.",
        ("AGE", "PROMISED", "REALISED", "95 % INTERVAL", "SEARCHES", "RATIO"),
        tuple(rows),
    )


def _strata(report: Report) -> Iterable[Table]:
    attributes = dict.fromkeys(group.attribute for group in report.strata)
    score = report.stratum_method if report.stratum_method != COSINE else "the cosine"
    for attribute in attributes:
        yield Table(
            f"By {attribute}",
            f"Misses at rank {STRATUM_RANK}, and FNIR and FPIR by {score} at the threshold that holds for all at FPIR "
            f"{STRATUM_FPIR:g}.",
            ("GROUP", "PROBES", "PEOPLE", f"RANK-{STRATUM_RANK} MISS", "95 % INTERVAL", "FNIR", "FPIR", "STRANGERS"),
            tuple(_stratum(group) for group in report.strata if group.attribute == attribute),
        )


def _stratum(group: StratumRates) -> tuple[str, ...]:
    first = (group.group, str(group.mated), str(group.subjects))
    if group.refused:
        return (*first, "too few", *(NO_DATA,) * 4)
    values = [rate(estimate.value) if estimate else NO_DATA for estimate in (group.rank_miss, group.fnir, group.fpir)]
    return (
        *first,
        values[0],
        interval(group.rank_miss),
        *values[1:],
        str(group.nonmated) if group.nonmated else NO_DATA,
    )
