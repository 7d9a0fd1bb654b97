"""Orders that say nothing about likeness: shuffles from a seed and shares drawn by a digest.

Seeds are keyed digests (64 hexadecimal characters) of persons and tasks, so that a page that is loaded again looks the
same, and nobody without the home's key can tell what comes next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")
_WORD = 13  # hexadecimal characters: 52 bits, all of which a float holds


def shuffled(items: Sequence[_Item], seed: str) -> tuple[_Item, ...]:
    """The items in an order that depends on the seed and on their number alone, every order as likely as any other.

    Whoever calls brings them into an order that does not depend on scores first.
    """
    # Not `random.Random`, whose shuffle may differ between versions of Python.
    places = sorted(range(len(items)), key=lambda place: hashlib.sha256(f"{seed}/{place}".encode()).digest())
    return tuple(items[place] for place in places)


def drawn(digest: str, rate: float) -> bool:
    """Whether a keyed digest falls into a share of 0 … 1: never at 0, always at 1."""
    return fraction(digest) < rate


def fraction(digest: str) -> float:
    """A keyed digest as a number in 0 ≤ x < 1."""
    return int(digest[:_WORD], 16) / float(1 << 4 * _WORD)
