"""Snapshots as readers see them: which one is live, and opening it."""

from __future__ import annotations

import math
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.domain.records import Ids
from matcher.domain.scores import Vectors
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Damaged
from matcher.gallery.cipher import Cipher, required
from matcher.gallery.disk import Hold
from matcher.gallery.layout import (
    CASES,
    CURRENT,
    FACES,
    VECTORS,
    content_digest,
    ids_header,
    stored_name,
    vectors_header,
)
from matcher.gallery.manifest import Encryption, Manifest, read_manifest
from matcher.gallery.parts import Part

_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}")
_Number = TypeVar("_Number", np.float32, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """An open snapshot; while this object lives, no other process prunes it.

    In the clear its arrays are mapped: processes share them, and on POSIX they outlive the files' removal. Sealed ones
    were opened into memory that only this process and those forked from it have.
    """

    folder: Path
    manifest: Manifest
    part: Part
    cipher: Cipher | None
    hold: Hold

    def attachment(self, name: str) -> bytes | None:
        """The checked bytes of a file that was added to the snapshot; `None` if it has none of that name."""
        stored = stored_name(name, sealed=self.manifest.encryption is not None)
        entry = self.manifest.files.get(stored)
        if entry is None:
            return None
        path = self.folder / stored
        if self.manifest.encryption is not None:
            return b"".join(opened(path, self.manifest.encryption, self.cipher))
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Damaged(f"'{path}' cannot be read ({error}): run `matcher reindex`.") from error
        if content_digest(name, content, self.manifest.count) != entry.sha256:
            raise Damaged(f"'{path}' was changed after it was written: run `matcher reindex`.")
        return content


def current_name(space_folder: Path) -> str | None:
    """The folder name of the live snapshot, `None` if none was ever published; `Damaged` if CURRENT is no such name."""
    try:
        name = (space_folder / CURRENT).read_text(encoding="ascii").rstrip("\n")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Damaged(f"'{space_folder / CURRENT}' cannot be read ({error}): run `matcher reindex`.") from error
    if not _NAME.fullmatch(name):
        raise Damaged(f"'{space_folder / CURRENT}' does not name a snapshot: run `matcher reindex`.")
    return name


def snapshot_names(space_folder: Path) -> list[str]:
    """The folder names of all snapshots of a space, oldest first."""
    if not space_folder.is_dir():
        return []
    return sorted(entry.name for entry in space_folder.iterdir() if _NAME.fullmatch(entry.name) and entry.is_dir())


def open_snapshot(folder: Path, space: EmbeddingSpace, cipher: Cipher | None = None) -> Snapshot:
    """Open a snapshot: in the clear it is mapped, and no vector read; a sealed one is opened into memory whole.

    Checked are the manifest, the sizes and headers of all files, and the space (`SpaceMismatch`); of sealed arrays each
    byte. `Damaged` names the file that is wrong. Contents are proved by `verify_snapshot`.
    """
    try:
        hold = Hold(folder)
    except OSError as error:
        raise Damaged(f"'{folder}' cannot be opened ({error}): run `matcher reindex`.") from error
    manifest = read_manifest(folder)
    space.require(manifest.space)
    for name, entry in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise Damaged(f"'{path}' is missing: run `matcher reindex`.")
        if (size := path.stat().st_size) != entry.bytes:
            raise Damaged(f"'{path}' has {size} bytes instead of {entry.bytes}: run `matcher reindex`.")
    sealed = manifest.encryption is not None
    vectors, faces, cases = (folder / stored_name(name, sealed=sealed) for name in (VECTORS, FACES, CASES))
    part = Part.whole(
        read_vectors(vectors, (manifest.count, space.dim), manifest.encryption, cipher),
        _read_ids(faces, manifest.count, manifest.encryption, cipher),
        _read_ids(cases, manifest.count, manifest.encryption, cipher),
    )
    return Snapshot(folder, manifest, part, cipher, hold)


def read_vectors(path: Path, shape: tuple[int, int], encryption: Encryption | None, cipher: Cipher | None) -> Vectors:
    """The vectors (n, dim) in a file, mapped if it is in the clear; they must not be changed."""
    if encryption is None:
        return _mapped(path, vectors_header(*shape), np.dtype("<f4"), shape)
    return _unsealed(path, opened(path, encryption, cipher), np.dtype("<f4"), shape)


def _read_ids(path: Path, count: int, encryption: Encryption | None, cipher: Cipher | None) -> Ids:
    if encryption is None:
        return _mapped(path, ids_header(count), np.dtype("<i8"), (count,))
    return _unsealed(path, opened(path, encryption, cipher), np.dtype("<i8"), (count,))


def _mapped(path: Path, header: bytes, dtype: np.dtype[_Number], shape: tuple[int, ...]) -> NDArray[_Number]:
    """The array after `header`, which is compared, not parsed: a damaged one cannot lead a parser astray."""
    try:
        with path.open("rb") as file:
            same = file.read(len(header)) == header
        if not same or path.stat().st_size != len(header) + dtype.itemsize * math.prod(shape):
            raise Damaged(f"'{path}' does not hold an array of shape {shape}: run `matcher reindex`.")
        # A plain array over the same mapping: numpy's memmap class costs time at every slice.
        return np.asarray(np.memmap(path, dtype, mode="r", offset=len(header), shape=shape))
    except (OSError, ValueError) as error:
        raise Damaged(f"'{path}' cannot be mapped ({error}): run `matcher reindex`.") from error


def opened(path: Path, encryption: Encryption, cipher: Cipher | None) -> Iterator[bytes]:
    """The contents of a sealed file of a snapshot, chunk by chunk; `Damaged` as soon as one is not what was written."""
    key = required(cipher, encryption, str(path))
    try:
        with path.open("rb") as file:
            yield from key.open(f"{encryption.name}/{path.name}", file)
    except (OSError, Damaged) as error:
        raise Damaged(f"'{path}' cannot be opened ({error}): run `matcher reindex`.") from error


def _unsealed(
    path: Path, chunks: Iterator[bytes], dtype: np.dtype[_Number], shape: tuple[int, ...]
) -> NDArray[_Number]:
    """The array that a sealed file holds, in memory that processes forked from this one share, and none can write."""
    size, filled = dtype.itemsize * math.prod(shape), 0
    memory = mmap.mmap(-1, max(size, 1))  # anonymous: never on a disk, but for swap
    for chunk in chunks:
        if filled + len(chunk) <= size:
            memory[filled : filled + len(chunk)] = chunk
        filled += len(chunk)
    if filled != size:
        raise Damaged(f"'{path}' does not hold an array of shape {shape}: run `matcher reindex`.")
    array = np.frombuffer(memory, dtype, math.prod(shape)).reshape(shape)
    array.flags.writeable = False
    return array
