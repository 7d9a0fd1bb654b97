"""dlib's way of writing numbers, read without dlib.

    int     one control byte (low 4 bits: how many bytes follow, bit 7: negative), then the magnitude, little-endian
    float   two ints m and e: the value is m · 2^e
    string  int length, then the bytes
    tensor  int version (2), ints samples, k, rows, cols, then that many little-endian float32
    matrix  ints −rows and −cols, then rows · cols floats

Only what the face models use is here. Whatever does not fit raises `ModelProblem` with the name of the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.errors import ModelProblem

CASCADES, TREES, SPLITS, LEAVES, ANCHORS = 15, 500, 15, 16, 800
_POINTS = 5
_SHAPE = 2 * _POINTS
# A control byte turned into the length of its whole record.
_RECORD_LENGTH = bytes(1 + (byte & 0x0F) for byte in range(256))
_LONGEST_MAGNITUDE = 4


def damaged(name: str, what: str) -> ModelProblem:
    """The error for a model file whose content does not fit."""
    return ModelProblem(f"The model file '{name}' is damaged ({what}): reinstall face_recognition_models.")


class DatReader:
    """Reads one value after the other from the bytes of a network file."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._at = 0

    def seek_record(self, layer: str) -> None:
        """Go behind the next occurrence of the layer's name, as a dlib string."""
        mark = bytes((1, len(layer))) + layer.encode("ascii")
        found = self._data.find(mark, self._at)
        if found < 0:
            raise damaged(self._name, f"record '{layer}' is missing")
        self._at = found + len(mark)

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise damaged(self._name, "it ends too early")
        self._at += count
        return taken

    def integer(self) -> int:
        """The next int."""
        control = self.take(1)[0]
        magnitude = int.from_bytes(self.take(control & 0x0F), "little")
        return -magnitude if control & 0x80 else magnitude

    def integers(self, count: int) -> tuple[int, ...]:
        """The next `count` ints."""
        return tuple(self.integer() for _ in range(count))

    def tensor(self) -> NDArray[np.float32]:
        """The next tensor, flat float32."""
        version, *shape = self.integers(5)
        if version != 2 or min(shape) < 0:
            raise damaged(self._name, "a tensor has an unknown form")
        size = int(np.prod(shape, dtype=np.int64))
        values = np.frombuffer(self.take(4 * size), dtype="<f4").astype(np.float32)
        if not np.all(np.isfinite(values)):
            raise damaged(self._name, "a weight is not finite")
        return values


@dataclass(frozen=True, slots=True, eq=False)
class ShapePredictorArrays:
    """An ensemble of regression trees: 15 cascades of 500 trees with 15 splits and 16 leaves, for 5 points.

    Coordinates are those of a box: (0, 0) is left, top and (1, 1) right, bottom.
    """

    mean_shape: NDArray[np.float32]  # (5, 2)
    splits: NDArray[np.int32]  # (15, 500, 15, 2), the two pixels that a split compares
    thresholds: NDArray[np.float32]  # (15, 500, 15)
    leaves: NDArray[np.float32]  # (15, 500, 16, 10), x0, y0, x1, ...
    anchors: NDArray[np.int32]  # (15, 800), the landmark that each pixel lies next to
    offsets: NDArray[np.float32]  # (15, 800, 2), how far from it, x and y


def read_shape_predictor(data: bytes, name: str = "shape_predictor_5_face_landmarks.dat") -> ShapePredictorArrays:
    """The landmark model in the bytes of dlib's file; `ModelProblem` names the file when it does not fit."""
    # Nothing but ints is in this file and all counts are known, so it is one long vector cut into pieces.
    ints = _Pieces(_all_integers(data, name), name)
    ints.expect(1)
    mean_shape = _matrices(ints.take(1, 2 + 2 * _SHAPE), name)[0]
    ints.expect(CASCADES)
    per_tree = 1 + 4 * SPLITS + 1 + LEAVES * (2 + 2 * _SHAPE)
    forests = _counted(ints.take(CASCADES, 1 + TREES * per_tree), TREES, name).reshape(CASCADES, TREES, per_tree)
    splits = _counted(forests[..., : 1 + 4 * SPLITS], SPLITS, name).reshape(CASCADES, TREES, SPLITS, 4)
    leaves = _counted(forests[..., 1 + 4 * SPLITS :], LEAVES, name).reshape(CASCADES, TREES, LEAVES, -1)
    ints.expect(CASCADES)
    anchors = _counted(ints.take(CASCADES, 1 + ANCHORS), ANCHORS, name)
    ints.expect(CASCADES)
    offsets = _counted(ints.take(CASCADES, 1 + 4 * ANCHORS), ANCHORS, name).reshape(CASCADES, ANCHORS, 2, 2)
    ints.expect_end()
    if splits[..., :2].min() < 0 or splits[..., :2].max() >= ANCHORS or anchors.min() < 0 or anchors.max() >= _POINTS:
        raise damaged(name, "an index is out of range")
    return ShapePredictorArrays(
        mean_shape=mean_shape.reshape(_POINTS, 2),
        splits=splits[..., :2].astype(np.int32),
        thresholds=_floats(splits[..., 2:], name),
        leaves=_matrices(leaves, name),
        anchors=anchors.astype(np.int32),
        offsets=_floats(offsets, name),
    )


class _Pieces:
    """Cuts a vector of ints into pieces from its start."""

    def __init__(self, values: NDArray[np.int64], name: str) -> None:
        self._rest = values
        self._name = name

    def take(self, rows: int, columns: int) -> NDArray[np.int64]:
        size = rows * columns
        if len(self._rest) < size:
            raise damaged(self._name, "it ends too early")
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece.reshape(rows, columns)

    def expect(self, value: int) -> None:
        if self.take(1, 1)[0, 0] != value:
            raise damaged(self._name, "a count is not the expected one")

    def expect_end(self) -> None:
        if len(self._rest):
            raise damaged(self._name, "something follows its end")


def _all_integers(data: bytes, name: str) -> NDArray[np.int64]:
    """The values of data that hold ints only."""
    lengths = data.translate(_RECORD_LENGTH)
    starts: list[int] = []
    append, at, end = starts.append, 0, len(data)
    # Where a record starts is known only once its predecessor is read: the one loop that cannot be an array operation.
    while at < end:
        append(at)
        at += lengths[at]
    if at != end:
        raise damaged(name, "it ends too early")
    positions = np.array(starts, dtype=np.int64)
    padded = np.frombuffer(data + bytes(_LONGEST_MAGNITUDE), dtype=np.uint8)
    control = padded[positions]
    magnitudes = control & 0x0F
    if len(positions) and magnitudes.max() > _LONGEST_MAGNITUDE:
        raise damaged(name, "a number is too long")
    values = np.zeros(len(positions), dtype=np.int64)
    for byte in range(_LONGEST_MAGNITUDE):
        has_byte = magnitudes > byte
        values[has_byte] |= padded[positions[has_byte] + 1 + byte].astype(np.int64) << (8 * byte)
    return np.where(control & 0x80, -values, values)


def _counted(rows: NDArray[np.int64], count: int, name: str) -> NDArray[np.int64]:
    """Rows without their first column, which must hold `count`."""
    if np.any(rows[..., 0] != count):
        raise damaged(name, "a count is not the expected one")
    return rows[..., 1:]


def _matrices(rows: NDArray[np.int64], name: str) -> NDArray[np.float32]:
    """Serialised 10×1 matrices, one per row, as float32 (..., 10)."""
    if np.any(rows[..., 0] != -_SHAPE) or np.any(rows[..., 1] != -1):
        raise damaged(name, "a matrix has an unknown shape")
    return _floats(rows[..., 2:].reshape(*rows.shape[:-1], _SHAPE, 2), name)


def _floats(pairs: NDArray[np.int64], name: str) -> NDArray[np.float32]:
    """Values m · 2^e of pairs (m, e) in the last axis."""
    if np.any(pairs[..., 1] > 90):  # float32 ends near 2^128 and mantissas are of 32 bits; dlib writes NaN as 2^32,002
        raise damaged(name, "a number is not finite")
    return np.ldexp(pairs[..., 0].astype(np.float64), pairs[..., 1].astype(np.int32)).astype(np.float32)
