"""Orders that say nothing about likeness, and the urgent lane."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from matcher.review.order import drawn, fraction, shuffled


@given(st.lists(st.integers()), st.text())
def test_a_shuffle_keeps_everything_and_repeats_itself(items: list[int], seed: str) -> None:
    assert sorted(shuffled(items, seed)) == sorted(items)
    assert shuffled(items, seed) == shuffled(tuple(items), seed)


def test_every_order_is_as_likely_as_any_other() -> None:
    counts = Counter(shuffled("abc", str(seed)) for seed in range(6000))
    assert set(counts) == set(permutations("abc"))
    assert all(880 < count < 1120 for count in counts.values()), "four standard deviations around 1000"


def test_a_share_is_drawn_at_its_rate() -> None:
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(5000)]
    assert 0.17 < sum(drawn(one, 0.2) for one in digests) / 5000 < 0.23
    assert not any(drawn(one, 0.0) for one in digests)
    assert all(drawn(one, 1.0) for one in digests)
    assert not drawn("8" + "0" * 63, 0.5), "0.5 is not below 0.5"
    assert drawn("7" + "f" * 63, 0.5)
    assert (fraction("0" * 64), fraction("f" * 64) < 1) == (0.0, True)
