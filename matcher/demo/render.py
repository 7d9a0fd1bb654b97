"""Pictures of synthetic children: portraits, groups, and places where nobody is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matcher.demo.figure import Figure
from matcher.demo.identity import Identity, View, random_view
from matcher.demo.light import film
from matcher.demo.scenery import background
from matcher.demo.solids import Floats, Grid
from matcher.errors import WrongUse

Image = NDArray[np.uint8]
SMALLEST, LARGEST = 48, 2000


def render_face(who: Identity, view: View, size: int = 250) -> Image:
    """A square photo of one child, uint8 RGB (size, size, 3); `size` 48 … 2000 pixels."""
    return render_photo(who, view, size, size)


def render_photo(who: Identity, view: View, width: int, height: int, zoom: float = 1.0) -> Image:
    """A portrait, uint8 RGB (height, width, 3); with `zoom` 1 the head fills about half of the short side."""
    for name, value in (("width", width), ("height", height)):
        if not SMALLEST <= value <= LARGEST:
            raise WrongUse(f"A photo's {name} is {value} pixels: expected {SMALLEST} … {LARGEST}.")
    picture = background(view.scene, width, height, view.seed)
    scale = min(width, height) * 0.27 * zoom
    _place(who, view, picture, (width / 2, height * 0.47 if height <= width else height * 0.43), scale)
    return develop(picture, view)


def _place(who: Identity, view: View, picture: Floats, eyes: tuple[float, float], scale: float) -> None:
    """Draw a child so that the point between the eyes of an upright head lies at `eyes`; `scale` is pixels per head unit."""
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
    Figure(who, view, grid).draw(picture[top:, left:right])


def develop(picture: Floats, view: View) -> Image:
    """From linear light to a photo: lens blur, exposure, film curve, noise."""
    height, width = picture.shape[:2]
    blurred = _blur(picture, view.blur / 1000 * min(width, height))
    values = film(blurred, view.exposure) * np.float32(255)
    rng = np.random.Generator(np.random.PCG64([view.seed, 0xF117]))
    values += rng.standard_normal(values.shape, dtype=np.float32) * np.float32(view.noise)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


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


def portrait_image(seed: int, age: float = 8, variant: int = 0, size: int = 250) -> Image:
    """Child number `seed` at an age, photo number `variant`: uint8 RGB (size, size, 3)."""
    return render_face(Identity.random(seed), random_view(seed * 1009 + variant * 7919 + 1, age), size)


def portrait(seed: int, age: float = 8, variant: int = 0, size: int = 250) -> bytes:
    """`portrait_image` as JPEG bytes."""
    from matcher.images.crops import to_jpeg

    return to_jpeg(portrait_image(seed, age, variant, size))
