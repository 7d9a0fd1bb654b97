"""What institutions hand in: workbooks and folders of photos, with one word for all, safe to run again."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commands import as_json, run
from pictures import child, nobody, saved, with_comment

from matcher import Matcher
from matcher.domain.records import Flag
from matcher.images import exif

HOME = ("--institution", "Child home East")
PLACE = ("--place", "Ward 3", "--lat", "31.2304", "--lon", "121.4737")


def photographed(data: bytes, day: date) -> bytes:
    """A JPEG with the day on which a camera says that it took it."""
    text = f"{day:%Y:%m:%d} 10:11:12\0".encode()
    entry = (0x9003).to_bytes(2, "little") + (2).to_bytes(2, "little") + len(text).to_bytes(4, "little")
    inner = (1).to_bytes(2, "little") + entry + (44).to_bytes(4, "little") + (0).to_bytes(4, "little")
    outer = (1).to_bytes(2, "little") + (0x8769).to_bytes(2, "little") + (4).to_bytes(2, "little")
    outer += (1).to_bytes(4, "little") + (26).to_bytes(4, "little") + (0).to_bytes(4, "little")
    tiff = b"II*\0" + (8).to_bytes(4, "little") + outer + inner + text
    assert exif.taken_date(tiff) == day
    block = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + data[2:]


def workbook(path: Path, *rows: list[Any]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def shown(folder_or_table: Path, *more: object, code: int = 0) -> list[dict[str, Any]]:
    """What became of the records of an import, with the sightings as they are kept."""
    done = as_json("sighting", "import", folder_or_table, *more, code=code)
    return [as_json("sighting", "show", one["id"]) | {"outcome": one["outcome"]} for one in done if one["id"]]


@pytest.fixture(autouse=True)
def here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """A folder as a child home hands it in: a photo, a child's folder with two, and what lies beside photos."""
    saved(tmp_path, "ward/Li Na.jpg", photographed(child(1), date(2024, 3, 1)))
    saved(tmp_path, "ward/Xiao Ming/1.jpg", photographed(child(2), date(2024, 4, 1)))
    saved(tmp_path, "ward/Xiao Ming/2.jpg", photographed(child(2, 1), date(2024, 5, 2)))
    saved(tmp_path, "ward/Xiao Ming/Thumbs.db", b"x")
    return tmp_path / "ward"


def test_a_folder_is_a_sighting_per_photo_and_per_folder(ward: Path) -> None:
    output = run("sighting", "import", ward, *HOME, *PLACE, "--seen-at", "2024-05-03").output
    assert "2 rows: 2 added; 3 photos." in output
    kept = shown(ward, *HOME, *PLACE, "--seen-at", "2024-05-03")
    assert [(one["outcome"], len(one["photos"])) for one in kept] == [("unchanged", 1), ("unchanged", 2)]
    for one in kept:
        assert (one["source"], one["how_seen"], one["first_hand"]) == ("Child home East", "institution", True)
        assert one["place"] == "Ward 3"
        assert (one["position"]["lat"], one["position"]["lon"]) == (31.2304, 121.4737)
        assert one["seen_at"].startswith("2024-05-03T00:00")
        assert one["note"] is None


def test_no_name_of_a_file_is_kept_unless_it_is_asked_for(ward: Path, home: Path) -> None:
    run("sighting", "import", ward, *HOME)
    names = [name.encode() for name in ("Li Na", "Xiao Ming")]

    def holding() -> list[Path]:
        return [path for path in home.rglob("*") if path.is_file() and any(one in path.read_bytes() for one in names)]

    assert holding() == []
    assert [one["note"] for one in shown(ward, *HOME, "--keep-names")] == ["Li Na", "Xiao Ming"]
    assert holding() != []


def test_the_day_of_the_camera_counts_only_if_it_is_asked_for(ward: Path) -> None:
    assert [one["seen_at"] for one in shown(ward)] == [None, None]
    saved(ward, "future.jpg", photographed(child(3), date(2999, 1, 1)))
    saved(ward, "none.jpg", child(4))
    days = [one["seen_at"] for one in shown(ward, "--photo-dates")]
    assert [day and day[:10] for day in days] == ["2024-03-01", "2024-05-02", None, None]
    assert (
        "give one of them" in run("sighting", "import", ward, "--photo-dates", "--seen-at", "2024-01-01", code=2).output
    )


def test_what_is_no_photo_is_named_at_the_end_and_the_others_go_on(ward: Path, tmp_path: Path) -> None:
    saved(ward, "list.pdf", b"x")
    saved(ward, "Xiao Ming/record.docx", b"x")
    saved(ward, "Xiao Ming/older/0.jpg", child(2, 2))
    (ward / "nobody").mkdir()
    saved(ward, "broken.jpg", b"no photo")
    saved(ward, "cut/a.jpg", child(5))
    saved(ward, "cut/b.jpg", child(5)[:2000])
    first = run("sighting", "import", ward, code=3)
    assert "8 rows: 2 added, 6 refused; 3 photos." in first.stdout
    with (tmp_path / "ward.refusals.csv").open(encoding="utf-8-sig", newline="") as file:
        refusals = {row["where"].removeprefix(f"{ward}/"): row["problem"] for row in csv.DictReader(file)}
    assert {name: problem.split(":")[0] for name, problem in refusals.items()} == {
        "Xiao Ming/record.docx": "is no photo and was left out",
        "Xiao Ming/older": "is a folder inside a sighting's folder",
        "broken.jpg": f"'{ward}/broken.jpg' is not a photo",
        "cut": f"'{ward}/cut/b.jpg' is damaged or cut short",
        "list.pdf": "is no photo and was left out",
        "nobody": "holds no photo.",
    }
    for refused in refusals:
        assert refused in first.stderr
    (ward / "broken.jpg").write_bytes(child(6))
    (ward / "cut" / "b.jpg").unlink()
    assert "8 rows: 2 added, 4 refused, 2 unchanged" in run("sighting", "import", ward, code=3).stdout


def test_a_dry_run_stores_nothing(ward: Path) -> None:
    saved(ward, "broken.jpg", b"no photo")
    output = run("sighting", "import", ward, *HOME, "--dry-run", code=3).output
    assert "3 rows: 2 checked, 1 refused; 3 photos." in output
    assert as_json("sighting", "list") == []


def test_other_words_about_the_same_photos_are_another_report_and_that_is_told(ward: Path) -> None:
    first, _ = shown(ward, *HOME)
    again = run("sighting", "import", ward, "--institution", "Child home West")
    assert "2 added" in again.stdout
    assert (
        f"Li Na.jpg: a photo of it came in before, with sighting {first['id']}: is it the same report?" in again.stderr
    )
    assert "came in before" not in run("sighting", "import", ward, "--institution", "Child home West").stderr


def test_photos_without_a_usable_face_are_told_with_what_a_better_one_would_be(tmp_path: Path) -> None:
    saved(tmp_path, "ward/place.jpg", nobody())
    saved(tmp_path, "ward/child.jpg", child(1))
    done = run("sighting", "import", tmp_path / "ward", *HOME)
    assert "place.jpg: no face was found" in done.stderr
    assert "ask for a photo that shows the face closer and from the front." in done.stderr
    assert "as noted above: 1." in done.stdout
    assert "from the front and from close up, sharp, in even light" in done.stdout
    assert "child.jpg" not in done.stderr
    assert "no face can be used" not in run("sighting", "import", tmp_path / "ward", *HOME).stdout
    saved(tmp_path, "cases/A-1/place.jpg", nobody(2))
    assert "as noted above: 1." in run("case", "import-folders", tmp_path / "cases").stdout
    (only,) = as_json("case", "import-folders", tmp_path / "cases")
    assert (only["outcome"], only["unusable"]) == ("unchanged", 0)


def test_a_workbook_and_the_same_table_as_csv_are_one_intake(tmp_path: Path) -> None:
    saved(tmp_path, "1.jpg", child(1))
    header = ["key", "photos", "seen_at", "apparent_age"]
    table = workbook(tmp_path / "seen.xlsx", header, ["0017", "1.jpg", date(2024, 5, 1), 8])
    (tmp_path / "seen.csv").write_text(f"{','.join(header)}\n0017,1.jpg,2024-05-01,8\n")
    (first,) = shown(table)
    assert (first["outcome"], first["apparent_age"], first["seen_at"][:10]) == ("added", 8, "2024-05-01")
    (again,) = shown(tmp_path / "seen.csv")
    assert (again["outcome"], again["id"]) == ("unchanged", first["id"])


def test_the_institution_is_that_of_rows_which_name_no_source(tmp_path: Path) -> None:
    for number in range(1, 5):
        saved(tmp_path, f"photos/{number}.jpg", with_comment(child(1), f"{number}"))
    rows = [
        ["photos", "source", "how_seen", "first_hand", "place", "seen_at"],
        ["1.jpg", None, None, None, None, None],
        ["2.jpg", "Police station 5", None, None, "River", None],
        ["3.jpg", None, "cctv", None, None, "2024-01-02"],
        ["4.jpg", None, None, "no", None, None],
    ]
    told = ("--photos", tmp_path / "photos", *HOME, *PLACE, "--seen-at", "2024-05-03")
    kept = shown(workbook(tmp_path / "seen.xlsx", *rows), *told)
    assert [(one["source"], one["how_seen"], one["first_hand"]) for one in kept] == [
        ("Child home East", "institution", True),
        ("Police station 5", "unknown", None),
        ("Child home East", "cctv", None),
        ("Child home East", "institution", False),
    ]
    assert [(one["place"], one["position"] is None) for one in kept] == [
        ("Ward 3", False), ("River", True), ("Ward 3", False), ("Ward 3", False)
    ]  # fmt: skip
    assert [one["seen_at"][:10] for one in kept] == ["2024-05-03", "2024-05-03", "2024-01-02", "2024-05-03"]


def test_one_sheet_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "cases.xlsx", ["case_id", "name"], ["0017", "Li"], [18, 5])
    book = openpyxl.load_workbook(path)
    book.create_sheet("June").append(["case_id", "sex"])
    book["June"].append(["0019", "boy"])
    book.save(path)
    done = run("case", "import", path)
    assert "one sheet of cases.xlsx is read; with --sheet also 'June'" in done.stderr
    assert "2 added" in done.stdout
    assert [(case["case_id"], case["name"]) for case in as_json("case", "list")] == [("0017", "Li"), ("18", "5")]
    june = run("case", "import", path, "--sheet", "June", code=3)
    assert "cases.xlsx, sheet 'June', row 2, column 'sex': 'boy': expected one of female, male" in june.stderr


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_templates_are_written_once_and_can_be_filled_in(tmp_path: Path, ending: str) -> None:
    for kind in ("case", "sighting"):
        path = tmp_path / f"{kind}{ending}"
        assert "Delete the example row" in run(kind, "template", "--output", path).output
        assert "is there already" in run(kind, "template", "--output", path, code=2).output
        forgotten = run(kind, "import", path, code=3)
        assert "example.jpg does not exist" in forgotten.stderr
    run("case", "template", "--output", tmp_path / "cases.xls", code=2)
    assert not (tmp_path / "cases.xls").exists()


def test_options_of_tables_and_of_folders_are_not_mixed(ward: Path, tmp_path: Path) -> None:
    table = saved(tmp_path, "seen.csv", b"photos\n")
    assert "belong to a table" in run("sighting", "import", ward, "--sheet", "May", code=2).output
    assert "belong to a table" in run("sighting", "import", ward, "--photos", ward, code=2).output
    assert "belongs to a folder" in run("sighting", "import", table, "--keep-names", code=2).output
    assert "lat and lon belong together" in run("sighting", "import", table, "--lat", "1", code=2).output
    assert "seen_at '1 May'" in run("sighting", "import", table, "--seen-at", "1 May", code=2).output
    assert "no name" in run("sighting", "import", table, "--institution", " ", code=2).output
    assert "nothing to import" in run("sighting", "import", table).output


def test_a_folder_with_a_table_is_imported_by_its_table(ward: Path) -> None:
    saved(ward, "reports.csv", b"photos\nLi Na.jpg\n")
    assert "holds a table: import '" in run("sighting", "import", ward, code=2).output
    assert as_json("sighting", "list") == []
    assert "1 added" in run("sighting", "import", ward / "reports.csv").output


def test_import_folder_is_the_same(ward: Path) -> None:
    run("sighting", "import", ward, *HOME)
    assert "2 unchanged" in run("sighting", "import-folder", ward, *HOME).output


def test_flags_of_a_child_that_an_institution_does_not_know(matcher: Matcher, tmp_path: Path) -> None:
    """Age, sex and time are held against each case; a place without a position says nothing about journeys."""
    far = {"last_seen": (31.2, 121.4), "missing_since": "2024-05-02T08:00+08:00"}
    matcher.add_case("A-1", [child(1)], actor="li", sex="female", born="2006-01-01", **far)
    matcher.add_case("A-2", [child(1, 1)], actor="li", sex="male", born="2016-01-01", **far)
    rows = [
        ["photos", "seen_at", "place", "apparent_sex", "apparent_age"],
        ["1.jpg", "2024-05-02", "Hospital", "male", 8],
    ]
    saved(tmp_path, "1.jpg", child(1, 2))
    (kept,) = shown(workbook(tmp_path / "seen.xlsx", *rows), *HOME)
    faces = [face for photo in kept["photos"] for face in photo["faces"]]
    flags = {one["case_id"]: set(one["flags"]) for face in faces for one in face["candidates"]}
    assert flags == {"A-1": {Flag.SEX_DIFFERS.value, Flag.AGE_DIFFERS.value}, "A-2": set()}
    assert kept["position"] is None


def test_times_without_an_offset_are_of_the_zone_that_is_named(tmp_path: Path) -> None:
    saved(tmp_path, "1.jpg", child(1))
    saved(tmp_path, "2.jpg", child(2))
    table = tmp_path / "reports.csv"
    table.write_text("photos,seen_at\n1.jpg,2024-05-03 10:00\n2.jpg,2024-05-03T10:00+02:00\n", encoding="utf-8")
    times = [one["seen_at"] for one in shown(table, "--zone", "Asia/Shanghai")]
    assert times == ["2024-05-03T02:00:00+00:00", "2024-05-03T08:00:00+00:00"]
    saved(tmp_path, "ward/3.jpg", child(3))
    (one,) = shown(tmp_path / "ward", "--zone", "Asia/Shanghai", "--seen-at", "2024-05-03T07:30")
    assert one["seen_at"] == "2024-05-02T23:30:00+00:00"
    assert "no time zone such as Asia/Shanghai" in run("sighting", "import", table, "--zone", "Beijing", code=2).output
    cases = tmp_path / "cases.csv"
    cases.write_text("case_id,photos,missing_since\nA-1,1.jpg,2024-05-01 18:30\n", encoding="utf-8")
    as_json("case", "import", cases, "--zone", "Asia/Shanghai")
    assert as_json("case", "show", "A-1")["details"]["missing_since"] == "2024-05-01T18:30:00+08:00"
