"""Ids are random, fit the tables, and survive being read out on the telephone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.domain.ids import id_text, new_id, parse_id
from matcher.errors import WrongUse

numbers = st.integers(1, 2**63 - 1)


def test_new_ids_fit_63_bits_and_differ() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(0 < number < 2**63 for number in ids)
    assert max(ids) > 2**60  # all bits are in use


@given(number=numbers)
def test_an_id_comes_back_from_its_text(number: int) -> None:
    text = id_text(number)
    assert len(text) == 13 and text == text.lower() and not set(text) & set("ilou")
    assert parse_id(text) == number


@given(numbers, numbers)
def test_texts_sort_as_numbers_do(one: int, other: int) -> None:
    assert (id_text(one) < id_text(other)) == (one < other)


def test_known_texts() -> None:
    assert id_text(1) == "0000000000001"
    assert id_text(2**63 - 1) == "7zzzzzzzzzzzz"


@pytest.mark.parametrize("heard", ["0000-0000-0001-0", "OOOOooooOOO1o", " 00000000000L0 ", "00000000000i0"])
def test_what_people_hear_and_type(heard: str) -> None:
    assert parse_id(heard) == 32


@pytest.mark.parametrize("text", ["", "A-1", "000000000000", "00000000000000", "000000000000u", "00000000000é1"])
def test_no_id(text: str) -> None:
    with pytest.raises(WrongUse, match=f"'{text}' is not an id"):
        parse_id(text)


@pytest.mark.parametrize("text", ["0000000000000", "8000000000000", "zzzzzzzzzzzzz"])
def test_out_of_range(text: str) -> None:
    with pytest.raises(WrongUse, match="out of range"):
        parse_id(text)
