"""Keyed digests: the same bytes give the same word in one home, and the word says nothing without the home's key."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from matcher.errors import Conflict, StoreProblem

_KEY_BYTES = 32


class DigestKey:
    """The secret key of one home: without it equal photos are no longer recognised, with it digests can be guessed."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise StoreProblem(f"A digest key has {_KEY_BYTES} bytes, not {len(key)}.")
        self._key = key

    def __repr__(self) -> str:
        return "DigestKey(…)"

    @classmethod
    def create(cls, path: Path) -> DigestKey:
        """A new random key, written to `path` whole or not at all, readable by its owner only.

        `Conflict` when there is a file already, `StoreProblem` when it cannot be written.
        """
        key = cls(secrets.token_bytes(_KEY_BYTES))
        create_key_file(path, key._key, "digest key")
        return key

    @classmethod
    def load(cls, path: Path) -> DigestKey:
        """The key in `path`; `StoreProblem` when it is absent, unreadable or of the wrong size."""
        try:
            key = path.read_bytes()
        except OSError as error:
            raise StoreProblem(
                f"The digest key '{path}' cannot be read ({error.strerror}): restore it from the backup of this home."
            ) from error
        if len(key) != _KEY_BYTES:
            raise StoreProblem(
                f"The digest key '{path}' has {len(key)} bytes instead of {_KEY_BYTES}: restore it from the backup."
            )
        return cls(key)

    def secret(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, which tells nothing of the key that it is derived from."""
        return hmac.new(self._key, b"\0secret for " + purpose.encode(), hashlib.sha256).digest()

    def digest(self, data: bytes, purpose: str) -> str:
        """HMAC-SHA-256 of `data` in 64 hexadecimal characters; the same data differ from one purpose to another."""
        # The purpose's length comes first, so that no purpose and data together read like another pair.
        word = purpose.encode()
        keyed = hmac.new(self._key, len(word).to_bytes(4, "big") + word, hashlib.sha256)
        keyed.update(data)
        return keyed.hexdigest()


def create_key_file(path: Path, content: bytes, what: str) -> None:
    """Write a new key to `path`, whole or not at all, readable by its owner only.

    `Conflict` when there is a file already, `StoreProblem` when it cannot be written; both name it as `what`.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(draft, content)
        try:
            os.link(draft, path)  # unlike a rename, this never replaces a key that another process has just made
        finally:
            draft.unlink()
        _flush_folder(path.parent)
    except FileExistsError as error:
        raise Conflict(f"There is a {what} in '{path}' already: it is never replaced.") from error
    except OSError as error:
        raise StoreProblem(f"The {what} cannot be written to '{path}': {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Make a new name outlive a power cut; Windows cannot and need not open folders for this."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
