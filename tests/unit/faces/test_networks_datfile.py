"""dlib's way of writing numbers."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from faces_models import source_folder

from matcher.errors import ModelProblem
from matcher.faces.datfile import DatReader, read_shape_predictor

LANDMARK_FILE = "shape_predictor_5_face_landmarks.dat"


def integer(value: int) -> bytes:
    """An int as dlib writes it."""
    magnitude = abs(value).to_bytes((abs(value).bit_length() + 7) // 8 or 1, "little")
    return bytes([len(magnitude) | (0x80 if value < 0 else 0)]) + magnitude


@pytest.mark.parametrize("value", [0, 1, -1, 255, 256, -5_000, 2**31, -(2**40)])
def test_an_int_is_read_back(value: int) -> None:
    assert DatReader(integer(value), "x.dat").integer() == value


def test_a_tensor_is_read_behind_its_layers_name() -> None:
    values = np.arange(6, dtype="<f4")
    head = b"".join(integer(number) for number in (2, 2, 3, 1, 1))
    data = b"before" + integer(5) + b"con_4" + head + values.tobytes() + integer(-7)
    reader = DatReader(data, "x.dat")
    reader.seek_record("con_4")
    np.testing.assert_array_equal(reader.tensor(), values)
    assert reader.integer() == -7


@pytest.mark.parametrize(
    "tensor",
    [
        pytest.param((1, 1, 1, 1, 1, 0.0), id="unknown version"),
        pytest.param((2, -1, 1, 1, 1, 0.0), id="negative size"),
        pytest.param((2, 9, 9, 9, 9, 0.0), id="too short"),
        pytest.param((2, 1, 1, 1, 1, float("nan")), id="not finite"),
    ],
)
def test_a_tensor_that_cannot_be_is_refused_with_the_files_name(tensor: tuple[int, int, int, int, int, float]) -> None:
    data = b"".join(integer(number) for number in tensor[:5]) + struct.pack("<f", tensor[5])
    with pytest.raises(ModelProblem, match=r"x\.dat"):
        DatReader(data, "x.dat").tensor()


def test_a_missing_layer_is_refused_with_its_name() -> None:
    with pytest.raises(ModelProblem, match=r"con_4.*missing"):
        DatReader(b"nothing here", "x.dat").seek_record("con_4")


def test_the_landmark_model_has_the_shapes_and_values_of_its_file() -> None:
    arrays = read_shape_predictor((source_folder() / LANDMARK_FILE).read_bytes())
    assert arrays.mean_shape.shape == (5, 2) and arrays.mean_shape.dtype == np.float32
    assert arrays.splits.shape == (15, 500, 15, 2)
    assert arrays.thresholds.shape == (15, 500, 15) and arrays.thresholds.dtype == np.float32
    assert arrays.leaves.shape == (15, 500, 16, 10) and arrays.leaves.dtype == np.float32
    assert arrays.anchors.shape == (15, 800)
    assert arrays.offsets.shape == (15, 800, 2) and arrays.offsets.dtype == np.float32
    # The eyes lie in the upper half, the nose below them, all inside the box.
    assert np.all((arrays.mean_shape > 0.2) & (arrays.mean_shape < 0.8))
    assert arrays.mean_shape[4, 1] > arrays.mean_shape[:4, 1].max()
    assert set(np.unique(arrays.anchors)) == set(range(5))


@pytest.mark.parametrize("kept", [0, 1, 1_000, 100_000])
def test_a_truncated_landmark_file_is_refused_with_its_name(kept: int) -> None:
    data = (source_folder() / LANDMARK_FILE).read_bytes()[:kept]
    with pytest.raises(ModelProblem, match=LANDMARK_FILE):
        read_shape_predictor(data)


def test_bytes_that_are_no_landmark_file_are_refused() -> None:
    garbage = np.random.default_rng(1).integers(0, 256, 50_000, dtype=np.uint8).tobytes()
    with pytest.raises(ModelProblem, match="other.dat"):
        read_shape_predictor(garbage, "other.dat")
