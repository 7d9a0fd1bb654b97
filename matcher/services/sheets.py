"""Pictures for people: the faces of a search or of a candidate, side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matcher.domain.cases import Photo
from matcher.domain.faces import Box
from matcher.domain.ids import FaceId, PhotoId, id_text, parse_id
from matcher.domain.reviews import RecusedBy
from matcher.errors import NotFound
from matcher.images.crops import crop
from matcher.images.decode import SourceImage, open_image
from matcher.images.sheet import Tile, comparison_sheet
from matcher.images.turns import quarter_turns
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_views import ClaimFaces
from matcher.services.inputs import PhotoInput, Who, photo_name, read_photo
from matcher.services.photos import stored_image
from matcher.services.views import NOTICE, FaceCandidates

_MARGIN = 0.4  # hair, ears and chin matter to people
SHEET_SIDE = 2400  # of the photo that is decoded for a crop, px


def stored_face_picture(context: Context, face: str) -> NDArray[np.uint8]:
    """A stored face by its shown id, upright, with some of its surroundings: RGB uint8 (h, w, 3)."""
    face_id = FaceId(parse_id(face))
    with context.store.read() as reading:
        stored = reading.faces.get(face_id)
        photo = None if stored is None else reading.photos.get(stored.photo_id)
    if stored is None or photo is None:
        raise NotFound(f"There is no face '{face}' any more.")
    return face_picture(stored_image(context, photo), stored.box, stored.turn)


def match_sheet(context: Context, photo: PhotoInput, face: FaceCandidates) -> bytes:
    """A PNG with one face of an ad hoc search beside its candidates, in the order of the list; shows no similarity."""
    image = open_image(read_photo(photo), photo_name(photo))
    tiles = [
        Tile(
            stored_face_picture(context, found.photo_face),
            (found.case_id, ", ".join(flag.value.replace("_", " ") for flag in found.flags)),
        )
        for found in face.candidates
    ]
    probe = Tile(face_picture(image, face.box, face.turn), (f"Face {face.number}",))
    return comparison_sheet(probe, tiles, f"{NOTICE[0].upper()}{NOTICE[1:]}.")


def photo_sheet(context: Context, photo: str, who: Who | None = None) -> bytes:
    """A PNG with a stored photo and its faces with their numbers, for choosing one.

    The look of `who` is audited, and an account is recused from the photo's case.
    """
    photo_id = PhotoId(parse_id(photo))
    with context.store.read() as reading:
        stored, faces = reading.photos.get(photo_id), reading.faces.of_photo(photo_id)
    if stored is None:
        raise NotFound(f"There is no photo '{photo}': `matcher case show` lists a case's photos.")
    if who is not None:
        _record_look(context, stored, who)
    image = stored_image(context, stored)
    tiles = [Tile(face_picture(image, face.box, face.turn), (f"Face {face.number}",)) for face in faces]
    return comparison_sheet(Tile(image.pixels(SHEET_SIDE)), tiles, "Which face is the child's?", ("PHOTO", "FACES"))


def _record_look(context: Context, photo: Photo, who: Who) -> None:
    with context.store.write() as transaction:
        if photo.case_id is not None:
            transaction.recusals.from_cases(who.actor, [photo.case_id], RecusedBy.CASE, context.clock())
        record(context, transaction, who, Trace("photo.view", [photo.id]))


def claim_sheet(context: Context, faces: ClaimFaces) -> bytes:
    """A PNG with the faces of an opened claim and their places, and nothing that could sway a judgement."""
    probe, *others = (stored_face_picture(context, id_text(face.face_id)) for face in faces.places)
    tiles = [Tile(picture, (f"{place}",)) for place, picture in enumerate(others, start=1)]
    footer = "Judge by what you see. Possible resemblance, not an identification."
    return comparison_sheet(Tile(probe), tiles, footer, ("SIGHTING", "CASE PHOTOS"))


def face_picture(image: SourceImage, box: Box, turn: int, long_side: int = SHEET_SIDE) -> NDArray[np.uint8]:
    """A face in a photo, turned by quarters until it is upright, with some of its surroundings.

    The photo is decoded with `long_side` pixels at most.
    """
    pixels = image.pixels(long_side)
    near = box.scaled(pixels.shape[1] / image.width)
    return quarter_turns(crop(pixels, (near.left, near.top, near.right, near.bottom), _MARGIN), turn)
