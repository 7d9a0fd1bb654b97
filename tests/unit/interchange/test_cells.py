"""Single cells: what is read, and what is refused instead of ending an import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from matcher.domain.cases import Sex
from matcher.errors import WrongUse
from matcher.interchange import cells


@pytest.mark.parametrize(
    "written", ["2024-05-01", "2024/05/01", "2024/5/1", "2024-5-1", " 2024/5/01 ", date(2024, 5, 1)]
)
def test_dates_as_spreadsheets_write_them(written: object) -> None:
    assert cells.day(written) == date(2024, 5, 1)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024/5/1", "2024-05-01T00:00+00:00"),
        ("2024/5/1 9:05", "2024-05-01T09:05+00:00"),
        ("2024-5-1T18:30+08:00", "2024-05-01T18:30+08:00"),
        ("2024-05-01T18:30:00.500000Z", "2024-05-01T18:30:00.5+00:00"),
    ],
)
def test_times_as_spreadsheets_write_them(written: str, expected: str) -> None:
    assert cells.moment(written) == datetime.fromisoformat(expected.replace(".5+", ".500000+"))


def test_the_future_is_refused_but_for_the_time_zones_that_are_ahead() -> None:
    tomorrow = datetime.now(timezone.utc).date() + timedelta(days=1)
    assert cells.day(tomorrow) == tomorrow
    for read in (cells.day, cells.moment):
        for written in ("2999-01-01", tomorrow + timedelta(days=1), "1899-12-31"):
            with pytest.raises(WrongUse, match="after 1900 and not in the future"):
                read(written)


def test_a_time_that_no_calendar_has_in_utc_is_refused() -> None:
    for written in ("9999-12-31T23:59-10:00", "0001-01-01T00:00+10:00"):
        with pytest.raises(WrongUse, match="not in the future"):
            cells.moment(written)


@pytest.mark.parametrize("value", [10**400, float("inf"), "1e999", float("nan")])
def test_numbers_that_no_computer_holds_are_refused(value: object) -> None:
    with pytest.raises(WrongUse, match="finite number"):
        cells.number(value)
    with pytest.raises(WrongUse, match="finite number"):
        cells.whole(value)


@pytest.mark.parametrize("read", [cells.text, cells.texts, cells.number, cells.day, cells.moment, cells.one_of(Sex)])
@pytest.mark.parametrize("value", [{"first": "Li"}, [["Li"]], True])
def test_structures_are_refused_where_one_value_is_expected(read: Callable[[Any], Any], value: object) -> None:
    with pytest.raises(WrongUse, match="expected"):
        read(value)


def test_several_texts_are_a_list_or_one_text() -> None:
    assert cells.texts(["Nana", " Xiao Na ", ""]) == cells.texts("Nana; Xiao Na;") == ("Nana", "Xiao Na")


@pytest.mark.parametrize("value", ["a\0b", "half \ud83d of a pair"])
def test_text_that_no_database_takes_is_refused(value: str) -> None:
    with pytest.raises(WrongUse, match="NUL or broken"):
        cells.text(value)


def test_members_are_taken_like_their_words() -> None:
    assert cells.one_of(Sex)(Sex.FEMALE) is cells.one_of(Sex)(" Female ") is Sex.FEMALE
