"""Arrays as bytes: little-endian float32, whatever machine wrote them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matcher.domain.scores import Vectors
from matcher.errors import Damaged, WrongUse

_STORED = np.dtype("<f4")


def pack(array: Vectors) -> bytes:
    """The bytes of an array, row by row."""
    return np.ascontiguousarray(array, dtype=_STORED).tobytes()


def pack_unit(vector: Vectors) -> bytes:
    """The bytes of an embedding; `WrongUse` unless it is one vector of length 1."""
    if vector.ndim != 1 or not abs(float(np.linalg.norm(vector)) - 1) < 1e-3:
        raise WrongUse(f"An embedding is one vector of length 1, not an array of shape {vector.shape}: scale it first.")
    return pack(vector)


def unpack(data: bytes, *shape: int) -> Vectors:
    """A read-only float32 array over stored bytes, one-dimensional unless a shape is given."""
    return np.frombuffer(data, dtype=_STORED).astype(np.float32, copy=False).reshape(shape or -1)


def unpack_all(packed: Sequence[bytes]) -> Vectors:
    """The vectors of one space as one read-only array (n, dim), of which every row is a view; `Damaged` for unequal
    ones.
    """
    if len(set(map(len, packed))) != 1:
        raise Damaged("The vectors of one embedding space differ in length: restore a backup.")
    return unpack(b"".join(packed), len(packed), -1)
