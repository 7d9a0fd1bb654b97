"""How well and how long people judge: errors on control pairs, agreement, times. Few answers: wide intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from matcher.domain.intervals import wilson
from matcher.domain.reviews import Outcome, Truth

BREAK = timedelta(minutes=10)  # so long without an answer is a break


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total`, with Wilson's 95 % interval; `value` is `None` where there is nothing to count."""

    count: int
    total: int
    value: float | None
    low: float | None
    high: float | None


def share(count: int, total: int) -> Share:
    """A share with its interval; `None` three times for a total of 0."""
    if not total:
        return Share(count, total, None, None, None)
    low, high = wilson(count, total)
    return Share(count, total, count / total, float(low), float(high))


@dataclass(frozen=True, slots=True)
class ControlErrors:
    """Errors on pairs whose truth is known.

    `missed`: the same child was called no candidate. `false_alarms`: different children were called a possible
    resemblance. Inconclusive answers are no errors, and stay in both totals.
    """

    missed: Share
    false_alarms: Share
    inconclusive: Share


def control_errors(answers: Sequence[tuple[Truth, Outcome]]) -> ControlErrors:
    """Count (truth, outcome) of a person's control pairs."""
    seen = Counter(answers)
    same = sum(truth is Truth.SAME for truth, _ in answers)
    return ControlErrors(
        missed=share(seen[Truth.SAME, Outcome.NO_CANDIDATE], same),
        false_alarms=share(seen[Truth.DIFFERENT, Outcome.POTENTIAL], len(answers) - same),
        inconclusive=share(sum(outcome is Outcome.INCONCLUSIVE for _, outcome in answers), len(answers)),
    )


def kappa(pairs: Sequence[tuple[Outcome, Outcome]]) -> float | None:
    """Cohen's κ of two answers per pair (Cohen, Educational and Psychological Measurement 20, 1960).

    1 is full agreement, 0 what chance alone gives. `None` without pairs, and where both sides only ever gave one and
    the same answer: then chance alone agrees fully and κ is 0/0.
    """
    total = len(pairs)
    if not total:
        return None
    agreed = sum(one is other for one, other in pairs) / total
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(first[outcome] * second[outcome] for outcome in Outcome) / total**2
    return None if chance == 1 else (agreed - chance) / (1 - chance)


def median_seconds(spans: Sequence[tuple[datetime, datetime]]) -> float | None:
    """The median of the times from opening to sealing, in seconds; `None` without any."""
    return median((sealed - opened).total_seconds() for opened, sealed in spans) if spans else None


def per_hour(spans: Sequence[tuple[datetime, datetime]]) -> float | None:
    """Answers per hour of the time that they took, from opening to sealing; `None` if that is no time."""
    seconds = sum((sealed - opened).total_seconds() for opened, sealed in spans)
    return len(spans) * 3600 / seconds if seconds > 0 else None


def working_since(spans: Sequence[tuple[datetime, datetime]], now: datetime) -> datetime | None:
    """When a person began to work without a break of ten minutes or more; `None` for one who is not at work now.

    `spans` are (opened, sealed) of its answers, in any order.
    """
    since = None
    edge = now
    for opened, sealed in sorted(spans, key=lambda span: span[1], reverse=True):
        if edge - sealed >= BREAK:
            break
        since = opened if since is None else min(since, opened)
        edge = min(edge, opened)
    return since
