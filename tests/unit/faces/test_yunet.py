"""YuNet-like detectors on a handmade network that takes blue cells for faces: every number can be worked out."""

from __future__ import annotations

from math import inf, sqrt
from typing import Any

import numpy as np
import onnx
import pytest
from faces_drawn import drawn_photo
from model_files import (
    TINY_POINTS,
    YUNET,
    NotInstalled,
    detector_card,
    tiny_card,
    tiny_detector,
    tiny_recogniser,
    yunet_file,
)

from matcher.errors import ModelProblem, WrongUse
from matcher.faces.cards import read_card
from matcher.faces.installed import shipped
from matcher.faces.trial import try_model
from matcher.faces.yunet import OUTPUTS, STRIDES, YunetDetector

BLUE = (0, 0, 255)


def detector(data: bytes | None = None, **changed: Any) -> YunetDetector:
    data = data or tiny_detector()
    text = detector_card("tiny", data, fixed_size=changed.pop("fixed_size", False))
    for old, new in changed.items():
        before = next(line for line in text.splitlines() if line.startswith(f"{old} = "))
        text = text.replace(before, f"{old} = {new}")
    return YunetDetector(read_card(text.encode(), "card"), lambda: data, 1)


def photo(rows: int, columns: int, *cells: tuple[int, int, int], colour: tuple[int, int, int] = BLUE) -> np.ndarray:
    """Blue squares (left, top, side) on grey."""
    image = np.full((rows, columns, 3), 100, np.uint8)
    for left, top, side in cells:
        image[top : top + side, left : left + side] = colour
    return image


def test_a_cell_of_the_finest_grid_gives_box_points_and_score() -> None:
    (found,) = detector().detect(photo(64, 96, (40, 16, 8)))
    # Anchor (40, 16), box of 4 strides around it.
    assert [found.box.left, found.box.top, found.box.right, found.box.bottom] == pytest.approx(
        [24, 0, 56, 32], abs=1e-3
    )
    assert found.score == pytest.approx(1)
    assert found.landmarks is not None
    np.testing.assert_allclose(found.landmarks, np.array(TINY_POINTS) * 8 + (40, 16), atol=1e-4)


def test_the_score_is_the_square_root_of_both_and_limits_count_at_equality() -> None:
    # cls = (255 − 51) / 255 = 0.8, obj = (255 − 127.5) / 255 ≈ 0.5.
    image = photo(32, 32, (8, 8, 8), colour=(51, 128, 255))
    expected = sqrt(0.8 * (127 / 255))
    (found,) = detector().detect(image)
    assert found.score == pytest.approx(expected, abs=1e-6)
    assert len(detector(least_score=float(np.float32(found.score)), sure_score=0.9).detect(image)) == 1
    assert detector(least_score=found.score + 1e-6, sure_score=0.9).detect(image) == []


def test_chances_above_one_count_as_one() -> None:
    found = detector(tiny_detector(gain=3)).detect(photo(32, 32, (8, 8, 8)))
    assert found[0].score == 1


def test_outputs_are_read_per_anchor_and_boxes_of_no_size_are_left_out() -> None:
    # A photo of 64 × 32 pixels: 8 × 4 anchors of stride 8, 4 × 2 of 16, 2 × 1 of 32.
    outputs = {
        f"{name}_{stride}": np.zeros((1, 64 // stride * (32 // stride), numbers), np.float32)
        for name, numbers in OUTPUTS.items()
        for stride in STRIDES
    }
    for name in ("cls", "obj"):
        outputs[f"{name}_16"][0, 6] = 0.81  # row 1, column 2
        outputs[f"{name}_32"][0, 1] = 0.64
    outputs["bbox_16"][0, 6] = (0.5, -0.25, np.log(2), np.log(3))
    outputs["kps_16"][0, 6] = np.arange(10) / 4
    outputs["bbox_32"][0, 1] = (0, 0, -100, 3)
    boxes, scores, points = detector().decode(outputs, 64)
    # Centre ((2 + 0.5) · 16, (1 − 0.25) · 16) = (40, 12), 32 wide and 48 high.
    np.testing.assert_allclose(boxes, [[24, -12, 56, 36]], atol=1e-4)
    np.testing.assert_allclose(scores, [0.81], atol=1e-6)
    expected = [[32 + 8 * i, 16 + 4 + 8 * i] for i in range(5)]
    np.testing.assert_allclose(points, [expected], atol=1e-4)


def test_red_is_not_blue() -> None:
    assert detector().detect(photo(64, 64, (16, 16, 8), colour=(255, 0, 0))) == []


def test_a_photo_is_filled_up_to_whole_cells_and_coordinates_stay() -> None:
    (found,) = detector().detect(photo(39, 45, (32, 24, 8)))
    assert found.box.centre == pytest.approx((32, 24), abs=1e-3)


def test_overlapping_boxes_are_one_face_the_best_one() -> None:
    image = photo(64, 96, (16, 16, 8))
    image[16:24, 24:32] = (60, 60, 255)
    (found,) = detector().detect(image)
    # Boxes of 32 pixels, 8 apart: intersection over union (24 · 32) / (2 · 32² − 24 · 32) = 0.6.
    assert found.box.centre == pytest.approx((16, 16), abs=1e-3)
    both = detector(overlap=0.61).detect(image)
    assert [face.score for face in both] == sorted((face.score for face in both), reverse=True)
    assert len(both) == 2


def test_the_box_is_mapped_to_dlibs_kind() -> None:
    (found,) = detector(side=1.5, right=0.25, down=-0.5).detect(photo(64, 96, (40, 32, 8)))
    # 48 wide, its centre 8 to the right of and 16 above the anchor.
    assert [found.box.left, found.box.top, found.box.right, found.box.bottom] == pytest.approx(
        [24, -8, 72, 40], abs=1e-3
    )


def test_an_enlarged_search_gives_coordinates_of_the_image() -> None:
    image = photo(64, 96, (40, 16, 4))
    assert detector().detect(image) == []
    (found,) = detector().detect(image, 2.0)
    assert found.box.centre == pytest.approx((40, 16), abs=0.3)
    assert found.box.width == pytest.approx(16, abs=1e-3)
    assert found.landmarks is not None
    # Whole numbers are the middles of pixels: 80 + 8 dx of the doubled photo is (80.5 + 8 dx) / 2 − 0.5 of this one.
    np.testing.assert_allclose(found.landmarks, np.array(TINY_POINTS) * 4 + (39.75, 15.75), atol=1e-3)


def test_large_faces_are_found_in_the_photo_at_a_quarter() -> None:
    image = photo(512, 512, (128, 256, 128))  # one cell of the widest grid at a quarter, where a face has 128 pixels
    found = detector().detect(image)
    widest = max(found, key=lambda face: face.box.width)
    assert widest.box.width == pytest.approx(512, abs=1)
    assert widest.box.centre == pytest.approx((128, 256), abs=2)
    assert max(face.box.width for face in detector().detect(image, largest=128)) <= 128 + 1e-3


def test_a_file_of_one_size_is_freed_from_it() -> None:
    fixed = tiny_detector(size=(64, 64))
    image = photo(96, 160, (40, 16, 8))
    (found,) = detector(fixed, fixed_size=True).detect(image)
    (expected,) = detector().detect(image)
    assert (found.box, found.score) == (expected.box, expected.score)
    with pytest.raises(ModelProblem, match="tiny.onnx"):
        detector(fixed).detect(image)


def test_a_file_that_is_no_network_cannot_be_freed() -> None:
    with pytest.raises(ModelProblem, match="cannot be read as ONNX"):
        detector(b"no network at all", fixed_size=True).detect(photo(32, 32))


def test_the_real_detector_with_its_size_fixed_finds_the_same() -> None:
    try:
        data = yunet_file().read_bytes()
    except NotInstalled as error:
        pytest.skip(str(error))
    model = onnx.load_model_from_string(data)
    for value, sides in [(model.graph.input[0], {2: 640, 3: 640})] + [
        (output, {1: (640 // int(output.name.split("_")[1])) ** 2}) for output in model.graph.output
    ]:
        for number, side in sides.items():
            value.type.tensor_type.shape.dim[number].dim_value = side
    fixed = model.SerializeToString()
    text = shipped()[YUNET][1].decode()
    free_card = read_card(text.encode(), "card")
    fixed_card = read_card(text.replace("fixed_size = false", "fixed_size = true").encode(), "card")
    image = drawn_photo(300, 400, (110, 150, 80), (280, 150, 100))
    expected = YunetDetector(free_card, lambda: data, 1).detect(image)
    found = YunetDetector(fixed_card, lambda: fixed, 1).detect(image)
    assert [face.box for face in found] == [face.box for face in expected]
    assert len(found) == 2
    try_model(fixed_card, fixed)
    with pytest.raises(ModelProblem, match="not \\(n, 3, any, any\\)"):
        try_model(free_card, fixed)


def tried(data: bytes, *, fixed_size: bool = False) -> None:
    try_model(read_card(detector_card("tiny", data, fixed_size=fixed_size).encode(), "card"), data)


def test_a_detector_that_computes_is_taken() -> None:
    # What is not taken raises, as the next test shows with networks that differ in one thing each.
    for data, fixed_size in ((tiny_detector(), False), (tiny_detector(size=(64, 64)), True)):
        tried(data, fixed_size=fixed_size)
        with pytest.raises(ModelProblem):
            tried(data[:-40], fixed_size=fixed_size)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"no network", "cannot be read as ONNX"),
        (tiny_detector()[:-40], "cannot be read as ONNX"),
        (tiny_detector(size=(64, 64)), "is \\(1, 3, 64, 64\\), not \\(n, 3, any, any\\)"),
        (tiny_detector(gain=0), "same answer for different pictures"),
        (tiny_detector(gain=inf), "not finite"),
    ],
    ids=["no network", "truncated", "fixed size", "constant", "not finite"],
)
def test_a_detector_that_does_not_compute_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ModelProblem, match=why):
        tried(data)


def test_a_recognisers_card_makes_no_detector() -> None:
    data = tiny_recogniser()
    with pytest.raises(WrongUse, match="not that of a detector"):
        YunetDetector(read_card(tiny_card("tiny", data).encode(), "card"), lambda: data, 1)
