"""Bytes of a snapshot, as `index/README.md` tells them: file names, header of the vectors, two kinds of digest."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.domain.records import GalleryRows
from matcher.domain.scores import Vectors
from matcher.domain.space import EmbeddingSpace

VECTORS, FACES, CASES, MANIFEST = "vectors.faiss", "faces.npy", "cases.npy", "manifest.json"
CURRENT = "CURRENT"
_SEALED = {VECTORS: "vectors.sealed", FACES: "faces.sealed", CASES: "cases.sealed"}
ROWS_PER_BLOCK = 8192  # 4 MiB of 128 numbers: large enough for speed, small enough to stay in the processor's cache
UNIT_TOLERANCE = 1e-3  # a float32 vector scaled to length 1 is off by about 1e-7; this tells damage from rounding

# FAISS's IndexFlatIP: "IxFI", dim int32, rows int64, two fillers int64, trained uint8, metric int32 (0 is the inner
# product), number of floats uint64, then the floats.
_HEADER = struct.Struct("<4siqqqBiQ")
HEADER_BYTES = _HEADER.size
_FILLER = 1 << 20


def stored_name(name: str, *, sealed: bool) -> str:
    """The name under which a file lies on the disk: a sealed array is no `.npy` or `.faiss` file any more."""
    return _SEALED.get(name, f"{name}.sealed") if sealed else name


def space_folder(snapshots: Path, space: EmbeddingSpace) -> Path:
    """The folder below `snapshots` that holds the snapshots of one embedding space."""
    return snapshots / space.name


def vectors_header(count: int, dim: int) -> bytes:
    """The bytes before the vectors in a file that FAISS reads as an `IndexFlatIP` of `count` rows."""
    return _HEADER.pack(b"IxFI", dim, count, _FILLER, _FILLER, 1, 0, count * dim)


def ids_header(count: int) -> bytes:
    """The bytes before the ids in a file that NumPy reads as `count` int64: its `.npy` format, version 1.0."""
    shape = f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({count},), }}"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + shape.ljust(117).encode("ascii") + b"\n"


def file_digest(path: Path, count: int) -> str:
    """SHA-256 over the contents, then the line `<name> <bytes> <count>`, so that no file passes for another."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
            size += len(block)
    digest.update(_file_line(path.name, size, count))
    return digest.hexdigest()


def content_digest(name: str, content: bytes, count: int) -> str:
    """As `file_digest`, of contents that are in memory."""
    return hashlib.sha256(content + _file_line(name, len(content), count)).hexdigest()


def _file_line(name: str, size: int, count: int) -> bytes:
    return f"{name} {size} {count}\n".encode()


class RowsDigest:
    """SHA-256 over all rows in order of face id: face id, case id (int64) and vector (float32), little-endian."""

    def __init__(self, dim: int) -> None:
        self._row = np.dtype([("face", "<i8"), ("case", "<i8"), ("vector", "<f4", (dim,))])
        self._digest = hashlib.sha256()
        self.count = 0

    def update(self, block: GalleryRows) -> None:
        packed = np.empty(len(block.face_ids), self._row)
        packed["face"], packed["case"], packed["vector"] = block.face_ids, block.case_ids, block.vectors
        self._digest.update(packed.data)
        self.count += len(packed)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def not_unit(vectors: Vectors) -> NDArray[np.intp]:
    """Positions of vectors, shape (n, dim), that are not finite or not of length 1."""
    squares = np.einsum("ij,ij->i", vectors, vectors)
    # Written so that NaN, which compares false with everything, counts as wrong.
    return np.flatnonzero(~(np.abs(squares - 1) <= 2 * UNIT_TOLERANCE))
