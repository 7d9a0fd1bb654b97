"""What a photo file says beside its picture: read the one useful fact, remove all without coding the picture anew."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import PIL.Image

from matcher.errors import PhotoRefused, WrongUse
from matcher.images import exif, gif, heif, jpeg, png, webp
from matcher.images.containers import exif_block
from matcher.images.decode import open_image
from matcher.images.formats import MAX_BYTES, Format, sniff
from matcher.wording import Wording

_STRIPPERS: dict[Format, Callable[[bytes], bytes | None]] = {
    Format.JPEG: jpeg.strip,
    Format.PNG: png.strip,
    Format.WEBP: webp.strip,
    Format.GIF: gif.strip,
    Format.HEIC: heif.strip,
    Format.AVIF: heif.strip,
}


def strip_metadata(data: bytes, media_type: str, name: str = "this photo") -> bytes:
    """The photo without position, camera, comments, previews and editing history; its pixels are exactly the same.

    `data` is a photo that `open_image` took, `media_type` is what it said, `name` is for messages. Orientation and
    colour profile stay. JPEG, PNG, WebP, GIF, HEIC and AVIF keep their coded picture; BMP, TIFF and files whose parts
    cannot be told apart become an upright 8-bit RGB PNG, so ask `open_image` for the media type of the result.
    Stripping twice changes nothing, and bytes that were cut short are still seen to be. `PhotoRefused` when such a PNG
    cannot be made or would be too large to be read again.
    """
    form = sniff(data)
    if form is None or form.media_type != media_type:
        raise WrongUse(f"The bytes of '{name}' are not {media_type}: give the media type that open_image found.")
    stripped = _STRIPPERS[form](data) if form in _STRIPPERS else None
    return stripped if stripped is not None else _as_png(data, name)


def taken_date(data: bytes) -> date | None:
    """The day on which the photo was taken, as the camera's clock had it; `None` when the file does not say."""
    form = sniff(data)
    return None if form is None else exif.taken_date(exif_block(form, data))


def _as_png(data: bytes, name: str) -> bytes:
    source = open_image(data, name)
    coded = io.BytesIO()
    # Level 1 is five times as fast as the default and a tenth larger.
    PIL.Image.fromarray(source.pixels()).save(coded, "PNG", compress_level=1, icc_profile=source.colour_profile())
    if coded.tell() > MAX_BYTES:
        raise PhotoRefused(
            Wording("'{name}' is too large to be stored without its metadata: save it as JPEG.", name=name)
        )
    return coded.getvalue()
