"""Snapshots as readers see them: which one is live, and opening it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matcher.domain.scores import Vectors
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Damaged
from matcher.gallery.layout import CASES, CURRENT, FACES, HEADER_BYTES, VECTORS, Ids, vectors_header
from matcher.gallery.manifest import Manifest, read_manifest
from matcher.gallery.parts import Part

_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """An open snapshot. Its arrays are mapped: processes share them, and on POSIX they outlive the files' removal."""

    folder: Path
    manifest: Manifest
    part: Part


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
    face_ids, case_ids = (_ids(folder / name, manifest.count) for name in (FACES, CASES))
    return Snapshot(folder, manifest, Part.whole(_vectors(folder / VECTORS, manifest), face_ids, case_ids))


def _ids(path: Path, count: int) -> Ids:
    try:
        ids = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise Damaged(f"'{path}' cannot be read ({error}): run `matcher reindex`.") from error
    if ids.shape != (count,) or ids.dtype != np.dtype("<i8"):
        raise Damaged(
            f"'{path}' holds {ids.dtype} of shape {ids.shape} instead of {count} int64: run `matcher reindex`."
        )
    # A plain array over the same mapping: numpy's memmap class costs time at every slice.
    return np.asarray(ids)


def _vectors(path: Path, manifest: Manifest) -> Vectors:
    """The vectors within a FAISS file. The header is compared, not parsed: a damaged one cannot lead FAISS astray."""
    shape = (manifest.count, manifest.space.dim)
    header = vectors_header(*shape)
    try:
        with path.open("rb") as file:
            same = file.read(HEADER_BYTES) == header
        if not same or path.stat().st_size != HEADER_BYTES + 4 * shape[0] * shape[1]:
            raise Damaged(
                f"'{path}' is not a flat FAISS index of {shape[0]} × {shape[1]} numbers: run `matcher reindex`."
            )
        return np.asarray(np.memmap(path, np.dtype("<f4"), mode="r", offset=HEADER_BYTES, shape=shape))
    except (OSError, ValueError) as error:
        raise Damaged(f"'{path}' cannot be mapped ({error}): run `matcher reindex`.") from error
