"""Templates: every column explained, and what is filled in comes back as it was written."""

from __future__ import annotations

import builtins
import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from matcher.domain.cases import CaseDetails
from matcher.domain.records import Report
from matcher.errors import ExtraMissing, WrongUse
from matcher.interchange.excel import GUIDE
from matcher.interchange.records import (
    CASE_COLUMNS,
    SIGHTING_COLUMNS,
    PhotoCell,
    TableRecord,
    case_records,
    sighting_records,
)
from matcher.interchange.tables import Refusal, Row, open_table
from matcher.interchange.templates import Template, allowed, template

Read = Callable[[Iterable[Row | Refusal]], Iterable[TableRecord | Refusal]]
KINDS = pytest.mark.parametrize(
    ("kind", "read"), [(Template.CASES, case_records), (Template.SIGHTINGS, sighting_records)], ids=["cases", "seen"]
)
ENDINGS = pytest.mark.parametrize("ending", [".csv", ".xlsx"])


def written(tmp_path: Path, kind: Template, ending: str) -> Path:
    path = tmp_path / f"table{ending}"
    path.write_bytes(template(kind, path))
    return path


def with_rows(path: Path, *rows: list[str]) -> Path:
    """The template with the example row removed and these rows in its place."""
    if path.suffix == ".csv":
        header = path.read_text(encoding="utf-8-sig").splitlines()[0]
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            file.write(f"{header}\r\n")
            csv.writer(file).writerows(rows)
        return path
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.delete_rows(2)
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_every_column_is_in_its_template_and_no_other() -> None:
    position = {"lat", "lon", "datum"}
    assert {one.name for one in Template.CASES.columns} == {"case_id", "photos", *CASE_COLUMNS, *position}
    assert {one.name for one in Template.SIGHTINGS.columns} == {"key", "photos", *SIGHTING_COLUMNS, *position}


@KINDS
def test_every_column_is_explained_in_both_languages_with_its_words(kind: Template, read: Read) -> None:
    for one in kind.columns:
        assert one.english.endswith(".")
        assert one.chinese.endswith("。")
        missing = [word for word in allowed(one.name) if word not in one.chinese]
        assert missing == [], one.name
    assert allowed("how_seen") == ("in_person", "institution", "social_media", "cctv", "unknown")
    assert allowed("first_hand") == ("yes", "no")
    assert allowed("note") == ()


@KINDS
@ENDINGS
def test_the_example_can_be_read(tmp_path: Path, kind: Template, read: Read, ending: str) -> None:
    table = open_table(written(tmp_path, kind, ending))
    (record,) = read(table.rows)
    assert isinstance(record, TableRecord), record
    assert record.photos[0].file == "example.jpg"
    assert table.unread == ()
    if kind is Template.SIGHTINGS:
        assert Report(**record.fields).apparent_age == 8
    else:
        assert CaseDetails(**record.fields).police_reference == "00123"
    said = {one.name for one in kind.columns} - {"key", "case_id", "photos", "lat", "lon", "datum"}
    assert set(record.fields) - {"position", "last_seen"} == said


@KINDS
@ENDINGS
def test_without_the_example_it_is_a_table_of_no_rows(tmp_path: Path, kind: Template, read: Read, ending: str) -> None:
    path = with_rows(written(tmp_path, kind, ending))
    assert list(read(open_table(path).rows)) == []


@ENDINGS
def test_what_is_filled_in_comes_back(tmp_path: Path, ending: str) -> None:
    names = [one.name for one in Template.SIGHTINGS.columns]
    told = {"photos": "一.jpg; b.jpg", "key": "000123456789012345678", "seen_at": "2024/5/1 9:05", "how_seen": "cctv"}
    path = with_rows(written(tmp_path, Template.SIGHTINGS, ending), [told.get(name, "") for name in names])
    (record,) = sighting_records(open_table(path).rows)
    assert isinstance(record, TableRecord)
    assert record.key == "000123456789012345678"
    assert record.photos == (PhotoCell("一.jpg"), PhotoCell("b.jpg"))
    assert set(record.fields) == {"seen_at", "how_seen"}


def test_a_workbook_keeps_what_is_typed_and_offers_words(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path, Template.CASES, ".xlsx"))
    sheet, guide = book.worksheets
    assert (sheet.title, guide.title) == ("Cases", GUIDE)
    letters = {cell.value: cell.column_letter for cell in sheet[1]}
    assert {sheet.column_dimensions[one].number_format for one in letters.values()} == {"@"}
    assert {cell.number_format for cell in sheet[2]} == {"@"}
    offered = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    assert offered[f"{letters['sex']}2:{letters['sex']}2000"] == '"female,male,other,unknown"'
    assert len(offered) == 4
    explained = {row[0]: row for row in guide.iter_rows(min_row=2, values_only=True)}
    assert list(explained) == list(letters)
    sex: tuple[Any, ...] = explained["sex"]
    assert sex[3] == "female, male, other, unknown"
    assert "女" in sex[2]


def test_other_endings_and_a_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongUse, match=r"ends neither in .csv nor in .xlsx"):
        template(Template.CASES, tmp_path / "cases.xls")
    real = builtins.__import__

    def refuse(name: str, *args: object, **more: object) -> object:
        if name.startswith("openpyxl"):
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ExtraMissing, match=r"pip install 'sighting-matcher\[excel\]'; or name a .csv file"):
        template(Template.CASES, tmp_path / "cases.xlsx")
    assert template(Template.CASES, tmp_path / "cases.csv").startswith(b"\xef\xbb\xbfcase_id,photos")
