"""Tables as offices write them: encodings, delimiters, bad rows and bad cells."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from matcher.domain.cases import Circumstance, Sex
from matcher.domain.positions import Position
from matcher.errors import WrongUse
from matcher.interchange.records import (
    PhotoCell,
    TableRecord,
    case_records,
    photo_with_marks,
    sighting_records,
)
from matcher.interchange.tables import Refusal, read_rows


def written(tmp_path: Path, text: str, encoding: str = "utf-8", name: str = "cases.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def cases(path: Path) -> list[TableRecord | Refusal]:
    return list(case_records(read_rows(path)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [["case_id", "name", "photos", "sex"], ["A-1", "王小明", "one.jpg", "male"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    (record,) = cases(written(tmp_path, text, encoding))
    assert isinstance(record, TableRecord)
    assert record.key == "A-1"
    assert record.fields == {"name": "王小明", "sex": Sex.MALE}
    assert record.photos == (PhotoCell("one.jpg"),)


def test_all_columns(tmp_path: Path) -> None:
    header = "case_id,name,other_names,sex,born,height_cm,circumstance,missing_since,last_seen_place,lat,lon,photos"
    row = 'B 2,Li Na,"Nana; Xiao Na",female,2012-03-04,121.5,lost,2019-05-01T18:30+08:00,East gate,39.9,116.4,'
    row += '"a.jpg|age=3;b.jpg|taken=2018-01-02|face=2"'
    (record,) = cases(written(tmp_path, f"{header}\n{row}\n"))
    assert isinstance(record, TableRecord)
    assert record.fields == {
        "name": "Li Na",
        "other_names": ("Nana", "Xiao Na"),
        "sex": Sex.FEMALE,
        "born": date(2012, 3, 4),
        "height_cm": 121.5,
        "circumstance": Circumstance.LOST,
        "missing_since": datetime.fromisoformat("2019-05-01T18:30+08:00"),
        "last_seen_place": "East gate",
        "last_seen": Position(39.9, 116.4),
    }
    assert record.photos == (PhotoCell("a.jpg", age=3.0), PhotoCell("b.jpg", taken=date(2018, 1, 2), face=2))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("born", "2013-02-30", "a date that exists"),
        ("born", "last year", "a date that exists"),
        ("height_cm", "tall", "expected a number"),
        ("height_cm", "nan", "finite"),
        ("sex", "boy", "one of female, male"),
        ("missing_since", "2020-13-01", "expected a time"),
        ("photos", "a.jpg|taken", "a date that exists"),
        ("photos", "a.jpg|colour=red", "expected FILE"),
        ("lat", "91", "lat and lon belong together"),
    ],
)
def test_a_bad_cell_names_row_column_and_value(tmp_path: Path, column: str, value: str, expected: str) -> None:
    path = written(tmp_path, f"case_id,{column}\nA-1,{value}\nA-2,\n")
    bad, good = cases(path)
    assert isinstance(bad, Refusal)
    assert bad.where == "cases.csv line 2"
    assert bad.column == column
    assert bad.value == value
    assert expected in bad.problem
    assert isinstance(good, TableRecord)
    assert good.key == "A-2"


def test_positions_off_the_globe_are_refused_and_chinese_ones_converted(tmp_path: Path) -> None:
    text = "case_id,lat,lon,datum\nA,95,10,\nB,39.9087,116.3975,gcj02\nC,1,2,moon\n"
    off, converted, unknown = cases(written(tmp_path, text))
    assert isinstance(off, Refusal)
    assert "off the globe" in off.problem
    assert isinstance(converted, TableRecord)
    assert converted.fields["last_seen"].lat == pytest.approx(39.90730, abs=2e-4)
    assert converted.fields["last_seen"].lon == pytest.approx(116.39126, abs=2e-4)
    assert isinstance(unknown, Refusal)
    assert "wgs84, gcj02" in unknown.problem


def test_unknown_columns_missing_numbers_and_ragged_rows(tmp_path: Path) -> None:
    (unknown,) = cases(written(tmp_path, "case_id,colour\nA,red\n"))
    assert "colour" in str(unknown)
    assert "is unknown" in str(unknown)
    (nameless,) = cases(written(tmp_path, "case_id,name\n,Li\n"))
    assert "every case needs its number" in str(nameless)
    (ragged,) = cases(written(tmp_path, "case_id,name\nA,B,C\n"))
    assert "3 cells where the header has 2" in str(ragged)


def test_files_that_cannot_be_read_as_a_whole(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="neither .csv nor .xlsx nor .jsonl"):
        read_rows(written(tmp_path, "x", name="table.txt"))
    with pytest.raises(WrongUse, match="the first line names the columns"):
        list(read_rows(written(tmp_path, "")))
    with pytest.raises(WrongUse, match="names a column twice"):
        list(read_rows(written(tmp_path, "a,a\n1,2\n")))
    with pytest.raises(WrongUse, match="not text"):
        (tmp_path / "bad.csv").write_bytes(b"\xff\xff\xff\x00")
        list(read_rows(tmp_path / "bad.csv"))
    with pytest.raises(WrongUse, match="cannot be read"):
        read_rows(tmp_path / "absent.csv")


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        json.dumps({"case_id": "A", "photos": ["a.jpg", {"file": "b.jpg", "age": 4}], "born": None}),
        "{broken",
        "[1]",
        json.dumps({"case_id": "B", "sex": "male"}),
    ]
    first, broken, array, last = cases(written(tmp_path, "\n".join(lines), name="cases.jsonl"))
    assert isinstance(first, TableRecord)
    assert first.photos == (PhotoCell("a.jpg"), PhotoCell("b.jpg", age=4.0))
    assert "line 2" in str(broken)
    assert "not a JSON object" in str(array)
    assert isinstance(last, TableRecord)


def test_sightings(tmp_path: Path) -> None:
    text = "key,photos,seen_at,how_seen,first_hand,apparent_age,lat,lon\nk1,a.jpg,2024-01-02,cctv,no,9,1,2\n"
    (record,) = sighting_records(read_rows(written(tmp_path, text)))
    assert isinstance(record, TableRecord)
    assert record.key == "k1"
    assert record.fields["seen_at"] == datetime(2024, 1, 2, tzinfo=timezone.utc)
    assert record.fields["first_hand"] is False
    assert record.fields["position"] == Position(1, 2)


def test_marks_behind_a_file_name() -> None:
    assert photo_with_marks("x.jpg", ["age=7", "face=2"]) == PhotoCell("x.jpg", age=7.0, face=2)
    with pytest.raises(WrongUse, match="whole number"):
        photo_with_marks("x.jpg", ["face=1.5"])


def test_json_lines_end_where_lines_end_and_nowhere_else(tmp_path: Path) -> None:
    marks = "scar\u2028on the\x85left \x0bhand"
    lines = [json.dumps({"case_id": "A", "marks": marks}, ensure_ascii=False), "", "{"]
    first, broken = cases(written(tmp_path, "\r\n".join(lines), name="cases.jsonl"))
    assert isinstance(first, TableRecord)
    assert first.fields["marks"] == marks
    assert isinstance(broken, Refusal)
    assert broken.where == "cases.jsonl line 3"


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ('{"case_id": "A", "height_cm": 1' + "0" * 400 + "}", "height_cm"),
        ('{"case_id": "A", "height_cm": 1' + "0" * 5000 + "}", None),
        ("[" * 100_000, None),
        ('{"case_id": {"a": 1}}', "case_id"),
        ('{"case_id": "A", "name": ["Li"]}', "name"),
        ('{"case_id": "A", "other_names": {"a": "Li"}}', "other_names"),
        ('{"case_id": "A", "photos": [["a.jpg"]]}', "photos"),
        ('{"case_id": "A", "photos": true}', "photos"),
        ('{"case_id": "A", "name": "\\ud800"}', "name"),
    ],
)
def test_a_bad_json_row_is_refused_and_the_next_one_read(tmp_path: Path, line: str, column: str | None) -> None:
    bad, good = cases(written(tmp_path, f'{line}\n{{"case_id": "B"}}', name="cases.jsonl"))
    assert isinstance(bad, Refusal)
    assert bad.column == column
    assert isinstance(good, TableRecord)


def test_one_photo_as_an_object(tmp_path: Path) -> None:
    row = {"case_id": "A", "photos": {"file": "a.jpg", "age": 4, "taken": None}}
    (record,) = cases(written(tmp_path, json.dumps(row), name="cases.jsonl"))
    assert isinstance(record, TableRecord)
    assert record.photos == (PhotoCell("a.jpg", age=4.0),)
