"""PNG as a row of chunks (W3C PNG, third edition): find EXIF, drop metadata without touching the coded picture."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from matcher.images import exif

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Everything else is metadata or unknown.
_PICTURE = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"pHYs"}
_COLOURS = {b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"}
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_KEPT = _PICTURE | _COLOURS | _ANIMATION


def exif_block(data: bytes) -> bytes | None:
    """The EXIF chunk, or `None`."""
    for kind, chunk in _chunks(data):
        if kind == b"eXIf":
            return chunk[8:-4]
    return None


def strip(data: bytes) -> bytes:
    """The same coded picture with its colour description, its animation and its orientation, and nothing else."""
    turned = exif.orientation(exif_block(data))
    parts = [_SIGNATURE]
    for kind, chunk in _chunks(data):
        if kind in _KEPT:
            parts.append(chunk)
        if kind == b"IHDR" and turned != 1:
            parts.append(_chunk(b"eXIf", exif.minimal(turned)))
    return b"".join(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and all bytes of each chunk, up to and with IEND; what follows it is not part of the picture."""
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield kind, data[at:end]
        if kind == b"IEND":
            return
        at = end
