"""Where each format keeps its EXIF block."""

from __future__ import annotations

from collections.abc import Callable

from matcher.images import heif, jpeg, png, webp
from matcher.images.formats import Format

_PLACES: dict[Format, Callable[[bytes], bytes | None]] = {
    Format.JPEG: jpeg.exif_block,
    Format.PNG: png.exif_block,
    Format.WEBP: webp.exif_block,
    Format.HEIC: heif.exif_block,
    Format.AVIF: heif.exif_block,
    Format.TIFF: lambda data: data,  # EXIF is a TIFF structure, and a TIFF file holds it in itself
}


def exif_block(form: Format, data: bytes) -> bytes | None:
    """The photo's EXIF as a TIFF structure, or `None`."""
    find = _PLACES.get(form)
    return find(data) if find else None
