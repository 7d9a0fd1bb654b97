"""Photos of synthetic children for tests: drawn once per run and child."""

from __future__ import annotations

import functools
import io
from pathlib import Path

import PIL.Image

from matcher.demo.render import group_picture, portrait, render_scene_without_face
from matcher.images.crops import to_jpeg


@functools.cache
def child(seed: int, variant: int = 0, age: float = 8, size: int = 250) -> bytes:
    """A portrait of child number `seed`, as JPEG."""
    return portrait(seed, age=age, variant=variant, size=size)


@functools.cache
def group(*seeds: int) -> bytes:
    """One picture with several children, as JPEG."""
    return group_picture(seeds)[0]


@functools.cache
def nobody(seed: int = 1) -> bytes:
    """A place without a person, as JPEG."""
    return to_jpeg(render_scene_without_face(seed))


def saved(folder: Path, name: str, data: bytes) -> Path:
    """A photo as a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def with_comment(data: bytes, text: str) -> bytes:
    """The same pixels in other bytes: a JPEG with a comment."""
    comment = text.encode()
    return data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]


def small(data: bytes, side: int) -> bytes:
    """The picture shrunk."""
    image = PIL.Image.open(io.BytesIO(data)).resize((side, side))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=95)
    return target.getvalue()
