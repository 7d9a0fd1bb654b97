"""Pairs of a sighting and a case whose truth is known from outside, read from a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from matcher.domain.cases import Case
from matcher.domain.ids import SightingId, id_text, parse_id
from matcher.domain.reviews import Truth
from matcher.errors import MatcherError, WrongUse
from matcher.interchange import cells
from matcher.interchange.tables import Refusal, read_rows
from matcher.store.database import Reading

_COLUMNS = ("sighting", "case", "truth")


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """One row of the table."""

    where: str
    sighting: SightingId
    case: Case
    truth: Truth


def read_pairs(table: Path, reading: Reading) -> list[JudgedPair]:
    """The pairs of a table with the columns sighting, case and truth; `WrongUse` names what cannot be meant."""
    pairs: list[JudgedPair] = []
    same: dict[SightingId, str] = {}
    met: set[tuple[SightingId, str]] = set()
    for row in read_rows(table):
        if isinstance(row, Refusal):
            raise WrongUse(str(row))
        pair = _pair(row.where, row.cells, reading)
        number = pair.case.number
        if (pair.sighting, number) in met:
            raise WrongUse(f"{pair.where} judges sighting {id_text(pair.sighting)} and case '{number}' a second time.")
        met.add((pair.sighting, number))
        if pair.truth is Truth.SAME and same.setdefault(pair.sighting, number) != number:
            raise WrongUse(
                f"{pair.where}: sighting {id_text(pair.sighting)} cannot show the child of '{number}' and of "
                f"'{same[pair.sighting]}': one sighting is of one child here."
            )
        pairs.append(pair)
    if not pairs:
        raise WrongUse(f"{table} holds no pair: give rows of {', '.join(_COLUMNS)}.")
    return pairs


def _pair(where: str, row: Mapping[str, object], reading: Reading) -> JudgedPair:
    if unknown := set(row) - set(_COLUMNS):
        raise WrongUse(f"{where}, column '{min(unknown)}' is unknown: the columns are {', '.join(_COLUMNS)}.")
    if missing := [column for column in _COLUMNS if column not in row]:
        raise WrongUse(f"{where}, column '{missing[0]}' is empty.")
    try:
        column = "sighting"
        sighting = SightingId(parse_id(cells.text(row[column])))
        if reading.sightings.get(sighting) is None:
            raise WrongUse("there is no such sighting.")
        column = "case"
        case = reading.cases.get(cells.text(row[column]))
        if case is None:
            raise WrongUse("there is no such case.")
        column = "truth"
        truth = cells.one_of(Truth)(row[column])
    except MatcherError as error:
        raise WrongUse(f"{where}, column '{column}': {row[column]!r}: {error}") from error
    return JudgedPair(where, sighting, case, truth)
