"""From bytes to pixels: each photo that enters is bounded before it is decoded, and comes out upright and RGB.

A colour profile stays in the stored bytes, but pixels are taken as they are coded: face models were trained that way,
and a profile changes hues by far less than lamps do.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from matcher.errors import ExtraMissing, PhotoRefused, WrongUse
from matcher.images import exif
from matcher.images.containers import exif_block
from matcher.images.formats import MAX_BYTES, Format, sniff
from matcher.images.places import Places, cores
from matcher.images.turns import upright
from matcher.wording import Wording

Image = NDArray[np.uint8]

# Named one by one: PIL.Image.open has one process-wide limit of pixels, which is not ours to change, and tries formats
# that nobody sends photos in.
_READERS: dict[Format, Callable[[io.BytesIO], PIL.Image.Image]] = {
    Format.JPEG: JpegImageFile,
    Format.PNG: PngImageFile,
    Format.GIF: GifImageFile,
    Format.WEBP: WebPImageFile,
    Format.BMP: BmpImageFile,
    Format.TIFF: TiffImageFile,
}
_STRIP_PIXELS = 4_000_000  # converted at a time, so that a large photo is never held twice
_places = Places(cores())  # Pillow holds 4 bytes of each pixel while it decodes: 400 MB of the largest PNG


@dataclass(frozen=True, slots=True, eq=False)
class SourceImage:
    """One photo that passed the checks of its header. `width` and `height` are those of the upright photo in pixels.

    It holds the coded bytes only; every call of `pixels` decodes them anew. Safe to use from several threads at once.
    """

    name: str
    media_type: str
    width: int
    height: int
    _data: bytes = field(repr=False)
    _format: Format = field(repr=False)
    _orientation: int = field(repr=False)

    def pixels(self, long_side: int | None = None) -> Image:
        """The upright photo: uint8 RGB, shape (height, width, 3), C-contiguous, writable, at its own size.

        With `long_side` below its own, the longer side has exactly that many pixels; nothing is ever enlarged. A large
        JPEG is then decoded at 1/2, 1/4 or 1/8 first, any large photo is averaged over whole squares strip by strip,
        and the rest over areas. Transparency is shown on white; of an animation the first frame counts. No more photos
        are decoded at one time than there are cores: others wait. `PhotoRefused` when the bytes are cut short or
        damaged.
        """
        if long_side is not None and long_side < 1:
            raise WrongUse(f"A long side of {long_side} pixels is not possible: give 1 or more.")
        turned = self._orientation >= 5
        raw = (self.height, self.width) if turned else (self.width, self.height)
        size = _fitted(raw, long_side)
        with _places, _refusing(self.name):
            flat = _rgb(_load(self._format, self._data, size), size)
        if flat.shape[1::-1] != size:
            flat = np.asarray(cv2.resize(flat, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        return upright(flat, self._orientation)

    def colour_profile(self) -> bytes | None:
        """The ICC profile of RGB pixels, `None` when there is none or it belongs to grey or CMYK samples."""
        with _refusing(self.name):
            image = _lazy(self._format, self._data)
            profile = image.info.get("icc_profile")
        return profile if isinstance(profile, bytes) and profile[16:20] == b"RGB " else None


def open_image(data: bytes, name: str) -> SourceImage:
    """The photo in `data`, which messages call `name`.

    `PhotoRefused` when it is empty, no image, too large in bytes or pixels (decided by its header), or damaged there;
    `ExtraMissing` when its format needs a package that is not installed. Damage further on shows in `pixels`.
    """
    if not data:
        raise PhotoRefused(Wording("'{name}' is empty: it has no bytes; copy or download the file again.", name=name))
    if len(data) > MAX_BYTES:
        told = {"name": name, "size": f"{len(data) / 1e6:.0f}", "most": MAX_BYTES // 1_000_000}
        raise PhotoRefused(
            Wording("'{name}' has {size} MB, more than the {most} MB that are taken: save a smaller copy.", **told)
        )
    form = sniff(data)
    if form is None:
        raise PhotoRefused(
            Wording("'{name}' is not a photo: send a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF file.", name=name)
        )
    with _refusing(name):
        image = _lazy(form, data)
        turned = _turned(form, data, image)
    width, height = image.size
    if width * height > form.max_megapixels * 1_000_000:
        raise PhotoRefused(
            Wording(
                "'{name}' has {width} × {height} pixels, {size} megapixels; {most} are taken of a {form} file: "
                "save a smaller copy.",
                name=name,
                width=width,
                height=height,
                size=f"{width * height / 1e6:.0f}",
                most=form.max_megapixels,
                form=form.name,
            )
        )
    if image.mode in ("I", "F"):
        raise PhotoRefused(Wording("'{name}' has samples of 32 bits: save it as an 8-bit photo.", name=name))
    if turned >= 5:
        width, height = height, width
    return SourceImage(name, form.media_type, width, height, data, form, turned)


def _fitted(size: tuple[int, int], long_side: int | None) -> tuple[int, int]:
    """Width and height scaled down so that the longer one is `long_side`."""
    longest = max(size)
    if long_side is None or long_side >= longest:
        return size
    width, height = (max(1, round(side * long_side / longest)) for side in size)
    return width, height


def _lazy(form: Format, data: bytes) -> PIL.Image.Image:
    """The photo with its header read and nothing decoded."""
    if form is Format.HEIC:
        return _heic(data)
    if form is Format.AVIF:
        return _avif(data)
    return _READERS[form](io.BytesIO(data))


def _heic(data: bytes) -> PIL.Image.Image:
    try:
        from pi_heif import HeifImageFile
    except ImportError as error:
        raise ExtraMissing("HEIC photos need an extra: pip install 'sighting-matcher[heic]'.") from error
    reader: Callable[[io.BytesIO], PIL.Image.Image] = HeifImageFile
    return reader(io.BytesIO(data))


def _avif(data: bytes) -> PIL.Image.Image:
    try:
        from PIL.AvifImagePlugin import SUPPORTED, AvifImageFile
    except ImportError:
        SUPPORTED = False
    if not SUPPORTED:
        raise ExtraMissing("AVIF photos need a newer Pillow: pip install --upgrade pillow.")
    return AvifImageFile(io.BytesIO(data))


def _turned(form: Format, data: bytes, image: PIL.Image.Image) -> int:
    """The orientation still to be applied: the TIFF and HEIC readers apply it, the AVIF reader only tells it."""
    if form in (Format.TIFF, Format.HEIC):
        return 1
    if form is Format.AVIF:
        block = image.info.get("exif")
        return exif.orientation(block.removeprefix(b"Exif\0\0") if isinstance(block, bytes) else None)
    return exif.orientation(exif_block(form, data))


def _load(form: Format, data: bytes, size: tuple[int, int]) -> PIL.Image.Image:
    """The decoded photo, not smaller than `size`."""
    image = _lazy(form, data)
    # face_recognition, or the program that imports us, may have told Pillow to fill what a cut file lacks with grey.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    image.draft(None, size)
    image.load()
    return image


def _rgb(image: PIL.Image.Image, size: tuple[int, int]) -> Image:
    """The photo's pixels as an RGB array of their own. A large one is converted strip by strip, and as much smaller as
    whole squares of pixels can be averaged while it stays no smaller than `size`.
    """
    width, height = image.size
    if width * height <= _STRIP_PIXELS:
        return np.array(np.broadcast_to(_flat(image), (height, width, 3)), order="C")
    side = min(width // size[0], height // size[1])
    rows = max(1, _STRIP_PIXELS // (width * side)) * side
    pixels = np.empty((-(-height // side), -(-width // side), 3), np.uint8)
    for top in range(0, height, rows):
        strip = _flat(image.crop((0, top, width, min(top + rows, height))))
        pixels[top // side : (top + rows) // side] = _averaged(strip, side)
    return pixels


def _averaged(strip: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Means of squares of `side` × `side` pixels; those that reach beyond an edge go on with the pixels at it."""
    if side == 1:
        return strip
    height, width = strip.shape[:2]
    whole = cv2.copyMakeBorder(strip, 0, -height % side, 0, -width % side, cv2.BORDER_REPLICATE)
    size = whole.shape[1] // side, whole.shape[0] // side
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), dtype=np.uint8).reshape(*size[::-1], -1)


def _flat(strip: PIL.Image.Image) -> NDArray[np.uint8]:
    """RGB of any mode: 16-bit grey by its upper byte, as 16-bit colour is read; transparent pixels on white."""
    if strip.mode.startswith("I;16"):
        return (np.asarray(strip) >> 8).astype(np.uint8)[..., np.newaxis]
    if strip.has_transparency_data:
        seen = strip.convert("RGBA")
        white = PIL.Image.new("RGBA", seen.size, "white")
        return np.asarray(PIL.Image.alpha_composite(white, seen).convert("RGB"))
    return np.asarray(strip.convert("RGB"))


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises at hostile bytes into one clear refusal."""
    try:
        yield
    except MemoryError:
        raise
    except ExtraMissing as error:
        raise ExtraMissing(f"'{name}' cannot be read yet: {error}") from error
    except PIL.Image.DecompressionBombError as error:  # some of Pillow's readers have a limit of their own
        raise PhotoRefused(
            Wording("'{name}' has far more pixels than are taken: save a smaller copy.", name=name)
        ) from error
    except Exception as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        told = Wording("'{name}' is damaged or cut short: copy or download the file again.", name=name)
        raise PhotoRefused(told, step=reason) from error
