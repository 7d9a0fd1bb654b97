"""The keyed digests by which remains of something erased are known: nobody without the home's key can make them."""

from __future__ import annotations

from matcher.crypto.digests import DigestKey
from matcher.domain.scores import Vectors
from matcher.store.vectors import pack


def vector_digest(key: DigestKey, vector: Vectors) -> str:
    """Of an embedding, float32 (dim,): of its bytes, little-endian."""
    return key.digest(pack(vector), "vector")


def picture_digest(key: DigestKey, data: bytes) -> str:
    """Of a photo or of a picture made of one: what a photo's record keeps."""
    return key.digest(data, "photo")


def face_digest(key: DigestKey, face_id: int) -> str:
    """Of a face's id, in eight bytes, little-endian."""
    return key.digest(int(face_id).to_bytes(8, "little"), "face")
