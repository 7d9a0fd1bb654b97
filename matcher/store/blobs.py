"""Photo files, addressed per owner by a keyed digest of their bytes."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from matcher.errors import Damaged, StoreProblem, WrongUse

# Plain words only: no separators, no dots, so that no key leads out of the folder or to a half-written file.
_WORD = re.compile(r"[0-9A-Za-z_-]{1,200}")
_UNFINISHED = ".part"


class BlobStore:
    """A folder of immutable files `<owner>/<digest>`; only the user of the process may read them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, owner: str, digest: str, data: bytes) -> str:
        """Keep bytes and return their key; the file is whole and on disk when this returns, or not there at all."""
        key = f"{owner}/{digest}"
        target = self._path(key)
        try:
            if target.is_file() and target.read_bytes() == data:
                os.utime(target)  # young again, so that no sweep takes it before its record is written
            else:
                self._write(target, data)
        except OSError as error:
            raise StoreProblem(f"The photo cannot be kept as '{target}': {error.strerror}.") from error
        return key

    def get(self, key: str) -> bytes:
        """The bytes of a key; `StoreProblem` when they have vanished."""
        path = self._path(key)
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise StoreProblem(f"The photo file '{path}' has vanished: restore it from a backup.") from error
        except OSError as error:
            raise StoreProblem(f"The photo file '{path}' cannot be read: {error.strerror}.") from error

    def get_verified(self, key: str, digest: Callable[[bytes], str]) -> bytes:
        """The bytes of a key; `Damaged` unless their digest is the one in the key."""
        data = self.get(key)
        if digest(data) != key.rpartition("/")[2]:
            raise Damaged(f"The photo file '{self._path(key)}' is not what was written: restore it from a backup.")
        return data

    def exists(self, key: str) -> bool:
        """Whether there is a file of this key."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Remove a file, if it is there, and what a killed process left of it."""
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
            for part in path.parent.glob(f"{path.name}.*{_UNFINISHED}"):
                part.unlink(missing_ok=True)
            if path.parent.is_dir():
                _sync_folder(path.parent)
        except OSError as error:
            raise StoreProblem(f"The photo file '{path}' cannot be removed: {error.strerror}.") from error

    def list(self) -> Iterator[str]:
        """All keys, in order."""
        for folder in sorted(path for path in self._root.iterdir() if path.is_dir()) if self._root.is_dir() else ():
            for path in sorted(folder.iterdir()):
                if _WORD.fullmatch(path.name):
                    yield f"{folder.name}/{path.name}"

    def older_than(self, moment: float) -> set[str]:
        """Keys of files written before a time, in seconds since 1970."""
        return {key for key in self.list() if self._path(key).stat().st_mtime < moment}

    def unfinished(self, before: float) -> Sequence[Path]:
        """Half-written files last touched before a time, in seconds since 1970: whoever wrote them is gone."""
        found = []
        for part in sorted(self._root.glob(f"*/*{_UNFINISHED}")):
            with suppress(OSError):
                if part.stat().st_mtime < before:
                    found.append(part)
        return found

    def _path(self, key: str) -> Path:
        owner, separator, digest = key.partition("/")
        if not (separator and _WORD.fullmatch(owner) and _WORD.fullmatch(digest)):
            raise WrongUse(f"'{key}' does not name a kept photo: a key is OWNER/DIGEST, of letters and digits.")
        return self._root / owner / digest

    def _write(self, target: Path, data: bytes) -> None:
        if not target.parent.is_dir():
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self._root)
        part = target.with_name(f"{target.name}.{secrets.token_hex(8)}{_UNFINISHED}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make names in a folder survive a power cut; Windows cannot and need not open folders for this."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
