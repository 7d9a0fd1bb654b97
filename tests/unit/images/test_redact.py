"""Other faces become a few blocks, the wanted one and all else stay as they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from faces_drawn import drawn_photo

from matcher.errors import WrongUse
from matcher.images.redact import BLOCKS, pixelated

OTHER, WANTED = (40.0, 60.0, 100.0, 140.0), (180.0, 60.0, 240.0, 140.0)
PHOTO = drawn_photo(200, 300, (70, 100, 60), (210, 100, 60))


def noise(rows: int = 200, columns: int = 300) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (rows, columns, 3), dtype=np.uint8)


def test_only_the_widened_box_changes() -> None:
    image = noise()
    before = image.copy()
    covered = pixelated(image, [OTHER])
    assert np.array_equal(image, before), "the photo itself is left alone"
    changed = np.argwhere((covered != image).any(axis=2))
    assert changed.min(axis=0).tolist() == [40, 25] and changed.max(axis=0).tolist() == [159, 114]  # a quarter wider
    left, top, right, bottom = map(int, WANTED)
    assert np.array_equal(covered[top:bottom, left:right], image[top:bottom, left:right])


def test_at_most_six_blocks_are_left_across_and_down() -> None:
    part = pixelated(noise(), [OTHER])[40:160, 25:115]
    assert len(np.unique(part.reshape(-1, 3), axis=0)) == BLOCKS * BLOCKS
    for line in (part[50], part[:, 40]):
        assert (np.diff(line.astype(int), axis=0) != 0).any(axis=1).sum() == BLOCKS - 1
    assert np.array_equal(part[0, 0], np.rint(noise()[40:60, 25:40].mean(axis=(0, 1))).astype(np.uint8))


def test_equal_means_leave_equal_pictures_so_nothing_can_be_brought_back() -> None:
    mirrored = PHOTO.copy()
    for y in range(40, 160, 20):
        for x in range(25, 115, 15):
            mirrored[y : y + 20, x : x + 15] = PHOTO[y : y + 20, x : x + 15][::-1, ::-1]
    assert not np.array_equal(mirrored, PHOTO)
    assert np.array_equal(pixelated(mirrored, [OTHER]), pixelated(PHOTO, [OTHER]))


@pytest.mark.parametrize("box", [(-30.0, -20.0, 20.0, 30.0), (290.0, 180.0, 340.0, 230.0), (-1e12, -1e12, 1e12, 1e12)])
def test_faces_at_the_border_are_covered_as_far_as_they_are_seen(box: tuple[float, float, float, float]) -> None:
    covered = pixelated(noise(), [box])
    x, y = (0, 0) if box[0] < 0 else (299, 199)
    assert not np.array_equal(covered[y, x], noise()[y, x])
    assert len(np.unique(covered[max(0, y - 9) : y + 9, max(0, x - 9) : x + 9].reshape(-1, 3), axis=0)) <= 4


def test_a_face_elsewhere_and_no_face_change_nothing() -> None:
    assert np.array_equal(pixelated(PHOTO, [(900, 900, 950, 950)]), PHOTO)
    assert np.array_equal(pixelated(PHOTO, []), PHOTO)


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (9, 5, 5, 9), (0, 0, math.nan, 5)])
def test_an_empty_box_is_wrong_use(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(WrongUse, match="unrecognisable"):
        pixelated(PHOTO, [box])
