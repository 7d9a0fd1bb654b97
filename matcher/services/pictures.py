"""Pictures of the desk as JPEG bytes without metadata: thumbnails, aligned faces, original and redacted photos.

Nobody is asked for here whether they may look, and nothing is audited: the use case that gives a picture out does both.

Thumbnails and aligned faces are made once and kept beside their photo, in the folder of its owner, so that erasing an
owner takes them too. A kept picture begins with a keyed digest of its name and bytes: one that is damaged, or put under
another name, is made anew like one that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from matcher.domain.cases import Photo
from matcher.domain.faces import Box
from matcher.domain.ids import FaceId, PhotoId, id_text, parse_id
from matcher.domain.records import StoredFace
from matcher.errors import Damaged, NotFound, StoreProblem, WrongUse
from matcher.faces.points import eyes_of
from matcher.images.aligned import Frame
from matcher.images.aligned import aligned as upright_face
from matcher.images.crops import crop, to_jpeg
from matcher.images.crops import thumbnail as shrunk
from matcher.images.decode import open_image
from matcher.images.likeness import likeness
from matcher.images.redact import pixelated
from matcher.images.turns import quarter_turns
from matcher.services.context import Context
from matcher.services.photos import Owner, stored_image
from matcher.services.sheets import SHEET_SIDE, face_picture
from matcher.store.database import Reading

THUMBNAIL_SIDE = 256  # px of the longer side
ORIGINAL_SIDE = 2400  # px of the longer side, at most
PORTRAIT_SIDE = 1080  # px of the longer side, at most
FRAME = Frame()

# The names of kept pictures. The number rises when a picture is made otherwise than before: old ones are then swept.
_THUMBNAIL, _ALIGNED, _PORTRAIT = "thumbnail-1", "aligned-1", "portrait-1"
_NAME = re.compile(rf"({_THUMBNAIL}|{_ALIGNED}|{_PORTRAIT})-([0-9a-z]{{13}})")
_DIGEST_LENGTH = 64
_NARROWEST = 0.25  # distance of the eyes in widths of the box: a profile is not enlarged beyond that
_SPARE = 2  # decode so many times the pixels that a face needs: the rest is averaged
_GOOD = 92  # JPEG quality for pictures in which people look for lines and scars


def thumbnail(context: Context, face_id: FaceId) -> bytes:
    """A face with some surroundings, upright by quarter turns, `THUMBNAIL_SIDE` pixels at most. `NotFound`."""
    face, photo = _face(context, face_id)

    def make() -> bytes:
        scale = _SPARE * THUMBNAIL_SIDE / max(face.box.width, face.box.height)
        decoded = min(SHEET_SIDE, max(1, round(max(photo.width, photo.height) * scale)))
        picture = face_picture(stored_image(context, photo), face.box, face.turn, decoded)
        return to_jpeg(shrunk(picture, THUMBNAIL_SIDE))

    return _kept(context, photo, f"{_THUMBNAIL}-{id_text(face.id)}", make)


def aligned(context: Context, face_id: FaceId) -> bytes:
    """A face upright with its eyes where `FRAME` has them, so that all faces are shown at one scale. `NotFound`.

    A face in profile, whose eyes lie closer together than a quarter of its box is wide, is shown as if they lay that
    far apart.
    """
    face, photo = _face(context, face_id)

    def make() -> bytes:
        return _aligned(context, face, photo, ())

    return _kept(context, photo, f"{_ALIGNED}-{id_text(face.id)}", make)


def original(context: Context, photo_id: PhotoId) -> bytes:
    """A stored photo, upright, its longer side `ORIGINAL_SIDE` pixels at most; made anew each time. `NotFound`."""
    with context.store.read() as reading:
        photo = reading.photos.get(photo_id)
    if photo is None:
        raise NotFound(f"There is no photo '{id_text(photo_id)}' any more.")
    return to_jpeg(stored_image(context, photo).pixels(ORIGINAL_SIDE), _GOOD)


def redacted(context: Context, face_id: FaceId) -> tuple[bytes, bytes]:
    """A face like `aligned` and its photo like `original`, all other faces that were found there as a few blocks.

    Made anew each time. Faces that no detector found, too small or turned away, stay as they are: people look before
    they give it out. `NotFound`.
    """
    face, photo = _face(context, face_id)
    with context.store.read() as reading:
        others = [other.box for other in reading.faces.of_photo(photo.id) if other.id != face.id]
    pixels = stored_image(context, photo).pixels(ORIGINAL_SIDE)
    hidden = _without(pixels, others, max(pixels.shape[:2]) / max(photo.width, photo.height))
    return _aligned(context, face, photo, others), to_jpeg(hidden, _GOOD)


def portrait(context: Context, face_id: FaceId) -> bytes:
    """A face with head and shoulders for the public, upright by quarter turns, `PORTRAIT_SIDE` pixels at most.

    All other faces that were found on the photo are a few blocks each. Kept like a thumbnail: what was given out once
    stays the same. `NotFound`.
    """
    face, photo = _face(context, face_id)

    def make() -> bytes:
        with context.store.read() as reading:
            others = [other.box for other in reading.faces.of_photo(photo.id) if other.id != face.id]
        scale = min(1.0, _SPARE * PORTRAIT_SIDE / (4 * max(face.box.width, face.box.height)))
        longest = max(photo.width, photo.height)
        pixels = stored_image(context, photo).pixels(max(1, round(longest * scale)))
        factor = max(pixels.shape[:2]) / longest
        around = _head_and_shoulders(face.box.scaled(factor), pixels.shape[1], pixels.shape[0])
        shown = crop(_without(pixels, others, factor), around)
        return to_jpeg(shrunk(quarter_turns(shown, face.turn), PORTRAIT_SIDE), _GOOD)

    return _kept(context, photo, f"{_PORTRAIT}-{id_text(face.id)}", make)


def portrait_likeness(context: Context, face_id: FaceId) -> bytes:
    """What the `portrait` of a face looks like, as 8 bytes, the highest first. `NotFound`."""
    shown = open_image(portrait(context, face_id), "the photo of a card")
    return likeness(shown).to_bytes(8, "big")


def face_in_portrait(context: Context, face_id: FaceId) -> tuple[float, float, float, float]:
    """Where the face is in its `portrait`: left, top, right, bottom as parts (0 … 1) of its width and height."""
    face, photo = _face(context, face_id)
    left, top, right, bottom = _head_and_shoulders(face.box, photo.width, photo.height)
    width, height = right - left, bottom - top
    across = (face.box.left - left) / width, (face.box.right - left) / width
    down = (face.box.top - top) / height, (face.box.bottom - top) / height
    for _ in range(face.turn % 4):  # clockwise, as `quarter_turns`
        across, down = (1 - down[1], 1 - down[0]), across
    return across[0], down[0], across[1], down[1]


def _head_and_shoulders(face: Box, width: int, height: int) -> tuple[float, float, float, float]:
    """What is shown around a face, as far as the photo goes: its own size on each side."""
    left, right = max(0.0, face.left - face.width), min(float(width), face.right + face.width)
    return left, max(0.0, face.top - face.height), right, min(float(height), face.bottom + face.height)


def kept_for_faces(reading: Reading, keys: Iterable[str]) -> set[str]:
    """Those of the blob keys that are pictures of faces which are still there, in the folder of the face's owner."""
    named = {key: found for key in keys if (found := face_named(key)) is not None}
    photo_of = reading.faces.photos_of(named.values())
    photos = reading.photos.by_ids(photo_of.values())
    owners = {face: _owner(photos[photo]) for face, photo in photo_of.items() if photo in photos}
    return {key for key, face in named.items() if owners.get(face) == key.partition("/")[0]}


def kept_of_face(reading: Reading, face_id: FaceId) -> list[str]:
    """The blob keys under which pictures of a face are kept, if they were made."""
    photo = reading.photos.get(reading.faces.photos_of([face_id])[face_id])
    assert photo is not None  # noqa: S101 - a face's photo is kept as long as the face
    return [f"{_owner(photo)}/{name}-{id_text(face_id)}" for name in (_THUMBNAIL, _ALIGNED, _PORTRAIT)]


def face_named(key: str) -> FaceId | None:
    """The face whose picture a blob key names, `None` if it names something else."""
    name = _NAME.fullmatch(key.partition("/")[2])
    if name is None:
        return None
    with suppress(WrongUse):
        return FaceId(parse_id(name[2]))
    return None


def _face(context: Context, face_id: FaceId) -> tuple[StoredFace, Photo]:
    with context.store.read() as reading:
        face = reading.faces.get(face_id)
        photo = None if face is None else reading.photos.get(face.photo_id)
    if face is None or photo is None:
        raise NotFound(f"There is no face '{id_text(face_id)}' any more.")
    return face, photo


def _owner(photo: Photo) -> str:
    return Owner(photo.case_id, photo.sighting_id).text


def shown_eyes(face: StoredFace) -> tuple[complex, complex]:
    """The middles of the eyes, x + iy in pixels of the photo, at least `_NARROWEST` of the box apart."""
    left, right = eyes_of(face.landmarks, face.turn)
    narrowest = _NARROWEST * face.box.width
    if abs(right - left) >= narrowest:
        return left, right
    level = (right - left) / abs(right - left) if right != left else (-1j) ** face.turn
    middle = (left + right) / 2
    return middle - level * narrowest / 2, middle + level * narrowest / 2


def _aligned(context: Context, face: StoredFace, photo: Photo, others: Sequence[Box]) -> bytes:
    """The face in its frame; `others` are the boxes of faces that are made unrecognisable first."""
    eyes = shown_eyes(face)
    scale = min(1.0, _SPARE * FRAME.distance / abs(eyes[1] - eyes[0]))
    longest = max(photo.width, photo.height)
    pixels = stored_image(context, photo).pixels(max(1, round(longest * scale)))
    factor = max(pixels.shape[:2]) / longest
    # A pixel's centre is half a pixel from its edge on either scale.
    left, right = ((eye + 0.5 + 0.5j) * factor - 0.5 - 0.5j for eye in eyes)
    places = (left.real, left.imag), (right.real, right.imag)
    return to_jpeg(upright_face(_without(pixels, others, factor), places, FRAME), _GOOD)


def _without(pixels: NDArray[np.uint8], boxes: Sequence[Box], factor: float) -> NDArray[np.uint8]:
    """The photo, enlarged by `factor`, without the faces in these boxes."""
    if not boxes:
        return pixels
    near = [box.scaled(factor) for box in boxes]
    return pixelated(pixels, [(box.left, box.top, box.right, box.bottom) for box in near])


def _kept(context: Context, photo: Photo, name: str, make: Callable[[], bytes]) -> bytes:
    """The picture kept under a name beside its photo, made and kept if it is missing or damaged.

    Two processes that make it at once write the same bytes, each in one step.
    """
    owner = _owner(photo)
    with suppress(StoreProblem, Damaged):  # it is missing, or does not open
        data = context.blobs.get(f"{owner}/{name}")
        if data[:_DIGEST_LENGTH] == _digest(context, name, data[_DIGEST_LENGTH:]):
            return data[_DIGEST_LENGTH:]
    picture = make()
    with suppress(StoreProblem):  # a full disk must not keep people from looking
        context.blobs.put(owner, name, _digest(context, name, picture) + picture)
    return picture


def _digest(context: Context, name: str, picture: bytes) -> bytes:
    return context.key.digest(name.encode() + picture, "picture").encode()
