"""GIF as a row of blocks (GIF89a specification): drop metadata without touching the coded pictures."""

from __future__ import annotations

_EXTENSION, _PICTURE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF  # timing and transparency of a frame; blocks of programs, of which one is needed
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def strip(data: bytes) -> bytes | None:
    """The same coded pictures with their timing and loop counter, without comments and other programs' blocks.

    `None` when something between the blocks is no block.
    """
    at = 13 + _table_size(data[10:11])
    parts = [data[:at]]
    while at < len(data) and data[at] != _TRAILER:
        if data[at] not in (_PICTURE, _EXTENSION):
            return None
        end = _block_end(data, at)
        parts.append(_kept(data[at:end]))
        at = end
    return b"".join([*parts, data[at : at + 1]])


def _kept(block: bytes) -> bytes:
    """What stays of a block."""
    if block[0] == _PICTURE or block[1] == _CONTROL:
        return block
    if block[1] == _APPLICATION and block[3:14] in _LOOPS and block[14:16] == b"\x03\x01":
        return block[:18] + b"\0"  # the counter; other programs hang further sub-blocks behind it
    return b""


def _table_size(flags: bytes) -> int:
    """Bytes of the colour table that a flags byte announces."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _block_end(data: bytes, at: int) -> int:
    """Where the block at `at` ends, with its chain of sub-blocks; a missing end is the end of the bytes."""
    end = at + 2
    if data[at] == _PICTURE:
        end = at + 11 + _table_size(data[at + 9 : at + 10])  # descriptor, colour table, code size
    while end < len(data) and data[end]:
        end += 1 + data[end]
    return end + 1
