"""Tokens of sessions and texts of keys: long and random, so that a plain digest of one cannot be turned back."""

from __future__ import annotations

import hashlib
import secrets

SESSION, KEY = "ms_", "mk_"  # what scanners for leaked secrets look for


def new_token(prefix: str) -> str:
    """A random text of 256 bits."""
    return prefix + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256, in hexadecimal digits."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
