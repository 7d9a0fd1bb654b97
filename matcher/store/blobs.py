"""Photo files, addressed per owner by a keyed digest of their bytes, sealed with the owner's data key.

A sealed file begins with a mark with which no photo and no kept picture begins. One without it is in the clear: of a
home that is not encrypted, or was not.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from matcher.domain.ids import parse_id
from matcher.errors import Damaged, StoreProblem, WrongUse
from matcher.store.files import sync_folder
from matcher.store.keystore import KeyRing

# Plain words only: no separators, no dots, so that no key leads out of the folder or to a half-written file.
_WORD = re.compile(r"[0-9A-Za-z_-]{1,200}")
_UNFINISHED = ".part"
_SEALED = b"\x00sealed1"


class BlobStore:
    """A folder of immutable files `<owner>/<digest>`; only the user of the process may read them."""

    def __init__(self, root: Path, keys: KeyRing | None = None) -> None:
        """Without keys, or with a ring that is not active, files are written in the clear."""
        self._root = root
        self._keys = keys

    def put(self, owner: str, digest: str, data: bytes) -> str:
        """Keep bytes and return their key; the file is whole and on disk when this returns, or not there at all."""
        key = f"{owner}/{digest}"
        target = self._path(key)
        try:
            if target.is_file() and self._holds(key, data):
                os.utime(target)  # young again, so that no sweep takes it before its record is written
            else:
                self._write(target, self._sealed(key, data))
        except OSError as error:
            raise StoreProblem(f"The photo cannot be kept as '{target}': {error.strerror}.") from error
        return key

    def get(self, key: str) -> bytes:
        """The bytes of a key; `StoreProblem` when they have vanished, `Damaged` when they do not open."""
        return self._opened(key, self._read(key))

    def _read(self, key: str) -> bytes:
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

    def in_the_clear(self, key: str) -> bool:
        """Whether the file of a key can be read without a key; one that has vanished cannot."""
        try:
            with self._path(key).open("rb") as file:
                return file.read(len(_SEALED)) != _SEALED
        except OSError:
            return False

    def seal_kept(self, key: str) -> bool:
        """Seal a file that is in the clear, in one step: whether it was."""
        if not self.in_the_clear(key):
            return False
        path = self._path(key)
        try:
            self._write(path, self._sealed(key, self._read(key)))
        except OSError as error:
            raise StoreProblem(f"The photo file '{path}' cannot be sealed: {error.strerror}.") from error
        return True

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
                sync_folder(path.parent)
        except OSError as error:
            raise StoreProblem(f"The photo file '{path}' cannot be removed: {error.strerror}.") from error

    def delete_owner(self, owner: str) -> None:
        """Remove the folder of an owner with everything in it, if it is there."""
        folder = self._path(f"{owner}/any").parent
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
                sync_folder(self._root)
        except OSError as error:
            raise StoreProblem(f"The photo folder '{folder}' cannot be removed: {error.strerror}.") from error

    def has_owner(self, owner: str) -> bool:
        """Whether there is a folder of an owner, whatever is in it."""
        return self._path(f"{owner}/any").parent.exists()

    def of_owner(self, owner: str) -> Iterator[str]:
        """The keys of an owner, in order."""
        folder = self._path(f"{owner}/any").parent
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else ()
        return (f"{owner}/{name}" for name in names if _WORD.fullmatch(name))

    def list(self) -> Iterator[str]:
        """All keys, in order."""
        for folder in sorted(path for path in self._root.iterdir() if path.is_dir()) if self._root.is_dir() else ():
            for path in sorted(folder.iterdir()):
                if _WORD.fullmatch(path.name):
                    yield f"{folder.name}/{path.name}"

    def older_than(self, moment: float) -> set[str]:
        """Keys of files written before a time, in seconds since 1970."""
        return {key for key in self.list() if self._path(key).stat().st_mtime < moment}

    def _holds(self, key: str, data: bytes) -> bool:
        """Whether a file is there as `put` would write it."""
        kept = self._read(key)
        sealing = self._keys is not None and self._keys.active
        try:
            return kept.startswith(_SEALED) == sealing and self._opened(key, kept) == data
        except Damaged:
            return False

    def _sealed(self, key: str, data: bytes) -> bytes:
        if self._keys is None or not self._keys.active:
            return data
        return _SEALED + self._keys.seal(_owner(key), f"photo {key}", data)

    def _opened(self, key: str, kept: bytes) -> bytes:
        if not kept.startswith(_SEALED):
            return kept
        if self._keys is None:
            raise StoreProblem(f"The photo file '{self._path(key)}' is sealed: open it with the keys of its home.")
        sealed = kept[len(_SEALED) :]
        try:
            return self._keys.open(_owner(key), f"photo {key}", sealed)
        except Damaged as error:
            told = f"The photo file '{self._path(key)}' is not what was written: restore it from a backup."
            raise Damaged(told) from error

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
            sync_folder(self._root)
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
        sync_folder(target.parent)


def _owner(key: str) -> int:
    """The case or sighting whose folder it is."""
    return parse_id(key.partition("/")[0])
