"""Everything that is held about somebody, as a file for them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts import sign_in_here
from click.testing import CliRunner
from offices import START, Office, opened
from pictures import child
from reviews import Clock

from matcher import Matcher
from matcher.cli.root import root
from matcher.errors import NotFound, NotPermitted
from matcher.services import erasing
from matcher.services.inputs import ReasonCode, Who


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0.0\nsecond_look_rate = 0.0\n")


def exported(office: Office, subject: str) -> tuple[dict[str, object], dict[str, bytes]]:
    """The data and the other files of an export."""
    file = io.BytesIO()
    office.matcher.endings.export_subject(office.officer, subject, file, note="she asks")
    with zipfile.ZipFile(file) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    return json.loads(files.pop("data.json")), files


def worked(office: Office) -> str:
    office.register(1, 2)
    office.matcher.update_case("A-1", [child(1, 2)], actor="x", reason="her aunt sent it")
    sighting = office.submit(1)
    office.pick(office.cat, "A-1")
    office.judge(office.ann, "potential", note="the same chin")
    return sighting


def test_a_case_is_exported_with_all_that_an_erasure_would_delete(office: Office) -> None:
    worked(office)
    data, files = exported(office, "A-1")
    rows = data["rows"]
    assert isinstance(rows, dict)
    assert rows["cases"][0]["name"] == "Child 1"
    assert len(rows["photos"]) == 2
    assert rows["verdicts"][0]["note"] == "the same chin"
    assert len(data["vectors"]) == 2
    assert len(data["vectors"][0]["vector"]) == office.matcher.space.dim
    actions = [one["action"] for one in data["audit"]]
    assert {"case.add", "case.update", "review.seal_pair"} <= set(actions)
    assert "her aunt sent it" in {one["note"] for one in data["audit"]}
    assert all("actor" not in one for one in data["audit"]), "who of the staff it was is left out"
    assert "ann" not in json.dumps(data)
    with office.matcher.context.store.read() as reading:
        photos = reading.photos.of_case(reading.cases.get("A-1").id)
        owner = str(rows["cases"][0]["id"])
    kept = {photo.digest: office.matcher.context.blobs.get(photo.blob) for photo in photos}
    assert {name.removeprefix("photos/"): content for name, content in files.items() if name != "README.txt"} == kept
    assert b"Child 2" not in json.dumps(data).encode()
    assert owner in files["README.txt"].decode()
    last = office.matcher.audit()[-1]
    assert (last.entry.action, last.entry.actor, last.note) == ("case.export", "officer", "she asks")
    removed = erasing.erase_case(office.matcher.context, owner, Who("x", ReasonCode.CLOSURE)).removed
    assert {name: count for name, count in removed.items() if name in rows} == {
        name: len(found) for name, found in rows.items() if name in removed
    }
    assert set(rows) - set(removed) <= {"gallery_members"}


def test_a_sighting_is_exported(office: Office) -> None:
    sighting = worked(office)
    data, files = exported(office, sighting)
    assert data["rows"]["sightings"][0]["note"] == "by the river"
    assert data["rows"]["candidates"][0]["sighting_id"] == sighting
    assert len(files) == 2
    assert "Child" not in json.dumps(data)


def test_nobody_is_exported_who_is_not_there_or_by_whom_may_not(office: Office) -> None:
    sighting = worked(office)
    with pytest.raises(NotFound, match="no case and no sighting 'A-9'"):
        exported(office, "A-9")
    with pytest.raises(NotPermitted):
        office.matcher.endings.export_subject(office.ann, "A-1", io.BytesIO())
    erasing.erase_sighting(office.matcher.context, sighting, Who("x", ReasonCode.CLOSURE))
    with pytest.raises(NotFound):
        exported(office, sighting)


def test_the_command_line_exports_for_its_owner_only(home: Path, tmp_path: Path) -> None:
    sign_in_here(home)
    with Matcher.open(home) as matcher:
        matcher.add_case("A-1", [child(1)], actor="x")
    file = tmp_path / "all.zip"
    result = CliRunner().invoke(root, ["subject", "export", "A-1", str(file), "--reason", "a letter"])
    assert result.exit_code == 0, result.output
    assert "1 vectors, 1 files" in result.output
    assert file.stat().st_mode & 0o077 == 0
    assert zipfile.is_zipfile(file)
    for number, where, code in (("A-1", file, 2), ("A-9", tmp_path / "new.zip", 4)):
        result = CliRunner().invoke(root, ["subject", "export", number, str(where), "--reason", "a letter"])
        assert result.exit_code == code, result.output
    assert zipfile.is_zipfile(file)
    assert not (tmp_path / "new.zip").exists(), "what failed leaves nothing"
