"""Higher is more alike, and ties never depend on storage."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.domain.scores import ranking, similarities, unit
from matcher.errors import WrongUse

RANDOM = np.random.default_rng(5)


def test_unit_vectors_have_length_one_and_keep_direction() -> None:
    given = RANDOM.normal(size=(3, 4, 128)) * 1e-3
    vectors = unit(given)
    assert vectors.dtype == np.float32 and vectors.shape == given.shape and vectors.flags.c_contiguous
    assert np.allclose(np.linalg.norm(vectors.astype(float), axis=-1), 1, atol=1e-6)
    assert np.allclose(vectors * np.linalg.norm(given, axis=-1, keepdims=True), given, atol=1e-8)


def test_tiny_and_huge_values_do_not_overflow() -> None:
    assert np.allclose(unit(np.float32([[3e-30, 4e-30], [3e30, 4e30]])), [[0.6, 0.8]] * 2)


def test_the_input_is_left_alone() -> None:
    given = np.float32([[3, 4]])
    unit(given)
    assert given.tolist() == [[3, 4]]


@pytest.mark.parametrize("bad", [[0, 0], [float("nan"), 1], [float("inf"), 1]])
def test_damaged_vectors(bad: list[float]) -> None:
    with pytest.raises(WrongUse, match="zero or not finite"):
        unit(np.float32([[1, 0], bad]))


def test_similarity_is_the_cosine_and_higher_is_more_alike() -> None:
    probes, gallery = unit(np.float32([[1, 0]])), unit(np.float32([[2, 0], [1, 1], [0, 5], [-3, 0]]))
    assert np.allclose(similarities(probes, gallery), [[1, np.sqrt(0.5), 0, -1]])


def test_similarities_have_a_row_per_probe() -> None:
    assert similarities(unit(RANDOM.normal(size=(2, 8))), unit(RANDOM.normal(size=(5, 8)))).shape == (2, 5)


def test_equal_scores_are_ordered_by_id() -> None:
    scores, ids = np.float32([0.5, 0.9, 0.5, 0.5]), np.int64([30, 7, 10, 20])
    assert ids[ranking(scores, ids)].tolist() == [7, 10, 20, 30]
    order = RANDOM.permutation(4)
    assert ids[order][ranking(scores[order], ids[order])].tolist() == [7, 10, 20, 30]
