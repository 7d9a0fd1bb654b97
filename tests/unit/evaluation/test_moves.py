"""Ranks of decided pairs by two kinds of models, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.domain.scores import unit
from matcher.evaluation import moves
from matcher.evaluation.moves import Enrolled, Moved, Sought, changes, insufficient, ranks, within


def random_units(count: int, seed: int, dim: int = 6) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, dim)))


def test_ranks_are_those_of_a_count_case_by_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "_ROWS", 7)
    monkeypatch.setattr(moves, "_PROBES", 4)
    vectors, probes = random_units(60, 1), random_units(11, 2)
    cases = np.random.default_rng(3).integers(1, 25, 60)
    sought = np.array([*np.unique(cases)[:9], 999, 1000])
    own = np.array(
        [max(vectors[cases == case] @ probe, default=0.1) for probe, case in zip(probes, sought, strict=True)]
    )
    by_hand = []
    for probe, case, likeness in zip(probes, sought, own, strict=True):
        others = [one for one in np.unique(cases) if one != case]
        by_hand.append(1 + sum(max(vectors[cases == one] @ probe) > likeness for one in others))
    found = ranks(Enrolled(vectors, cases), Sought(probes, sought, own))
    assert found.tolist() == by_hand
    assert len(set(by_hand)) > 3


def test_a_case_as_alike_stands_before() -> None:
    vectors = random_units(2, 1)
    twice = Enrolled(np.vstack([vectors, vectors[:1]]), np.array([5, 6, 7]))
    sought = Sought(vectors[:1], np.array([5]), np.array([1.0]))
    assert ranks(twice, sought).tolist() == [2]
    nobody = Enrolled(np.zeros((0, 1), np.float32), np.zeros(0, np.int64))
    assert ranks(nobody, sought).tolist() == [1]


def test_counts_tell_what_is_gained_and_lost() -> None:
    pairs = [Moved("a", 1, 1), Moved("b", 1, 5), Moved("c", 30, 1), Moved("d", 20, None), Moved("e", 2, 20)]
    first, twenty = changes(pairs, np.arange(5))
    assert (first.of, first.live, first.other, first.gained, first.lost) == (5, 2, 2, 1, 1)
    assert (twenty.of, twenty.live, twenty.other, twenty.gained, twenty.lost) == (5, 4, 4, 1, 1)
    assert (first.live_share, twenty.other_share) == (None, None), "too few"
    assert not within(None, 100) and within(20, 20) and not within(21, 20)


def test_shares_need_pairs_and_children() -> None:
    pairs = [Moved(str(number), 1 + number % 2, 1) for number in range(30)]
    first = changes(pairs, np.arange(30))[0]
    assert first.live_share is not None and first.other_share is not None
    assert (first.live_share.value, first.live_share.count, first.live_share.of) == (0.5, 15, 30)
    assert 0.2 < first.live_share.low < 0.5 < first.live_share.high < 0.8
    assert (first.other_share.value, first.other_share.high) == (1, 1) and first.other_share.low > 0.8
    assert changes(pairs, np.arange(30) // 2)[0].live_share is None, "of 15 children"
    assert insufficient(29, 29) and insufficient(40, 19) and not insufficient(30, 20)
    assert changes([], np.zeros(0, np.int64))[0].of == 0
