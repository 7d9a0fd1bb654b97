"""HEIC and AVIF as boxes (ISO/IEC 14496-12 and 23008-12): find EXIF, blank metadata in place so that no offset moves.

The `meta` box lists items (`iinf`) and says where their bytes lie (`iloc`): in the file or in its own `idat`. The bytes
of the pictures stay, all others become zero, and what described them becomes `free`, which readers skip. Orientation
is a property of the picture in these formats, and stays with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_PICTURES = frozenset({b"hvc1", b"av01", b"grid", b"iovl", b"iden", b"tmap"})
_META_PARTS = frozenset({b"hdlr", b"pitm", b"iloc", b"iinf", b"iprp", b"iref", b"idat", b"dinf", b"grpl"})
_TITLES = frozenset({b"udes", b"altt", b"crtt", b"mdft", b"uuid", b"cprt"})  # properties that say who, when and what
_FREE = b"free"
_IN_FILE, _IN_IDAT = 0, 1


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry of `iinf`: where its four-letter kind stands, and where the entry ends."""

    id: int
    kind: bytes
    kind_at: int
    end: int


def exif_block(data: bytes) -> bytes | None:
    """The first EXIF item as a TIFF structure, or `None`."""
    meta = _meta(data)
    exif_ids = {item.id for item in _items(data, meta) if item.kind == b"Exif"} if meta else set()
    if meta is None or not exif_ids:
        return None
    for start, end in _extents(data, meta, exif_ids) or ():
        skipped = int.from_bytes(data[start : start + 4], "big")  # most often the length of 'Exif\0\0'
        return data[start + 4 + skipped : end]
    return None


def strip(data: bytes) -> bytes | None:
    """The same coded pictures without EXIF, XMP, thumbnails, titles and foreign boxes, in as many bytes.

    `None` for image sequences and other files whose parts cannot be told apart.
    """
    meta = _meta(data)
    if meta is None or any(box.kind == b"moov" for box in _boxes(data, 0, len(data))):
        return None
    items = list(_items(data, meta))
    pictures = {item.id for item in items if item.kind in _PICTURES} - _thumbnails(data, meta)
    kept = _extents(data, meta, pictures)
    if kept is None:
        return None
    out = bytearray(data)
    _blank_boxes(data, out, meta)
    for item in items:
        if item.id not in pictures:
            out[item.kind_at : item.end] = _FREE + bytes(item.end - item.kind_at - len(_FREE))
    for start, end in kept:
        out[start:end] = data[start:end]
    return bytes(out)


def _blank_boxes(data: bytes, out: bytearray, meta: dict[bytes, _Box]) -> None:
    """Zero the media data and all that is neither picture nor its description."""
    for box in _boxes(data, 0, len(data)):
        if box.kind not in (b"ftyp", b"meta"):
            _blank(out, box, rename=box.kind != b"mdat")
    for box in meta.values():
        if box.kind not in _META_PARTS or box.kind == b"idat":
            _blank(out, box, rename=box.kind != b"idat")
    properties = meta.get(b"iprp")
    for store in _boxes(data, properties.body, properties.end) if properties else ():
        for box in _boxes(data, store.body, store.end) if store.kind == b"ipco" else ():
            if box.kind in _TITLES:
                _blank(out, box, rename=True)


def _blank(out: bytearray, box: _Box, *, rename: bool) -> None:
    out[box.body : box.end] = bytes(box.end - box.body)
    if rename:
        out[box.start + 4 : box.start + 8] = _FREE


def _meta(data: bytes) -> dict[bytes, _Box] | None:
    """The parts of the one `meta` box by kind; `None` when it lacks what is needed or repeats a part."""
    found = [box for box in _boxes(data, 0, len(data)) if box.kind == b"meta"]
    if len(found) != 1:
        return None
    parts = list(_boxes(data, found[0].body + 4, found[0].end))
    named = {box.kind: box for box in parts}
    return named if len(named) == len(parts) and {b"iinf", b"iloc"} <= named.keys() else None


def _items(data: bytes, meta: dict[bytes, _Box]) -> Iterator[_Item]:
    body, end = meta[b"iinf"].body, meta[b"iinf"].end
    for box in _boxes(data, body + (6 if data[body] == 0 else 8), end):
        wide = 4 if data[box.body] >= 3 else 2
        kind_at = box.body + 4 + wide + 2
        yield _Item(_number(data, box.body + 4, wide), data[kind_at : kind_at + 4], kind_at, box.end)


def _thumbnails(data: bytes, meta: dict[bytes, _Box]) -> set[int]:
    """Ids of the items that are smaller copies of others."""
    references = meta.get(b"iref")
    if references is None:
        return set()
    wide = 4 if data[references.body] else 2
    boxes = _boxes(data, references.body + 4, references.end)
    return {_number(data, box.body, wide) for box in boxes if box.kind == b"thmb"}


def _extents(data: bytes, meta: dict[bytes, _Box], wanted: set[int]) -> list[tuple[int, int]] | None:
    """Start and end of the byte ranges of the wanted items; `None` when one of them cannot be placed."""
    at = meta[b"iloc"].body
    version, sizes = data[at], data[at + 4] << 8 | data[at + 5]
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    count, at = _number(data, at + 6, wide), at + 6 + wide
    found: list[tuple[int, int]] = []
    for _ in range(count):
        item, at = _number(data, at, wide), at + wide
        method, at = (_number(data, at, 2) & 15, at + 2) if version else (_IN_FILE, at)
        origin, at = _number(data, at + 2, base_size), at + 2 + base_size
        pieces, at = _number(data, at, 2), at + 2
        for _ in range(pieces):
            at += index_size if version else 0
            start, length = origin + _number(data, at, offset_size), _number(data, at + offset_size, length_size)
            at += offset_size + length_size
            if item in wanted:
                if method not in (_IN_FILE, _IN_IDAT) or not length or (method == _IN_IDAT and b"idat" not in meta):
                    return None
                start += meta[b"idat"].body if method == _IN_IDAT else 0
                found.append((start, start + length))
    return found


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _boxes(data: bytes, at: int, end: int) -> Iterator[_Box]:
    """The boxes between two positions; a length of 0 reaches to the end, one of 1 is written in 64 bits."""
    while at + 8 <= end:
        size, body = _number(data, at, 4), at + 8
        if size == 1:
            size, body = _number(data, at + 8, 8), at + 16
        stop = at + size if size else end
        if not body <= stop <= end:
            return
        yield _Box(data[at + 4 : at + 8], at, body, stop)
        at = stop
