"""Texts in rooms, counted with letters that are all as wide as half their size, and Chinese ones as wide as it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.interchange.fitting import HEADING, LEADING, Setter, Style


def measure(text: str, size: float, bold: bool) -> float:
    return sum(size * (1 if unicodedata.east_asian_width(one) in "WF" else 0.5) for one in text)


SETTER = Setter(measure)
LINES = [
    # at size 10 in a width of 50: ten letters or five Chinese ones
    ("one two three four", ["one two", "three four"]),
    ("  one \n two ", ["one two"]),
    ("extraordinarily", ["extraordin", "arily"]),
    ("an extraordinarily", ["an", "extraordin", "arily"]),
    ("Jean-Guillaume", ["Jean-", "Guillaume"]),
    ("a Jean-Guill", ["a", "Jean-Guill"]),
    ("左眉上方有一道疤痕", ["左眉上方有", "一道疤痕"]),
    ("左眉上方有，一道疤", ["左眉上方", "有，一道疤"]),  # no comma begins a line
    ("左眉上方（有）一道", ["左眉上方", "（有）一道"]),  # no bracket ends one
    ("失踪时121厘米", ["失踪时121", "厘米"]),
    ("王 ab", ["王 ab"]),
    ("王○○○○○○", ["王○○○○○○"]),
    ("", []),
    (" \n ", []),
]


@pytest.mark.parametrize(("text", "lines"), LINES)
def test_lines(text: str, lines: list[str]) -> None:
    assert SETTER.lines(text, 50, 10) == lines


@given(st.text(max_size=120), st.floats(20, 300))
def test_no_line_is_too_long_and_nothing_is_lost(text: str, width: float) -> None:
    lines = SETTER.lines(text, width, 10)
    assert all(measure(line, 10, False) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_sizes_fall_from_the_wanted_to_the_least() -> None:
    assert Style(20, 17).sizes == [20, 19, 18, 17]
    assert Style(20, 20).sizes == [20]
    assert Style(80, 40).sizes[0] == 80 and Style(80, 40).sizes[-1] == 40
    assert sorted(Style(80, 40).sizes, reverse=True) == Style(80, 40).sizes


def test_a_text_is_as_large_as_it_fits() -> None:
    assert SETTER.paragraph("abcd", (100, 26), Style(20, 10)).size == 20
    # Twelve letters in one line of 100: a size of 16 is 96 long.
    smaller = SETTER.paragraph("abcdefghijkl", (100, 22), Style(20, 10))
    assert (smaller.lines, smaller.size) == (("abcdefghijkl",), 16)


def test_a_text_that_does_not_fit_at_its_least_size_is_cut() -> None:
    cut = SETTER.paragraph("one two three four", (50, 10 * LEADING), Style(20, 10))
    assert (cut.lines, cut.size) == (("one two…",), 10)
    assert SETTER.paragraph("one two three", (50, 1), Style(20, 10)).lines == ("one two…",), "one line is always there"
    one = SETTER.paragraph("one two three four", (50, 1000), Style(10, 10, lines=1))
    assert one.lines == ("one two…",)
    assert SETTER.paragraph("ab…", (10, 1), Style(10, 10)).lines == ("a…",)
    assert SETTER.paragraph("", (50, 50), Style(10, 10)).lines == ()


ROWS = [("Marks", "one two three four five six seven eight"), ("Hat", "red")]


def test_headings_stand_beside_their_texts() -> None:
    table = SETTER.table(ROWS, (85, 1000), Style(10, 10))
    assert (table.size, table.column, table.heading) == (10, 35, 10)  # "Marks" and one letter's size
    assert table.rows == (
        ("Marks", ("one two", "three four", "five six", "seven", "eight")),
        ("Hat", ("red",)),
    )
    assert table.height == pytest.approx(6 * 10 * LEADING + 2 * 10 * 0.2)


def test_headings_stand_above_their_texts() -> None:
    table = SETTER.table(ROWS, (50, 1000), Style(10, 10), below=True)
    assert (table.column, table.heading) == (0, 10 * HEADING)
    assert table.height == pytest.approx(6 * 10 * LEADING + 2 * (10 * HEADING * LEADING + 10 * 0.42))


def test_a_table_that_does_not_fit_takes_lines_from_the_longest_text() -> None:
    full = SETTER.table(ROWS, (85, 1000), Style(10, 10)).height
    table = SETTER.table(ROWS, (85, full - 1), Style(10, 10))
    assert table.rows == (("Marks", ("one two", "three four", "five six", "seven…")), ("Hat", ("red",)))
    two = SETTER.table(ROWS, (85, 2 * (10 * LEADING + 2)), Style(10, 10))
    assert two.rows == (("Marks", ("one two…",)), ("Hat", ("red",)))
    assert SETTER.table(ROWS, (85, 16), Style(10, 10)).rows == (("Marks", ("one two…",)),)
    assert SETTER.table(ROWS, (85, 2), Style(10, 10)).rows == ()
    assert SETTER.table([], (85, 2), Style(10, 10)).height == 0


def test_a_heading_is_never_longer_than_its_room() -> None:
    table = SETTER.table([("a very long heading", "text")], (100, 100), Style(10, 10))
    assert table.column == 50 and table.rows[0][0] == "a very l…"
    below = SETTER.table([("a very long heading", "text")], (40, 100), Style(10, 10), below=True)
    assert measure(below.rows[0][0], below.heading, False) <= 40


@given(st.lists(st.tuples(st.text("ab 王", max_size=12), st.text("ab 王。", max_size=90)), max_size=6), st.booleans())
def test_a_table_always_fits(rows: list[tuple[str, str]], below: bool) -> None:
    table = SETTER.table(rows, (120, 90), Style(16, 8), below=below)
    assert table.height <= 90 or len(table.rows) == 0
    for heading, lines in table.rows:
        room = 120 if below else table.column
        assert measure(heading, table.heading, False) <= room
        assert all(measure(line, table.size, False) <= 120 - table.column for line in lines)
