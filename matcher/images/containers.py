"""Where each format keeps its EXIF block."""

from __future__ import annotations

from matcher.images import jpeg, png, webp
from matcher.images.formats import Format


def exif_block(form: Format, data: bytes) -> bytes | None:
    """The photo's EXIF as a TIFF structure; `None` when there is none or the format's own decoder deals with it."""
    if form is Format.JPEG:
        return jpeg.exif_block(data)
    if form is Format.PNG:
        return png.exif_block(data)
    return webp.exif_block(data) if form is Format.WEBP else None
