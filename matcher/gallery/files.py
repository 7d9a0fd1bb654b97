"""Writing one file of a snapshot, in the clear or sealed, as the snapshot is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from matcher.gallery.cipher import Cipher
from matcher.gallery.disk import close, force
from matcher.gallery.layout import stored_name
from matcher.gallery.manifest import Encryption


@dataclass(frozen=True, slots=True)
class Place:
    """Where a snapshot's files are written: a folder, and the cipher with the name that they are bound to."""

    folder: Path
    cipher: Cipher | None
    name: str

    @property
    def encryption(self) -> Encryption | None:
        """What the manifest says of it."""
        return None if self.cipher is None else Encryption(self.cipher.scheme, self.cipher.key_id, self.name)

    def path(self, name: str) -> Path:
        """The path of the file that is called so in the clear."""
        return self.folder / stored_name(name, sealed=self.cipher is not None)


class FileWriter:
    """Writes one file, for `with`; it is whole and on the disk when `finish` returns.

    In the clear it has a header of so many bytes, which `finish` is given; a sealed one has none.
    """

    def __init__(self, place: Place, name: str, header_bytes: int = 0) -> None:
        path = place.path(name)
        self._file = path.open("wb")
        self._sealed = None if place.cipher is None else place.cipher.seal(f"{place.name}/{path.name}", self._file)
        if self._sealed is None:
            self._file.write(bytes(header_bytes))

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close(self._file)

    def write(self, data: bytes | memoryview) -> None:
        """Add some bytes."""
        if self._sealed is None:
            self._file.write(data)
        else:
            self._sealed.write(data)

    def finish(self, header: bytes = b"") -> None:
        """End the file."""
        if self._sealed is None:
            self._file.seek(0)
            self._file.write(header)
        else:
            self._sealed.finish()
        force(self._file)
        self._file.close()
