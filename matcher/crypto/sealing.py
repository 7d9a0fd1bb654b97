"""Sealed bytes: AES-256-GCM, so that without the key nothing can be read, and with it no change goes unnoticed.

Small data are sealed at once: a random nonce of 12 bytes, the ciphertext, a tag of 16 bytes. Files are sealed in
chunks, so that they can be read without holding them twice: a header (magic, version, size of a chunk, salt), then
chunks of that many bytes each but for the last, every one with its tag. HKDF-SHA-256 makes a key of the salt for this
file alone; a chunk's nonce is its number and, in the last byte, whether it is the last (the STREAM construction of
Hoang, Reyhanitabar, Rogaway and Vizár). Each tag covers the header and the name too, so that whatever is cut off,
added, exchanged within a file or between names does not open.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from matcher.errors import Damaged, WrongUse

KEY_BYTES = 32
OVERHEAD = 12 + 16  # bytes by which small sealed data are longer: nonce and tag

_NONCE = 12
_TAG = 16
_MAGIC = b"MSEALED1"
_HEADER = struct.Struct("<8sI32s")  # magic with the version, bytes of a chunk, salt
_CHUNK = 1 << 20
_LARGEST_CHUNK = 1 << 26  # what a damaged header may make us read at once


def seal(key: bytes, name: bytes, data: bytes) -> bytes:
    """`data`, `OVERHEAD` bytes longer: opened only by the same key of 32 bytes and the same name."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, name)


def unseal(key: bytes, name: bytes, sealed: bytes) -> bytes:
    """What was sealed under this name; `Damaged` for anything else, another key included."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], name)
    except (InvalidTag, ValueError) as error:  # ValueError: shorter than a nonce
        raise Damaged(f"'{_shown(name)}' is not what was sealed, or was sealed with another key.") from error


def unseal_all(items: Iterable[tuple[bytes, bytes, bytes]], skip: int = 0) -> list[bytes]:
    """Many times `unseal` of key, name and sealed bytes behind the first `skip`, at little more than the cipher."""
    end = skip + _NONCE
    try:
        return [AESGCM(key).decrypt(sealed[skip:end], sealed[end:], name) for key, name, sealed in items]
    except (InvalidTag, ValueError) as error:
        raise Damaged("One of many is not what was sealed, or was sealed with another key.") from error


def unseal_by_one(key: bytes, items: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """The same of name and sealed bytes where all were sealed with one key."""
    cipher = AESGCM(key)
    try:
        return [cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name) for name, sealed in items]
    except (InvalidTag, ValueError) as error:
        raise Damaged("One of many is not what was sealed, or was sealed with another key.") from error


def _shown(name: bytes) -> str:
    return name.decode(errors="backslashreplace")


class SealedWriter:
    """Writes one sealed file; `finish` writes its last chunk, without which it does not open."""

    def __init__(self, key: bytes, name: str, file: BinaryIO, chunk: int = _CHUNK) -> None:
        header = _HEADER.pack(_MAGIC, chunk, secrets.token_bytes(32))
        self._box = _Chunks(key, name, header)
        self._file = file
        self._size = chunk
        self._waiting = bytearray()
        file.write(header)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Seal some more bytes."""
        view = memoryview(data).cast("B")
        while len(self._waiting) + len(view) > self._size:  # a full chunk waits: it may turn out to be the last
            taken = self._size - len(self._waiting)
            self._waiting += view[:taken]
            view = view[taken:]
            self._file.write(self._box.seal(self._waiting, last=False))
            self._waiting.clear()
        self._waiting += view

    def finish(self) -> None:
        """Write the last chunk; the file stays open."""
        self._file.write(self._box.seal(self._waiting, last=True))
        self._waiting.clear()


def unsealed_chunks(key: bytes, name: str, file: BinaryIO) -> Iterator[bytes]:
    """The bytes of a sealed file, chunk by chunk; `Damaged` as soon as one is not what was written.

    Only when the iterator has ended was the file whole.
    """
    header = file.read(_HEADER.size)
    size = _chunk_size(name, header)
    box = _Chunks(key, name, header)
    sealed = file.read(size + _TAG)
    while True:
        behind = file.read(size + _TAG) if len(sealed) == size + _TAG else b""
        yield box.unseal(sealed, last=not behind)
        if not behind:
            return
        sealed = behind


def _chunk_size(name: str, header: bytes) -> int:
    if len(header) == _HEADER.size:
        magic, size, _ = _HEADER.unpack(header)
        if magic == _MAGIC and 0 < size <= _LARGEST_CHUNK:
            return int(size)
    raise Damaged(f"'{name}' does not begin as a sealed file does.")


class _Chunks:
    """The cipher of one file, chunk after chunk."""

    def __init__(self, key: bytes, name: str, header: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise WrongUse(f"A key has {KEY_BYTES} bytes, not {len(key)}.")
        salt = header[-32:]
        self._cipher = AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"matcher sealed file").derive(key))
        self._name = name
        self._bound = header + name.encode()
        self._number = 0

    def seal(self, data: bytes | bytearray, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last), bytes(data), self._bound)

    def unseal(self, sealed: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(last), sealed, self._bound)
        except (InvalidTag, ValueError) as error:
            raise Damaged(f"'{self._name}' is not what was sealed, or was sealed with another key.") from error

    def _nonce(self, last: bool) -> bytes:
        number = self._number.to_bytes(_NONCE - 1, "big")
        self._number += 1
        return number + bytes([last])
