"""Immutable files that many backups share: each is kept once, by its folder and the digest of its bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from matcher.errors import StoreProblem
from matcher.store.files import FileMark, copy_whole, mark_of, private_folder


class Pool:
    """A folder of files `<folder of the original>/<SHA-256>`.

    Photos of one case or sighting lie in a folder of their own, as they do in the home: equal photos of two owners are
    two files, so that the erasure of one owner never touches what belongs to another.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def file(self, path: str, mark: FileMark) -> Path:
        """Where the bytes of a file lie that is called `path` (with slashes) in the home."""
        return self._root / self.place(path, mark)

    @staticmethod
    def place(path: str, mark: FileMark) -> str:
        """The same, as seen from the pool; in text, since a pool may hold a million files."""
        return f"{path.rpartition('/')[0]}/{mark.sha256}"

    def holds(self, path: str, mark: FileMark) -> bool:
        """Whether there is a file of that size; its bytes are not read."""
        try:
            return self.file(path, mark).stat().st_size == mark.size
        except OSError:
            return False

    def intact(self, path: str, mark: FileMark) -> bool:
        """Whether the bytes that are kept are those that were put in."""
        with suppress(StoreProblem):
            return mark_of(self.file(path, mark)).sha256 == mark.sha256
        return False

    def put(self, path: str, source: Path, mark: FileMark) -> None:
        """Keep a file whose mark was just taken, and read it again from where it is kept; `StoreProblem`."""
        target = self.file(path, mark)
        private_folder(target.parent)
        copied = copy_whole(source, target)
        if copied.sha256 != mark.sha256:
            target.unlink(missing_ok=True)
            raise StoreProblem(f"'{source}' changed while it was read: run this again.")
        if not self.intact(path, mark):
            target.unlink(missing_ok=True)
            raise StoreProblem(f"The disk did not keep '{target}' as it was written: check it, and '{source}'.")

    def sweep(self, kept: Iterable[str]) -> None:
        """Remove all files but those in these places, and what killed processes left half-written."""
        spared = set(kept)
        for folder, _, names in os.walk(self._root):
            room = Path(folder).relative_to(self._root).as_posix()
            gone = [name for name in names if f"{room}/{name}" not in spared]
            for name in gone:
                Path(folder, name).unlink(missing_ok=True)
            if len(gone) == len(names) > 0:
                with suppress(OSError):  # other folders lie in it
                    Path(folder).rmdir()
