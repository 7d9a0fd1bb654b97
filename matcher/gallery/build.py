"""Building and publishing a snapshot. A build that is killed at any moment leaves the old state or the new one.

The order in `publish` is what makes that true: everything is on the disk under a temporary name, then under its own
name, is then read back and proved, and only then does one rename make it the live one.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from filelock import FileLock, Timeout

from matcher.domain.records import GalleryRow
from matcher.domain.scores import Vectors
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Busy, Conflict, Damaged, StoreProblem, WrongUse
from matcher.gallery.layout import (
    CASES,
    CURRENT,
    FACES,
    HEADER_BYTES,
    MANIFEST,
    VECTORS,
    Ids,
    RowBlock,
    RowsDigest,
    file_digest,
    ids_header,
    not_unit,
    row_blocks,
    vectors_header,
)
from matcher.gallery.manifest import FileEntry, Manifest, read_manifest
from matcher.gallery.snapshots import current_name, snapshot_names
from matcher.gallery.verify import verify_snapshot

_BUILDING = ".building-"


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A published snapshot; `name` is that of its folder, which is what CURRENT says."""

    name: str
    folder: Path
    count: int
    through_change: int


class SnapshotWriter:
    """Builds one snapshot that is complete up to `through_change`; a context manager that holds the space's build lock.

    Entering raises `Busy` when another build does not end within `timeout` seconds, and `Conflict` when the live
    snapshot is already complete beyond `through_change`. Leaving without `publish` leaves everything as it was. No
    more than one block of vectors is in memory. A full or failing disk is a `StoreProblem`.
    """

    def __init__(
        self, space_folder: Path, space: EmbeddingSpace, through_change: int, *, timeout: float = 60.0
    ) -> None:
        self._space_folder, self._space, self._through_change = space_folder, space, through_change
        self._timeout = timeout
        self._open = ExitStack()
        self._file: BinaryIO | None = None

    def __enter__(self) -> SnapshotWriter:
        with self._open as undo, _disk(self._space_folder):
            undo.enter_context(_build_lock(self._space_folder, self._timeout))
            _refuse_going_back(self._space_folder, self._through_change)
            _remove_leftovers(self._space_folder)
            self._id = secrets.token_hex(4)
            self._folder = self._space_folder / f"{_BUILDING}{self._id}"
            self._folder.mkdir()
            undo.callback(_remove, self._folder)
            self._file = (self._folder / VECTORS).open("wb")
            undo.callback(_close, self._file)
            self._file.write(bytes(HEADER_BYTES))  # the count is known at the end
            self._face_ids: list[Ids] = []
            self._case_ids: list[Ids] = []
            self._attached: list[str] = []
            self._last_face = -1
            self._digest = RowsDigest(self._space.dim)
            self._open = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file = None
        self._open.close()

    def append(self, face_ids: Ids, case_ids: Ids, vectors: Vectors) -> None:
        """Add rows: ids (n,), unit vectors (n, dim); face ids ascend within and across blocks. `WrongUse` otherwise."""
        block = self._checked(face_ids, case_ids, vectors)
        if not len(block.face_ids):
            return
        with _disk(self._space_folder):
            self._building().write(block.vectors.astype("<f4", copy=False).data)
        self._digest.update(block)
        self._face_ids.append(block.face_ids)
        self._case_ids.append(block.case_ids)
        self._last_face = int(block.face_ids[-1])

    def append_rows(self, rows: Iterable[GalleryRow]) -> None:
        """As `append`, for rows one by one."""
        for block in row_blocks(rows, self._space.dim):
            self.append(block.face_ids, block.case_ids, block.vectors)

    def rows(self) -> RowBlock:
        """The rows appended so far; the vectors are mapped from the disk and must not be changed."""
        with _disk(self._space_folder):
            self._building().flush()
        shape, path = (self._digest.count, self._space.dim), self._folder / VECTORS
        vectors = np.memmap(path, "<f4", mode="r", offset=HEADER_BYTES, shape=shape) if shape[0] else np.zeros(shape)
        return RowBlock(_joined(self._face_ids), _joined(self._case_ids), np.asarray(vectors, np.float32))

    def attach(self, name: str, content: bytes) -> None:
        """Add a file to the snapshot; the manifest proves it like the others. `WrongUse` for a name that is taken."""
        self._building()
        if name in {VECTORS, FACES, CASES, MANIFEST, *self._attached} or Path(name).name != name:
            raise WrongUse(f"A snapshot cannot have a further file '{name}': choose another name.")
        with _disk(self._space_folder):
            _write(self._folder / name, content)
        self._attached.append(name)

    def publish(self) -> SnapshotInfo:
        """Make the appended rows the live snapshot: on the disk, read back and proved, then named in CURRENT."""
        file, now = self._building(), datetime.now(timezone.utc)
        with _disk(self._space_folder):
            file.seek(0)
            file.write(vectors_header(self._digest.count, self._space.dim))
            _force(file)
            file.close()
            self._file = None
            for name, ids in ((FACES, self._face_ids), (CASES, self._case_ids)):
                _write(
                    self._folder / name, ids_header(self._digest.count), *(block.astype("<i8").data for block in ids)
                )
            manifest = self._manifest(now)
            _write(self._folder / MANIFEST, manifest.to_json().encode())
            _force_folder(self._folder)
            folder = self._space_folder / f"{now:%Y%m%dT%H%M%S.%fZ}-{self._id}"
            self._folder.rename(folder)
            _force_folder(self._space_folder)
            self._prove(folder)
            _write(self._space_folder / f"{CURRENT}.new", f"{folder.name}\n".encode())
            _replace(self._space_folder / f"{CURRENT}.new", self._space_folder / CURRENT)
            _force_folder(self._space_folder)
        return SnapshotInfo(folder.name, folder, manifest.count, manifest.through_change)

    def _building(self) -> BinaryIO:
        if self._file is None:
            raise WrongUse("A snapshot is written within `with SnapshotWriter(...) as writer:`, and published once.")
        return self._file

    def _checked(self, face_ids: Ids, case_ids: Ids, vectors: Vectors) -> RowBlock:
        block = RowBlock(
            np.ascontiguousarray(face_ids, np.int64),
            np.ascontiguousarray(case_ids, np.int64),
            np.ascontiguousarray(vectors, np.float32),
        )
        rows, dim = block.face_ids.shape, self._space.dim
        if len(rows) != 1 or block.case_ids.shape != rows or block.vectors.shape != (*rows, dim):
            shapes = f"{rows}, {block.case_ids.shape} and {block.vectors.shape}"
            raise WrongUse(f"Expected face ids (n,), case ids (n,) and vectors (n, {dim}), got {shapes}.")
        falling = np.flatnonzero(np.diff(block.face_ids, prepend=self._last_face) <= 0)
        if len(falling):
            raise WrongUse(f"Face {block.face_ids[falling[0]]} is out of order: face ids must ascend, each once.")
        if len(wrong := not_unit(block.vectors)):
            raise WrongUse(
                f"The vector of face {block.face_ids[wrong[0]]} is not a unit vector: embed its photo again."
            )
        return block

    def _manifest(self, now: datetime) -> Manifest:
        count = self._digest.count
        paths = [self._folder / name for name in (VECTORS, FACES, CASES, *self._attached)]
        return Manifest(
            space=self._space,
            count=count,
            through_change=self._through_change,
            created_at=now,
            software=version("sighting-matcher"),
            rows_digest=self._digest.hexdigest(),
            files={path.name: FileEntry(path.stat().st_size, file_digest(path, count)) for path in paths},
        )

    def _prove(self, folder: Path) -> None:
        try:
            verify_snapshot(folder)
        except Damaged as error:
            _remove(folder)
            raise StoreProblem(f"The disk did not keep what was written: {error}") from error


def _joined(blocks: list[Ids]) -> Ids:
    return np.concatenate([np.zeros(0, np.int64), *blocks])


@contextmanager
def _build_lock(space_folder: Path, timeout: float) -> Iterator[None]:
    """Hold the right to add and remove snapshots of a space; `Busy` when another keeps it beyond `timeout` seconds."""
    space_folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(space_folder / "build.lock")
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise Busy(f"Another process is building a snapshot in '{space_folder}': try again when it is done.") from error
    try:
        yield
    finally:
        lock.release()


def prune(space_folder: Path, keep: int, *, timeout: float = 60.0) -> tuple[str, ...]:
    """Remove all but the newest `keep` snapshots and the live one; the names of those that are gone.

    A process that has an old one open keeps it on POSIX. Where the system refuses to remove an open file (Windows),
    the next call tries again.
    """
    if keep < 1:
        raise WrongUse(f"At least one snapshot must be kept, not {keep}.")
    with _build_lock(space_folder, timeout):
        names = snapshot_names(space_folder)
        spared = {*names[-keep:], current_name(space_folder)}
        return tuple(name for name in names if name not in spared and _remove(space_folder / name))


def forget(space_folder: Path, *, timeout: float = 60.0) -> bool:
    """Remove all snapshots of a space, whose searchers then read the database; whether there was any.

    For a space that no reindex brings up to date any more: its snapshots would keep the faces of closed cases.
    """
    with _build_lock(space_folder, timeout), _disk(space_folder):
        names = snapshot_names(space_folder)
        (space_folder / CURRENT).unlink(missing_ok=True)
        for name in names:
            _remove(space_folder / name)
    return bool(names)


def _refuse_going_back(space_folder: Path, through_change: int) -> None:
    try:
        name = current_name(space_folder)
        live = read_manifest(space_folder / name).through_change if name else 0
    except Damaged:
        return  # a damaged live snapshot is what this build is going to replace
    if live > through_change:
        raise Conflict(
            f"The live snapshot '{name}' is complete up to change {live}, this one only up to {through_change}: "
            f"nothing to do. If the database was restored from a backup, delete '{space_folder}' and reindex."
        )


def _remove_leftovers(space_folder: Path) -> None:
    """Remove what killed builds left: temporary folders, and finished ones that never became the live one."""
    for folder in space_folder.glob(f"{_BUILDING}*"):
        _remove(folder)
    try:
        live = current_name(space_folder) or ""
    except Damaged:
        return  # which of them was live cannot be told; `prune` removes them later
    for name in snapshot_names(space_folder):
        if name > live:
            _remove(space_folder / name)


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreProblem(
            f"A snapshot cannot be written to '{folder}': {error}. Mend that and run `matcher reindex`."
        ) from error


def _write(path: Path, *contents: bytes | memoryview) -> None:
    with path.open("wb") as file:
        for content in contents:
            file.write(content)
        _force(file)


def _close(file: BinaryIO) -> None:
    """Close a file that may be unfinished: on a full disk its last bytes cannot be written, which was said before."""
    with suppress(OSError):
        file.close()


def _force(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _force_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no such call, and records renames by itself
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(source: Path, target: Path) -> None:
    """Rename over `target`; Windows refuses that while a reader has it open, which takes microseconds: try again."""
    for attempt in range(50):
        try:
            source.replace(target)
            return
        except PermissionError:
            if os.name != "nt" or attempt == 49:
                raise
            time.sleep(0.02)


def _remove(folder: Path) -> bool:
    """Remove a snapshot folder, its manifest first, so that half of one never looks whole; whether it is gone."""
    try:
        (folder / MANIFEST).unlink(missing_ok=True)
    except OSError:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
