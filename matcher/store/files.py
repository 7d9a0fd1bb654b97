"""Files that outlive a power cut: written under another name, flushed, then named; and the digests that prove them."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from matcher.errors import Busy, StoreProblem

UNFINISHED = ".part"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileMark:
    """What a file was when it was read: SHA-256 in hex, bytes, and the time of its last change in nanoseconds."""

    sha256: str
    size: int
    changed: int


def mark_of(path: Path) -> FileMark:
    """Read a whole file; `StoreProblem` if it cannot be."""
    return _read(path, lambda _: None)


def copy_whole(source: Path, target: Path) -> FileMark:
    """Copy a file for its owner's eyes only, whole or not at all, and say what was copied; `StoreProblem` names it."""
    with _new_file(target) as file:

        def write(block: bytes) -> None:
            with _explained(target, "written"):
                file.write(block)

        return _read(source, write)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file for its owner's eyes only: what was there before or this, never between."""
    with _new_file(path) as file, _explained(path, "written"):
        file.write(data)


def private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter, and those above it that are missing."""
    with _explained(path, "made"):
        missing = [path, *(folder for folder in path.parents if not folder.exists())]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)


def flush(path: Path) -> None:
    """Bring a file that somebody else wrote to the disk, and its name with it."""
    with _explained(path, "written"):
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in a folder survive a power cut; Windows cannot and need not open folders for this."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def overwrite_and_remove(path: Path) -> None:
    """Remove a file after zeros were written over it.

    A disk that never writes in place (flash, copy on write) may keep the old bytes for a while all the same.
    """
    with _explained(path, "removed"):
        with path.open("rb+") as file:
            for _ in range(0, path.stat().st_size, _BLOCK):
                file.write(bytes(min(_BLOCK, path.stat().st_size - file.tell())))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


@contextmanager
def exclusive(folder: Path, what: str) -> Iterator[None]:
    """Be the only one at work in a folder, on any machine that locks files there; `Busy` if another is."""
    private_folder(folder)
    lock = FileLock(folder / ".lock")
    with _explained(folder / ".lock", "locked"):
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise Busy(f"{what} in '{folder}' already: try again when it is done.") from error
    try:
        yield
    finally:
        lock.release()


def _read(path: Path, take: Callable[[bytes], None]) -> FileMark:
    """Hand on a file block by block, and say what it was."""
    digest, size = hashlib.sha256(), 0
    with _explained(path, "read"), path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            take(block)
        return FileMark(digest.hexdigest(), size, os.fstat(file.fileno()).st_mtime_ns)


@contextmanager
def _new_file(target: Path) -> Iterator[BinaryIO]:
    """A file to write, which gets its name when the block ends well, and is gone otherwise."""
    part = target.with_name(f"{target.name}.{secrets.token_hex(8)}{UNFINISHED}")
    with _explained(target, "written"):
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            with _explained(target, "written"):
                file.flush()
                os.fsync(file.fileno())
        with _explained(target, "written"):
            part.replace(target)
            sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


@contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreProblem(f"'{path}' cannot be {what}: {error.strerror or error}.") from error
