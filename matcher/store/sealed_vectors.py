"""Embeddings as they lie in the database: float32 in the clear, or sealed with the data key of their case or sighting.

A sealed one begins with one byte for its form, so that its length is no multiple of four, as that of every clear one
is. Its name binds it to its face and embedding space.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np

from matcher.crypto.sealing import seal, unseal_all
from matcher.domain.ids import FaceId, id_text
from matcher.domain.records import PRINT_BYTES, Prints
from matcher.errors import Damaged, StoreProblem
from matcher.store.keystore import KeyRing

_FORM = b"\x01"

Kept = tuple[int, FaceId, bytes]  # the owner, the face and the bytes


def sealing(keys: KeyRing | None) -> KeyRing | None:
    """The keys, if embeddings are to be sealed with them."""
    return keys if keys is not None and keys.active else None


def sealed(keys: KeyRing, rows: Sequence[Kept], space: str) -> list[bytes]:
    """Clear embeddings as they are to be kept; owners that have no key yet get one."""
    data_keys, bound = keys.ensure({owner for owner, _, _ in rows}), _bound(space)
    return [_FORM + seal(data_keys[owner], bound + _number(face), packed) for owner, face, packed in rows]


def opened(keys: KeyRing | None, rows: Sequence[Kept], space: str) -> list[bytes]:
    """The float32 bytes of kept embeddings, in their order; `Damaged` names a face whose embedding was changed."""
    closed = [row for row in rows if len(row[2]) % 4]
    if len(closed) < len(rows):
        _require_clear_allowed(keys, rows)
    if not closed:
        return [kept for _, _, kept in rows]
    if keys is None:
        raise StoreProblem("The embeddings of this database are sealed: open it with the keys of its home.")
    data_keys = keys.of({owner for owner, _, _ in closed})
    try:
        plain = _unsealed(data_keys, closed, space)
    except Damaged as error:
        raise _first_damaged(data_keys, closed, space) from error
    if len(closed) == len(rows):
        return plain
    found = {face: packed for (_, face, _), packed in zip(closed, plain, strict=True)}
    return [found.get(face, kept) for _, face, kept in rows]


def prints(kept: Sequence[bytes]) -> Prints:
    """What tells kept embeddings apart without opening them, (n, `PRINT_BYTES`): the beginning of their SHA-256.

    Bytes that are those of an embedding that was opened before are that embedding: to compare them costs a fraction.
    """
    digests = b"".join([sha256(one).digest() for one in kept])
    return np.frombuffer(digests, np.uint8).reshape(len(kept), -1)[:, :PRINT_BYTES]


def _unsealed(data_keys: Mapping[int | str, bytes], rows: Sequence[Kept], space: str) -> list[bytes]:
    bound = _bound(space)
    form = _FORM[0]
    if any(kept[0] != form for _, _, kept in rows):
        raise Damaged
    names = (bound + face.to_bytes(8, "big") for _, face, _ in rows)
    return unseal_all(
        ((data_keys[owner], name, kept) for (owner, _, kept), name in zip(rows, names, strict=True)), len(_FORM)
    )


def _first_damaged(data_keys: Mapping[int | str, bytes], rows: Sequence[Kept], space: str) -> Damaged:
    for row in rows:
        try:
            _unsealed(data_keys, [row], space)
        except Damaged:
            return _damaged(row[1])
    raise AssertionError("one of the rows did not open")


def _require_clear_allowed(keys: KeyRing | None, rows: Sequence[Kept]) -> None:
    if keys is not None and keys.active and keys.whole:
        raise _damaged(next(face for _, face, kept in rows if len(kept) % 4 == 0))


def _damaged(face: FaceId) -> Damaged:
    return Damaged(f"The embedding of face {id_text(face)} is not what was written: restore a backup of the database.")


def _bound(space: str) -> bytes:
    return b"embedding " + space.encode() + b" "


def _number(face: FaceId) -> bytes:
    return face.to_bytes(8, "big")
