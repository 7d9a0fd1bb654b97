import struct

import numpy as np
import pytest

from matcher.errors import WrongUse
from matcher.store.vectors import pack, pack_unit, unpack


def test_bytes_are_little_endian_whatever_the_array_was() -> None:
    values = [1.5, -2.25, 0.1]
    stored = struct.pack("<3f", *values)
    for kind in ("<f4", ">f4", "f8"):
        assert pack(np.array(values, dtype=kind)) == stored
    assert unpack(stored).tolist() == np.array(values, np.float32).tolist()


def test_what_is_read_cannot_be_changed_and_has_its_shape() -> None:
    array = unpack(pack(np.arange(10, dtype=np.float32)), 5, 2)
    assert (array.shape, array.dtype) == ((5, 2), np.float32)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 1


def test_an_embedding_is_one_vector_of_length_one() -> None:
    assert pack_unit(np.array([0.6, 0.8], np.float32)) == struct.pack("<2f", 0.6, 0.8)
    for wrong in (np.eye(2, dtype=np.float32), np.array([1, 1], np.float32), np.array([np.nan, 0], np.float32)):
        with pytest.raises(WrongUse):
            pack_unit(wrong)
