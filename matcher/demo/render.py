"""Pictures of synthetic children: portraits, groups, and places where nobody is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matcher.demo.figure import Figure
from matcher.demo.identity import Identity, View, random_view
from matcher.demo.light import film
from matcher.demo.scenery import background, toys
from matcher.demo.solids import Floats, Grid
from matcher.domain.faces import Box
from matcher.errors import WrongUse
from matcher.images.crops import to_jpeg

Image = NDArray[np.uint8]
SMALLEST, LARGEST = 48, 2000


def render_face(who: Identity, view: View, size: int = 250) -> Image:
    """A square photo of one child, uint8 RGB (size, size, 3); `size` 48 … 2000 pixels."""
    return render_photo(who, view, size, size)


def render_photo(who: Identity, view: View, width: int, height: int, zoom: float = 1.0) -> Image:
    """A portrait, uint8 RGB (height, width, 3); with `zoom` 1 the head fills about half of the short side."""
    _check_size(width, height)
    picture = background(view.scene, width, height, view.seed)
    scale = min(width, height) * 0.27 * zoom
    _place(who, view, picture, (width / 2, height * 0.47 if height <= width else height * 0.43), scale)
    return develop(picture, view)


def _place(who: Identity, view: View, picture: Floats, eyes: tuple[float, float], scale: float) -> None:
    """Draw a child with the middle between the eyes of an upright head at `eyes`; `scale` is pixels per head unit."""
    height, width = picture.shape[:2]
    left, right = max(int(eyes[0] - 1.9 * scale), 0), min(int(eyes[0] + 1.9 * scale) + 1, width)
    top = max(int(eyes[1] - 1.9 * scale), 0)
    if right <= left or top >= height:
        return
    grid = Grid(
        x=((np.arange(left, right) + 0.5 - eyes[0]) / scale).astype(np.float32),
        y=((eyes[1] - np.arange(top, height) - 0.5) / scale).astype(np.float32),
        pixel=1 / scale,
    )
    part = np.ascontiguousarray(picture[top:, left:right])
    Figure(who, view, grid).draw(part)
    picture[top:, left:right] = part


def develop(picture: Floats, view: View) -> Image:
    """From linear light to a photo: lens blur, exposure, film curve, noise."""
    height, width = picture.shape[:2]
    blurred = _blur(picture, view.blur / 1000 * min(width, height))
    values = film(blurred, view.exposure) * np.float32(255)
    rng = np.random.Generator(np.random.PCG64([view.seed, 0xF117]))
    values += rng.standard_normal(values.shape, dtype=np.float32) * np.float32(view.noise)
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _blur(picture: Floats, sigma: float) -> Floats:
    if sigma < 0.2:
        return picture
    reach = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        pad = [(0, 0)] * 3
        pad[axis] = (reach, reach)
        padded = np.pad(picture, pad, mode="edge")
        length = picture.shape[axis]
        cuts = (padded[i : i + length] if axis == 0 else padded[:, i : i + length] for i in range(2 * reach + 1))
        picture = np.asarray(sum(k * cut for k, cut in zip(kernel, cuts, strict=True)), np.float32)
    return picture


@dataclass(frozen=True, slots=True, eq=False)
class GroupPhoto:
    """Several children in one picture: `image` uint8 RGB, `boxes` of their faces in the order given."""

    image: Image
    boxes: tuple[Box, ...]


def render_group(people: Sequence[tuple[Identity, float]], seed: int, size: tuple[int, int] = (640, 480)) -> GroupPhoto:
    """A picture (width, height) of 1 … 10 children, each with an age, in one or two rows under the same lamp."""
    width, height = size
    if not 1 <= len(people) <= 10:
        raise WrongUse(f"A group picture shows 1 … 10 children, not {len(people)}.")
    _check_size(width, height)
    common = random_view(seed * 31 + 5, 8.0)
    picture = background(common.scene, width, height, seed)
    boxes: dict[int, Box] = {}
    for index, eyes, scale in _places([age for _, age in people], seed, size):
        who, age = people[index]
        own = random_view(seed * 101 + index + 1, age)
        view = replace(
            own,
            roll=own.roll * 0.7,
            light_side=common.light_side,
            light_height=common.light_height,
            light=common.light,
            lamp_warmth=common.lamp_warmth,
        )
        _place(who, view, picture, eyes, scale)
        boxes[index] = face_box(eyes, scale)
    return GroupPhoto(develop(picture, common), tuple(boxes[i] for i in range(len(people))))


def _places(
    ages: Sequence[float], seed: int, size: tuple[int, int]
) -> Iterator[tuple[int, tuple[float, float], float]]:
    """Index, eyes and scale of each, back row first. Of five or more, the older half looks out between the others."""
    width, height = size
    rng = np.random.Generator(np.random.PCG64([seed, 0x6207]))
    in_back = sorted(range(len(ages)), key=lambda index: -ages[index])[: len(ages) // 2] if len(ages) > 4 else []
    back, front = sorted(in_back), [index for index in range(len(ages)) if index not in in_back]
    slot = width / (len(front) + (0.5 if len(back) == len(front) else 0.0))
    largest = min(slot / 2.05, height * (0.155 if back else 0.19), width / 4)
    for row, level in ((back, 0.27), (front, 0.58 if back else 0.36)):
        for place, index in enumerate(row):
            young = 1 - (ages[index] - 1) / 16
            scale = largest * (1 - 0.16 * young) * float(rng.uniform(0.94, 1.04))
            x = slot * (place + (1.0 if row is back else 0.5)) + float(rng.uniform(-0.04, 0.04)) * scale
            y = height * (level + (0.09 if back else 0.16) * young + float(rng.uniform(-0.03, 0.03)))
            yield index, (x, y), scale


def face_box(eyes: tuple[float, float], scale: float) -> Box:
    """The square of a detector around a face whose eyes' middle is at `eyes`, `scale` pixels per head unit."""
    x, y, half = eyes[0], eyes[1] + 0.13 * scale, 0.72 * scale
    return Box(x - half, y - half, x + half, y + half)


def render_scene_without_face(seed: int, width: int = 480, height: int = 360) -> Image:
    """A place with toys and no person, uint8 RGB (height, width, 3)."""
    _check_size(width, height)
    return develop(toys(width, height, seed), View(seed=seed, noise=2.5))


def _check_size(width: int, height: int) -> None:
    for name, value in (("width", width), ("height", height)):
        if not SMALLEST <= value <= LARGEST:
            raise WrongUse(f"A photo's {name} is {value} pixels: expected {SMALLEST} … {LARGEST}.")


def portrait_image(seed: int, age: float = 8, variant: int = 0, size: int = 250) -> Image:
    """Child number `seed` at an age, photo number `variant`: uint8 RGB (size, size, 3)."""
    return render_face(Identity.random(seed), random_view(seed * 1009 + variant * 7919 + 1, age), size)


def portrait(seed: int, age: float = 8, variant: int = 0, size: int = 250) -> bytes:
    """`portrait_image` as JPEG bytes."""
    return to_jpeg(portrait_image(seed, age, variant, size), 93)


def group_picture(
    seeds: Sequence[int], size: tuple[int, int] = (640, 480), variant: int = 0
) -> tuple[bytes, list[tuple[float, float, float, float]]]:
    """A JPEG of the children of these seeds, about eight years old, and their faces' left, top, right and bottom."""
    people = [(Identity.random(seed), 6.0 + seed * 7 % 5) for seed in seeds]
    photo = render_group(people, sum(seeds) * 13 + variant, size)
    return to_jpeg(photo.image, 93), [(box.left, box.top, box.right, box.bottom) for box in photo.boxes]
