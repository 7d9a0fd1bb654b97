"""What every detector and recogniser promises, on drawn faces, and that ours are dlib's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from faces_drawn import drawn_photo
from faces_models import shared_models_folder, source_folder
from model_files import EXPORTED, YUNET, NotInstalled, folder_with_models

from matcher.domain.faces import Box
from matcher.errors import WrongUse
from matcher.faces.backends import load_backend
from matcher.faces.contracts import Detector, Recogniser
from matcher.faces.mmod import MmodDetector
from matcher.faces.models import DETECTOR, RECOGNISER, ModelFolder
from matcher.faces.resnet import DlibResnet


@pytest.fixture(scope="module")
def models() -> ModelFolder:
    return ModelFolder(shared_models_folder(), threads=1)


@pytest.fixture(scope="module", params=["mmod", YUNET])
def detector(request: pytest.FixtureRequest, models: ModelFolder) -> Detector:
    if request.param == "mmod":
        return MmodDetector(models)
    try:
        return load_backend(f"{YUNET}+dlib-resnet-v1", folder_with_models(yunet=True), threads=1).detector
    except NotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=["dlib-resnet-v1", EXPORTED])
def recogniser(request: pytest.FixtureRequest, models: ModelFolder) -> Recogniser:
    if request.param == "dlib-resnet-v1":
        return DlibResnet(models)
    return load_backend(f"mmod+{EXPORTED}", folder_with_models(), threads=1).recogniser


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (count, 150, 150, 3), dtype=np.uint8)


TWO = drawn_photo(240, 320, (90, 120, 70), (230, 120, 90))
LEFT, RIGHT = Box(45, 75, 135, 165), Box(175, 70, 285, 170)


def test_each_face_is_found_once_and_the_best_comes_first(detector: Detector) -> None:
    found = detector.detect(TWO)
    assert len(found) == 2
    assert found[0].score >= found[1].score > 0
    for face in (LEFT, RIGHT):
        assert max(detection.box.iou(face) for detection in found) > 0.6


def test_nothing_is_found_where_nothing_is(detector: Detector) -> None:
    assert detector.detect(drawn_photo(200, 300)) == []
    assert detector.detect(noise(1)[0]) == []


def test_a_face_too_small_for_scale_1_is_found_enlarged_in_coordinates_of_the_image(detector: Detector) -> None:
    width = detector.smallest_face // 4  # "found reliably" from the whole: some see half of it, none a quarter
    photo = drawn_photo(120, 160, (80, 60, width))
    assert detector.detect(photo) == []
    (found,) = detector.detect(photo, 4.0)
    assert found.box.iou(Box(80 - width / 2, 60 - width / 2, 80 + width / 2, 60 + width / 2)) > 0.5


def test_a_shrunk_search_gives_coordinates_of_the_image(detector: Detector) -> None:
    photo = drawn_photo(500, 700, (350, 250, 250))
    boxes = [detector.detect(photo, scale)[0].box for scale in (1.0, 0.7, 0.4)]
    assert boxes[0].iou(boxes[1]) > 0.6
    assert boxes[0].iou(boxes[2]) > 0.6


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 500), (500, 3), (20, 20), (21, 400), (400, 21)])
def test_tiny_and_narrow_images_hold_no_face_and_no_error(detector: Detector, rows: int, columns: int) -> None:
    assert detector.detect(np.full((rows, columns, 3), 90, np.uint8)) == []


@pytest.mark.parametrize(
    "image",
    [np.zeros((90, 90), np.uint8), np.zeros((90, 90, 4), np.uint8), np.zeros((90, 90, 3), np.float32)],
    ids=["grey", "four channels", "float"],
)
def test_an_image_of_another_kind_is_wrong_use(detector: Detector, image: np.ndarray) -> None:
    with pytest.raises(WrongUse, match="uint8 RGB"):
        detector.detect(image)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_cannot_be_is_wrong_use(detector: Detector, scale: float) -> None:
    with pytest.raises(WrongUse, match="scale"):
        detector.detect(TWO, scale)


def test_a_view_of_a_larger_image_is_searched_like_its_copy(detector: Detector) -> None:
    view = TWO[10:230, ::-1]
    found = [(detection.box, detection.score) for detection in detector.detect(view)]
    assert found == [(detection.box, detection.score) for detection in detector.detect(view.copy())]
    assert len(found) == 2


def test_many_chips_give_the_vectors_of_each_alone(recogniser: Recogniser) -> None:
    chips = noise(35)
    together = recogniser.embed(chips)
    assert together.shape == (35, recogniser.dim) and together.dtype == np.float32
    for index in (0, 17, 34):
        np.testing.assert_allclose(together[index], recogniser.embed(chips[index : index + 1])[0], atol=1e-6)


def test_no_chips_give_no_vectors(recogniser: Recogniser) -> None:
    assert recogniser.embed(noise(0)).shape == (0, recogniser.dim)


def test_a_mirrored_chip_as_a_view_gives_the_vector_of_its_copy(recogniser: Recogniser) -> None:
    mirrored = noise(2)[:, :, ::-1]
    np.testing.assert_array_equal(recogniser.embed(mirrored), recogniser.embed(mirrored.copy()))


@pytest.mark.parametrize(
    "chips",
    [np.zeros((1, 112, 112, 3), np.uint8), np.zeros((150, 150, 3), np.uint8), np.zeros((1, 150, 150, 3), np.float32)],
    ids=["other size", "no list", "float"],
)
def test_chips_of_another_kind_are_wrong_use(recogniser: Recogniser, chips: np.ndarray) -> None:
    with pytest.raises(WrongUse, match="uint8 chips"):
        recogniser.embed(chips)


def test_a_search_can_leave_out_large_faces(models: ModelFolder) -> None:
    photo = drawn_photo(300, 480, (120, 150, 80), (340, 150, 170))
    detector = MmodDetector(models)
    assert len(detector.detect(photo)) == 2
    (small,) = detector.detect(photo, largest=100)
    assert small.box.right < 240


def test_a_canvas_in_stripes_has_the_scores_of_the_whole(models: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = MmodDetector(models)
    whole = [(found.box, found.score) for found in detector.detect(TWO)]
    monkeypatch.setattr("matcher.faces.mmod._STRIPE_PIXELS", 1)
    striped = [(found.box, found.score) for found in detector.detect(TWO)]
    assert [box for box, _ in striped] == [box for box, _ in whole]
    np.testing.assert_allclose([score for _, score in striped], [score for _, score in whole], atol=1e-5)


def test_vectors_are_those_of_dlib(models: ModelFolder) -> None:
    dlib = pytest.importorskip("dlib")
    chips = noise(2)
    peer = dlib.face_recognition_model_v1(str(source_folder() / RECOGNISER.source))
    expected = np.array([peer.compute_face_descriptor(chip) for chip in chips])
    np.testing.assert_allclose(DlibResnet(models).embed(chips), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("enlargements", [0, 1])
def test_boxes_and_scores_are_those_of_dlib(models: ModelFolder, enlargements: int) -> None:
    dlib = pytest.importorskip("dlib")
    photo = drawn_photo(150, 210, (45, 80, 60), (150, 70, 75))
    photo = cv2.GaussianBlur(photo, (0, 0), 0.8)
    peer = dlib.cnn_face_detection_model_v1(str(source_folder() / DETECTOR.source))
    expected = sorted(peer(photo, enlargements), key=lambda found: -found.confidence)
    ours = MmodDetector(models).detect(photo, 2.0**enlargements)
    assert len(ours) == len(expected) > 0
    for mine, other in zip(ours, expected, strict=True):
        rect = other.rect
        assert mine.box.iou(Box(rect.left(), rect.top(), rect.right() + 1, rect.bottom() + 1)) > 0.9
        assert mine.score == pytest.approx(other.confidence, abs=0.01)
