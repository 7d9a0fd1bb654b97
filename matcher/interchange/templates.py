"""Empty tables to be filled in: a header, one example row, and for Excel a second sheet that explains each column."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from enum import Enum
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from matcher.domain.cases import Circumstance, LegalBasis, Sex
from matcher.domain.positions import Datum
from matcher.domain.records import HowSeen
from matcher.errors import ExtraMissing, WrongUse
from matcher.interchange.excel import GUIDE
from matcher.interchange.guide import CASE_GUIDE, SIGHTING_GUIDE, Column

_LAST_ROW_WITH_CHOICES = 2000
_GUIDE_WIDTHS = {"A": 18, "B": 60, "C": 60, "D": 34}  # in characters
_CHOICES: dict[str, type[Enum]] = {
    "sex": Sex, "apparent_sex": Sex, "how_seen": HowSeen, "datum": Datum, "circumstance": Circumstance,
    "legal_basis": LegalBasis,
}  # fmt: skip


class Template(Enum):
    """What a table is of: the name of its sheet, and its columns."""

    CASES = ("Cases", CASE_GUIDE)
    SIGHTINGS = ("Sightings", SIGHTING_GUIDE)

    def __init__(self, title: str, columns: Sequence[Column]) -> None:
        self.title = title
        self.columns = tuple(columns)


def allowed(column: str) -> tuple[str, ...]:
    """The words that a column takes; none: it takes others than a few words."""
    if column == "first_hand":
        return "yes", "no"
    return tuple(word.value for word in _CHOICES[column]) if column in _CHOICES else ()


def template(kind: Template, path: Path) -> bytes:
    """An empty table for a file of that name, `.csv` or `.xlsx`; `ExtraMissing` for a workbook without the extra."""
    ending = path.suffix.lower()
    if ending == ".csv":
        return _csv(kind)
    if ending == ".xlsx":
        return _workbook(kind)
    raise WrongUse(f"{path} ends neither in .csv nor in .xlsx: name the template so.")


def _csv(kind: Template) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows([[one.name for one in kind.columns], [one.example for one in kind.columns]])
    return text.getvalue().encode("utf-8-sig")  # by the mark a spreadsheet program knows UTF-8


def _workbook(kind: Template) -> bytes:
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise ExtraMissing(
            "Excel templates need an extra: pip install 'sighting-matcher[excel]'; or name a .csv file."
        ) from error
    book = Workbook()
    _fill(book.active, kind)
    _explain(book.create_sheet(GUIDE), kind)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


def _fill(sheet: Any, kind: Template) -> None:
    """The table itself: all cells are text, so that numbers keep their zeros and days stay as they are written."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet.title = kind.title
    sheet.append([one.name for one in kind.columns])
    sheet.append([one.example for one in kind.columns])
    sheet.freeze_panes = "A2"
    for number, one in enumerate(kind.columns, start=1):
        letters = get_column_letter(number)
        sheet.column_dimensions[letters].width = max(12, len(one.name) + 2, min(len(one.example) + 2, 40))
        sheet.column_dimensions[letters].number_format = "@"
        sheet.cell(1, number).font = Font(bold=True)
        for row in (1, 2):
            sheet.cell(row, number).number_format = "@"
        if allowed(one.name):
            listed = ",".join(allowed(one.name))
            choice = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            choice.add(f"{letters}2:{letters}{_LAST_ROW_WITH_CHOICES}")
            sheet.add_data_validation(choice)


def _explain(sheet: Any, kind: Template) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.append(["column 列名", "meaning", "含义", "allowed words 可填的词"])
    for one in kind.columns:
        sheet.append([one.name, one.english, one.chinese, ", ".join(allowed(one.name))])
    for letters, width in _GUIDE_WIDTHS.items():
        sheet.column_dimensions[letters].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=cell.row == 1)
    sheet.freeze_panes = "A2"
