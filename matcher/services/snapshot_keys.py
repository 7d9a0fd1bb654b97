"""The key ring as the gallery's cipher: all snapshots of a home are sealed with one data key of their own."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO

from matcher.crypto.sealing import SealedWriter
from matcher.store.keystore import SNAPSHOTS, KeyRing


class SnapshotCipher:
    """Seals and opens the files of snapshots; the key is asked for anew each time, since it may have been destroyed."""

    scheme = "aes-256-gcm-stream"

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    @property
    def key_id(self) -> str:
        """The beginning of the key's digest, from which nobody learns the key."""
        return sha256(b"matcher snapshot key " + self._keys.ensure([SNAPSHOTS])[SNAPSHOTS]).hexdigest()[:16]

    def seal(self, name: str, file: BinaryIO) -> SealedWriter:
        """Begin to seal a file, which stays open."""
        return self._keys.writer(SNAPSHOTS, name, file)

    def open(self, name: str, file: BinaryIO) -> Iterator[bytes]:
        """The bytes of a sealed file in chunks, each as soon as it is proved."""
        return self._keys.chunks(SNAPSHOTS, name, file)
