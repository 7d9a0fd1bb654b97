"""What the groups of reading and writing methods share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection

from matcher.store.head import Head
from matcher.store.keystore import KeyRing

T = TypeVar("T")

# Bound parameters of one statement; SQLite allows 32,766, PostgreSQL's protocol 65,535.
_BATCH = 10_000


class Part:
    """A group of methods on one open transaction."""

    __slots__ = ("_connection", "_head")

    def __init__(self, connection: Connection, head: Head) -> None:
        self._connection = connection
        self._head = head


class SealedPart(Part):
    """One that gives and takes embeddings, which lie sealed where there are keys."""

    __slots__ = ("_keys",)

    def __init__(self, connection: Connection, head: Head, keys: KeyRing | None) -> None:
        super().__init__(connection, head)
        self._keys = keys


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Slices small enough for one statement."""
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
