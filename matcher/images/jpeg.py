"""JPEG as a row of segments (ITU-T T.81 annex B): find EXIF, drop metadata without touching the coded picture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from matcher.images import exif

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FIRST_CODING, _LAST_CODING = 0xC0, 0xDF  # tables, frames, scans: what a decoder needs
_CODED = 0x00  # no marker: the coded data behind a start of scan
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_EXIF = b"Exif\0\0"
_JFIF_LENGTH = 14  # up to and with the thumbnail's width and height

# A marker is 0xFF and a code. In coded data 0xFF 0x00 is a plain 0xFF, and 0xD0 … 0xD7 only resynchronise.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])", re.DOTALL)


def exif_block(data: bytes) -> bytes | None:
    """The first EXIF block, without its name, or `None`."""
    for marker, body in _segments(data):
        if marker == _APP1 and body.startswith(_EXIF):
            return body[len(_EXIF) :]
        if marker == _SOS:
            break
    return None


def strip(data: bytes) -> bytes:
    """The same coded picture with nothing but JFIF, Adobe's colour transform, the colour profile and the orientation.

    What follows the end of the picture (previews, motion clips) is dropped. Nothing is repaired: bytes that were cut
    short are still seen to be.
    """
    parts = [b"\xff\xd8"]
    turned = exif.orientation(exif_block(data))
    if turned != 1:
        parts.append(_segment(_APP1, _EXIF + exif.minimal(turned)))
    for marker, body in _segments(data):
        if marker == _CODED:
            parts.append(body)
        elif marker == _EOI:
            parts.append(b"\xff\xd9")
        elif (kept := _kept(marker, body)) is not None:
            parts.append(_segment(marker, kept))
    return b"".join(parts)


def _kept(marker: int, body: bytes) -> bytes | None:
    """What of a segment's body stays; `None` when the segment goes."""
    if marker == _APP0 and body.startswith(b"JFIF\0"):
        return body[: _JFIF_LENGTH - 2] + b"\0\0"  # no thumbnail
    if (marker == _APP2 and body.startswith(b"ICC_PROFILE\0")) or (marker == _APP14 and body.startswith(b"Adobe")):
        return body
    return body if _FIRST_CODING <= marker <= _LAST_CODING else None


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment up to the end of the picture; after each start of scan its coded data."""
    at = 2
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        if marker == _EOI:
            yield marker, b""
            return
        if marker == _SOI:
            continue
        end = at + int.from_bytes(data[at : at + 2], "big")
        yield marker, data[at + 2 : end]
        at = max(end, at + 2)
        if marker == _SOS:
            following = _MARKER.search(data, at)
            end = following.start() if following else len(data)
            yield _CODED, data[at:end]
            at = end
