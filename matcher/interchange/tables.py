"""Rows from CSV, Excel and JSON lines files, in whatever encoding the office that wrote them uses."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matcher.errors import WrongUse

_ENCODINGS = ("utf-8-sig", "utf-16", "gb18030")  # GB18030 is what Chinese offices' spreadsheets write
_JSON, _WORKBOOKS = {".jsonl", ".ndjson"}, {".xlsx", ".xlsm"}
TABLES = frozenset({".csv", *_JSON, *_WORKBOOKS})
_OTHER_SPREADSHEETS = {".xls", ".xlsb", ".ods", ".et", ".numbers"}
_ZIP = b"PK\x03\x04"  # what a workbook begins with, whatever it is called


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row or a photo was not taken: where it is, what was found and what was expected."""

    where: str
    column: str | None
    value: str | None
    problem: str

    def __str__(self) -> str:
        column = f", column '{self.column}'" if self.column else ""
        value = f" {self.value!r}:" if self.value is not None else ""
        return f"{self.where}{column}:{value} {self.problem}"


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a table: `where` names file and line, `cells` has no empty values."""

    where: str
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A file's rows, to be read once; `unread` names the other sheets of a workbook that hold something."""

    rows: Iterator[Row | Refusal]
    unread: tuple[str, ...] = ()


def read_rows(path: Path) -> Iterator[Row | Refusal]:
    """The rows of a `.csv`, `.xlsx` (its first sheet) or `.jsonl` file, as of `open_table`."""
    return open_table(path).rows


def open_table(path: Path, sheet: str | None = None) -> Table:
    """The table in a `.csv`, `.xlsx` or `.jsonl` file; `WrongUse` when the file as a whole cannot be read.

    Of a workbook the sheet of that name is read, or else its first one that is not hidden. `ExtraMissing` for a
    workbook without the extra that reads it.
    """
    ending = path.suffix.lower()
    if ending in _WORKBOOKS:
        from matcher.interchange.excel import read_sheet

        return read_sheet(path, sheet)
    if ending in _OTHER_SPREADSHEETS:
        raise WrongUse(f"{path} is a spreadsheet of another kind: open it and save it as an Excel workbook (.xlsx).")
    if sheet is not None:
        raise WrongUse(f"{path} has no sheets: only an Excel workbook (.xlsx) has.")
    text = _decoded(path)
    if ending in _JSON:
        return Table(_json_rows(path.name, text))
    if ending == ".csv":
        return Table(_csv_rows(path.name, text))
    raise WrongUse(f"{path} is neither .csv nor .xlsx nor .jsonl: save the table as one of these.")


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}.") from error
    if data.startswith(_ZIP):
        raise WrongUse(f"{path} is no text but an Excel workbook or a ZIP file: a workbook's name ends in .xlsx.")
    for encoding in _ENCODINGS:
        if encoding == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue  # without a byte order mark almost any bytes are some UTF-16
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WrongUse(f"{path} is not text in UTF-8, UTF-16 or GB18030: save it as UTF-8.")


def _csv_rows(name: str, text: str) -> Iterator[Row | Refusal]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if not any(header):
            raise WrongUse(f"{name} is empty: the first line names the columns.")
        if len(set(header)) < len(header):
            raise WrongUse(f"{name} names a column twice: {', '.join(header)}.")
        for cells in reader:
            where = f"{name} line {reader.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                yield Refusal(where, None, None, f"has {len(cells)} cells where the header has {len(header)}.")
                continue
            yield Row(where, {key: cell.strip() for key, cell in zip(header, cells, strict=False) if cell.strip()})
    except csv.Error as error:
        raise WrongUse(f"{name} line {reader.line_num} is not CSV: {error}.") from error


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _json_rows(name: str, text: str) -> Iterator[Row | Refusal]:
    # Not splitlines(): JSON may hold U+2028 and the like inside a text.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{name} line {number}"
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Refusal(where, None, None, f"is not JSON: {error}.")
            continue
        if not isinstance(cells, dict):
            yield Refusal(where, None, None, "is not a JSON object with one field per column.")
            continue
        yield Row(where, {key: value for key, value in cells.items() if value is not None and value != ""})
