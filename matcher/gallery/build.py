"""Building a snapshot. A build that is killed at any moment leaves the old state or the new one.

Everything is on the disk under a temporary name, then, by one rename, under its own: now it is finished, and not live.
It is read back and proved (`verify`) before another rename makes it the live one (`publishing`).
"""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from types import TracebackType

import numpy as np

from matcher.domain.records import GalleryRows, Ids
from matcher.domain.scores import Vectors
from matcher.domain.space import EmbeddingSpace
from matcher.errors import Damaged, StoreProblem, WrongUse
from matcher.gallery.cipher import Cipher
from matcher.gallery.disk import force_folder, remove, write, written_to
from matcher.gallery.files import FileWriter, Place
from matcher.gallery.layout import (
    CASES,
    FACES,
    HEADER_BYTES,
    MANIFEST,
    VECTORS,
    RowsDigest,
    file_digest,
    ids_header,
    not_unit,
    vectors_header,
)
from matcher.gallery.manifest import FileEntry, Manifest
from matcher.gallery.publishing import BUILDING, build_lock, make_live, refuse_going_back, remove_unpublished
from matcher.gallery.snapshots import read_vectors, snapshot_names
from matcher.gallery.verify import verify_snapshot

_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A finished snapshot; `name` is that of its folder, which is what CURRENT says once it is published."""

    name: str
    folder: Path
    count: int
    through_change: int


class SnapshotWriter:
    """Builds one snapshot that is complete up to `through_change`; a context manager that holds the space's build lock.

    Entering raises `Busy` when another build does not end within `timeout` seconds, and `Conflict` when the live
    snapshot is already complete beyond `through_change`; it removes what killed builds left. Leaving without `finish`
    leaves everything as it was. No more than one block of vectors is in memory. With a `cipher` nothing but the
    manifest is on the disk in the clear. A full or failing disk is a `StoreProblem`.
    """

    def __init__(
        self,
        space_folder: Path,
        space: EmbeddingSpace,
        through_change: int,
        *,
        cipher: Cipher | None = None,
        timeout: float = 60.0,
    ) -> None:
        self._space_folder, self._space, self._through_change = space_folder, space, through_change
        self._cipher, self._timeout = cipher, timeout
        self._open = ExitStack()
        self._vectors: FileWriter | None = None
        self._finished = True  # as long as it was not entered

    def __enter__(self) -> SnapshotWriter:
        with self._open as undo, written_to(self._space_folder):
            undo.enter_context(build_lock(self._space_folder, self._timeout))
            refuse_going_back(self._space_folder, self._through_change)
            remove_unpublished(self._space_folder)
            name = secrets.token_hex(4)
            self._place = Place(self._space_folder / f"{BUILDING}{name}", self._cipher, name)
            self._place.folder.mkdir()
            undo.callback(remove, self._place.folder)
            self._vectors = undo.enter_context(FileWriter(self._place, VECTORS, HEADER_BYTES))
            self._finished = False
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
        self._finished = True
        self._open.close()

    def append(self, face_ids: Ids, case_ids: Ids, vectors: Vectors) -> None:
        """Add rows: ids (n,), unit vectors (n, dim); face ids ascend within and across blocks. `WrongUse` otherwise."""
        block = self._checked(face_ids, case_ids, vectors)
        if self._vectors is None:
            raise WrongUse("Rows are appended within `with SnapshotWriter(...) as writer:`, before they are read.")
        if not len(block.face_ids):
            return
        with written_to(self._space_folder):
            self._vectors.write(block.vectors.astype("<f4", copy=False).data)
        self._digest.update(block)
        self._face_ids.append(block.face_ids)
        self._case_ids.append(block.case_ids)
        self._last_face = int(block.face_ids[-1])

    def rows(self) -> GalleryRows:
        """All rows, read back from the disk; none can be appended afterwards. The vectors must not be changed."""
        self._end_of_rows()
        shape, path = (self._digest.count, self._space.dim), self._place.path(VECTORS)
        vectors = read_vectors(path, shape, self._place.encryption, self._cipher)
        return GalleryRows(_joined(self._face_ids), _joined(self._case_ids), vectors)

    def attach(self, name: str, content: bytes) -> None:
        """Add a file to the snapshot; the manifest proves it like the others. `WrongUse` for a name that is taken."""
        self._building()
        if name in {VECTORS, FACES, CASES, MANIFEST, *self._attached} or Path(name).name != name:
            raise WrongUse(f"A snapshot cannot have a further file '{name}': choose another name.")
        with written_to(self._space_folder), FileWriter(self._place, name) as file:
            file.write(content)
            file.finish()
        self._attached.append(name)

    def finish(self) -> SnapshotInfo:
        """Have the snapshot on the disk under its own name; it is not live, and is yet to be verified."""
        self._end_of_rows()
        with written_to(self._space_folder):
            for name, blocks in ((FACES, self._face_ids), (CASES, self._case_ids)):
                header = ids_header(self._digest.count)
                with FileWriter(self._place, name, len(header)) as file:
                    for block in blocks:
                        file.write(block.astype("<i8").data)
                    file.finish(header)
            manifest = self._manifest()
            write(self._place.folder / MANIFEST, manifest.to_json().encode())
            force_folder(self._place.folder)
            name = f"{_next_stamp(self._space_folder, manifest.created_at)}-{self._place.name}"
            folder = self._space_folder / name
            self._place.folder.rename(folder)
            force_folder(self._space_folder)
        self._finished = True
        return SnapshotInfo(name, folder, manifest.count, manifest.through_change)

    def publish(self) -> SnapshotInfo:
        """Finish, verify and publish in one go; a snapshot that is not what was written is removed."""
        info = self.finish()
        try:
            verify_snapshot(info.folder, cipher=self._cipher)
        except Damaged as error:
            remove(info.folder)
            raise StoreProblem(f"The disk did not keep what was written: {error}") from error
        make_live(self._space_folder, info.name)
        return info

    def _building(self) -> None:
        if self._finished:
            raise WrongUse("A snapshot is written within `with SnapshotWriter(...) as writer:`, and finished once.")

    def _end_of_rows(self) -> None:
        self._building()
        if self._vectors is not None:
            with written_to(self._space_folder):
                self._vectors.finish(vectors_header(self._digest.count, self._space.dim))
            self._vectors = None

    def _checked(self, face_ids: Ids, case_ids: Ids, vectors: Vectors) -> GalleryRows:
        block = GalleryRows(
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

    def _manifest(self) -> Manifest:
        count = self._digest.count
        paths = [self._place.path(name) for name in (VECTORS, FACES, CASES, *self._attached)]
        return Manifest(
            space=self._space,
            count=count,
            through_change=self._through_change,
            created_at=datetime.now(timezone.utc),
            software=version("sighting-matcher"),
            rows_digest=self._digest.hexdigest(),
            files={path.name: FileEntry(path.stat().st_size, file_digest(path, count)) for path in paths},
            encryption=self._place.encryption,
        )


def _joined(blocks: list[Ids]) -> Ids:
    return np.concatenate([np.zeros(0, np.int64), *blocks])


def _next_stamp(space_folder: Path, now: datetime) -> str:
    """The time as names begin with it, or, if a clock went back, the first after the newest snapshot's: names rise."""
    newest = max(snapshot_names(space_folder), default="").rpartition("-")[0]
    stamp = now.strftime(_STAMP)
    if stamp > newest:
        return stamp
    return (datetime.strptime(newest, _STAMP) + timedelta(microseconds=1)).strftime(_STAMP)  # noqa: DTZ007
