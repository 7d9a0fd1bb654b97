"""Crops keep the face in the middle, even at the photo's edge."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

from matcher.errors import WrongUse
from matcher.images.crops import crop, thumbnail, to_jpeg

PHOTO = np.arange(20 * 30 * 3, dtype=np.uint16).astype(np.uint8).reshape(20, 30, 3)


def test_a_crop_inside_is_the_pixels_of_the_box() -> None:
    assert np.array_equal(crop(PHOTO, (5, 4, 11, 9)), PHOTO[4:9, 5:11])


def test_edges_round_outwards() -> None:
    assert crop(PHOTO, (5.6, 4.2, 10.1, 8.9)).shape == (5, 6, 3)


def test_the_margin_is_a_share_of_the_box() -> None:
    assert np.array_equal(crop(PHOTO, (10, 8, 14, 12), 0.5), PHOTO[6:14, 8:16])


def test_outside_is_light_grey_and_the_face_stays_in_the_middle() -> None:
    part = crop(PHOTO, (-2, -3, 4, 5))
    assert part.shape == (8, 6, 3)
    assert (part[:3] == 236).all() and (part[:, :2] == 236).all()
    assert np.array_equal(part[3:, 2:], PHOTO[:5, :4])
    part = crop(PHOTO, (28, 18, 33, 23))
    assert np.array_equal(part[:2, :2], PHOTO[18:, 28:]) and (part[2:] == 236).all()


def test_a_crop_is_a_copy() -> None:
    part = crop(PHOTO, (0, 0, 5, 5))
    part[:] = 0
    assert PHOTO[:5, :5].any()


def test_a_gigantic_box_is_cut_one_photo_beyond_the_photo() -> None:
    assert crop(PHOTO, (-1e12, -1e12, 1e12, 1e12), 1e3).shape == (60, 90, 3)


@pytest.mark.parametrize(
    ("box", "margin"),
    [((5, 5, 5, 9), 0), ((5, 9, 8, 9), 0), ((8, 0, 5, 9), 0), ((0, 0, float("nan"), 9), 0), ((0, 0, 5, 5), -0.1)],
)
def test_an_empty_box_is_wrong_use(box: tuple[float, float, float, float], margin: float) -> None:
    with pytest.raises(WrongUse, match="cannot be cut out"):
        crop(PHOTO, box, margin)


@pytest.mark.parametrize("box", [(40, 0, 50, 10), (-9, 0, 0, 10), (0, 20, 9, 30), (0, -9, 9, 0)])
def test_a_box_elsewhere_is_wrong_use(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(WrongUse, match="outside the photo of 30 × 20 pixels"):
        crop(PHOTO, box)


def test_thumbnails_shrink_and_never_grow() -> None:
    assert thumbnail(PHOTO, 15).shape == (10, 15, 3)
    assert thumbnail(PHOTO, 30) is PHOTO
    assert thumbnail(np.full((1, 300, 3), 9, np.uint8), 30).shape == (1, 30, 3)
    assert thumbnail(np.full((4, 4, 3), 77, np.uint8), 2).tolist() == np.full((2, 2, 3), 77).tolist()


def test_jpeg_holds_the_picture_and_nothing_else() -> None:
    flat = np.full((16, 16, 3), (200, 30, 60), np.uint8)
    with PIL.Image.open(io.BytesIO(to_jpeg(flat))) as image:
        assert image.format == "JPEG" and not image.getexif()
        assert np.abs(np.asarray(image).astype(int) - flat).max() < 6
    assert len(to_jpeg(PHOTO, quality=20)) < len(to_jpeg(PHOTO, quality=95))
