"""The folder of converted models: made once, checked always, repaired by itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from faces_models import shared_models_folder, source_folder

from matcher.errors import ModelProblem
from matcher.faces.models import DETECTOR, LANDMARKS, RECOGNISER, ModelFolder, shared_models

NAMES = [model.name for model in (RECOGNISER, DETECTOR, LANDMARKS)]
CHIPS = np.random.default_rng(3).integers(0, 256, (2, 150, 150, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A converted folder of the test's own."""
    return Path(shutil.copytree(shared_models_folder(), tmp_path / "models"))


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    """A source folder without files: whoever converts, fails."""
    path = tmp_path / "nothing"
    path.mkdir()
    return path


def flip(path: Path, at: int = 1000) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x55
    path.write_bytes(data)


def test_two_processes_convert_at_once_from_the_three_files_alone(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for model in (RECOGNISER, DETECTOR, LANDMARKS):
        shutil.copy(source_folder() / model.source, source)
    code = (
        "import sys; from pathlib import Path; from matcher.faces.models import ModelFolder;"
        "ModelFolder(Path(sys.argv[1]), source=Path(sys.argv[2])).prepare()"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, tmp_path / "models", source]) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    here, there = tmp_path / "models", shared_models_folder()
    assert sorted(path.name for path in here.iterdir()) == sorted([".lock", "MANIFEST.json", *NAMES])
    for name in [*NAMES, "MANIFEST.json"]:
        assert (here / name).read_bytes() == (there / name).read_bytes(), f"{name} is not the same every time"


def test_the_manifest_names_each_source_and_its_digest(folder: Path) -> None:
    files = json.loads((folder / "MANIFEST.json").read_text())["files"]
    assert sorted(files) == sorted(NAMES)
    assert files[DETECTOR.name]["source"] == "mmod_human_face_detector.dat"
    assert files[DETECTOR.name]["source_sha256"] == DETECTOR.source_sha256


def test_an_intact_folder_needs_no_source_and_reports_no_progress(folder: Path, nothing: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    models = ModelFolder(folder, threads=1, source=nothing)
    models.prepare(lambda *step: heard.append(step))
    assert heard == []
    assert models.problems() == []
    assert models.recogniser().run(CHIPS).shape == (2, 128)


@pytest.mark.parametrize("name", [DETECTOR.name, LANDMARKS.name])
def test_a_damaged_file_is_named_and_made_again(folder: Path, name: str) -> None:
    before = (folder / name).read_bytes()
    flip(folder / name)
    models = ModelFolder(folder, threads=1)
    assert [name in problem for problem in models.problems()] == [True]
    heard: list[tuple[str, int, int]] = []
    models.prepare(lambda *step: heard.append(step))
    assert [step[1:] for step in heard] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert (folder / name).read_bytes() == before
    assert models.problems() == []


def test_a_damaged_network_is_made_again_at_its_first_use(folder: Path) -> None:
    expected = ModelFolder(folder, threads=1).recogniser().run(CHIPS)
    flip(folder / RECOGNISER.name, at=10_000_000)
    np.testing.assert_array_equal(ModelFolder(folder, threads=1).recogniser().run(CHIPS), expected)


@pytest.mark.parametrize("manifest", [b"", b"[]", b'{"converter": 0, "files": {}}', b'{"converter": 1, "files": []}'])
def test_files_that_the_manifest_does_not_vouch_for_are_not_used(folder: Path, nothing: Path, manifest: bytes) -> None:
    (folder / "MANIFEST.json").write_bytes(manifest)
    with pytest.raises(ModelProblem, match=DETECTOR.source):
        ModelFolder(folder, threads=1, source=nothing).detector().run(np.zeros((1, 40, 40, 3), np.uint8))


def test_a_source_of_another_content_is_refused(tmp_path: Path) -> None:
    shutil.copy(source_folder() / DETECTOR.source, tmp_path)
    flip(tmp_path / DETECTOR.source)
    with pytest.raises(ModelProblem, match=rf"{DETECTOR.source}.*not the known one"):
        ModelFolder(tmp_path / "models", source=tmp_path).detector().run(np.zeros((1, 40, 40, 3), np.uint8))
    assert not (tmp_path / "models" / DETECTOR.name).exists()


def test_a_folder_that_cannot_be_is_a_model_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelProblem, match="file"):
        ModelFolder(tmp_path / "file").prepare()


def test_one_process_has_one_set_of_models_per_folder(folder: Path) -> None:
    assert shared_models(folder, 1) is shared_models(folder.parent / "x" / ".." / folder.name, 1)
    assert shared_models(folder, 1) is not shared_models(folder, 2)


def test_the_landmark_trees_are_those_of_the_source(folder: Path) -> None:
    models = ModelFolder(folder)
    assert models.landmarks() is models.landmarks()
    assert models.landmarks().leaves.shape == (15, 500, 16, 10)
