"""Rows of Excel workbooks, cell by cell the texts that the same table saved as CSV would hold.

openpyxl reads: it tells numbers from what they look like, and formulas from their results; and where a small file says
that it has a cell in the last corner of a sheet, it does not set aside memory for all cells before, as others do.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from itertools import repeat
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from matcher.errors import ExtraMissing, MatcherError, WrongUse
from matcher.interchange.merged import Cells, Merged, Range
from matcher.interchange.tables import Refusal, Row, Table

MOST_BYTES = 60_000_000
MOST_UNPACKED = 200_000_000  # 300,000 rows of five columns are 88 MB of XML, and take 280 MB while they are read
MOST_COLUMNS = 100
GUIDE = "Columns 列说明"  # the sheet of a template that explains its columns, which nobody means to import

_LAST_ROW = 1_048_576  # Excel's own limit: a row that says that it stands further down is none
_EXACT = 10**15  # Excel keeps 15 digits of a number
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of old workbooks, and of those with a password
_SEALED = "EncryptedPackage".encode("utf-16-le")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref=["']([A-Z]{1,3}[0-9]+:[A-Z]{1,3}[0-9]+)""")
_BLOCK, _LONGEST_TAG = 1 << 20, 200


def read_sheet(path: Path, sheet: str | None = None) -> Table:
    """The rows of one sheet; formulas count by their stored results, and a cell that spans rows for each of them.

    `WrongUse` when the file is no workbook that can be read, or has no such sheet, or no header.
    """
    data = _bytes(path)
    try:
        from openpyxl import load_workbook
        from openpyxl.utils import range_boundaries
    except ImportError as error:
        raise ExtraMissing(
            f"'{path.name}' cannot be read yet: Excel tables need an extra: pip install 'sighting-matcher[excel]'; "
            "or save the table as CSV."
        ) from error
    with warnings.catch_warnings(), _refusing(path.name):
        warnings.simplefilter("ignore")  # of colours and drop-down lists, which are left out
        book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        chosen, others = _chosen(path.name, book, sheet)
        formulas, ranges = _scanned(data, chosen)
        shown: Iterable[Cells] = repeat({})
        if formulas:
            written = load_workbook(BytesIO(data), read_only=True, keep_links=False)
            shown = _cells(written[chosen.title])
        place = f"{path.name}, sheet '{chosen.title}'," if others else path.name
        merged = Merged([Range(*range_boundaries(one)) for one in ranges], MOST_COLUMNS)
        rows = list(_rows(place, zip(_cells(chosen), shown, strict=False), merged))
        unread = tuple(one.title for one in others if any(map(_filled, _cells(one))))
    return Table(iter(rows), unread)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise WrongUse(
                f"{path} has {size / 1e6:.0f} MB, more than the {MOST_BYTES // 1_000_000} MB that are taken: remove "
                "pictures from the sheets, or save the table as CSV."
            )
        data = path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}.") from error
    if not data:
        raise WrongUse(f"{path} is empty: it has no bytes; copy or download the file again.")
    if data.startswith(_OLE):
        raise WrongUse(f"{path} {_advice_for_ole(data)}.")
    _require_workbook(path, data)
    return data


def _advice_for_ole(data: bytes) -> str:
    if _SEALED in data:
        return "is protected by a password: open it, remove the password and save it"
    return "is an old Excel workbook (.xls) by another name: open it and save it as an Excel workbook (.xlsx)"


def _require_workbook(path: Path, data: bytes) -> None:
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
    except (BadZipFile, ValueError, OverflowError) as error:
        raise WrongUse(f"{path} is no Excel workbook, or cut short: save the table as .xlsx or .csv again.") from error
    names = {part.filename for part in parts}
    if "xl/workbook.bin" in names:
        raise WrongUse(f"{path} is a binary workbook (.xlsb): open it and save it as an Excel workbook (.xlsx).")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise WrongUse(f"{path} is a ZIP file, but no Excel workbook: unpack it, or save the table as .xlsx or .csv.")
    # Any part may be the sheet, whatever it is called and wherever it lies: the file itself says which one is. zipfile
    # gives no more bytes of a part than is announced here.
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED:
        raise WrongUse(
            f"{path} unpacks to {unpacked / 1e6:.0f} MB, more than the {MOST_UNPACKED // 1_000_000} MB that are read: "
            "delete pictures, and rows and columns that are empty, or save the table as CSV."
        )


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn whatever openpyxl raises at damaged or hostile parts into one clear refusal."""
    try:
        yield
    except (MatcherError, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__
        raise WrongUse(
            f"{name} cannot be read as an Excel workbook: open it and save it again as .xlsx, or as CSV ({reason})."
        ) from error


def _chosen(name: str, book: Any, wanted: str | None) -> tuple[Any, list[Any]]:
    """The sheet to read, and the others that people see."""
    visible = [one for one in book.worksheets if one.sheet_state == "visible"]
    if wanted is None:
        if not visible:
            raise WrongUse(f"All sheets of {name} are hidden: show one, or name one of {_titles(book.worksheets)}.")
        chosen = visible[0]
    else:
        named = [one for one in book.worksheets if one.title == wanted]
        if not named:
            raise WrongUse(f"{name} has no sheet '{wanted}': its sheets are {_titles(book.worksheets)}.")
        chosen = named[0]
    return chosen, [one for one in visible if one is not chosen and one.title != GUIDE]


def _titles(sheets: Iterable[Any]) -> str:
    return ", ".join(f"'{one.title}'" for one in sheets)


def _scanned(data: bytes, sheet: Any) -> tuple[bool, set[str]]:
    """Whether a sheet holds formulas, and its merged ranges: openpyxl tells neither while it reads row by row."""
    formulas, ranges, tail = False, set[str](), b""
    with ZipFile(BytesIO(data)) as archive, archive.open(sheet._worksheet_path) as part:
        while block := part.read(_BLOCK):
            text = tail + block
            formulas = formulas or _FORMULA.search(text) is not None
            ranges |= {found.decode("ascii") for found in _MERGED.findall(text)}
            tail = text[-_LONGEST_TAG:]
    return formulas, ranges


def _cells(sheet: Any) -> Iterator[Cells]:
    """All rows from the first one on; what a sheet says of its own size is often wrong."""
    from openpyxl.cell.read_only import EMPTY_CELL

    sheet.reset_dimensions()
    blank = None  # what openpyxl gives for each row that a sheet leaves out: often a million times
    for row in sheet.iter_rows(max_row=_LAST_ROW, max_col=MOST_COLUMNS):
        cells = {} if row is blank else {place: cell for place, cell in enumerate(row) if cell is not EMPTY_CELL}
        blank = blank if cells else row
        yield cells


def _filled(row: Cells) -> bool:
    return any(cell.value is not None for cell in row.values())


def _rows(place: str, rows: Iterable[tuple[Cells, Cells]], merged: Merged) -> Iterator[Row | Refusal]:
    header: Mapping[int, str] | None = None
    for number, (cells, shown) in enumerate(rows, start=1):
        spread = merged.spread(number, cells)
        unknown = _not_computed(cells, shown)
        if not unknown and not _filled(cells):
            continue
        if header is None:
            header = _header(f"{place} row {number}", cells, merged.across)
        else:
            row = _Line(f"{place} row {number}", header, unknown, merged.across).read(spread)
            if row is not None:
                yield row
    if header is None:
        raise WrongUse(f"{place.rstrip(',')} is empty: the first row names the columns.")


def _not_computed(cells: Cells, shown: Cells) -> frozenset[int]:
    """Places of formulas whose result is not stored; a result that is an empty text is one."""
    return frozenset(
        place
        for place, formula in shown.items()
        if formula.data_type == "f" and cells[place].value is None and cells[place].data_type != "str"
    )


def _header(where: str, cells: Cells, across: Mapping[int, int]) -> dict[int, str]:
    if across:
        raise WrongUse(
            f"{where} has a cell that spans several columns: the first row gives each column its own name; delete "
            "titles above it."
        )
    header = {place: text for place, cell in cells.items() if (text := _written(cell))}
    names = list(header.values())
    if len(set(names)) < len(names):
        raise WrongUse(f"{where} names a column twice: {', '.join(names)}.")
    return header


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """One row below the header: formulas without a result, and cells that another one spans, by their places."""

    where: str
    header: Mapping[int, str]
    unknown: frozenset[int]
    across: Mapping[int, int]

    def read(self, cells: Cells) -> Row | Refusal | None:
        """The row's texts by column; `None` when all are blank."""
        for place, first in self.across.items():
            if place in self.header and first in self.header and first in cells and cells[first].value is not None:
                problem = f"is merged with column '{self.header[first]}': unmerge the cells and fill in each."
                return Refusal(self.where, self.header[place], None, problem)
        found: dict[str, str] = {}
        for place, cell in cells.items():
            try:
                text = self._text(place, cell)
            except WrongUse as error:
                return Refusal(self.where, self.header.get(place, _letters(place)), None, str(error))
            if text and place not in self.header:
                problem = f"stands in column {_letters(place)}, which has no name: name it in the header, or empty it."
                return Refusal(self.where, None, text, problem)
            if text:
                found[self.header[place]] = text
        return Row(self.where, found) if found else None

    def _text(self, place: int, cell: Any) -> str:
        if place in self.unknown:
            raise WrongUse(
                "is a formula whose result is not stored: open the file in a spreadsheet program and save it again, "
                "or paste the values."
            )
        return _written(cell)


def _written(cell: Any) -> str:
    """What a cell's text would be in CSV."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e":
        raise WrongUse(f"holds the error {value}: mend its formula, or write the value.")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _number(value, cell.number_format or "")
    if isinstance(value, datetime):
        return _time(value)
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _number(value: float, form: str) -> str:
    if abs(value) >= _EXACT:
        raise WrongUse(
            "is a number of more than 15 digits, of which a spreadsheet keeps 15 only: make the cell text, and write "
            "the number again."
        )
    if value != int(value):
        return f"{value:.15g}"
    # Numbers with leading zeros are numbers that a format shows with them.
    return str(int(value)).zfill(len(form)) if re.fullmatch("0+", form) else str(int(value))


def _time(value: datetime) -> str:
    rounded = (value + timedelta(microseconds=500_000)).replace(microsecond=0)  # a day's fraction is never quite exact
    if rounded.time() == datetime.min.time():
        return rounded.date().isoformat()
    return rounded.isoformat(sep=" ")


def _letters(place: int) -> str:
    """The letters that a spreadsheet shows above a column, counted from 0."""
    letters, rest = "", place + 1
    while rest:
        rest, last = divmod(rest - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters
