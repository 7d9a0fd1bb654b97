"""For any picture and any bytes: pixels survive stripping, hostile bytes are refused and nothing else happens."""

from __future__ import annotations

import io
import warnings

import numpy as np
import PIL.Image
import pillow_heif
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matcher.errors import MatcherError
from matcher.images.decode import open_image
from matcher.images.metadata import strip_metadata, taken_date
from matcher.images.turns import boxes_back, points_back, quarter_turns, upright

MARK = b"GPS-LEAK-7"
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

pictures = arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24), st.just(3)))
options = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]),
        "orientation": st.integers(0, 9),
        "progressive": st.booleans(),
        "lossless": st.booleans(),
        "trailer": st.binary(max_size=20),
    }
)


def saved(picture: np.ndarray, choice: dict[str, object]) -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112], exif[0x010E] = choice["orientation"], MARK.decode()
    out = io.BytesIO()
    PIL.Image.fromarray(picture).save(
        out,
        str(choice["kind"]),
        exif=exif.tobytes(),
        comment=MARK,
        progressive=choice["progressive"],
        lossless=choice["lossless"],
    )
    return out.getvalue() + (b"" if choice["kind"] == "WEBP" else choice["trailer"])


def boxed(kind: str) -> bytes:
    picture = PIL.Image.fromarray(np.random.default_rng(2).integers(0, 256, (24, 32, 3), dtype=np.uint8))
    out = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x010E] = MARK.decode()
    if kind == "AVIF":
        picture.save(out, kind, exif=exif.tobytes(), xmp=MARK)
    else:
        pillow_heif.from_pillow(picture).save(out, exif=exif.tobytes(), xmp=MARK)
    return out.getvalue()


BOXED = {kind: boxed(kind) for kind in ("AVIF", "HEIC")}


@quick
@given(picture=pictures, choice=options)
def test_stripping_keeps_pixels_and_removes_words(picture: np.ndarray, choice: dict[str, object]) -> None:
    data = saved(picture, choice)
    source = open_image(data, "photo")
    clean = strip_metadata(data, source.media_type)
    again = open_image(clean, "photo")
    assert np.array_equal(again.pixels(), source.pixels())
    assert np.array_equal(again.pixels(7), source.pixels(7))
    assert MARK not in clean
    assert strip_metadata(clean, again.media_type) == clean


@quick
@given(picture=pictures, choice=options, data=st.data())
def test_damaged_bytes_give_pixels_or_one_of_our_errors(
    picture: np.ndarray, choice: dict[str, object], data: st.DataObject
) -> None:
    whole = saved(picture, choice)
    harmed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        harmed[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    harmed = harmed[: data.draw(st.integers(1, len(whole)))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks about damaged TIFF files
        try:
            source = open_image(bytes(harmed), "photo")
            strip_metadata(bytes(harmed), source.media_type)
            assert source.pixels(16).shape[2] == 3
        except MatcherError as error:
            assert "photo" in str(error)


@quick
@given(kind=st.sampled_from(sorted(BOXED)), data=st.data())
def test_damaged_boxes_too(kind: str, data: st.DataObject) -> None:
    harmed = bytearray(BOXED[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        harmed[data.draw(st.integers(0, 700))] = data.draw(st.sampled_from([0, 1, 2, 8, 0x44, 0x7F, 0xFF]))
    try:
        source = open_image(bytes(harmed), "photo")
        strip_metadata(bytes(harmed), source.media_type)
        assert source.pixels(16).shape[2] == 3
    except MatcherError as error:
        assert "photo" in str(error)


@quick
@given(
    head=st.sampled_from([b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"II*\0", b"\0\0\0\x14ftypheic\0\0\0\0"]),
    tail=st.binary(),
)
def test_reading_a_date_never_fails(head: bytes, tail: bytes) -> None:
    assert taken_date(head + tail) is None


@quick
@given(picture=pictures, turns=st.integers(-5, 5), data=st.data())
def test_points_and_boxes_find_their_way_back(picture: np.ndarray, turns: int, data: st.DataObject) -> None:
    height, width = picture.shape[:2]
    turned = quarter_turns(picture, turns)
    y, x = data.draw(st.integers(0, turned.shape[0] - 1)), data.draw(st.integers(0, turned.shape[1] - 1))
    (back_x, back_y) = points_back(np.float32([x, y]), turns, width, height).astype(int)
    assert np.array_equal(picture[back_y, back_x], turned[y, x])
    left, top, right, bottom = boxes_back(np.float32([x, y, x + 1, y + 1]), turns, width, height).astype(int)
    assert (left, top, right, bottom) == (back_x, back_y, back_x + 1, back_y + 1)


@quick
@given(picture=pictures, orientation=st.integers(1, 8))
def test_upright_is_what_exif_means(picture: np.ndarray, orientation: int) -> None:
    from PIL import ImageOps

    image = PIL.Image.fromarray(picture)
    image.getexif()[0x0112] = orientation
    assert np.array_equal(upright(picture, orientation), np.asarray(ImageOps.exif_transpose(image)))
