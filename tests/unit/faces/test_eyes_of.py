"""Where the eyes of a stored face are, whichever models found it."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.faces.alignment import DLIB_TEMPLATE
from matcher.faces.points import DLIB_POINTS, eyes_of
from matcher.images.turns import points_back

DLIB = np.array([DLIB_TEMPLATE[name] for name in DLIB_POINTS], np.float32)
# ArcFace's template of 112 × 112 pixels: eyes, nose tip, corners of the mouth.
ARCFACE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)], np.float32
)
MIDDLES = {
    "dlib": (DLIB, complex(*DLIB[2:4].mean(axis=0)), complex(*DLIB[0:2].mean(axis=0))),
    "yunet": (ARCFACE, complex(*ARCFACE[0]), complex(*ARCFACE[1])),
    "yunet, named by the person's sides": (ARCFACE[[1, 0, 2, 4, 3]], complex(*ARCFACE[0]), complex(*ARCFACE[1])),
}


@pytest.mark.parametrize("layout", MIDDLES)
@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize("lean", [-35, 0, 20])
@pytest.mark.parametrize("squeeze", [1.0, 0.6])
def test_left_is_left_of_the_upright_face(layout: str, turn: int, lean: float, squeeze: float) -> None:
    points, left, right = MIDDLES[layout]
    lean_by = np.exp(1j * np.radians(lean))
    move = lambda z: complex(squeeze * np.real(z), np.imag(z)) * lean_by  # noqa: E731 - a head that looks aside and leans
    upright = np.array([(z.real, z.imag) for z in map(move, points[:, 0] + 1j * points[:, 1])], np.float32)
    back = lambda pairs: points_back(np.asarray(pairs, np.float32), turn, 400, 300)  # noqa: E731
    found = eyes_of(np.ascontiguousarray(back(upright)), turn)
    wanted = back([(move(eye).real, move(eye).imag) for eye in (left, right)])
    assert np.allclose([(eye.real, eye.imag) for eye in found], wanted, atol=1e-3)


def test_points_in_one_place_give_eyes_in_one_place() -> None:
    assert eyes_of(np.full((5, 2), 7, np.float32), 0) == (7 + 7j, 7 + 7j)
