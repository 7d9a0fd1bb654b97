"""Words for all records, and photos' days, without a home."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from pictures import child, saved

from matcher.domain.positions import Position
from matcher.domain.records import HowSeen
from matcher.errors import WrongUse
from matcher.interchange.records import PhotoCell, TableRecord
from matcher.interchange.tables import Refusal
from matcher.services import intake
from matcher.services.intake import Common, dated, sighting_folder

HERE = Position(31.2304, 121.4737)


def record(**fields: object) -> TableRecord:
    return TableRecord("row 1", None, fields, (PhotoCell("1.jpg"),))


def completed(common: Common, **fields: object) -> dict[str, object]:
    (found,) = common.completed([record(**fields)])
    assert isinstance(found, TableRecord)
    return dict(found.fields)


def test_what_a_record_says_goes_before() -> None:
    common = Common.given(institution=" Home East ", place="Ward 3", position=HERE, seen_at="2024-05-03")
    day = datetime(2024, 5, 3, tzinfo=timezone.utc)
    where = {"place": "Ward 3", "position": HERE}
    seen = {"source": "Home East", "how_seen": HowSeen.INSTITUTION, "first_hand": True}
    assert completed(common) == {**seen, **where, "seen_at": day}
    assert completed(common, source="police", place="River") == {"source": "police", "place": "River", "seen_at": day}
    assert completed(common, how_seen=HowSeen.CCTV, position=Position(1, 2), seen_at=day) == {
        "source": "Home East", "how_seen": HowSeen.CCTV, "position": Position(1, 2), "seen_at": day,
    }  # fmt: skip
    assert completed(Common(), note="x") == {"note": "x"}


def test_refusals_pass_through() -> None:
    refusal = Refusal("row 1", None, None, "is bad")
    assert list(Common.given(institution="Home").completed([refusal])) == [refusal]
    assert list(dated([refusal], Path())) == [refusal]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_an_institution_has_a_name_of_one_line(name: str) -> None:
    with pytest.raises(WrongUse, match="institution"):
        Common(institution=name)


def test_a_table_cannot_have_files_outside_its_folder_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path, "secret.jpg", child(1))
    monkeypatch.setattr(intake, "read_photo", lambda path: pytest.fail(f"{path} was read"))
    outside = TableRecord("row 1", None, {}, (PhotoCell("../secret.jpg"), PhotoCell(str(tmp_path / "secret.jpg"))))
    assert list(dated([outside], tmp_path / "photos")) == [outside]


def test_endings_are_told_in_whatever_case_and_sidecars_are_passed_over(tmp_path: Path) -> None:
    for name in ("a.JPG", "IMG_1.AAE", "Thumbs.db", ".hidden", "FILM.MOV", "without ending"):
        saved(tmp_path, name, b"x")
    found = [(Path(one.where).name, isinstance(one, TableRecord)) for one in sighting_folder(tmp_path)]
    assert found == [("FILM.MOV", False), ("a.JPG", True), ("without ending", True)]
