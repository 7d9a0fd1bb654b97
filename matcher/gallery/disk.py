"""Files that are on the disk when a call returns, and folders that are gone whole."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from matcher.errors import StoreProblem
from matcher.gallery.layout import MANIFEST

try:
    import fcntl
except ImportError:  # Windows, which refuses to remove a file that somebody has open
    fcntl = None  # type: ignore[assignment]


@contextmanager
def written_to(folder: Path) -> Iterator[None]:
    """Say what an error of the system means for the snapshots in `folder`: a `StoreProblem`."""
    try:
        yield
    except OSError as error:
        raise StoreProblem(
            f"A snapshot cannot be written to '{folder}': {error}. Mend that and run `matcher reindex`."
        ) from error


def write(path: Path, *contents: bytes | memoryview) -> None:
    """Write a file that then outlives a power cut, though its name may not: see `force_folder`."""
    with path.open("wb") as file:
        for content in contents:
            file.write(content)
        force(file)


def close(file: BinaryIO) -> None:
    """Close a file that may be unfinished: on a full disk its last bytes cannot be written, which was said before."""
    with suppress(OSError):
        file.close()


def force(file: BinaryIO) -> None:
    """Have a file's contents on the disk."""
    file.flush()
    os.fsync(file.fileno())


def force_folder(folder: Path) -> None:
    """Have a folder's names on the disk."""
    if os.name == "nt":
        return  # Windows has no such call, and records renames by itself
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path) -> None:
    """Rename over `target`; Windows refuses that while a reader has it open, which takes microseconds: try again."""
    for attempt in range(50):
        try:
            source.replace(target)
            return
        except PermissionError:
            if os.name != "nt" or attempt == 49:
                raise
            time.sleep(0.02)


def remove(folder: Path) -> bool:
    """Remove a snapshot folder, its manifest first, so that half of one never looks whole; whether it is gone."""
    try:
        (folder / MANIFEST).unlink(missing_ok=True)
    except OSError:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


class Hold:
    """Says to all processes that a snapshot is in use, until this object is gone or its process has ended.

    It is a shared lock on the open manifest. Where the system or the file system has no such locks, nobody is told: a
    snapshot may then be removed while it is in use, which on POSIX does not harm its reader.
    """

    def __init__(self, folder: Path) -> None:
        """`OSError` for a snapshot that is gone."""
        self._file = (folder / MANIFEST).open("rb")
        if fcntl is not None:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_SH)
        if not os.fstat(self._file.fileno()).st_nlink:  # it was removed between opening and locking
            self._file.close()
            raise FileNotFoundError(f"'{folder}' is being removed")

    def __del__(self) -> None:
        # Closed, not unlocked: a process that was forked meanwhile has the same lock, and still needs it.
        if hasattr(self, "_file"):
            self._file.close()


def remove_unheld(folder: Path) -> bool:
    """As `remove`, unless any process, this one included, holds the snapshot."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return remove(folder)  # while it is locked, so that nobody can begin to hold it
    except BlockingIOError:
        return False
    except OSError:
        return remove(folder)  # nobody can open it without a manifest, or nobody can lock here
