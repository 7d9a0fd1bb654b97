"""Boxes, quality under its official names, and records that cannot be filled wrongly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from matcher.domain.faces import Box, Face, NoFaceReason, PhotoFaces, Quality

QUALITY = Quality(61.5, 200.0, 0.9, 1.0, None, -3.5, single_face_present=True)
FACE = Face(
    box=Box(1, 2, 11, 22),
    landmarks=np.zeros((5, 2), np.float32),
    score=1.2,
    turn=0,
    quality=QUALITY,
    embedding=np.eye(1, 128, dtype=np.float32)[0],
)


def test_a_box_measures_itself() -> None:
    box = Box(-1, 2, 9, 22)
    assert (box.width, box.height, box.area, box.centre) == (10, 20, 200, (4, 12))
    assert box.scaled(0.5) == Box(-0.5, 1, 4.5, 11)


@pytest.mark.parametrize("edges", [(0, 0, 0, 1), (0, 0, 1, 0), (5, 0, 4, 1), (0, 0, float("nan"), 1)])
def test_a_box_has_an_area(edges: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="positive width and height"):
        Box(*edges)


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (Box(0, 0, 10, 10), 1),
        (Box(5, 0, 15, 10), 1 / 3),
        (Box(2, 2, 7, 6), 0.2),
        (Box(10, 0, 20, 10), 0),  # they touch
        (Box(20, 20, 30, 30), 0),
    ],
)
def test_overlap(other: Box, share: float) -> None:
    box = Box(0, 0, 10, 10)
    assert box.iou(other) == pytest.approx(share) and other.iou(box) == pytest.approx(share)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("landmarks", np.zeros((5, 3), np.float32), "landmarks must be float32"),
        ("landmarks", np.zeros((5, 2)), "landmarks must be float32"),
        ("embedding", np.zeros((1, 128), np.float32), "embedding must be float32"),
        ("embedding", np.zeros(128), "embedding must be float32"),
        ("turn", 4, "quarter turns"),
    ],
)
def test_a_face_with_wrong_arrays(field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(FACE, **{field: value})


def test_a_photo_has_faces_or_a_reason() -> None:
    assert PhotoFaces((FACE,), None, 10, 10).faces == (FACE,)
    assert PhotoFaces((), NoFaceReason.TOO_SMALL, 10, 10).reason == "too_small"
    for faces, reason in (((FACE,), NoFaceReason.NO_FACE), ((), None)):
        with pytest.raises(ValueError, match="never both or neither"):
            PhotoFaces(faces, reason, 10, 10)
