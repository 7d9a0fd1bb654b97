"""Passwords, kept as argon2id with a salt each (RFC 9106, low-memory parameters of argon2-cffi)."""

from __future__ import annotations

import os
import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from matcher.errors import WrongUse
from matcher.wording import Wording

SHORTEST = 12  # characters; length is what makes a password hard to guess (NIST SP 800-63B, section 3.1.1)
LONGEST = 200

_hasher = PasswordHasher()

# One check takes 64 MiB: a server that was asked for forty at once would take gigabytes. Others wait their turn.
_turns = threading.BoundedSemaphore(4)


def _after_fork() -> None:
    global _turns  # noqa: PLW0603 - a thread that held a turn is not there to give it back
    _turns = threading.BoundedSemaphore(4)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)


def encode(password: str) -> str:
    """A password as it is kept; `WrongUse` for one that is too short, too long or no text."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise WrongUse(
            Wording(
                "The password has {count} characters: use {shortest} … {longest}, such as four words.",
                count=len(password),
                shortest=SHORTEST,
                longest=LONGEST,
            )
        )
    try:
        with _turns:
            return _hasher.hash(password)
    except UnicodeEncodeError as error:
        raise WrongUse(
            Wording("The password holds half a character, which no keyboard types: choose another.")
        ) from error


def matches(password: str, encoded: str | None) -> bool:
    """Whether this is the password that was kept; takes as long where none was, so that time tells nothing."""
    try:
        tried = password[: LONGEST + 1].encode(errors="surrogatepass")  # half a character is wrong, but no error
        nobodys = _nobodys()
        with _turns:
            return _hasher.verify(encoded or nobodys, tried) and encoded is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(encoded: str) -> bool:
    """Whether a password was kept with weaker parameters than today's."""
    return _hasher.check_needs_rehash(encoded)


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_hex())
