"""Merged cells of a sheet, met row by row: a value that spans rows stands for each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Cells = Mapping[int, Any]  # of one row, by their places from 0; a place without a cell is empty


class Range(NamedTuple):
    """A merged range; columns and rows count from 1, ends are in it."""

    first_column: int
    first_row: int
    last_column: int
    last_row: int


class Merged:
    """Which cells of the present row belong to a range that began in it or above.

    `across` gives, for each place that a range covers beside its first column, that first column's place.
    """

    def __init__(self, ranges: Iterable[Range], columns: int) -> None:
        self._beginning: dict[int, list[Range]] = defaultdict(list)
        for one in ranges:
            if one.first_column <= columns:
                self._beginning[one.first_row].append(one._replace(last_column=min(one.last_column, columns)))
        self._open: dict[int, tuple[Range, Any]] = {}  # by their first places: ranges never overlap
        self.across: dict[int, int] = {}

    def spread(self, number: int, row: Cells) -> Cells:
        """The row with the cells of ranges that began above and reach it; rows are given in their order."""
        if self._open:
            self._open = {place: held for place, held in self._open.items() if held[0].last_row >= number}
        beginning = self._beginning.get(number, ())
        if not self._open and not beginning:
            self.across = {}
            return row
        spread = {**row, **{place: cell for place, (_, cell) in self._open.items() if cell is not None}}
        for one in beginning:
            self._open[one.first_column - 1] = one, row.get(one.first_column - 1)
        self.across = {
            place: first for first, (one, _) in self._open.items() for place in range(first + 1, one.last_column)
        }
        return spread
