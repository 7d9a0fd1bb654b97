"""Lists and promises of an evaluation: against brute force, and where nothing may be promised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.domain.scores import unit
from matcher.errors import WrongUse
from matcher.evaluation.trials import Kind, Portrait, Probe
from matcher.gallery.exact import best_cases, similarity
from matcher.gallery.parts import Part
from matcher.services.trials import SCORES, Bench, Judge, Ledger, Listed, Template, listed

# Few directions, so that many similarities are equal.
directions = st.sampled_from([(1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 1), (1, 1, 1)])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(directions, st.integers(1, 6)), min_size=1, max_size=20),
    directions,
    st.integers(0, 7),
    st.integers(1, 6),
    st.sets(st.integers(0, 19)),
)
def test_ranks_count_every_case_that_is_as_alike(rows, probe, sought, depth, removed) -> None:
    part = Part.whole(
        unit(np.array([row for row, _ in rows], float)),
        np.arange(len(rows), dtype=np.int64),
        np.array([case for _, case in rows], np.int64),
    ).without(np.array(sorted(row for row in removed if row < len(rows)), np.intp))
    vector = unit(np.array(probe, float))
    (hits,) = best_cases([part], vector[None], depth + 1)
    found = listed(part, hits, vector, sought, depth)
    scores = similarity(vector, part.vectors)
    best = {int(case): max(scores[part.alive & (part.case_ids == case)]) for case in part.case_ids[part.alive]}
    cases = part.case_ids[found.rows].tolist()
    for case, rank, cosine in zip(cases, found.ranks, found.cosines, strict=True):
        assert cosine == best[case]
        assert rank == sum(score >= cosine for score in best.values())
    assert len(set(cases)) == len(cases)
    assert set(cases) >= ({sought} & set(best))
    extra = 1 if sought in best and len(cases) > depth else 0
    assert len(cases) == min(depth, len(best)) + extra


def stranger(age: float | None) -> Probe:
    return Probe(photo="x", subject="x", kind=Kind.NONMATED, age=age)


def portraits(count: int, age: float | None) -> list[Portrait]:
    return [Portrait(photo=f"{number}", subject=f"{number}", age=age) for number in range(count)]


def templates(vectors: np.ndarray, poor: bool = False) -> list[Template]:
    return [Template(vector, poor) for vector in vectors]


def judged(
    age: float | None, seen: float | None, method: str = "whitened-s-norm", poor: tuple[bool, bool] = (False, False)
) -> np.ndarray:
    """The promises for a list among 150 random faces."""
    vectors = unit(np.random.default_rng(1).normal(size=(151, 16)))
    bench = Bench.of(portraits(150, age), templates(vectors[:150], poor[0]))
    judge, ledger = Judge.of(bench, method), Ledger(bench)
    (hits,) = best_cases([bench.part], vectors[150:], 11)
    found = listed(bench.part, hits, vectors[150], 0, 10)
    ledger.searched(stranger(seen), Template(vectors[150], poor[1]), found, judge)
    (row,) = ledger.lists
    assert row[3].shape == (10, len(SCORES)) and SCORES[0] == "cosine"
    np.testing.assert_allclose(row[3][:, 0], found.cosines, atol=1e-9)
    return row[4]


def test_promises_are_rates_where_there_are_enough_people_of_one_age() -> None:
    for age, seen in ((None, None), (7, 8), (7, None), (20, 26)):
        promised = judged(age, seen)
        assert np.all((promised > 0) & (promised <= 1))
    assert np.isfinite(judged(7, 8, "cosine")).all()
    assert not np.array_equal(judged(7, 8, "cosine"), judged(7, 8))


def test_nothing_is_promised_for_infants_over_more_than_six_years_and_for_poor_faces() -> None:
    for age, seen in ((2.9, 3), (7, 13.1), (3, 2.9)):
        assert np.isnan(judged(age, seen)).all()
    for poor in ((True, False), (False, True)):
        assert np.isnan(judged(7, 8, poor=poor)).all()


def test_people_of_unknown_age_are_a_band_only_where_nobodys_age_is_known() -> None:
    vectors = unit(np.random.default_rng(3).normal(size=(301, 16)))
    people = [Portrait(photo=f"{n}", subject=f"{n}", age=7 if n < 150 else None) for n in range(300)]
    bench = Bench.of(people, templates(vectors[:300]))
    judge = Judge.of(bench, "s-norm")
    found = Listed(np.array([10, 290]), np.array([1, 2]), np.array([0.5, 0.4]))
    promised = judge.promised(stranger(8), Template(vectors[300]), found, judge.scores(vectors[300], found))
    assert np.isnan(promised).tolist() == [False, True]


def test_relatives_are_no_strangers_to_the_statistics() -> None:
    random = np.random.default_rng(4)
    one = unit(random.normal(size=(150, 16)))
    twins = unit(one + 0.05 * random.normal(size=one.shape))  # everybody has a twin in the gallery
    people, pairs = portraits(300, 7), [(f"{n}", f"{n + 150}") for n in range(150)]
    found = Listed(np.array([3]), np.array([1]), np.array([0.9]))
    probe = unit(one[3] + 0.2 * random.normal(size=16))
    rates = []
    for kin in (pairs, []):
        judge = Judge.of(Bench.of(people, templates([*one, *twins]), kin), "cosine")
        rates.append(judge.promised(stranger(8), Template(probe), found, judge.scores(probe, found))[0])
    assert rates[0] < 0.1
    assert rates[1] > 0.5


def test_faces_that_came_later_and_growth() -> None:
    vectors = unit(np.random.default_rng(2).normal(size=(201, 16)))
    bench = Bench.of(portraits(200, 7), templates(vectors[:200]))
    first = np.arange(200) < 150
    found = Listed(np.array([10, 190]), np.array([1, 2]), np.array([0.5, 0.4]))
    method = "s-norm"
    small, grown = (Judge.of(bench, method, first, growth) for growth in (1.0, 200 / 150))
    scores = small.scores(vectors[200], found)
    assert np.isfinite(scores).all()
    some, more = (judge.promised(stranger(7), Template(vectors[200]), found, scores) for judge in (small, grown))
    np.testing.assert_allclose(more, 1 - (1 - some) ** (200 / 150), atol=1e-8)


def test_a_gallery_of_nobody_or_of_one_is_refused() -> None:
    one = Template(unit(np.ones((1, 4)))[0])
    with pytest.raises(WrongUse, match="none of its 2 photos shows a usable face"):
        Bench.of(portraits(2, None), [None, None])
    with pytest.raises(WrongUse, match="one person only"):
        Bench.of(portraits(2, None), [one, None])
    assert Bench.of(portraits(2, None), [one, one]).part.live == 2
