"""Comparable scores, worked out by hand on few dimensions."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.domain.scores import unit
from matcher.errors import WrongUse
from matcher.matching.comparable import RECIPES, Nearest, Normaliser


def gallery(count: int, dim: int = 16, seed: int = 0) -> np.ndarray:
    """Vectors around a common mean, as embeddings are."""
    return unit(np.random.default_rng(seed).normal(size=(count, dim)) + 2 * np.eye(dim)[0])


def test_the_plain_cosine_stays_what_it_is() -> None:
    vectors, cases = gallery(20), np.arange(20)
    normaliser = Normaliser.of("cosine", vectors, cases)
    probe = gallery(1, seed=9)[0]
    assert normaliser.scores(probe, vectors, cases, np.zeros(20)) == pytest.approx(vectors @ probe, abs=1e-6)
    assert normaliser.nearest_count == 0


def test_s_norm_by_hand() -> None:
    vectors, cases = gallery(9), np.arange(9)
    normaliser = Normaliser.of("s-norm", vectors, cases)
    assert normaliser.nearest_count == 5
    probe = gallery(1, seed=9)[0]
    cosines, own = vectors @ probe, vectors @ vectors.T
    levels = normaliser.nearest(normaliser.transformed(vectors), cases).level
    scores = normaliser.scores(probe, vectors, cases, levels)
    for face in range(9):
        strangers = np.delete(np.arange(9), face)
        assert levels[face] == pytest.approx(np.sort(own[face, strangers])[-5:].mean(), abs=1e-6)
        # The candidate itself is no stranger to the probe.
        expected = cosines[face] - np.sort(cosines[strangers])[-5:].mean() / 2 - levels[face] / 2
        assert scores[face] == pytest.approx(expected, abs=1e-6)


def test_centring_removes_what_all_share() -> None:
    vectors = gallery(400)
    normaliser = Normaliser.of("centred-s-norm", vectors, np.arange(400))
    assert normaliser.mean == pytest.approx(vectors.mean(axis=0), abs=1e-6)
    moved = normaliser.transformed(vectors)
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.ones(400), abs=1e-5)
    assert np.abs(moved.mean(axis=0)).max() < 0.1 < np.abs(vectors.mean(axis=0)).max()


def test_whitening_shrinks_the_directions_of_most_variance() -> None:
    random = np.random.default_rng(2)
    spread = random.normal(size=(2000, 4)) * np.array([0.4, 0.1, 0.1, 0.1])
    vectors = unit(spread + 3 * np.eye(4)[3])
    transform = Normaliser.of("whitened-s-norm", vectors, np.arange(2000)).transform
    assert transform == pytest.approx(transform.T, abs=1e-6)
    variance = ((vectors - vectors.mean(axis=0)) ** 2).mean(axis=0)
    shrunk = variance + 10 * (1 + 2 * 4 / 2000) * variance.mean()
    assert transform[0, 0] / transform[1, 1] == pytest.approx(np.sqrt(shrunk[1] / shrunk[0]), rel=0.02)


def test_few_people_are_whitened_less() -> None:
    vectors = unit(np.random.default_rng(2).normal(size=(24, 4)) * np.array([0.4, 0.1, 0.1, 0.1]) + 3 * np.eye(4)[3])
    transform = Normaliser.of("whitened-s-norm", vectors, np.repeat(np.arange(12), 2)).transform.astype(np.float64)
    variances = np.linalg.eigvalsh(np.cov(vectors.astype(np.float64).T, bias=True))
    shrunk = variances + 10 * (1 + 2 * 4 / 12) * variances.mean()  # 4 dimensions, 12 people
    assert np.sort(np.linalg.eigvalsh(transform)) == pytest.approx(np.sort(np.sqrt(shrunk.min() / shrunk)), abs=1e-5)


def test_an_own_family_in_the_cohort_is_no_stranger() -> None:
    vectors = gallery(40)
    vectors[1] = vectors[0]  # the same face in two cases that are related
    families = np.arange(40)
    families[1] = 0
    apart = Normaliser.of("s-norm", vectors, np.arange(40))
    together = Normaliser.of("s-norm", vectors, families)
    assert len(together.cohort) == 39
    related = together.nearest(together.transformed(vectors[:1]), families[:1]).level[0]
    assert related < apart.nearest(apart.transformed(vectors[:1]), np.zeros(1, np.int64)).level[0] - 0.02


def test_a_level_without_one_stranger() -> None:
    nearest = Nearest(
        np.array([[0.9, 0.8, 0.4], [0.7, 0.6, 0.5]], np.float32), np.array([[4, 2, 7], [1, 4, 2]], np.int16)
    )
    assert nearest.level == pytest.approx([0.85, 0.65])
    rows = np.array([0, 0, 0, 1])
    assert nearest.level_without(rows, np.array([4, 9, -1, 2])) == pytest.approx([0.6, 0.85, 0.85, 0.65])


@pytest.mark.parametrize("method", RECIPES)
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_tiny_galleries_have_scores(method: str, count: int) -> None:
    vectors, cases = gallery(count), np.arange(count)
    normaliser = Normaliser.of(method, vectors, cases)
    levels = normaliser.nearest(normaliser.transformed(vectors), cases).level
    scores = normaliser.scores(gallery(1, seed=5)[0], vectors, cases, levels)
    assert scores.shape == (count,) and np.isfinite(scores).all()


@pytest.mark.parametrize("method", RECIPES)
def test_equal_faces_have_equal_finite_scores(method: str) -> None:
    vectors, cases = np.repeat(gallery(1), 30, axis=0), np.arange(30)
    normaliser = Normaliser.of(method, vectors, cases)
    levels = normaliser.nearest(normaliser.transformed(vectors), cases).level
    scores = normaliser.scores(vectors[0], vectors, cases, levels)
    assert np.isfinite(scores).all() and np.ptp(scores) < 1e-5


def test_a_cohort_holds_one_face_of_each_of_a_bounded_number_of_families(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.matching.comparable._COHORT", 50)
    vectors, families = gallery(300), np.repeat(np.arange(100) * 7, 3)
    normaliser = Normaliser.of("s-norm", vectors, families)
    assert len(normaliser.families) == len(set(normaliser.families.tolist())) == 50
    assert np.array_equal(families[normaliser.rows], normaliser.families)
    assert np.array_equal(normaliser.cohort, normaliser.transformed(vectors[normaliser.rows]))
    assert np.array_equal(Normaliser.of("s-norm", vectors, families).rows, normaliser.rows)


def test_an_unknown_score_is_named() -> None:
    with pytest.raises(WrongUse, match="There is no score 'magic': use cosine, s-norm"):
        Normaliser.of("magic", gallery(3), np.arange(3))
