"""Errors, agreement and times, counted by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from matcher.domain.reviews import Outcome, Truth
from matcher.review.quality import control_errors, kappa, median_seconds, per_hour, share, working_since

YES, NO, UNSURE = Outcome.POTENTIAL, Outcome.NO_CANDIDATE, Outcome.INCONCLUSIVE
START = datetime(2026, 3, 14, 9, tzinfo=timezone.utc)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_a_share_has_wilsons_interval() -> None:
    one = share(1, 10)
    assert (one.value, one.low, one.high) == (0.1, pytest.approx(0.01788, abs=1e-4), pytest.approx(0.40415, abs=1e-4))
    assert (share(0, 0).value, share(0, 0).low, share(0, 0).high) == (None, None, None)


def test_errors_on_control_pairs() -> None:
    same, different = Truth.SAME, Truth.DIFFERENT
    errors = control_errors([(same, YES), (same, NO), (same, UNSURE), (different, NO), (different, YES)])
    assert (errors.missed.count, errors.missed.total) == (1, 3)
    assert (errors.false_alarms.count, errors.false_alarms.total) == (1, 2)
    assert (errors.inconclusive.count, errors.inconclusive.total) == (1, 5)
    assert control_errors([]).missed.value is None


def test_kappa() -> None:
    # 20 × both yes, 15 × both no, 5 and 10 × apart: observed 0.7, by chance 0.5 × 0.6 + 0.5 × 0.4 = 0.5
    pairs = [(YES, YES)] * 20 + [(NO, NO)] * 15 + [(YES, NO)] * 5 + [(NO, YES)] * 10
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([(YES, YES), (NO, NO)]) == 1
    assert kappa([(YES, NO), (NO, YES)]) == -1
    assert kappa([]) is None
    assert kappa([(YES, YES)] * 9) is None, "chance alone agrees fully"


def test_times() -> None:
    spans = [(at(0), at(1)), (at(2), at(4)), (at(4), at(13))]
    assert median_seconds(spans) == 120
    assert per_hour(spans) == 15
    assert (median_seconds([]), per_hour([]), per_hour([(at(0), at(0))])) == (None, None, None)


def test_work_lasts_from_the_last_break_of_ten_minutes() -> None:
    spans = [(at(0), at(5)), (at(15), at(20)), (at(29), at(40))]
    assert working_since(spans, at(49)) == at(15), "10 minutes from 5 to 15 are a break, 9 from 20 to 29 are none"
    assert working_since(spans, at(50)) is None
    assert working_since([], at(0)) is None
    assert working_since(spans[::-1], at(40)) == at(15)
