"""Bytes become upright RGB pixels, or are refused by name before they can do harm."""

from __future__ import annotations

import io
import os
import struct
import sys
import threading
import tracemalloc
import zlib

import numpy as np
import PIL.Image
import pillow_heif
import pytest
from crowds import Crowd, together
from PIL import ImageOps

from matcher.errors import ExtraMissing, PhotoRefused, WrongUse
from matcher.images import decode
from matcher.images.decode import open_image
from matcher.images.formats import MAX_BYTES
from matcher.images.places import Places

KINDS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF", "AVIF")


def drawing(width: int = 120, height: int = 90) -> np.ndarray:
    """A smooth picture in which no two corners are alike."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1).astype(np.uint8)


def coded(image: PIL.Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(out, quality=95, **options)
    else:
        image.save(out, kind, **options)
    return out.getvalue()


def photo(kind: str = "JPEG", **options: object) -> bytes:
    return coded(PIL.Image.fromarray(drawing()), kind, **options)


def turned(orientation: int) -> PIL.Image.Exif:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_picture(kind: str) -> None:
    source = open_image(photo(kind), "a file")
    pixels = source.pixels()
    assert (source.width, source.height) == (120, 90)
    assert pixels.shape == (90, 120, 3) and pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous and pixels.flags.writeable
    assert np.abs(pixels.astype(int) - drawing()).mean() < 8  # GIF has 256 colours, the rest is closer
    assert source.media_type == {"HEIF": "image/heic"}.get(kind, f"image/{kind.lower()}")


def test_files_are_known_by_their_bytes_not_by_their_name() -> None:
    assert open_image(photo("PNG"), "photo.jpg").media_type == "image/png"


def test_messages_hide_the_bytes_of_a_photo() -> None:
    assert "_data" not in repr(open_image(photo(), "a.jpg"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    lossless = {"lossless": True} if kind == "WEBP" else {}
    data = photo(kind, exif=turned(orientation), **lossless)
    source = open_image(data, "turned")
    expected = np.asarray(ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(data))).convert("RGB"))
    assert (source.height, source.width) == expected.shape[:2]
    assert np.array_equal(source.pixels(), expected)
    small = source.pixels(60)
    assert max(small.shape) == 60 and small.flags.c_contiguous
    assert (small.shape[0] > small.shape[1]) == (expected.shape[0] > expected.shape[1])


def test_heic_is_turned_once() -> None:
    data = photo("HEIF", exif=turned(6).tobytes())
    source = open_image(data, "IMG_1.HEIC")
    assert (source.width, source.height) == (90, 120)
    assert np.abs(source.pixels().astype(int) - np.rot90(drawing(), -1)).mean() < 4


@pytest.mark.parametrize("nonsense", [0, 9, 65535])
def test_a_senseless_orientation_is_ignored(nonsense: int) -> None:
    assert open_image(photo(exif=turned(nonsense)), "a.jpg").width == 120


@pytest.mark.parametrize(
    ("long_side", "shape"), [(None, (90, 120)), (500, (90, 120)), (120, (90, 120)), (40, (30, 40))]
)
def test_nothing_is_enlarged(long_side: int | None, shape: tuple[int, int]) -> None:
    assert open_image(photo(), "a.jpg").pixels(long_side).shape[:2] == shape


def test_a_long_side_below_one_is_wrong_use() -> None:
    with pytest.raises(WrongUse, match="0 pixels"):
        open_image(photo(), "a.jpg").pixels(0)


@pytest.mark.parametrize("size", [(1001, 757), (640, 480), (483, 1290)])
@pytest.mark.parametrize("long_side", [77, 150, 301])
def test_a_reduced_jpeg_shows_what_the_full_one_shows(size: tuple[int, int], long_side: int) -> None:
    data = coded(PIL.Image.fromarray(drawing(*size)), "JPEG", quality=95)
    source = open_image(data, "a.jpg")
    small, full = source.pixels(long_side), source.pixels()
    averaged = PIL.Image.fromarray(full).resize(small.shape[1::-1], PIL.Image.Resampling.BOX)
    assert max(small.shape) == long_side
    assert np.abs(small.astype(int) - np.asarray(averaged)).max() <= 6


def test_a_narrow_strip_keeps_a_pixel_of_width() -> None:
    data = coded(PIL.Image.fromarray(drawing(2000, 2)), "PNG")
    assert open_image(data, "strip.png").pixels(100).shape == (1, 100, 3)


def test_large_photos_are_converted_in_strips_without_seams() -> None:
    picture = drawing(2500, 2100)  # 5.25 megapixels: two strips
    assert np.array_equal(open_image(coded(PIL.Image.fromarray(picture), "PNG"), "a.png").pixels(), picture)


def test_grey_one_bit_and_cmyk_become_rgb() -> None:
    grey = PIL.Image.fromarray(drawing()[..., 0])
    assert np.array_equal(open_image(coded(grey, "PNG"), "g").pixels(), np.repeat(drawing()[..., :1], 3, axis=2))
    assert open_image(coded(grey, "JPEG"), "g").pixels(50).shape == (38, 50, 3)
    assert set(np.unique(open_image(coded(grey.convert("1"), "PNG"), "b").pixels())) == {0, 255}
    cmyk = PIL.Image.fromarray(drawing()).convert("CMYK")
    assert np.abs(open_image(coded(cmyk, "JPEG", quality=95), "c").pixels().astype(int) - drawing()).mean() < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_shades(kind: str) -> None:
    ramp = np.linspace(0, 65535, 120 * 90).astype(np.uint16).reshape(90, 120)
    pixels = open_image(coded(PIL.Image.fromarray(ramp), kind), "x-ray").pixels()
    assert np.array_equal(pixels[..., 1], ramp >> 8)


def test_16_bit_colour_keeps_its_shades() -> None:
    samples = np.linspace(0, 65535, 4 * 3).astype(">u2").reshape(1, 4, 3)
    pixels = open_image(raw_png(4, 1, 16, 2, b"\0" + samples.tobytes()), "deep.png").pixels()
    assert np.array_equal(pixels, samples >> 8)


def test_32_bit_samples_are_refused() -> None:
    data = coded(PIL.Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF")
    with pytest.raises(PhotoRefused, match=r"'depth.tif' has samples of 32 bits"):
        open_image(data, "depth.tif")


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_shown_on_white(kind: str) -> None:
    picture = np.dstack([drawing(), np.full((90, 120), 255, np.uint8)])
    picture[:, :60, 3] = 0
    lossless = {"lossless": True} if kind == "WEBP" else {}
    pixels = open_image(coded(PIL.Image.fromarray(picture), kind, **lossless), "logo").pixels()
    assert (pixels[:, :60] == 255).all()
    assert np.array_equal(pixels[:, 60:], drawing()[:, 60:])


def test_a_palette_with_a_transparent_colour_and_grey_with_alpha() -> None:
    flat = PIL.Image.new("P", (8, 8), 0)
    flat.putpalette([10, 20, 30, 200, 0, 0])
    flat.putpixel((0, 0), 1)
    pixels = open_image(coded(flat, "PNG", transparency=0), "p").pixels()
    assert pixels[0, 0].tolist() == [200, 0, 0] and (pixels[4, 4] == 255).all()
    half = PIL.Image.new("LA", (8, 8), (0, 128))
    assert abs(int(open_image(coded(half, "PNG"), "la").pixels()[0, 0, 0]) - 127) <= 1


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_counts(kind: str) -> None:
    first, second = (PIL.Image.new("RGB", (20, 10), colour) for colour in ("red", "blue"))
    data = coded(first, kind, save_all=True, append_images=[second], duration=100)
    pixels = open_image(data, "moving").pixels()
    assert pixels.shape == (10, 20, 3)
    assert pixels[..., 0].min() > 200 and pixels[..., 2].max() < 60


def test_no_bytes() -> None:
    with pytest.raises(PhotoRefused, match=r"'empty.jpg' is empty"):
        open_image(b"", "empty.jpg")


@pytest.mark.parametrize(
    "data", [b"hello", b"%PDF-1.7 ...", b"<svg/>", b"\0" * 100, b"\0\0\0\x18ftypisom" + b"\0" * 40]
)
def test_no_image(data: bytes) -> None:
    with pytest.raises(PhotoRefused, match=r"'letter.jpg' is not a photo: send a JPEG"):
        open_image(data, "letter.jpg")


@pytest.mark.parametrize("head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"RIFF____WEBP"])
def test_a_beginning_without_an_image(head: bytes) -> None:
    with pytest.raises(PhotoRefused, match=r"'x' is damaged or cut short: .* again"):
        open_image(head + b"\x07" * 50, "x")


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9, 0.97])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("default")  # what Pillow says of a cut TIFF before it refuses it
def test_a_file_cut_short_is_refused_not_filled_with_grey(kind: str, share: float) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    data = coded(PIL.Image.fromarray(picture), kind)
    for long_side in (None, 40):
        with pytest.raises(PhotoRefused, match=r"'IMG_7' is damaged or cut short: copy or download the file again"):
            open_image(data[: int(len(data) * share)], "IMG_7").pixels(long_side)


def raw_png(width: int, height: int, depth: int, colour: int, lines: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    header = struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def huge_jpeg(width: int, height: int) -> bytes:
    """A small JPEG whose header claims to be a large one."""
    data = bytearray(photo(quality=30))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def huge_webp() -> bytes:
    canvas = (16000 - 1).to_bytes(3, "little") * 2
    frame = coded(PIL.Image.new("RGB", (16, 16)), "WEBP", lossless=True)[12:]
    body = b"WEBP" + b"VP8X" + struct.pack("<L", 10) + b"\2\0\0\0" + canvas
    body += b"ANIM" + struct.pack("<LLH", 6, 0, 0)
    body += (
        b"ANMF" + struct.pack("<L", 16 + len(frame)) + b"\0" * 6 + (15).to_bytes(3, "little") * 2 + b"\0" * 4 + frame
    )
    return b"RIFF" + struct.pack("<L", len(body)) + body


BOMBS = {
    "png": raw_png(20_000, 20_000, 8, 2, b"\0" * 100_000),
    "jpeg": huge_jpeg(16_000, 16_000),
    "webp": huge_webp(),
    "bmp": b"BM" + struct.pack("<LLLLllHHLLllLL", 54, 0, 54, 40, 20_000, 20_000, 1, 24, 0, 0, 0, 0, 0, 0),
    "gif": b"GIF89a" + struct.pack("<HHBBB", 20_000, 20_000, 0, 0, 0)
    + b"\x2c" + struct.pack("<HHHHB", 0, 0, 20_000, 20_000, 0) + b"\2\2\x4c\1\0\x3b",
}  # fmt: skip


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_by_its_header(kind: str) -> None:
    with pytest.raises(PhotoRefused, match=rf"'bomb.{kind}' has .* pixels.*: save a smaller copy"):
        open_image(BOMBS[kind], f"bomb.{kind}")


def test_limits_are_those_of_the_format() -> None:
    """A JPEG may have 250 megapixels, a PNG 100, although Pillow alone would warn at 89."""
    assert open_image(huge_jpeg(15_600, 16_000), "scan.jpg").width == 15_600  # 249.6
    assert open_image(raw_png(10_000, 10_000, 8, 0, b"\0"), "scan.png").width == 10_000  # exactly 100
    with pytest.raises(PhotoRefused):
        open_image(raw_png(10_000, 10_001, 8, 0, b"\0"), "scan.png")


def test_a_png_of_95_megapixels_is_read() -> None:
    line = b"\0" + b"\x55" * 1250
    pixels = open_image(raw_png(10_000, 9_500, 1, 0, line * 9_500), "fax.png").pixels(100)
    assert pixels.shape == (95, 100, 3)


def test_too_many_bytes() -> None:
    data = photo() + b"\0" * MAX_BYTES
    with pytest.raises(PhotoRefused, match=r"'film.jpg' has 60 MB, more than the 60 MB that are taken"):
        open_image(data, "film.jpg")


def test_png_metadata_that_unpacks_to_gigabytes_is_refused() -> None:
    text = b"Comment\0\0" + zlib.compress(b"\0" * 80_000_000)
    chunk = struct.pack(">L", len(text)) + b"zTXt" + text + struct.pack(">L", zlib.crc32(b"zTXt" + text))
    data = photo("PNG")
    with pytest.raises(PhotoRefused, match=r"'bomb.png'"):
        open_image(data[:33] + chunk + data[33:], "bomb.png").pixels()


def test_heic_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    data = photo("HEIF")
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(
        ExtraMissing, match=r"'IMG_1.HEIC' cannot be read yet: .* pip install 'sighting-matcher\[heic\]'"
    ):
        open_image(data, "IMG_1.HEIC")


def test_one_source_serves_several_threads() -> None:
    source = open_image(photo(), "a.jpg")
    expected, results = source.pixels(60), []
    threads = [threading.Thread(target=lambda: results.append(source.pixels(60))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8 and all(np.array_equal(expected, result) for result in results)


@pytest.mark.parametrize("size", [(2501, 2003), (4001, 1501), (1999, 2777)])
@pytest.mark.parametrize("long_side", [100, 777, 1300])
def test_a_large_photo_of_any_format_is_averaged_in_strips(size: tuple[int, int], long_side: int) -> None:
    data = coded(PIL.Image.fromarray(drawing(*size)), "PNG", compress_level=1)
    source = open_image(data, "a.png")
    small, full = source.pixels(long_side), source.pixels()
    averaged = PIL.Image.fromarray(full).resize(small.shape[1::-1], PIL.Image.Resampling.BOX)
    assert max(small.shape) == long_side
    assert np.abs(small.astype(int) - np.asarray(averaged)).max() <= 4


def test_a_large_grey_photo_becomes_rgb_when_it_is_averaged() -> None:
    data = coded(PIL.Image.fromarray(drawing(2503, 2003)[..., 0]), "PNG", compress_level=1)
    small = open_image(data, "a.png").pixels(300)
    assert small.shape == (240, 300, 3)
    assert np.array_equal(small[..., 0], small[..., 2])


def test_a_large_photo_takes_no_second_copy_of_its_pixels() -> None:
    source = open_image(coded(PIL.Image.fromarray(np.zeros((5000, 5000, 3), np.uint8)), "PNG", compress_level=1), "a")
    tracemalloc.start()
    try:
        assert source.pixels(600).shape == (600, 600, 3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 45_000_000  # strips of 4 megapixels, where the photo has 75 MB as an array


def test_no_more_photos_are_decoded_at_once_than_there_are_places(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd, source = Crowd(), open_image(photo(), "a.jpg")
    monkeypatch.setattr(decode, "_places", Places(2))
    monkeypatch.setattr(decode, "_load", crowd.watch(decode._load))
    assert [one.shape for one in together(6, source.pixels)] == [(90, 120, 3)] * 6
    assert crowd.most == 2


def test_in_a_forked_child_all_places_are_free() -> None:
    places = Places(1)
    with places:
        child = os.fork()
        if not child:
            with places:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
