"""WebP as RIFF chunks (RFC 9649): find EXIF, drop metadata without touching the coded picture."""

from __future__ import annotations

from collections.abc import Iterator

from matcher.images import exif

_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ICCP"})
_FRAME_HEADER = 16
_HAS_EXIF, _HAS_XMP = 0x08, 0x04  # flags in the first byte of VP8X


def exif_block(data: bytes) -> bytes | None:
    """The EXIF chunk of an extended WebP, without the name that some writers put before it, or `None`."""
    chunks = dict(_chunks(data, 12))
    return chunks[b"EXIF"].removeprefix(b"Exif\0\0") if {b"VP8X", b"EXIF"} <= chunks.keys() else None


def strip(data: bytes) -> bytes:
    """The same coded picture with its colour profile, its animation and its orientation, and nothing else."""
    turned = exif.orientation(exif_block(data))
    parts = []
    for kind, body in _chunks(data, 12):
        if kind == b"VP8X":
            flags = body[0] & ~(_HAS_EXIF | _HAS_XMP) | (_HAS_EXIF if turned != 1 else 0)
            parts.append(_chunk(kind, bytes((flags,)) + body[1:]))
        elif kind == b"ANMF":
            inner = [_chunk(*chunk) for chunk in _chunks(body, _FRAME_HEADER) if chunk[0] in _KEPT]
            parts.append(_chunk(kind, body[:_FRAME_HEADER] + b"".join(inner)))
        elif kind in _KEPT:
            parts.append(_chunk(kind, body))
    if turned != 1:
        parts.append(_chunk(b"EXIF", exif.minimal(turned)))
    content = b"WEBP" + b"".join(parts)
    return b"RIFF" + len(content).to_bytes(4, "little") + content


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def _chunks(data: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each chunk from `at` to the end."""
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
