"""The two facts that are read from EXIF (orientation and capture date), and the smallest EXIF that keeps the first.

EXIF is a TIFF structure: a byte order, then directories (IFDs) of 12-byte entries: tag, type, count, value or offset.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import date

_ORIENTATION, _EXIF_IFD, _DATE_TIME_ORIGINAL = 0x0112, 0x8769, 0x9003
_SHORT, _LONG, _ASCII = 3, 4, 2


def orientation(tiff: bytes | None) -> int:
    """The orientation, 1 … 8 (1: upright), of EXIF bytes; 1 when it is absent or makes no sense."""
    order, directory = _first_directory(tiff)
    for tag, kind, _, value in _entries(tiff or b"", order, directory):
        if tag == _ORIENTATION and kind in (_SHORT, _LONG):
            number = int(struct.unpack_from(order + ("H" if kind == _SHORT else "L"), value)[0])
            return number if 1 <= number <= 8 else 1
    return 1


def taken_date(tiff: bytes | None) -> date | None:
    """The day of DateTimeOriginal, as the camera's clock had it; `None` when it is absent or impossible."""
    order, directory = _first_directory(tiff)
    for tag, kind, _, value in _entries(tiff or b"", order, directory):
        if tag == _EXIF_IFD and kind == _LONG:
            return _original_date(tiff or b"", order, int(struct.unpack(order + "L", value)[0]))
    return None


def minimal(turned: int) -> bytes:
    """EXIF bytes that hold an orientation and nothing else."""
    return struct.pack("<2sHLHHHLHHL", b"II", 42, 8, 1, _ORIENTATION, _SHORT, 1, turned, 0, 0)


def _original_date(tiff: bytes, order: str, directory: int) -> date | None:
    for tag, kind, count, value in _entries(tiff, order, directory):
        if tag == _DATE_TIME_ORIGINAL and kind == _ASCII and count >= 10:
            at = struct.unpack(order + "L", value)[0]
            try:
                year, month, day = (int(part) for part in tiff[at : at + 10].decode("ascii").split(":"))
                return date(year, month, day)
            except ValueError:  # unset camera clocks write zeros or blanks
                return None
    return None


def _first_directory(tiff: bytes | None) -> tuple[str, int]:
    """The byte order as `struct` writes it and the offset of the first directory, which is 0 when there is none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get((tiff or b"")[:4])
    if tiff is None or order is None or len(tiff) < 8:
        return "<", 0
    return order, int(struct.unpack_from(order + "L", tiff, 4)[0])


def _entries(tiff: bytes, order: str, directory: int) -> Iterator[tuple[int, int, int, bytes]]:
    """Tag, type, count and the four bytes of value or offset of each entry that lies inside the bytes."""
    if directory < 8 or directory + 2 > len(tiff):
        return
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    for at in range(directory + 2, min(directory + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, number = struct.unpack_from(order + "HHL", tiff, at)
        yield tag, kind, number, tiff[at + 8 : at + 12]
