"""Immutable files that many backups share: each is kept once, by its folder and the digest of its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from matcher.errors import StoreProblem
from matcher.store.files import UNFINISHED, FileMark, copy_whole, mark_of, private_folder


class Pool:
    """A folder of files `<folder of the original>/<SHA-256>`.

    Photos of one case or sighting lie in a folder of their own, as they do in the home: equal photos of two owners are
    two files, so that the erasure of one owner never touches what belongs to another.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def file(self, path: str, mark: FileMark) -> Path:
        """Where the bytes of a file lie that is called `path` (with slashes) in the home."""
        return self._root / Path(path).parent / mark.sha256

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
        copy_whole(source, target)
        if not self.intact(path, mark):
            target.unlink(missing_ok=True)
            raise StoreProblem(f"The disk did not keep '{target}' as it was written: check it, and '{source}'.")

    def sweep(self, kept: Iterable[Path]) -> int:
        """Remove all files but these, and what killed processes left half-written; how many whole ones."""
        spared, gone = set(kept), 0
        for path in list(self._files()):
            if path not in spared:
                with suppress(FileNotFoundError):
                    path.unlink()
                    gone += path.suffix != UNFINISHED
                with suppress(OSError):
                    path.parent.rmdir()  # as soon as it is empty
        return gone

    def _files(self) -> Iterator[Path]:
        if self._root.is_dir():
            yield from (path for path in self._root.rglob("*") if path.is_file())
