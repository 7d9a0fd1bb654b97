"""Metadata go, pixels stay: in every format, from every place where programs hide words."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import date
from pathlib import Path

import numpy as np
import PIL.Image
import pillow_heif
import pytest
from PIL import ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from matcher.errors import PhotoRefused, WrongUse
from matcher.images.decode import open_image
from matcher.images.metadata import strip_metadata, taken_date

SECRET = b"SECRET"  # part of every word that must go
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>SECRETXMP</rdf:RDF></x:xmpmeta>'
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def drawing(width: int = 160, height: int = 120) -> PIL.Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(3).integers(0, 40, (height, width))
    return PIL.Image.fromarray(np.stack([x + noise, y + noise, x + y], -1).astype(np.uint8))


def exif(orientation: int | None = 6) -> bytes:
    """What a telephone writes: maker, position, maker note, date, orientation."""
    block = PIL.Image.Exif()
    block[0x010F], block[0x010E] = "SECRETMAKER", "SECRET DESCRIPTION"
    if orientation is not None:
        block[0x0112] = orientation
    block.get_ifd(0x8825).update({1: "N", 2: (59.0, 19.0, 37.0), 29: "SECRETGPS"})
    block.get_ifd(0x8769).update({0x9003: "2019:07:21 13:14:15", 0x927C: b"SECRETNOTE", 0x9286: b"SECRETCOMMENT"})
    return block.tobytes()


def saved(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(drawing()).save(out, quality=90, **options)
    else:
        drawing().save(out, kind, **options)
    return out.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


def rich_jpeg(**options: object) -> bytes:
    """All that a JPEG may carry: JFIF with a thumbnail, EXIF, XMP, IPTC, a comment, a preview, a film at the end."""
    plain = saved("JPEG", exif=exif(), icc_profile=PROFILE, comment=b"SECRET COMMENT", xmp=XMP, **options)
    body_at = 2 + 2 + struct.unpack(">H", plain[4:6])[0]
    jfif = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\2\1" + b"SECRET")  # a thumbnail of 2 × 1 pixels
    extension = segment(0xE0, b"JFXX\0\x10SECRET")
    iptc = segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0SECRETCITY")
    own = segment(0xEB, b"SECRETHDR") + segment(0xE2, b"MPF\0SECRET")
    return (
        b"\xff\xd8" + jfif + extension + iptc + own + plain[body_at:] + saved("JPEG", comment=b"SECRET") + b"SECRETFILM"
    )


def rich_png() -> bytes:
    info = PngInfo()
    info.add_text("Comment", "SECRET")
    info.add_text("Raw profile type exif", "SECRET" * 9, zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    data = saved("PNG", pnginfo=info, exif=exif(), icc_profile=PROFILE, dpi=(72, 72))
    own = png_chunk(b"tIME", b"\x07\xe3\7\x15\1\2\3") + png_chunk(b"prVt", b"SECRET")
    return data[:33] + own + data[33:] + png_chunk(b"IDAT", b"SECRET") + b"SECRETTRAILER"


def rich_gif() -> bytes:
    second = drawing().rotate(180)
    data = saved("GIF", save_all=True, append_images=[second], duration=120, loop=3, comment=b"SECRET")
    at = data.index(b"\x21\xff\x0bNETSCAPE2.0")
    xmp = b"\x21\xff\x0bXMP DataXMP" + bytes((len(XMP),)) + XMP + b"\0"
    words = b"\x21\x01\x0c" + b"\0" * 12 + b"\6SECRET\0"
    return data[:at] + xmp + words + data[at:] + b"SECRET"


def rich_bmp() -> bytes:
    return saved("BMP") + b"SECRET"


RICH = {
    "jpeg": rich_jpeg(),
    "progressive jpeg": rich_jpeg(progressive=True),
    "jpeg with restarts": rich_jpeg(restart_marker_rows=1),
    "png": rich_png(),
    "webp": saved("WEBP", exif=exif(), xmp=XMP, icc_profile=PROFILE),
    "lossless webp": saved("WEBP", exif=b"Exif\0\0" + exif(8).removeprefix(b"Exif\0\0"), xmp=XMP, lossless=True),
    "animated webp": saved("WEBP", exif=exif(), xmp=XMP, save_all=True, append_images=[drawing().rotate(180)]),
    "gif": rich_gif(),
    "bmp": rich_bmp(),
    "tiff": saved("TIFF", exif=exif(), icc_profile=PROFILE, description="SECRET"),
    "heic": saved("HEIF", exif=exif(), xmp=XMP, thumbnails=[64]),
    "avif": saved("AVIF", exif=exif(), xmp=XMP, icc_profile=PROFILE),
}


def pixels(data: bytes) -> np.ndarray:
    return open_image(data, "photo").pixels()


def stripped(data: bytes) -> bytes:
    return strip_metadata(data, open_image(data, "photo").media_type)


@pytest.mark.parametrize("kind", RICH)
def test_the_samples_hold_what_must_go(kind: str) -> None:
    assert SECRET in RICH[kind]


@pytest.mark.parametrize("kind", RICH)
def test_pixels_stay_and_words_go(kind: str) -> None:
    data = RICH[kind]
    clean = stripped(data)
    assert np.array_equal(pixels(clean), pixels(data))
    for word in (SECRET, b"xmpmeta", b"2019", b"Photoshop", b"\x07\xe3\7\x15", b"8BIM", b"MPF"):
        assert word not in clean, word
    assert taken_date(clean) is None
    assert stripped(clean) == clean


@pytest.mark.parametrize("kind", RICH)
def test_other_programs_read_the_result_without_a_word(kind: str) -> None:
    """Pillow, which reads all of these by itself, sees the picture, its orientation and its profile, nothing else."""
    pillow_heif.register_heif_opener()
    with PIL.Image.open(io.BytesIO(stripped(RICH[kind]))) as image:
        image.load()
        tags = image.getexif()
        assert set(tags) <= {0x0112} and not tags.get_ifd(0x8825) and not tags.get_ifd(0x8769)
        assert not image.info.get("thumbnails")
        if kind != "heic":
            assert np.array_equal(np.asarray(ImageOps.exif_transpose(image).convert("RGB")), pixels(RICH[kind]))


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "avif"])
def test_the_colour_profile_stays(kind: str) -> None:
    assert open_image(stripped(RICH[kind]), "photo").colour_profile() == PROFILE


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "heic", "avif"])
def test_the_orientation_stays(kind: str) -> None:
    clean = open_image(stripped(RICH[kind]), "photo")
    assert (clean.width, clean.height) == (120, 160)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "gif", "heic", "avif"])
def test_the_coded_picture_is_not_coded_anew(kind: str) -> None:
    data = RICH[kind]
    clean = stripped(data)
    assert open_image(clean, "photo").media_type == open_image(data, "photo").media_type
    middle = len(clean) // 2
    assert clean[middle : middle + 400] in data


@pytest.mark.parametrize("kind", ["bmp", "tiff"])
def test_formats_without_editable_parts_become_upright_png(kind: str) -> None:
    clean = stripped(RICH[kind])
    assert open_image(clean, "photo").media_type == "image/png"
    assert len(clean) < len(RICH[kind]) * 1.2


@pytest.mark.parametrize("kind", ["gif", "animated webp"])
def test_animations_keep_their_frames_and_timing(kind: str) -> None:
    def frames(data: bytes) -> list[tuple[object, bytes]]:
        with PIL.Image.open(io.BytesIO(data)) as image:
            return [(image.seek(n), image.info.get("duration"), image.convert("RGB").tobytes()) for n in range(2)]

    assert frames(stripped(RICH[kind])) == frames(RICH[kind])
    if kind == "gif":
        with PIL.Image.open(io.BytesIO(stripped(RICH[kind]))) as image:
            assert image.info["loop"] == 3


def test_webp_says_no_longer_that_it_has_metadata() -> None:
    upright = saved("WEBP", exif=exif(1), xmp=XMP, icc_profile=PROFILE)
    assert (upright[20], stripped(upright)[20]) == (0x2C, 0x20)  # profile, EXIF, XMP; then the profile only
    assert stripped(RICH["webp"])[20] == 0x28  # EXIF stays for the orientation


def test_an_upright_photo_gets_no_exif_at_all() -> None:
    clean = stripped(saved("JPEG", exif=exif(1)))
    assert b"Exif" not in clean


def test_cmyk_with_adobe_marker_keeps_its_colours() -> None:
    out = io.BytesIO()
    drawing().convert("CMYK").save(out, "JPEG", exif=exif())
    data = out.getvalue()
    assert b"Adobe" in data
    assert np.array_equal(pixels(stripped(data)), pixels(data))


def test_fill_bytes_and_rubbish_between_segments() -> None:
    plain = saved("JPEG", comment=b"SECRET")
    data = plain[:2] + b"\xff\xff\xff" + plain[2:20] + b"rubbish" + plain[20:]
    assert np.array_equal(pixels(data), pixels(plain))
    assert np.array_equal(pixels(stripped(data)), pixels(plain))
    assert b"SECRET" not in stripped(data)


def test_a_gif_with_rubbish_between_blocks_becomes_png() -> None:
    plain = saved("GIF")
    at = plain.index(b"\x2c\0\0\0\0")
    data = plain[:at] + b"\0\0" + plain[at:]
    clean = stripped(data)
    assert open_image(clean, "photo").media_type == "image/png"
    assert np.array_equal(pixels(clean), pixels(plain))


def test_heic_titles_and_foreign_boxes_are_blanked() -> None:
    data = RICH["heic"] + struct.pack(">L", 20) + b"uuid" + b"SECRETUUID.."
    clean = stripped(data)
    assert SECRET not in clean and len(clean) == len(data)
    assert np.array_equal(pixels(clean), pixels(RICH["heic"]))


def test_heic_pictures_of_a_sequence_become_png() -> None:
    data = RICH["heic"] + struct.pack(">L", 16) + b"moovSECRET\0\0"
    clean = stripped(data)
    assert open_image(clean, "photo").media_type == "image/png" and SECRET not in clean
    assert np.array_equal(pixels(clean), pixels(data))


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">L", 8 + len(body)) + kind + body


def tiled_heic() -> bytes:
    """The boxes of a telephone's photo without real pictures: a grid described in `idat`, a tile, a title, EXIF."""

    def entry(number: int, kind: bytes, name: bytes) -> bytes:
        return box(b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), kind, name + b"\0")

    def place(number: int, method: int, offset: int, length: int) -> bytes:
        return struct.pack(">HHHHLL", number, method, 0, 1, offset, length)

    def meta(media: int) -> bytes:
        places = place(1, 1, 2, 4) + place(2, 0, media, 4) + place(3, 0, media + 4, 12)
        return box(
            b"meta",
            b"\0\0\0\0",
            box(b"hdlr", b"\0" * 24 + b"\0"),
            box(b"pitm", b"\0\0\0\0\0\1"),
            box(b"iinf", b"\0\0\0\0\0\3", entry(1, b"grid", b""), entry(2, b"hvc1", b""), entry(3, b"Exif", b"SECRET")),
            box(b"iloc", b"\1\0\0\0\x44\0\0\3", places),
            box(b"iprp", box(b"ipco", box(b"ispe", b"SIZE"), box(b"udes", b"SECRET")), box(b"ipma", b"MAP")),
            box(b"idat", b"??GRID??"),
            box(b"xml ", b"SECRET"),
        )

    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    media = len(head) + len(meta(0)) + 8
    return head + meta(media) + box(b"mdat", b"TILE" + b"\0\0\0\0SECRET??" + b"SECRET")


def test_tiles_and_their_plan_stay_where_they_were() -> None:
    data = tiled_heic()
    clean = strip_metadata(data, "image/heic")
    assert len(clean) == len(data) and SECRET not in clean
    for kept in (b"GRID", b"TILE", b"SIZE", b"MAP", b"grid", b"hvc1"):
        assert clean.index(kept) == data.index(kept)
    assert b"?" not in clean and b"Exif" not in clean and clean.count(b"free") == 3


# Of these two the first picture ends long before the file does.
WHOLE = {**RICH, "gif": saved("GIF", comment=b"SECRET"), "heic": saved("HEIF", exif=exif())}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97])
@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.filterwarnings("default")  # what Pillow says of a cut TIFF before it refuses it
def test_stripping_never_mends_a_file_that_was_cut_short(kind: str, share: float) -> None:
    picture = stripped(WHOLE[kind])
    with pytest.raises(PhotoRefused, match=r"'(this )?photo' is damaged"):
        pixels(stripped(picture[: int(len(picture) * share)]))


def test_the_wrong_media_type_is_wrong_use() -> None:
    with pytest.raises(WrongUse, match=r"'a.png' are not image/jpeg"):
        strip_metadata(RICH["png"], "image/jpeg", "a.png")


@pytest.mark.parametrize("kind", ["jpeg", "progressive jpeg", "png", "webp", "tiff", "heic", "avif"])
def test_the_camera_date(kind: str) -> None:
    assert taken_date(RICH[kind]) == date(2019, 7, 21)


@pytest.mark.parametrize(
    "written", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2019:02:30 10:00:00", "yesterday!", ""]
)
def test_an_unset_camera_clock_is_no_date(written: str) -> None:
    block = PIL.Image.Exif()
    block.get_ifd(0x8769)[0x9003] = written
    assert taken_date(saved("JPEG", exif=block.tobytes())) is None


@pytest.mark.parametrize("kind", ["gif", "bmp"])
def test_formats_without_exif_have_no_date(kind: str) -> None:
    assert taken_date(RICH[kind]) is None


def test_no_photo_has_no_date() -> None:
    assert taken_date(b"") is None
    assert taken_date(Path(__file__).read_bytes()) is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(order: str) -> None:
    tiff = struct.pack(order + "2sHLHHHLHHL", b"II" if order == "<" else b"MM", 42, 8, 1, 0x0112, 3, 1, 8, 0, 0)
    source = open_image(saved("JPEG", exif=b"Exif\0\0" + tiff), "photo")
    assert (source.width, source.height) == (120, 160)


def test_a_cut_file_is_refused_even_when_others_told_pillow_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The original face_recognition does so, for the whole process, when it is imported."""
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    picture = stripped(WHOLE["jpeg"])
    with pytest.raises(PhotoRefused, match="is damaged"):
        pixels(picture[: len(picture) // 2])
