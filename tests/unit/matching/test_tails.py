"""The tail of a sample: counted below its threshold, a law above, and honest where the law does not hold."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.matching.tails import Tail


def tail_of(scores: np.ndarray) -> Tail:
    found = Tail.of(scores, np.arange(len(scores)))
    assert found is not None
    return found


def pareto(shape: float, count: int, seed: int = 1) -> np.ndarray:
    """A sample of the generalised Pareto distribution of this shape and scale 1."""
    uniform = np.random.default_rng(seed).random(count)
    return -np.log(uniform) if shape == 0 else (uniform**-shape - 1) / shape


def test_below_the_threshold_rates_are_counted_and_equal_scores_count_as_reached() -> None:
    tail = tail_of(np.arange(1.0, 101.0))
    assert (tail.share, tail.threshold) == (0.3, 70.5)
    rates, low, high = tail.rates(np.array([1.0, 2.0, 50.0, 50.5, 70.0, 0.0]))
    assert rates == pytest.approx([1.0, 0.99, 0.51, 0.50, 0.31, 1.0])
    # Wilson 1927 for 50 of 100.
    assert (low[3], high[3]) == pytest.approx((0.4038, 0.5962), abs=5e-4)
    assert np.all((low <= rates) & (rates <= high))


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.25])
def test_the_law_of_a_sample_is_found_and_carries_beyond_it(shape: float) -> None:
    tail = tail_of(pareto(shape, 4000))
    assert tail.shape == pytest.approx(shape, abs=0.12)
    assert tail.lawful and tail.gap < 0.05 and tail.fit > 0.05
    # A tail of a generalised Pareto distribution is one of the same shape: the truth at any score is its survival.
    score = 0.7 / 0.3 if shape < 0 else 6.0
    truth = np.exp(-score) if shape == 0 else max(0.0, 1 + shape * score) ** (-1 / shape)
    rates, low, high = tail.rates(np.array([score]))
    assert low[0] <= truth <= high[0]
    assert rates[0] == pytest.approx(truth, rel=0.5)


def test_the_rate_of_a_score_beyond_the_end_of_the_law_is_none_of_its_own() -> None:
    tail = tail_of(-(pareto(0, 500) ** -1.0))  # bounded above by 0
    rates, low, high = tail.rates(np.array([10.0]))
    assert rates[0] == pytest.approx(0, abs=1e-9)
    assert low[0] <= rates[0] <= high[0]


def test_rates_fall_as_scores_rise() -> None:
    tail = tail_of(np.random.default_rng(3).normal(size=700))
    rates, _, _ = tail.rates(np.linspace(-4, 6, 500))
    assert np.all(np.diff(rates) <= 1e-12)


def test_a_tail_that_follows_no_law_is_counted_to_its_end() -> None:
    scores = np.concatenate((np.linspace(0, 1, 700), np.full(150, 2.0), np.full(150, 9.0)))
    tail = tail_of(scores)
    assert not tail.lawful
    rates, low, high = tail.rates(np.array([2.0, 2.1, 9.0, 9.1]))
    assert rates == pytest.approx([0.3, 0.15, 0.15, 0.0])
    assert np.all((low <= rates) & (rates <= high)) and high[3] > 0


def test_equal_scores_at_the_threshold_are_not_parted() -> None:
    scores = np.concatenate((np.arange(60.0), np.full(30, 60.0), np.arange(61.0, 71.0)))
    assert tail_of(scores).share == 0.1  # 0.3 would part the thirty


@pytest.mark.parametrize(
    "scores", [np.full(200, 0.5), 0.5 + np.arange(200) * 1e-9, np.zeros(0), np.ones(1), np.array([1.0, 2.0])]
)
def test_a_sample_without_a_tail_has_none(scores: np.ndarray) -> None:
    assert Tail.of(scores, np.arange(len(scores))) is None


def test_scores_of_one_group_are_one_observation() -> None:
    scores = pareto(0, 400)
    alone = tail_of(scores)
    twice = Tail.of(np.repeat(scores, 2), np.repeat(np.arange(400), 2))
    assert twice is not None
    score = np.array([np.quantile(scores, 0.95)])
    widths = [float(np.diff(tail.rates(score)[1:], axis=0)[0, 0]) for tail in (alone, twice)]
    assert widths[1] == pytest.approx(widths[0], rel=0.25)  # and not smaller by the root of two
    assert twice.fit > 0.01


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(60):
        _, low, high = tail_of(pareto(-0.1, 350, seed)).rates(np.array([2.5]))
        held += bool(low[0] <= (1 - 0.25) ** 10 <= high[0])
    assert held >= 52  # 57 of 60 are expected at 95 %
