"""A snapshot of every released format version opens, proves itself and gives its known answer, for ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from ciphers import OneKey

from matcher.domain.records import Hit
from matcher.domain.space import EmbeddingSpace
from matcher.gallery.build import SnapshotWriter
from matcher.gallery.exact import best_cases
from matcher.gallery.live import Gallery
from matcher.gallery.manifest import FORMAT_VERSION
from matcher.gallery.snapshots import open_snapshot
from matcher.gallery.verify import verify_snapshot

INDEX = Path(__file__).parents[2] / "index"
GOLDEN = sorted((INDEX / "golden").glob("v*"))
SPACE = EmbeddingSpace("golden", "none", "none", mirror=False, dim=16)
SCHEMA = json.loads((INDEX / "manifest.schema.json").read_text())


def test_every_version_up_to_the_present_one_is_here() -> None:
    clear = [f"v{number}" for number in range(1, FORMAT_VERSION + 1)]
    sealed = [f"{name}-sealed" for name in clear[1:]]
    assert [folder.name for folder in GOLDEN] == sorted(clear + sealed)


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_a_golden_snapshot_gives_its_known_answer(folder: Path) -> None:
    report = verify_snapshot(folder, cipher=OneKey())
    assert (report.manifest.count, report.manifest.through_change, report.manifest.space) == (60, 4711, SPACE)
    answer = json.loads((folder / "answer.json").read_text())
    probes = np.array([entry["probe"] for entry in answer], np.float32)
    expected = tuple(tuple(Hit(**hit) for hit in entry["hits"]) for entry in answer)
    assert best_cases([open_snapshot(folder, SPACE, OneKey()).part], probes, 10) == expected


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_a_golden_snapshot_serves_as_the_live_one(folder: Path, tmp_path: Path) -> None:
    class Quiet:
        def counter(self) -> int:
            return 4711

        def changes(self, after: int) -> list[object]:
            raise AssertionError("nothing changed since")

    name = "20260101T000000.000000Z-00000000"
    shutil.copytree(folder, tmp_path / SPACE.name / name)
    (tmp_path / SPACE.name / "CURRENT").write_text(f"{name}\n")
    status = Gallery(tmp_path, SPACE, Quiet(), cipher=OneKey()).status()
    assert (status.snapshot, status.counter, status.size, status.tombstone_share) == (name, 4711, 60, 0.0)


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_a_golden_manifest_fits_the_schema(folder: Path) -> None:
    problems = jsonschema.Draft202012Validator(SCHEMA).iter_errors(json.loads((folder / "manifest.json").read_text()))
    assert [problem.message for problem in problems] == []


@pytest.mark.parametrize("cipher", [None, OneKey()], ids=["clear", "sealed"])
def test_a_new_manifest_fits_the_schema_and_a_spoilt_one_does_not(tmp_path: Path, cipher: OneKey | None) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with SnapshotWriter(tmp_path, SPACE, 0, cipher=cipher) as writer:
        folder = writer.publish().folder
    fields = json.loads((folder / "manifest.json").read_text())
    jsonschema.validate(fields, SCHEMA)
    for name in SCHEMA["required"]:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({key: value for key, value in fields.items() if key != name}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(fields | {"encryption": "rot13"}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            fields | {"format_version": 1, "encryption": {"scheme": "s", "key": "k", "name": "n"}}, SCHEMA
        )


def test_the_written_bytes_are_those_of_the_golden_snapshot(tmp_path: Path) -> None:
    golden = INDEX / "golden" / f"v{FORMAT_VERSION}"
    part = open_snapshot(golden, SPACE).part
    with SnapshotWriter(tmp_path, SPACE, 4711) as writer:
        writer.append(part.face_ids, part.case_ids, part.vectors)
        folder = writer.publish().folder
    for name in ("vectors.faiss", "faces.npy", "cases.npy"):
        assert (folder / name).read_bytes() == (golden / name).read_bytes()
    old, new = (json.loads((path / "manifest.json").read_text()) for path in (golden, folder))
    for fields in (old, new):
        del fields["created_at"], fields["software"], fields["manifest_digest"]
    assert old == new


def test_git_takes_nothing_else_in_the_index_folder() -> None:
    lines = (INDEX / ".gitignore").read_text().splitlines()
    assert "*" in lines
    assert {line for line in lines if line.startswith("!")} == {
        "!.gitignore",
        "!README.md",
        "!manifest.schema.json",
        "!golden/",
        "!golden/v*/",
        "!golden/v*/*",
    }
