"""One candidate per case, in an order that never depends on chance."""

from __future__ import annotations

import random

import pytest

from matcher.domain.ids import CaseId, FaceId
from matcher.domain.records import Hit
from matcher.errors import WrongUse
from matcher.matching.ranking import rank


def hit(face: int, case: int, similarity: float) -> Hit:
    return Hit(FaceId(face), CaseId(case), similarity)


def test_a_case_counts_by_its_most_alike_photo() -> None:
    ranked = rank([hit(1, 10, 0.5), hit(2, 11, 0.6), hit(3, 10, 0.7)], top=5)
    assert [(one.rank, one.hit.case_id, one.hit.face_id) for one in ranked] == [(1, 10, 3), (2, 11, 2)]


def test_equal_similarities_are_ordered_by_face_whatever_order_they_come_in() -> None:
    hits = [hit(face, face % 7, 0.5) for face in range(1, 40)]
    expected = rank(hits, top=7)
    for seed in range(5):
        shuffled = random.Random(seed).sample(hits, len(hits))
        assert rank(shuffled, top=7) == expected
    assert [one.hit.face_id for one in expected] == [1, 2, 3, 4, 5, 6, 7]


def test_the_list_is_cut_after_cases_not_after_photos() -> None:
    hits = [hit(face, 1, 0.9) for face in range(1, 30)] + [hit(50, 2, 0.1)]
    assert [one.hit.case_id for one in rank(hits, top=2)] == [1, 2]


def test_no_hits_give_an_empty_list_and_no_place_is_refused() -> None:
    assert rank([], top=3) == ()
    with pytest.raises(WrongUse, match="at least one place"):
        rank([], top=0)
