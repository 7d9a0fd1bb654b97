"""Statements that anybody can check: Ed25519 signatures (RFC 8032) by the home's own key."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from matcher.crypto.digests import create_key_file
from matcher.errors import StoreProblem, WrongUse

_KEY_BYTES = 32


class Signer:
    """Signs in the name of one home; `public` is what others need to check it, 44 characters of Base64."""

    __slots__ = ("_key", "public")

    def __init__(self, private: bytes) -> None:
        if len(private) != _KEY_BYTES:
            raise StoreProblem(f"A signing key has {_KEY_BYTES} bytes, not {len(private)}: restore it from the backup.")
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self.public = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def __repr__(self) -> str:
        return f"Signer({self.public})"

    @classmethod
    def create(cls, path: Path) -> Signer:
        """A new key, written to `path` whole or not at all, readable by its owner only; `Conflict` if there is one."""
        private = Ed25519PrivateKey.generate().private_bytes_raw()
        create_key_file(path, private, "signing key")
        return cls(private)

    @classmethod
    def load(cls, path: Path) -> Signer:
        """The key in `path`; `StoreProblem` when it is absent, unreadable or of the wrong size."""
        try:
            return cls(path.read_bytes())
        except OSError as error:
            raise StoreProblem(
                f"The signing key '{path}' cannot be read ({error.strerror}): restore it from the backup of this home."
            ) from error

    @property
    def private(self) -> bytes:
        """The key itself, 32 bytes, to be kept where nobody else reads it."""
        return self._key.private_bytes_raw()

    def sign(self, data: bytes) -> str:
        """The signature of `data`, 88 characters of Base64."""
        return base64.b64encode(self._key.sign(data)).decode()


def signed_by(public: str, data: bytes, signature: str) -> bool:
    """Whether `signature` over `data` was made by the key whose public half is given; `WrongUse` if that is no key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
    except (binascii.Error, ValueError) as error:
        raise WrongUse(f"'{public}' is no public key: give the 44 characters that the signer published.") from error
    try:
        key.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
