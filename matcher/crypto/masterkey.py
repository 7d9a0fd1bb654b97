"""The master key of a home: 32 bytes that lie outside it, in a file, the environment or wherever a command finds them.

It seals nothing but the data keys in the home's key store. In text it is 64 hexadecimal digits, or Base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matcher.crypto.digests import create_key_file
from matcher.crypto.sealing import KEY_BYTES, seal, unseal_by_one
from matcher.errors import KeyProblem, StoreProblem, WrongUse

_COMMAND_SECONDS = 60
_FORM = "64 hexadecimal digits, or 44 characters of Base64"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The key itself, and in words where it comes from."""

    raw: bytes = field(repr=False)
    origin: str

    @classmethod
    def parse(cls, text: str, origin: str) -> MasterKey:
        """The key that a text holds; `KeyProblem` names where the text is from, and never the text."""
        word = text.strip()
        try:
            raw = bytes.fromhex(word) if len(word) == 2 * KEY_BYTES else base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != KEY_BYTES:
            raise KeyProblem(f"The key from {origin} is none: a key is {_FORM}. Restore it; nothing was changed.")
        return cls(raw, origin)

    @property
    def check(self) -> bytes:
        """32 bytes by which the key is known again, and which say nothing about it."""
        return hmac.new(self.raw, b"matcher master key", hashlib.sha256).digest()

    @property
    def id(self) -> str:
        """16 hexadecimal digits to tell keys apart by, for people."""
        return self.check.hex()[:16]

    def wrap(self, owner: bytes, key: bytes) -> bytes:
        """A data key, sealed for its owner."""
        return seal(self.raw, owner, key)

    def unwrap_all(self, wrapped: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        """The data keys that `wrap` sealed for these owners; `Damaged` if one of them is anything else."""
        return unseal_by_one(self.raw, wrapped)


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a home's master key comes from: the first of the three that is given."""

    text: str | None = field(default=None, repr=False)
    command: str | None = None
    file: Path | None = None

    @property
    def origin(self) -> str:
        """In words, as messages name it."""
        if self.text is not None:
            return "MATCHER_KEY in the environment"
        if self.command is not None:
            return f"the command '{self.command}'"
        return f"the file '{self.file}'" if self.file is not None else "nowhere"

    def load(self) -> MasterKey:
        """The key; `KeyProblem` says why there is none, and what to do next."""
        if self.text is not None:
            return MasterKey.parse(self.text, self.origin)
        if self.command is not None:
            return MasterKey.parse(_run(self.command), self.origin)
        if self.file is not None:
            return MasterKey.parse(_read(self.file), self.origin)
        raise KeyProblem("No place of a key is given: name a file or a command.")

    def candidates(self) -> Iterator[MasterKey]:
        """The key, and the one that a rotation which was cut short has put beside its file."""
        unfinished = None if self.next_file is None or not self.next_file.is_file() else self.next_file
        try:
            yield self.load()
        except KeyProblem:
            if unfinished is None:
                raise
        if unfinished is not None:
            yield KeySource(file=unfinished).load()

    @property
    def used_file(self) -> Path | None:
        """The file, if the key comes from there."""
        return self.file if self.text is None and self.command is None else None

    @property
    def next_file(self) -> Path | None:
        """Where a rotation keeps the new key until it takes the place of the old one."""
        return None if self.used_file is None else self.used_file.with_name(self.used_file.name + ".new")


def create_master_key(path: Path) -> None:
    """Write a new random key to `path`, whole or not at all, readable by its owner only.

    `Conflict` when there is a file already, `StoreProblem` when it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreProblem(f"The folder of the key file '{path}' cannot be made: {error.strerror}.") from error
    create_key_file(path, f"{secrets.token_hex(KEY_BYTES)}\n".encode(), "key file")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise KeyProblem(
            f"The key file '{path}' is not there: restore it from where you keep a copy. Without it nothing that is "
            "sealed can be read. Nothing was changed; if the key was moved just now, start this program again."
        ) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise KeyProblem(f"The key file '{path}' cannot be read ({why}): restore it, or its permissions.") from error


def _run(command: str) -> str:
    try:
        parts = shlex.split(command)
    except ValueError as error:
        raise WrongUse(f"The setting 'key_command' cannot be read as a command: {error}.") from error
    told = f"The command '{command}' gave no key"
    try:
        done = subprocess.run(parts, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)  # noqa: S603
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        why = "it took too long" if isinstance(error, subprocess.TimeoutExpired) else str(error)
        raise KeyProblem(f"{told} ({why}): see that it runs; nothing was changed.") from error
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise KeyProblem(f"{told} (it ended with {done.returncode}: {said}): see that it runs; nothing was changed.")
    return done.stdout
