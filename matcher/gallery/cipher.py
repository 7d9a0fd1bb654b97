"""What the gallery asks of a cipher, which it is given: it knows no key and no algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from matcher.errors import Damaged
from matcher.gallery.manifest import Encryption


class SealedFile(Protocol):
    """A file that is being sealed; without `finish` it does not open."""

    def write(self, data: bytes | memoryview) -> None:
        """Seal some more bytes."""

    def finish(self) -> None:
        """Seal the end; the file stays open."""


class Cipher(Protocol):
    """Seals files under a name and opens them again. `scheme` names the algorithm, `key_id` the key."""

    @property
    def scheme(self) -> str:
        """The algorithm, a word of letters, digits, `.`, `_` and `-`."""

    @property
    def key_id(self) -> str:
        """Which key it is, in such a word too; it does not tell the key."""

    def seal(self, name: str, file: BinaryIO) -> SealedFile:
        """Begin to seal a file."""

    def open(self, name: str, file: BinaryIO) -> Iterator[bytes]:
        """The bytes that were sealed, in chunks; `Damaged` at any that was not sealed so, under this name and key."""


def required(cipher: Cipher | None, encryption: Encryption, where: str) -> Cipher:
    """The cipher that opens what was sealed so; `Damaged` unless it is the one that was given."""
    if cipher is None:
        raise Damaged(f"'{where}' is sealed, but this home has no key for snapshots: run `matcher reindex`.")
    if (cipher.scheme, cipher.key_id) != (encryption.scheme, encryption.key):
        raise Damaged(
            f"'{where}' is sealed by {encryption.scheme} with the key '{encryption.key}', not by {cipher.scheme} with "
            f"'{cipher.key_id}', which this home has: run `matcher reindex`."
        )
    return cipher
