"""Which image format bytes are in, and how large a photo of that format may be."""

from __future__ import annotations

from enum import Enum

MAX_BYTES = 60_000_000


class Format(Enum):
    """A format that can be read: its media type and the largest photo in megapixels.

    Only JPEG can be decoded at a fraction of its size, so it alone may be huge.
    """

    JPEG = ("image/jpeg", 250)
    PNG = ("image/png", 100)
    GIF = ("image/gif", 100)
    WEBP = ("image/webp", 100)
    BMP = ("image/bmp", 100)
    TIFF = ("image/tiff", 100)
    HEIC = ("image/heic", 100)
    AVIF = ("image/avif", 100)

    def __init__(self, media_type: str, max_megapixels: int) -> None:
        self.media_type = media_type
        self.max_megapixels = max_megapixels


_MAGIC = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"BM", Format.BMP),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"II+\0", Format.TIFF),
    (b"MM\0+", Format.TIFF),
)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def sniff(data: bytes) -> Format | None:
    """The format that the first bytes announce, `None` for none of ours; file names and media types are not trusted."""
    for magic, form in _MAGIC:
        if data.startswith(magic):
            return form
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Format.WEBP
    if data[4:8] == b"ftyp":
        return _brand(data)
    return None


def _brand(data: bytes) -> Format | None:
    """HEIC or AVIF by the brands of an ISO media file: the major brand, then the compatible ones (ISO/IEC 14496-12)."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[at : at + 4] for at in (8, *range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return Format.AVIF
    return Format.HEIC if brands & _HEIC_BRANDS else None
