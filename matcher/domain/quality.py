"""What a photo lacks, in words that people understand, and what a better one would be.

Nothing is ranked, weighted or left out by this: a weak photo is searched like any other, and people are told.

The limits were measured with the default models and 476 photos of 700 public figures, one enrolled photo each
(`scripts/bench/quality.py`): each photo was shrunk, blurred, darkened or brightened more and more. As they were, .933
of them found the right person first. A face is *weak* where less than .85 do, and *poor* where less than half do: then
a similarity more often tells of somebody else than of the same person. Chance resemblance rises less: up to 16 of 100
poor faces that are small or blurred are as similar to somebody else as 10 of 100 of the unspoilt ones are.

A head that leans is not weak: of 238 photos turned by 10 to 40 degrees .920 to .933 came first, at 45 degrees .891.
That, and the limit for turned faces, were measured on the same photos without the script.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import floor

from matcher.domain.faces import NoFaceReason, Quality, Shortfall
from matcher.wording import Wording

# Pixels between the eyes: .861 at 11, .821 at 10; .515 at 7, .326 at 6. Frontal faces are searched from about 15 on.
SMALL, VERY_SMALL = 11.0, 7.0
# Fine structure of blurred photos: .860 from 1.2 to 1.5, .815 from 1.1 to 1.2; .524 from .55 to .6, .479 from .5 to
# .55. Shrunk photos agree: .872, .848; .502, .491. 4 of 100 unspoilt photos have less than 1.2, none less than .75. A
# shadow over one half of the face lowers it as much as it harms: to 1.54 in the median with a fifth of the light, where
# .866 come first, and to 1.17 with a tenth, where .786 do.
BLURRED, VERY_BLURRED = 1.2, 0.55
# Share of pixels not under-exposed: .853 from .4 to .5, .830 from .35 to .4. It says little below: with hardly a pixel
# left, faces with a tenth to a thirtieth of their light together have .287.
DARK, VERY_DARK = 0.4, 0.001
# Share of pixels not over-exposed: .938 from .7 to .8, .815 from .6 to .7; .517 from .2 to .25, .356 from .1 to .2.
BRIGHT, VERY_BRIGHT = 0.7, 0.2
# Degrees to a side: of pairs with one photo turned by 45 or more .84 came first (25 pairs only), by 40 to 45 all of 22.
TURNED = 45.0


class WeaknessKind(str, Enum):
    """What is weak about a usable face."""

    SMALL = "small"
    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    TURNED = "turned"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong with a photo and what a better one would be, as two halves of one sentence."""

    problem: str
    better: str

    def __str__(self) -> str:
        return f"{self.problem}: {self.better}"


@dataclass(frozen=True, slots=True)
class Weakness(Advice):
    """Why a usable face will be found less often; `poor` when its similarities say too little to be judged."""

    kind: WeaknessKind
    poor: bool

    @property
    def degree(self) -> str:
        """The word for it: weak, or very weak when it is poor."""
        return Wording("very weak") if self.poor else Wording("weak")


def weaknesses(quality: Quality) -> tuple[Weakness, ...]:
    """All weaknesses of a face in the order of `WeaknessKind`; what was not measured is none."""
    found = (_small(quality), _blurred(quality), _dark(quality), _bright(quality), _turned(quality))
    return tuple(weakness for weakness in found if weakness is not None)


def poor(quality: Quality) -> bool:
    """Whether a face is so small, blurred, dark or washed out that no significance may be given to its similarities.

    Turned faces are never poor: nothing of that kind was found for them.
    """
    return any(weakness.poor for weakness in weaknesses(quality))


def explain(reason: NoFaceReason, shortfall: Shortfall | None) -> Advice:
    """Why no face of a photo could be used, with what was measured; `None` for photos stored before it was kept."""
    if reason is NoFaceReason.TOO_SMALL:
        better = Wording("ask for a closer photo, or for the original file in full size")
        return Advice(_too_small(shortfall), better)
    if reason is NoFaceReason.TOO_BLURRED:
        return Advice(_too_blurred(shortfall), Wording("ask for a sharper photo"))
    better = Wording("ask for a photo that shows the face closer and from the front")
    if shortfall is None:
        return Advice(Wording("no face was found"), better)
    sought = f"{shortfall.sought:.0f}"
    problem = Wording("no face was found (faces are looked for from {sought} pixels wide on)", sought=sought)
    return Advice(problem, better)


def for_reporters(reason: NoFaceReason) -> Advice:
    """The same for whoever took the photo, and may stand beside a child: it sends nobody closer."""
    if reason is NoFaceReason.TOO_SMALL:
        better = Wording(
            "if you already have another photo on which it is larger, add that one; do not go closer for it"
        )
        return Advice(Wording("the face is too small"), better)
    if reason is NoFaceReason.TOO_BLURRED:
        better = Wording("if you already have another photo that is sharper, add that one; do not go closer for it")
        return Advice(Wording("the face is too blurred"), better)
    better = Wording(
        "if you already have another photo on which the face is larger, or seen from the front, add that one; do not "
        "go closer for it"
    )
    return Advice(Wording("no face was found"), better)


def _too_small(shortfall: Shortfall | None) -> str:
    if shortfall is None or shortfall.width is None:
        return Wording("the face is too small")
    if shortfall.inter_eye_distance is not None:
        width, eyes = f"{shortfall.width:.0f}", floor(shortfall.inter_eye_distance)
        return Wording("the face is {width} pixels wide, but the eyes only {eyes} pixels apart", width=width, eyes=eyes)
    width, sought = str(floor(shortfall.width)), f"{shortfall.sought:.0f}"
    return Wording("face only {width} pixels wide; it could be used from {sought} on", width=width, sought=sought)


def _too_blurred(shortfall: Shortfall | None) -> str:
    if shortfall is None or shortfall.fine_structure is None:
        return Wording("the face is too blurred")
    return Wording(
        "face {width} pixels wide, but too blurred (fine detail {detail} where {needed} would do)",
        width=f"{shortfall.width:.0f}",
        detail=_below(shortfall.fine_structure),
        needed=f"{BLURRED:g}",
    )


def _small(quality: Quality) -> Weakness | None:
    eyes = quality.inter_eye_distance
    if eyes >= SMALL:
        return None
    problem = Wording(
        "small, with {eyes} pixels between the eyes where {needed} would do", eyes=floor(eyes), needed=f"{SMALL:.0f}"
    )
    better = Wording("a closer photo, or the original file instead of a copy that was made smaller")
    return Weakness(problem, better, WeaknessKind.SMALL, eyes < VERY_SMALL)


def _blurred(quality: Quality) -> Weakness | None:
    detail = quality.fine_structure
    if detail is None or detail >= BLURRED:
        return None
    problem = Wording(
        "blurred (fine detail {detail} where {needed} would do)", detail=_below(detail), needed=f"{BLURRED:g}"
    )
    better = Wording("a sharper photo, or the original file instead of a copy")
    return Weakness(problem, better, WeaknessKind.BLURRED, detail < VERY_BLURRED)


def _dark(quality: Quality) -> Weakness | None:
    clear = quality.under_exposure_prevention
    if clear >= DARK:
        return None
    problem = Wording("dark, with {count} of 100 pixels of the face nearly black", count=_of_hundred(1 - clear))
    better = Wording("a photo in better light, from the front")
    return Weakness(problem, better, WeaknessKind.DARK, clear < VERY_DARK)


def _bright(quality: Quality) -> Weakness | None:
    clear = quality.over_exposure_prevention
    if clear >= BRIGHT:
        return None
    problem = Wording("washed out, with {count} of 100 pixels of the face nearly white", count=_of_hundred(1 - clear))
    better = Wording("a photo without flash or glaring sun")
    return Weakness(problem, better, WeaknessKind.BRIGHT, clear < VERY_BRIGHT)


def _turned(quality: Quality) -> Weakness | None:
    yaw = quality.head_pose_yaw
    if yaw is None or abs(yaw) < TURNED:
        return None
    problem = Wording("turned about {degrees} degrees to the side", degrees=f"{abs(yaw):.0f}")
    better = Wording("a photo that shows the face from the front")
    return Weakness(problem, better, WeaknessKind.TURNED, poor=False)


def _below(value: float) -> str:
    """Two decimals, cut: a value below a limit never reads like the limit."""
    return f"{floor(100 * value) / 100:g}"


def _of_hundred(share: float) -> int:
    return round(100 * share)
