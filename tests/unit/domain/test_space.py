"""Two embedding spaces are the same when every part is, and have the same name only then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from matcher.domain.space import EmbeddingSpace
from matcher.errors import SpaceMismatch, WrongUse

SPACE = EmbeddingSpace("resnet-v1", "mmod", "chip150", mirror=True, dim=128)
OTHERS = [
    replace(SPACE, recogniser="resnet-v2"),
    replace(SPACE, detector="hog"),
    replace(SPACE, alignment="chip112"),
    replace(SPACE, mirror=False),
    replace(SPACE, dim=512),
]


def test_the_same_parts_are_the_same_space() -> None:
    SPACE.require(replace(SPACE))
    assert SPACE.as_dict() == {
        "recogniser": "resnet-v1",
        "detector": "mmod",
        "alignment": "chip150",
        "mirror": True,
        "dim": 128,
        "metric": "cosine",
    }
    assert EmbeddingSpace(**SPACE.as_dict()) == SPACE


@pytest.mark.parametrize("other", OTHERS)
def test_one_part_makes_another_space(other: EmbeddingSpace) -> None:
    with pytest.raises(SpaceMismatch, match=f"'{other.name}' cannot be compared with those of '{SPACE.name}'"):
        SPACE.require(other)


def test_names_differ_whenever_a_part_differs() -> None:
    assert len({space.name for space in [SPACE, *OTHERS]}) == 6
    assert SPACE.name == "resnet-v1_mmod_chip150_mirror_128_cosine"


@pytest.mark.parametrize("word", ["", "Dlib", "a_b", "a b", "a--b", "-a", "a-", "../a", "a/b", "é", "a\n", "."])
def test_words_can_be_folder_names(word: str) -> None:
    with pytest.raises(WrongUse, match="cannot name part of an embedding space"):
        replace(SPACE, recogniser=word)


@pytest.mark.parametrize("metric", ["euclidean", "l2"])
def test_only_cosine(metric: str) -> None:
    with pytest.raises(WrongUse, match=f"metric '{metric}' is unknown"):
        replace(SPACE, metric=metric)


@pytest.mark.parametrize("dim", [0, -1])
def test_at_least_one_dimension(dim: int) -> None:
    with pytest.raises(WrongUse, match="at least one dimension"):
        replace(SPACE, dim=dim)
