"""What a photo lacks, in words: limits at equality, numbers as measured, nothing about what was not measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.domain import quality as words
from matcher.domain.faces import NoFaceReason, Quality, Shortfall
from matcher.domain.quality import WeaknessKind, explain, poor, weaknesses

GOOD = Quality(60.0, 100.0, 1.0, 1.0, 0.0, 0.0, single_face_present=True, fine_structure=2.1)


def kinds(**changes: object) -> list[tuple[str, bool]]:
    return [(weakness.kind.value, weakness.poor) for weakness in weaknesses(replace(GOOD, **changes))]


def said(**changes: object) -> str:
    (weakness,) = weaknesses(replace(GOOD, **changes))
    return str(weakness)


@pytest.mark.parametrize(
    ("field", "limit", "very", "kind"),
    [
        ("inter_eye_distance", words.SMALL, words.VERY_SMALL, "small"),
        ("fine_structure", words.BLURRED, words.VERY_BLURRED, "blurred"),
        ("under_exposure_prevention", words.DARK, words.VERY_DARK, "dark"),
        ("over_exposure_prevention", words.BRIGHT, words.VERY_BRIGHT, "bright"),
    ],
)
def test_a_limit_itself_is_good_enough(field: str, limit: float, very: float, kind: str) -> None:
    assert kinds(**{field: limit}) == []
    assert kinds(**{field: limit - 1e-6}) == [(kind, False)]
    assert kinds(**{field: very}) == [(kind, False)]
    assert kinds(**{field: very - 1e-6}) == [(kind, True)]
    assert not poor(replace(GOOD, **{field: very}))
    assert poor(replace(GOOD, **{field: very - 1e-6}))


@pytest.mark.parametrize("side", [-1, 1])
def test_a_face_turned_to_either_side_is_weak_and_never_poor(side: int) -> None:
    assert kinds(head_pose_yaw=side * 44.9) == []
    assert kinds(head_pose_yaw=side * 45.0) == [("turned", False)]
    assert kinds(head_pose_yaw=side * 89.0) == [("turned", False)]
    assert "turned about 50 degrees" in said(head_pose_yaw=side * 50.2)


def test_a_head_that_leans_is_not_weak() -> None:
    assert kinds(head_pose_roll=40.0) == []


def test_what_was_not_measured_is_no_weakness() -> None:
    assert kinds(fine_structure=None, head_pose_yaw=None, head_pose_roll=None) == []


def test_all_weaknesses_are_told_in_one_order() -> None:
    awful = Quality(5.5, 1.0, 0.0, 0.0, 60.0, 0.0, single_face_present=True, fine_structure=0.1)
    assert [weakness.kind for weakness in weaknesses(awful)] == list(WeaknessKind)
    assert poor(awful)


def test_sentences_hold_the_numbers_and_what_would_help() -> None:
    assert said(inter_eye_distance=10.99) == (
        "small, with 10 pixels between the eyes where 11 would do: "
        "a closer photo, or the original file instead of a copy that was made smaller"
    )
    assert said(fine_structure=1.1999).startswith("blurred (fine detail 1.19 where 1.2 would do): a sharper photo")
    assert "68 of 100 pixels of the face nearly black: a photo in better light" in said(under_exposure_prevention=0.32)
    assert "45 of 100 pixels of the face nearly white: a photo without flash" in said(over_exposure_prevention=0.55)


def test_why_no_face_could_be_used() -> None:
    assert str(explain(NoFaceReason.TOO_SMALL, Shortfall(sought=36, width=22.7))) == (
        "face only 22 pixels wide; it could be used from 36 on: "
        "ask for a closer photo, or for the original file in full size"
    )
    eyes = Shortfall(sought=36, width=40, inter_eye_distance=4.9, fine_structure=0.5)
    assert explain(NoFaceReason.TOO_SMALL, eyes).problem == (
        "the face is 40 pixels wide, but the eyes only 4 pixels apart"
    )
    blurred = Shortfall(sought=36, width=120.4, inter_eye_distance=50, fine_structure=0.0399)
    assert explain(NoFaceReason.TOO_BLURRED, blurred).problem == (
        "face 120 pixels wide, but too blurred (fine detail 0.03 where 1.2 would do)"
    )
    assert explain(NoFaceReason.NO_FACE, Shortfall(sought=100)).problem == (
        "no face was found (faces are looked for from 100 pixels wide on)"
    )


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        (NoFaceReason.NO_FACE, "no face was found"),
        (NoFaceReason.TOO_SMALL, "the face is too small"),
        (NoFaceReason.TOO_BLURRED, "the face is too blurred"),
    ],
)
def test_photos_stored_before_the_measures_were_kept_have_a_reason_without_numbers(
    reason: NoFaceReason, problem: str
) -> None:
    assert explain(reason, None).problem == problem
    assert explain(reason, None).better.startswith("ask for a ")


numbers = st.floats(0, 1e4)
shares = st.floats(0, 1)


@given(
    st.builds(Quality, numbers, numbers, shares, shares, st.none() | st.floats(-90, 90), st.none(), st.booleans())
    | st.builds(Quality, numbers, numbers, shares, shares, st.none(), st.none(), st.booleans(), numbers)
)
def test_every_sentence_is_whole_and_speaks_of_no_percentage(quality: Quality) -> None:
    for weakness in weaknesses(quality):
        assert weakness.problem and weakness.better
        assert "%" not in str(weakness) and "nan" not in str(weakness)
    assert poor(quality) <= bool(weaknesses(quality))
