"""What every backend promises from photo to embedding, on drawn faces: one body for all of them."""

from __future__ import annotations

import os
import re
import sys
import threading
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from faces_drawn import drawn_photo
from faces_models import shared_models_folder
from marker_backend import source
from model_files import EXPORTED, YUNET, NotInstalled, folder_with_models

from matcher.config import DEFAULT_BACKEND
from matcher.domain.faces import Box, NoFaceReason, PhotoFaces
from matcher.errors import ExtraMissing, WrongUse
from matcher.faces import original
from matcher.faces.backends import load_backend
from matcher.faces.contracts import Backend
from matcher.faces.pipeline import FacePipeline
from matcher.faces.points import PointLayout

TWO = drawn_photo(300, 400, (110, 150, 80), (280, 150, 100))
LARGE, SMALL = Box(225, 100, 335, 210), Box(66, 106, 154, 194)


def loaded(name: str) -> Backend:
    if name in (DEFAULT_BACKEND, "face-recognition"):
        folder = shared_models_folder()
    else:
        folder = folder_with_models(yunet=YUNET in name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # face_recognition imports pkg_resources, which warns of its own end
        return load_backend(name, folder, threads=1)


@pytest.fixture(
    scope="module", params=[DEFAULT_BACKEND, "face-recognition", f"mmod+{EXPORTED}", f"{YUNET}+dlib-resnet-v1"]
)
def backend(request: pytest.FixtureRequest) -> Backend:
    try:
        return loaded(request.param)
    except (ExtraMissing, NotInstalled) as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def pipeline(backend: Backend) -> FacePipeline:
    return FacePipeline(backend)


def embeddings(found: PhotoFaces) -> np.ndarray:
    return np.stack([face.embedding for face in found.faces])


@pytest.mark.parametrize("thorough", [False, True])
def test_faces_of_a_photo(pipeline: FacePipeline, thorough: bool) -> None:
    found = pipeline.find(source(TWO), thorough=thorough)
    large, small = found.faces
    assert large.box.iou(LARGE) > 0.6
    assert small.box.iou(SMALL) > 0.6
    for face, width in zip(found.faces, (100, 80), strict=True):
        assert face.turn == 0
        assert face.box.left >= 0 and face.box.top >= 0 and face.box.right <= 400 and face.box.bottom <= 300
        assert np.all(face.landmarks >= [face.box.left, face.box.top])
        assert np.all(face.landmarks <= [face.box.right, face.box.bottom])
        assert face.embedding.shape == (pipeline.space.dim,)
        assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-5)
        # The eyes of a drawn face are 42 of its 100 parts apart; it looks straight ahead.
        assert face.quality.inter_eye_distance == pytest.approx(0.42 * width, rel=0.2)
        assert face.quality.head_pose_roll == pytest.approx(0, abs=5)
        assert face.quality.head_pose_yaw == pytest.approx(0, abs=15)
    # Drawn by the same lines, so alike.
    assert float(large.embedding @ small.embedding) > 0.9


def test_landmarks_of_the_layout_are_where_they_are_drawn(backend: Backend) -> None:
    (face,) = FacePipeline(backend).find(source(drawn_photo(300, 400, (200, 150, 120)))).faces
    layout = PointLayout.of(backend.aligner.points)
    left, right = (face.landmarks[list(eye)].mean(axis=0) for eye in (layout.left_eye, layout.right_eye))
    assert left == pytest.approx([200 - 0.21 * 120, 150 - 0.12 * 120], abs=8)
    assert right == pytest.approx([200 + 0.21 * 120, 150 - 0.12 * 120], abs=8)
    assert face.landmarks[layout.nose] == pytest.approx([200, 150 + 0.22 * 120], abs=12)


def test_parts_fit_together(backend: Backend) -> None:
    assert backend.landmarker is not None
    points = backend.landmarker.locate(TWO, [LARGE, SMALL])
    assert (points.shape, points.dtype) == ((2, 5, 2), np.float32)
    assert backend.landmarker.locate(TWO, []).shape == (0, 5, 2)
    chips = np.stack([backend.aligner.chip(TWO, each) for each in points])
    assert chips.dtype == np.uint8 and chips.shape[1] == chips.shape[2] and chips.shape[3] == 3
    vectors = backend.recogniser.embed(chips)
    assert (vectors.shape, vectors.dtype) == ((2, backend.recogniser.dim), np.float32)
    assert np.all(np.isfinite(vectors))
    assert backend.recogniser.embed(chips[:0]).shape == (0, backend.recogniser.dim)


def test_same_photo_gives_the_same_faces(pipeline: FacePipeline) -> None:
    first, second = (pipeline.find(source(TWO), thorough=True) for _ in range(2))
    assert np.array_equal(embeddings(first), embeddings(second))
    assert [face.box for face in first.faces] == [face.box for face in second.faces]


def test_mirrored_chip_has_the_same_embedding(pipeline: FacePipeline) -> None:
    backend = pipeline.backend
    assert backend.landmarker is not None
    chip = backend.aligner.chip(TWO, backend.landmarker.locate(TWO, [LARGE])[0])
    chip[:, :40] //= 2  # no face is as even as a drawn one
    pair = np.stack((chip, chip[:, ::-1]))
    averaged, plain = pipeline.embed_chips(pair), FacePipeline(replace(backend, mirror=False)).embed_chips(pair)
    assert np.allclose(averaged[0], averaged[1], atol=1e-5)
    assert not np.allclose(plain[0], plain[1], atol=1e-3)


def test_photo_on_its_side_gives_the_face_that_stands(pipeline: FacePipeline) -> None:
    upright = drawn_photo(300, 400, (200, 150, 120))
    (straight,) = pipeline.find(source(upright), thorough=True).faces
    turned = pipeline.find(source(np.ascontiguousarray(np.rot90(upright, 1))), thorough=True)
    assert [face.turn for face in turned.faces] == [1]
    assert float(turned.faces[0].embedding @ straight.embedding) > 0.98
    # An anticlockwise turn takes the drawn centre (200, 150) to (150, 199).
    assert turned.faces[0].box.centre == pytest.approx((150, 200), abs=15)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 700), (10, 5000), (200, 300)])
def test_photo_without_a_face(pipeline: FacePipeline, rows: int, columns: int) -> None:
    for thorough in (False, True):
        found = pipeline.find(source(drawn_photo(rows, columns)), thorough=thorough)
        assert (found.faces, found.reason) == ((), NoFaceReason.NO_FACE)


def test_threads_do_not_disturb_each_other(pipeline: FacePipeline) -> None:
    photos = [source(drawn_photo(220, 260, (130, 110, width))) for width in (80, 90, 100, 110)]
    expected = [embeddings(pipeline.find(photo)) for photo in photos]
    wrong: list[int] = []

    def work(index: int) -> None:
        found = [embeddings(pipeline.find(photos[index])) for _ in range(3)]
        wrong.extend(index for each in found if not np.allclose(each, expected[index], atol=1e-5))

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forked_child_finds_the_same_faces(pipeline: FacePipeline) -> None:
    expected = embeddings(pipeline.find(source(TWO)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of forking beside threads
        child = os.fork()
    if child == 0:
        try:
            same = np.allclose(embeddings(pipeline.find(source(TWO))), expected, atol=1e-5)
        finally:
            os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("name", [DEFAULT_BACKEND, f"mmod+{EXPORTED}"])
def test_backends_are_loaded_once(name: str) -> None:
    assert loaded(name) is loaded(name)


def test_backends_have_spaces_of_their_own() -> None:
    assert loaded(DEFAULT_BACKEND).space().name == "dlib-resnet-v1_mmod_5pt-150_mirror_128_cosine"
    other = loaded(f"mmod+{EXPORTED}").space().name
    assert re.fullmatch(rf"{EXPORTED}\.[0-9a-f]{{8}}_mmod_5pt-150_mirror_128_cosine", other)
    try:
        original_space = loaded("face-recognition").space().name
    except ExtraMissing as error:
        pytest.skip(str(error))
    assert original_space == "face-recognition_dlib-hog_5pt-150_mirror_128_cosine"


def test_unknown_backend_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    for name, why in {
        "arcface": "DETECTOR\\+RECOGNISER such as mmod\\+dlib-resnet-v1, or face-recognition",
        "mmod+arcface": "'arcface', which is neither built in nor installed",
        "mmod+mmod": "'mmod' is not a recogniser",
        "dlib-resnet-v1+dlib-resnet-v1": "'dlib-resnet-v1' is not a detector",
        "mmod+": "no face backend 'mmod\\+'",
        "a+b+c": "no face backend",
        "": "no face backend ''",
    }.items():
        with pytest.raises(WrongUse, match=why):
            load_backend(name, tmp_path)


@pytest.mark.parametrize("ending", ["raise ImportError('no dlib')", "quit()"])
def test_missing_original_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    package = tmp_path / "face_recognition"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "api.py").write_text(f"{ending}\n")
    (tmp_path / "dlib.py").write_text("")
    for name in [name for name in sys.modules if name.split(".")[0] in ("dlib", "face_recognition")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ExtraMissing, match=r"pip install 'sighting-matcher\[face-recognition\]'"):
        original.original_backend()
    for name in [name for name in sys.modules if name.split(".")[0] in ("dlib", "face_recognition")]:
        monkeypatch.delitem(sys.modules, name)
