"""The points of a face by name: how sources of landmarks and templates of recognisers meet.

Left and right are those of the image, not of the person. Whoever finds landmarks says which names it gives in which
order, whoever was trained on aligned chips says which names lie where in them, and a face is aligned by the points that
both know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.errors import WrongUse

# An eye's middle may stand for itself or be the mean of its two corners.
EYES = {
    "eye_left": ("eye_left_outer", "eye_left_inner"),
    "eye_right": ("eye_right_inner", "eye_right_outer"),
}
# How far a nose point stands out before the plane of the eyes, in distances between the eyes' middles: the base about
# 22 mm before the corners of the eyes, whose middles are about 62 mm apart; the tip about 37 mm.
NOSES = {"nose_tip": 0.6, "nose_base": 0.35}
NAMES = (*EYES, *(corner for corners in EYES.values() for corner in corners), *NOSES, "mouth_left", "mouth_right")

DLIB_POINTS = ("eye_right_outer", "eye_right_inner", "eye_left_outer", "eye_left_inner", "nose_base")

_ON_A_LINE = 0.25  # how far corners of eyes lie off the line through the eyes' middles at most, in their distances


@dataclass(frozen=True, slots=True)
class PointLayout:
    """Which rows of an array of landmarks lie at an eye, whose middle is their mean, and which at the nose.

    `left_eye` is the one on the image's left. `nose_depth` says how far the nose landmark stands out before the plane
    of the eyes, in distances between the eyes' middles; it turns a shift of the nose into an angle.
    """

    left_eye: tuple[int, ...]
    right_eye: tuple[int, ...]
    nose: int
    nose_depth: float

    @classmethod
    def of(cls, points: Sequence[str]) -> PointLayout:
        """The layout of landmarks with these names; `WrongUse` for a name unknown or twice, or eyes or nose absent."""
        if len(set(points)) != len(points) or not set(points) <= set(NAMES):
            raise WrongUse(f"Landmarks are different ones of {', '.join(NAMES)}, not {', '.join(points) or 'none'}.")
        eyes = [tuple(i for i, name in enumerate(points) if name in (eye, *corners)) for eye, corners in EYES.items()]
        noses = [i for i, name in enumerate(points) if name in NOSES]
        if not all(eyes) or not noses:
            raise WrongUse(f"The landmarks {', '.join(points)} lack an eye or the nose: a head's pose needs them.")
        return cls(eyes[0], eyes[1], noses[0], NOSES[points[noses[0]]])


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """The points that landmarks and a template have in common: `places` in pixels of the chip, complex (n,).

    `rows[i]` are the rows of the landmarks whose mean belongs at `places[i]`.
    """

    rows: tuple[tuple[int, ...], ...]
    places: NDArray[np.complex128]

    def landmarks(self, points: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """The landmarks that belong at the places, in their order."""
        return np.array([points[list(rows)].mean() for rows in self.rows])


def meet(template: Mapping[str, tuple[float, float]], points: Sequence[str]) -> Meeting | None:
    """Where landmarks with these names belong in a chip, in the order of the landmarks.

    The middle of an eye of which only the template's middle and the landmarks' corners are known is the corners' mean.
    `None` unless both eyes are among the common points: without them a face's turn and size hang on too little.
    """
    found: dict[tuple[int, ...], tuple[float, float]] = {
        (i,): template[name] for i, name in enumerate(points) if name in template
    }
    for eye, corners in EYES.items():
        if eye in template and eye not in points and set(corners) <= set(points) and not set(corners) & set(template):
            found[tuple(sorted(points.index(corner) for corner in corners))] = template[eye]
    rows = sorted(found)
    common = {points[i] for each in rows for i in each}
    if any(common.isdisjoint((eye, *corners)) for eye, corners in EYES.items()):
        return None
    return Meeting(tuple(rows), np.array([complex(*found[each]) for each in rows]))


def eyes_of(landmarks: NDArray[np.float32], turn: int) -> tuple[complex, complex]:
    """The middles of the left and the right eye of a stored face, as it is seen after `turn` clockwise quarter turns.

    A stored face does not say which models found it, and its home may use others by now. dlib's first four points are
    the corners of the eyes and lie about on one line; otherwise the first two are the eyes, as detectors with five
    points of their own give them (YuNet's are eyes, nose tip, corners of the mouth). x + iy in pixels of the photo.
    """
    points = landmarks.astype(np.float64).view(np.complex128)[..., 0]
    one, other = points[:2].mean(), points[2:4].mean()
    axis = other - one
    aside = np.abs(((points[:4] - one) * np.conj(axis)).imag)  # distances from the line, times the axis's length
    if axis == 0 or aside.max() > _ON_A_LINE * abs(axis) ** 2:
        one, other = points[0], points[1]
    # A clockwise quarter turn takes x + iy to −y + ix: it multiplies by i.
    left, right = sorted((complex(one), complex(other)), key=lambda eye: (eye * 1j ** (turn % 4)).real)
    return left, right
