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


class _UnclearError(Exception):
    """The boxes are damaged or written in a way that this module does not know."""


@dataclass(slots=True)
class _Cursor:
    """Reads numbers one after the other, never beyond the end of a box."""

    data: bytes
    at: int
    end: int

    def number(self, size: int) -> int:
        start, self.at = self.at, self.at + size
        if self.at > self.end:
            raise _UnclearError
        return int.from_bytes(self.data[start : self.at], "big")


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry of `iinf`: where its four-letter kind stands, and where the entry ends."""

    id: int
    kind: bytes
    kind_at: int
    end: int


def exif_block(data: bytes) -> bytes | None:
    """The first EXIF item as a TIFF structure, or `None`."""
    try:
        meta = _meta(data)
        wanted = {item.id for item in _items(data, meta) if item.kind == b"Exif"}
        extents = _extents(data, meta, wanted)
    except _UnclearError:
        return None
    for start, end in extents:
        skipped = int.from_bytes(data[start : start + 4], "big")  # most often the length of 'Exif\0\0'
        return data[start + 4 + skipped : end]
    return None


def strip(data: bytes) -> bytes | None:
    """The same coded pictures without EXIF, XMP, thumbnails, titles and foreign boxes, in as many bytes.

    `None` for image sequences and other files whose parts cannot be told apart.
    """
    try:
        meta = _meta(data)
        items = list(_items(data, meta))
        pictures = {item.id for item in items if item.kind in _PICTURES} - _thumbnails(data, meta)
        kept = _extents(data, meta, pictures)
        if _primary(data, meta) not in pictures:
            return None
    except _UnclearError:
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


def _meta(data: bytes) -> dict[bytes, _Box]:
    """The parts of the one `meta` box by kind."""
    top = list(_boxes(data, 0, len(data)))
    found = [box for box in top if box.kind == b"meta"]
    if len(found) != 1 or any(box.kind == b"moov" for box in top):
        raise _UnclearError
    parts = list(_boxes(data, found[0].body + 4, found[0].end))
    named = {box.kind: box for box in parts}
    if len(named) != len(parts) or not {b"iinf", b"iloc", b"pitm"} <= named.keys():
        raise _UnclearError
    return named


def _opened(data: bytes, box: _Box) -> tuple[int, _Cursor]:
    """The version of a full box, and a cursor behind its version and flags."""
    cursor = _Cursor(data, box.body, box.end)
    return cursor.number(4) >> 24, cursor


def _primary(data: bytes, meta: dict[bytes, _Box]) -> int:
    """The id of the item that is shown."""
    version, cursor = _opened(data, meta[b"pitm"])
    return cursor.number(4 if version else 2)


def _items(data: bytes, meta: dict[bytes, _Box]) -> Iterator[_Item]:
    version, cursor = _opened(data, meta[b"iinf"])
    cursor.number(4 if version else 2)
    for box in _boxes(data, cursor.at, cursor.end):
        version, entry = _opened(data, box)
        if version < 2:  # older entries have no kind
            raise _UnclearError
        number, _ = entry.number(2 if version == 2 else 4), entry.number(2)
        yield _Item(number, entry.number(4).to_bytes(4, "big"), entry.at - 4, box.end)


def _thumbnails(data: bytes, meta: dict[bytes, _Box]) -> set[int]:
    """Ids of the items that are smaller copies of others."""
    if b"iref" not in meta:
        return set()
    version, cursor = _opened(data, meta[b"iref"])
    boxes = [box for box in _boxes(data, cursor.at, cursor.end) if box.kind == b"thmb"]
    return {_Cursor(data, box.body, box.end).number(4 if version else 2) for box in boxes}


def _extents(data: bytes, meta: dict[bytes, _Box], wanted: set[int]) -> list[tuple[int, int]]:
    """Start and end of the byte ranges of the wanted items."""
    version, cursor = _opened(data, meta[b"iloc"])
    sizes = cursor.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    found: list[tuple[int, int]] = []
    for _ in range(cursor.number(wide)):
        item = cursor.number(wide)
        method = cursor.number(2) & 15 if version else _IN_FILE
        cursor.number(2)
        base = cursor.number(base_size)
        for _ in range(cursor.number(2)):
            cursor.number(index_size if version else 0)
            start, length = base + cursor.number(offset_size), cursor.number(length_size)
            if not length:  # it would mean "all of it"
                raise _UnclearError
            if item in wanted:
                start += _origin(meta, method)
                found.append((start, start + length))
    return found


def _origin(meta: dict[bytes, _Box], method: int) -> int:
    """From where an item's offsets count."""
    if method == _IN_FILE:
        return 0
    if method != _IN_IDAT or b"idat" not in meta:
        raise _UnclearError
    return meta[b"idat"].body


def _boxes(data: bytes, at: int, end: int) -> Iterator[_Box]:
    """The boxes between two positions; a length of 0 reaches to the end, one of 1 is written in 64 bits."""
    while at + 8 <= end:
        cursor = _Cursor(data, at, end)
        size, kind = cursor.number(4), cursor.number(4).to_bytes(4, "big")
        if size == 1:
            size = cursor.number(8)
        stop = at + size if size else end
        if not cursor.at <= stop <= end:
            raise _UnclearError
        yield _Box(kind, at, cursor.at, stop)
        at = stop
