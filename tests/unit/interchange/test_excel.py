"""Excel workbooks: the same records as CSV, whatever offices do to their cells, and every bad file refused by name."""

from __future__ import annotations

import builtins
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timezone
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart

from matcher.domain.positions import Datum, Position
from matcher.errors import ExtraMissing, WrongUse
from matcher.interchange import excel
from matcher.interchange.records import PhotoCell, TableRecord, case_records, sighting_records
from matcher.interchange.tables import Refusal, Row, open_table, read_rows

LOCAL = datetime.fromisoformat  # a spreadsheet's times have no zone
HEADER = ["case_id", "name", "born"]


def saved(tmp_path: Path, *rows: list[Any], change: Callable[[Any], None] | None = None) -> Path:
    """A workbook with these rows in its first sheet; `change` gets the workbook before it is saved."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change is not None:
        change(book)
    path = tmp_path / "table.xlsx"
    book.save(path)
    return path


def rewritten(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """A workbook with one of its parts changed."""
    with zipfile.ZipFile(path) as old:
        parts = {one: old.read(one) for one in old.namelist()}
    assert part in parts
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, change(data) if name == part else data)
    return path


def in_sheet(path: Path, old: bytes, new: bytes) -> Path:
    def change(data: bytes) -> bytes:
        even = data.replace(b" />", b"/>")  # which of the two is written hangs on what else is installed
        assert old in even, even
        return even.replace(old, new)

    return rewritten(path, "xl/worksheets/sheet1.xml", change)


def texts(path: Path, sheet: str | None = None) -> list[dict[str, str]]:
    rows = list(open_table(path, sheet).rows)
    assert all(isinstance(row, Row) for row in rows), rows
    return [dict(row.cells) for row in rows if isinstance(row, Row)]


def refused(path: Path, *, rows: int = 1) -> Refusal:
    found = list(read_rows(path))
    assert len(found) == rows
    (refusal,) = [one for one in found if isinstance(one, Refusal)]
    return refusal


def test_the_same_records_as_of_csv(tmp_path: Path) -> None:
    header = ["key", "photos", "seen_at", "place", "lat", "lon", "datum", "how_seen", "first_hand", "apparent_age"]
    row = ["r1", "a.jpg; b.jpg", LOCAL("2024-05-01T18:30"), " East gate\u3000", 39.9087, 116.3975, "gcj02", "CCTV"]
    book = saved(tmp_path, header, [*row, False, 7.5])
    csv = tmp_path / "table.csv"
    line = "r1,a.jpg; b.jpg,2024/5/1 18:30, East gate ,39.9087,116.3975,gcj02,CCTV,FALSE,7.5"
    csv.write_text(f"{','.join(header)}\n{line}\n", encoding="utf-8")
    (of_book,), (of_csv,) = sighting_records(read_rows(book)), sighting_records(read_rows(csv))
    assert isinstance(of_book, TableRecord)
    assert isinstance(of_csv, TableRecord)
    assert (of_book.key, of_book.fields, of_book.photos) == (of_csv.key, of_csv.fields, of_csv.photos)
    assert of_book.fields["seen_at"] == datetime(2024, 5, 1, 18, 30, tzinfo=timezone.utc)
    assert of_book.fields["position"] == Position.given(39.9087, 116.3975, Datum.GCJ02)
    assert of_book.photos == (PhotoCell("a.jpg"), PhotoCell("b.jpg"))


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (123, "General", "123"),
        (123.0, "General", "123"),
        (123, "000000", "000123"),
        ("000123", "@", "000123"),
        (-5, "000", "-05"),
        (123456789012345, "General", "123456789012345"),
        ("110101199003071234", "@", "110101199003071234"),
        (112.5, "0", "112.5"),
        (0.1 + 0.2, "General", "0.3"),
        (True, "General", "TRUE"),
        (date(2012, 3, 4), "yyyy-mm-dd", "2012-03-04"),
        (LOCAL("2012-03-04"), 'yyyy"年"m"月"d"日"', "2012-03-04"),
        (LOCAL("2012-03-04T09:05"), "yyyy/m/d h:mm", "2012-03-04 09:05:00"),
        (time(9, 5), "h:mm", "09:05:00"),
        ("  Li\u00a0\u3000", "General", "Li"),
        ("one\ntwo", "General", "one\ntwo"),
    ],
)
def test_a_cell_is_the_text_that_csv_would_hold(tmp_path: Path, value: object, form: str, text: str) -> None:
    def change(book: Any) -> None:
        book.active["A2"].number_format = form

    assert texts(saved(tmp_path, ["name"], [value], change=change)) == [{"name": text}]


def test_days_of_the_old_macintosh_calendar(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        from openpyxl.utils.datetime import CALENDAR_MAC_1904

        book.epoch = CALENDAR_MAC_1904

    assert texts(saved(tmp_path, ["born"], [date(2012, 3, 4)], change=change)) == [{"born": "2012-03-04"}]


@pytest.mark.parametrize("number", [10**15, 1.10101199003071e17, -(10**16)])
def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_refused(tmp_path: Path, number: float) -> None:
    refusal = refused(saved(tmp_path, HEADER, [number, "Li"], ["A-2", "Wang"]), rows=2)
    assert (refusal.where, refusal.column) == ("table.xlsx row 2", "case_id")
    assert "15 digits" in refusal.problem
    assert "make the cell text" in refusal.problem


def test_a_bad_cell_names_file_row_column_and_value(tmp_path: Path) -> None:
    path = saved(tmp_path, HEADER, ["A-1", "Li", "2013-02-30"], [], ["A-2", "Wang", date(2013, 2, 3)])
    bad, good = case_records(read_rows(path))
    assert isinstance(bad, Refusal)
    assert str(bad).startswith("table.xlsx row 2, column 'born': '2013-02-30': expected a date that exists")
    assert isinstance(good, TableRecord)
    assert (good.where, good.fields["born"]) == ("table.xlsx row 4", date(2013, 2, 3))


def test_errors_in_cells_are_refused(tmp_path: Path) -> None:
    refusal = refused(saved(tmp_path, HEADER, ["A-1", "#REF!", None]))
    assert refusal.column == "name"
    assert "#REF!" in refusal.problem


def with_result(path: Path, cell: str, result: str, kind: str = "str") -> Path:
    """A workbook in which a formula has a result, as a spreadsheet program would have stored it."""
    formula = re.compile(rf'<c r="{cell}"[^>]*>(<f>.*?</f>).*?</c>'.encode())

    def change(data: bytes) -> bytes:
        changed, count = formula.subn(rf'<c r="{cell}" t="{kind}">\1<v>{result}</v></c>'.encode(), data)
        assert count == 1, data
        return changed

    return rewritten(path, "xl/worksheets/sheet1.xml", change)


def test_a_formula_counts_by_its_stored_value(tmp_path: Path) -> None:
    path = saved(tmp_path, HEADER, ['="A-"&1', "=1+1", None], ["A-2", "Li", None])
    with_result(with_result(path, "A2", "A-1"), "B2", "2", "n")
    assert texts(path) == [{"case_id": "A-1", "name": "2"}, {"case_id": "A-2", "name": "Li"}]


def test_a_formula_whose_stored_value_is_an_empty_text_is_an_empty_cell(tmp_path: Path) -> None:
    path = with_result(saved(tmp_path, HEADER, ["A-1", '=""', None], ['=""', None, None]), "B2", "")
    assert texts(with_result(path, "A3", "")) == [{"case_id": "A-1"}]


def test_a_formula_without_a_stored_value_is_told(tmp_path: Path) -> None:
    refusal = refused(saved(tmp_path, HEADER, ["A-1", "=1+1", None], ["A-2", "Li", None]), rows=2)
    assert (refusal.where, refusal.column) == ("table.xlsx row 2", "name")
    assert "save it again" in refusal.problem


def test_a_cell_that_spans_rows_stands_for_each_of_them(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        book.active.merge_cells("B2:B3")
        book.active.merge_cells("C4:C9")

    rows = [["A-1", "Home East", "2012-01-02"], ["A-2", None, None], ["A-3", "Li", None], ["A-4", None, None]]
    found = texts(saved(tmp_path, HEADER, *rows, change=change))
    assert found == [
        {"case_id": "A-1", "name": "Home East", "born": "2012-01-02"},
        {"case_id": "A-2", "name": "Home East"},
        {"case_id": "A-3", "name": "Li"},
        {"case_id": "A-4"},
    ]


def test_a_cell_that_spans_columns_is_refused_where_it_holds_something(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        book.active.merge_cells("A2:B2")
        book.active.merge_cells("B3:C3")
        book.active.merge_cells("C4:H4")

    rows = [["A-1", None, None], ["A-2", None, None], ["A-3", "Li", "2012-01-02"]]
    refusal = refused(saved(tmp_path, HEADER, *rows, change=change), rows=3)
    assert (refusal.where, refusal.column) == ("table.xlsx row 2", "name")
    assert "merged with column 'case_id'" in refusal.problem


def test_a_title_above_the_header_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path, ["Children of 2024"], HEADER, ["A-1"], change=lambda book: book.active.merge_cells("A1:C1"))
    with pytest.raises(WrongUse, match=r"row 1 has a cell that spans several columns.*delete titles"):
        read_rows(path)


def test_rows_that_are_empty_or_blank_are_left_out(tmp_path: Path) -> None:
    path = saved(tmp_path, [], HEADER, [], [" ", None, ""], ["A-1"], [], [None, None, None])
    assert [row.where for row in read_rows(path)] == ["table.xlsx row 5"]


def test_hidden_sheets_are_passed_over_unless_they_are_named(tmp_path: Path) -> None:
    def change(book: Any) -> None:
        book.active.title, book.active.sheet_state = "codes", "hidden"
        book.create_sheet("May").append(HEADER)
        book["May"].append(["A-5"])
        book.create_sheet("June").append(HEADER)
        book["June"].append(["A-6"])
        book.create_sheet("Empty")
        book.create_chartsheet("Chart").add_chart(BarChart())

    path = saved(tmp_path, ["case_id"], ["hidden"], change=change)
    assert texts(path) == [{"case_id": "A-5"}]
    assert texts(path, "June") == [{"case_id": "A-6"}]
    assert texts(path, "codes") == [{"case_id": "hidden"}]
    assert open_table(path).unread == ("June",)
    assert next(open_table(path, "June").rows).where == "table.xlsx, sheet 'June', row 2"
    with pytest.raises(WrongUse, match=r"no sheet 'july': its sheets are 'codes', 'May', 'June', 'Empty'"):
        open_table(path, "july")


def test_a_workbook_with_hidden_sheets_only(tmp_path: Path) -> None:
    path = saved(tmp_path, HEADER, ["A-1"])
    rewritten(path, "xl/workbook.xml", lambda data: data.replace(b'state="visible"', b'state="hidden"'))
    with pytest.raises(WrongUse, match=r"All sheets of table.xlsx are hidden.*'Sheet'"):
        read_rows(path)


def test_a_sheet_is_named_for_workbooks_only(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("case_id\nA\n")
    with pytest.raises(WrongUse, match="has no sheets"):
        open_table(tmp_path / "a.csv", "May")


def test_a_column_twice_and_values_without_a_column(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="row 1 names a column twice: name, name"):
        read_rows(saved(tmp_path, ["name", None, " name "], ["Li"]))
    refusal = refused(saved(tmp_path, [*HEADER, None, None], ["A-1", None, None, None, "see there"], ["A-2"]), rows=2)
    assert str(refusal).startswith("table.xlsx row 2: 'see there': stands in column E, which has no name")
    far = refused(saved(tmp_path, ["case_id"], ["A-1", *[None] * 25, "x"]))
    assert "column AA" in far.problem


def test_an_unknown_column_is_told_as_for_csv(tmp_path: Path) -> None:
    (unknown,) = case_records(read_rows(saved(tmp_path, ["case_id", "colour"], ["A-1", "red"])))
    assert "table.xlsx row 2, column 'colour': is unknown: the columns are" in str(unknown)


def test_a_wrong_word_about_its_own_size_hides_no_row(tmp_path: Path) -> None:
    path = in_sheet(saved(tmp_path, HEADER, ["A-1"], ["A-2"]), b'<dimension ref="A1:C3"/>', b'<dimension ref="A1"/>')
    assert [row["case_id"] for row in texts(path)] == ["A-1", "A-2"]


def test_a_million_empty_rows_and_a_cell_in_the_last_corner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, HEADER, ["A-1"])
    corner = b'<row r="1048576"><c r="A1048576" t="str"><v>A-2</v></c><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    first, last = read_rows(in_sheet(path, b"</sheetData>", corner))
    assert (first.where, last.where) == ("table.xlsx row 2", "table.xlsx row 1048576")
    monkeypatch.setattr(excel, "_LAST_ROW", 1000)
    beyond = saved(tmp_path, HEADER, ["A-1"])
    in_sheet(beyond, b"</sheetData>", corner.replace(b"1048576", b"4000000000"))
    assert texts(beyond) == [{"case_id": "A-1"}]


def test_rows_that_are_there_and_hold_only_borders_are_empty(tmp_path: Path) -> None:
    rows = b"".join(b'<row r="%d"><c r="A%d" s="0"/></row>' % (number, number) for number in range(3, 3000))
    assert texts(in_sheet(saved(tmp_path, HEADER, ["A-1"]), b"</sheetData>", rows + b"</sheetData>")) == [
        {"case_id": "A-1"}
    ]


def zipped(tmp_path: Path, parts: dict[str, bytes]) -> Path:
    path = tmp_path / "table.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def old_workbook(tmp_path: Path) -> Path:
    return written(tmp_path, excel._OLE + b"\0" * 500 + "Workbook".encode("utf-16-le"))


def sealed_workbook(tmp_path: Path) -> Path:
    return written(tmp_path, excel._OLE + b"\0" * 500 + "EncryptedPackage".encode("utf-16-le"))


def written(tmp_path: Path, data: bytes, name: str = "table.xlsx") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def cut_short(tmp_path: Path) -> Path:
    path = saved(tmp_path, HEADER, ["A-1"])
    return written(tmp_path, path.read_bytes()[:-200])


def without_numbers(tmp_path: Path) -> Path:
    return in_sheet(saved(tmp_path, HEADER, [12]), b"<v>12</v>", b"<v>twelve</v>")


def with_entities(tmp_path: Path) -> Path:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha">%s]>' % b"".join(
        b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % (98 + n, *[97 + n] * 10) for n in range(12)
    )
    path = saved(tmp_path, HEADER, ["A-1"])
    return rewritten(path, "xl/worksheets/sheet1.xml", lambda data: laughs + data.replace(b"A-1", b"&m;"))


def bomb(tmp_path: Path) -> Path:
    return zipped(tmp_path, {"xl/workbook.xml": b"", "[Content_Types].xml": b" " * (excel.MOST_UNPACKED + 1)})


def bomb_by_another_name(tmp_path: Path) -> Path:
    """The workbook says where its sheet is, and that may be anywhere."""
    path = saved(tmp_path, HEADER, ["A-1"])
    sheet, hidden = b"worksheets/sheet1.xml", b"media/image1.png"
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name).replace(sheet, hidden) for name in old.namelist()}
    data = parts.pop("xl/worksheets/sheet1.xml")
    parts["xl/media/image1.png"] = data.replace(b"<sheetData>", b"<sheetData>" + b" " * excel.MOST_UNPACKED)
    return zipped(tmp_path, parts)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda folder: written(folder, b""), "is empty: it has no bytes"),
        (lambda folder: written(folder, b"case_id,name\nA-1,Li\n"), "no Excel workbook, or cut short"),
        (lambda folder: zipped(folder, {"photo.jpg": b"x"}), "a ZIP file, but no Excel workbook"),
        (lambda folder: zipped(folder, {"xl/workbook.bin": b"x"}), "binary workbook"),
        (old_workbook, r"old Excel workbook \(.xls\).*save it as"),
        (sealed_workbook, "protected by a password: open it, remove the password"),
        (cut_short, "no Excel workbook, or cut short"),
        (without_numbers, "cannot be read as an Excel workbook"),
        (with_entities, "cannot be read as an Excel workbook"),
        (bomb, "unpacks to 3 MB, more than the 3 MB"),
        (bomb_by_another_name, "unpacks to 3 MB, more than the 3 MB"),
        (saved, "table.xlsx is empty: the first row names the columns"),
        (lambda folder: folder / "absent.xlsx", "cannot be read"),
    ],
)
def test_files_that_cannot_be_read_as_a_whole(
    tmp_path: Path, made: Callable[[Path], Path], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excel, "MOST_UNPACKED", 3_000_000)
    with pytest.raises(WrongUse, match=told):
        read_rows(made(tmp_path))


def test_a_file_of_70_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"")
    with path.open("r+b") as file:
        file.truncate(70_000_000)
    with pytest.raises(WrongUse, match="has 70 MB, more than the 60 MB"):
        read_rows(path)


@pytest.mark.parametrize("name", ["a.xls", "a.XLS", "a.xlsb", "a.ods", "a.et"])
def test_other_spreadsheets_are_told_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUse, match=r"open it and save it as an Excel workbook \(.xlsx\)"):
        read_rows(written(tmp_path, b"x", name))


def test_a_workbook_that_is_called_csv(tmp_path: Path) -> None:
    data = saved(tmp_path, HEADER, ["A-1"]).read_bytes()
    with pytest.raises(WrongUse, match=r"name ends in .xlsx"):
        read_rows(written(tmp_path, data, "a.csv"))


def test_without_openpyxl_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, HEADER, ["A-1"])
    real = builtins.__import__

    def refuse(name: str, *args: object, **more: object) -> object:
        if name.startswith("openpyxl"):
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ExtraMissing, match=r"pip install 'sighting-matcher\[excel\]'; or save the table as CSV"):
        read_rows(path)


def test_other_tables_do_not_load_the_library(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("case_id\nA\n")
    code = (
        "import sys; from pathlib import Path; from matcher.interchange.tables import read_rows; "
        f"list(read_rows(Path({str(tmp_path / 'a.csv')!r}))); print('openpyxl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_text_in_runs_of_several_fonts_is_one_text(tmp_path: Path) -> None:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    rich = CellRichText("Li ", TextBlock(InlineFont(b=True), "Na"))
    assert texts(saved(tmp_path, ["name"], [rich])) == [{"name": "Li Na"}]


def test_in_memory_files_leave_nothing_open(tmp_path: Path) -> None:
    """A workbook can be moved away at once, as it must be where open files cannot be."""
    path = saved(tmp_path, HEADER, ["A-1"])
    rows = read_rows(path)
    path.unlink()
    assert [row.where for row in rows] == ["table.xlsx row 2"]
