"""The regression trees, on forests small enough to follow by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matcher.domain.faces import Box
from matcher.faces.datfile import ANCHORS, LEAVES, SPLITS, TREES, ShapePredictorArrays
from matcher.faces.landmarks import TreeLandmarker

MEAN = np.array([[0.8, 0.3], [0.6, 0.3], [0.2, 0.3], [0.4, 0.3], [0.5, 0.6]], np.float32)
BOX = Box(10, 20, 110, 220)


def forest(cascades: int = 1) -> ShapePredictorArrays:
    """Trees that always go left and never move anything; every pixel lies at its landmark."""
    return ShapePredictorArrays(
        mean_shape=MEAN,
        splits=np.zeros((cascades, TREES, SPLITS, 2), np.int32),
        thresholds=np.full((cascades, TREES, SPLITS), -1, np.float32),
        leaves=np.zeros((cascades, TREES, LEAVES, 10), np.float32),
        anchors=np.tile(np.arange(ANCHORS) % 5, (cascades, 1)).astype(np.int32),
        offsets=np.zeros((cascades, ANCHORS, 2), np.float32),
    )


def photo(height: int = 300, width: int = 200) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def test_idle_trees_leave_the_mean_shape_in_the_box() -> None:
    found = TreeLandmarker(forest()).locate(photo(), [BOX])
    assert found.dtype == np.float32
    assert found.tolist() == [[[90, 80], [70, 80], [30, 80], [50, 80], [60, 140]]]


def test_no_boxes_give_no_landmarks() -> None:
    assert TreeLandmarker(forest()).locate(photo(), []).shape == (0, 5, 2)


def test_leaves_of_all_trees_and_cascades_add_up() -> None:
    arrays = forest(cascades=3)
    arrays.leaves[:, :, 0, 8] = 0.1 / TREES  # nose to the right, in box widths, in each cascade
    nose = TreeLandmarker(arrays).locate(photo(), [BOX])[0, 4]
    assert nose.tolist() == [90, 140]


def test_a_split_goes_left_only_above_its_threshold() -> None:
    arrays = forest()
    arrays.splits[0, 0, 0] = (4, 2)  # pixel at the nose minus pixel at landmark 2
    arrays.thresholds[0, 0, 0] = 30
    arrays.leaves[0, 0, 0, 9] = 0.1  # left all the way: nose down
    arrays.leaves[0, 0, 8, 9] = -0.1  # right once, then left: nose up
    landmarker = TreeLandmarker(arrays)
    image = photo()
    image[140, 60] = (93, 0, 0)  # grey 31
    assert landmarker.locate(image, [BOX])[0, 4].tolist() == [60, 160]
    image[140, 60] = (90, 1, 1)  # grey 30.67, cut to 30
    assert landmarker.locate(image, [BOX])[0, 4].tolist() == [60, 120]


def test_every_leaf_is_reached_by_its_own_path() -> None:
    arrays = forest()
    arrays.leaves[0, 0, :, 8] = np.arange(LEAVES) / 100
    for leaf in range(LEAVES):
        node, thresholds = 0, np.full(SPLITS, np.inf)
        for level in range(4):
            goes_right = leaf >> (3 - level) & 1
            thresholds[node] = np.inf if goes_right else -np.inf
            node = 2 * node + 1 + goes_right
        arrays.thresholds[0, 0] = thresholds
        assert TreeLandmarker(arrays).locate(photo(), [BOX])[0, 4, 0] == 60 + leaf


def test_offsets_turn_and_grow_with_the_shape() -> None:
    arrays = forest(cascades=2)
    # First cascade: everything turned by a right angle around the mean of the shape, and doubled.
    spread = MEAN - MEAN.mean(axis=0)
    turned = np.stack((-2 * spread[:, 1], 2 * spread[:, 0]), axis=1) + MEAN.mean(axis=0)
    arrays.leaves[0, 0, 0] = (turned - MEAN).reshape(-1)
    # Second cascade: a pixel 0.1 right of the nose in the mean shape is now 0.2 below it.
    arrays.offsets[1, 4] = (0.1, 0)
    arrays.splits[1, 0, 0] = (4, 0)
    arrays.thresholds[1, 0, 0] = 50
    arrays.leaves[1, 0, 0, 8] = 0.25
    nose_x, nose_y = np.floor(turned[4] * (100, 100) + 100.5).astype(int)
    image = photo(400, 400)
    box = Box(100, 100, 200, 200)
    still = TreeLandmarker(arrays).locate(image, [box])[0, 4, 0]
    image[nose_y + 20, nose_x] = 255
    assert TreeLandmarker(arrays).locate(image, [box])[0, 4, 0] == still + 25


def test_pixels_outside_the_photo_are_black() -> None:
    arrays = forest()
    arrays.splits[0, 0, 0] = (4, 2)
    arrays.thresholds[0, 0, 0] = 50
    arrays.leaves[0, 0, 0, 8] = 0.5
    white = np.full((60, 50, 3), 255, np.uint8)
    landmarker = TreeLandmarker(arrays)
    assert landmarker.locate(white, [Box(200, 200, 300, 300)])[0, 4].tolist() == [250, 260]
    # The nose is in the photo, landmark 2 is not.
    assert landmarker.locate(white, [Box(-30, -40, 70, 60)])[0, 4].tolist() == [70, 20]


def test_boxes_together_give_what_each_gives_alone() -> None:
    random = np.random.default_rng(3)
    arrays = replace(
        forest(cascades=4),
        splits=random.integers(0, ANCHORS, (4, TREES, SPLITS, 2)).astype(np.int32),
        thresholds=random.normal(0, 20, (4, TREES, SPLITS)).astype(np.float32),
        leaves=random.normal(0, 0.002, (4, TREES, LEAVES, 10)).astype(np.float32),
        offsets=random.normal(0, 0.1, (4, ANCHORS, 2)).astype(np.float32),
    )
    image = random.integers(0, 256, (240, 320, 3)).astype(np.uint8)
    boxes = [Box(10, 10, 90, 95), Box(100.5, 40.25, 300, 230), Box(-20, -20, 40, 50)]
    landmarker = TreeLandmarker(arrays)
    together = landmarker.locate(image, boxes)
    assert np.array_equal(together, np.concatenate([landmarker.locate(image, [box]) for box in boxes]))
    assert not np.array_equal(together[0], TreeLandmarker(forest()).locate(image, boxes)[0])
