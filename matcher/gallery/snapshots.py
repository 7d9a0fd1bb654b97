"""Snapshots as readers see them: which one is live, and opening it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.domain.space import EmbeddingSpace
from matcher.errors import Damaged
from matcher.gallery.layout import CASES, CURRENT, FACES, VECTORS, content_digest, ids_header, vectors_header
from matcher.gallery.manifest import Manifest, read_manifest
from matcher.gallery.parts import Part

_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}")
_Number = TypeVar("_Number", np.float32, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """An open snapshot. Its arrays are mapped: processes share them, and on POSIX they outlive the files' removal."""

    folder: Path
    manifest: Manifest
    part: Part

    def attachment(self, name: str) -> bytes | None:
        """The checked bytes of a file that was added to the snapshot; `None` if it has none of that name."""
        entry = self.manifest.files.get(name)
        if entry is None:
            return None
        path = self.folder / name
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


def open_snapshot(folder: Path, space: EmbeddingSpace) -> Snapshot:
    """Map a snapshot's arrays; reads no vector.

    Checked are the manifest, the sizes and headers of all files, and the space (`SpaceMismatch`); `Damaged` names the
    file that is wrong. Contents are proved by `verify_snapshot`.
    """
    manifest = read_manifest(folder)
    space.require(manifest.space)
    for name, entry in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise Damaged(f"'{path}' is missing: run `matcher reindex`.")
        if (size := path.stat().st_size) != entry.bytes:
            raise Damaged(f"'{path}' has {size} bytes instead of {entry.bytes}: run `matcher reindex`.")
    ids = ids_header(manifest.count), np.dtype("<i8"), (manifest.count,)
    shape = (manifest.count, space.dim)
    vectors = _mapped(folder / VECTORS, vectors_header(*shape), np.dtype("<f4"), shape)
    return Snapshot(folder, manifest, Part.whole(vectors, _mapped(folder / FACES, *ids), _mapped(folder / CASES, *ids)))


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
