"""Photos and faces of cases and sightings for people who may see them."""

from __future__ import annotations

from enum import Enum

from matcher.accounts.rights import Acting, Right
from matcher.domain.cases import Photo
from matcher.domain.ids import FaceId, PhotoId, parse_id
from matcher.domain.reviews import RecusedBy
from matcher.errors import NotFound
from matcher.images.crops import thumbnail, to_jpeg
from matcher.images.decode import open_image
from matcher.services import pictures
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.disputes import is_disputed
from matcher.services.inputs import PhotoInput, ReasonCode, Who, photo_name, read_photo
from matcher.services.sheets import face_picture
from matcher.services.views import MatchView
from matcher.store.database import Reading
from matcher.wording import Wording


class Picture(str, Enum):
    """What a picture shows: a face by its id, or a whole photo by its own. The portrait is what a card shows."""

    THUMBNAIL = "thumbnail"
    ALIGNED = "aligned"
    PORTRAIT = "portrait"
    PHOTO = "photo"


_OF_FACES = {
    Picture.THUMBNAIL: pictures.thumbnail,
    Picture.ALIGNED: pictures.aligned,
    Picture.PORTRAIT: pictures.portrait,
}


def picture(context: Context, acting: Acting, kind: Picture, shown_id: str) -> bytes:
    """A picture as JPEG for whoever may see its case or sighting. `NotFound`, `NotPermitted`.

    The look is audited. Lists name children beside the ids of their photos, so whoever sees a photo of a case is
    recused from it.
    """
    number = parse_id(shown_id)
    with context.store.write() as transaction:
        photo = _photo(transaction, kind, number)
        if photo is None:
            raise NotFound(Wording("There is no picture '{id}' any more.", id=shown_id))
        if photo.case_id is not None:
            acting.require(Right.CASE_READ)
            transaction.recusals.from_cases(acting.name, [photo.case_id], RecusedBy.CASE, context.clock())
        else:
            acting.require_one_of(Right.SIGHTING_READ, Right.TRIAGE)
        if is_disputed(transaction, photo.case_id, photo.sighting_id):
            acting.require(Right.CASE_CLOSE)
        record(context, transaction, Who.of(acting, ReasonCode.REVIEW), Trace("photo.view", {photo.id, number}))
    if kind is Picture.PHOTO:
        return pictures.original(context, PhotoId(number))
    return _OF_FACES[kind](context, FaceId(number))


def probe_faces(photo: PhotoInput, found: MatchView) -> list[bytes]:
    """The faces of a photo that was searched, in their order, upright, `pictures.THUMBNAIL_SIDE` pixels at most."""
    image = open_image(read_photo(photo), photo_name(photo))
    return [
        to_jpeg(thumbnail(face_picture(image, face.box, face.turn), pictures.THUMBNAIL_SIDE)) for face in found.faces
    ]


def _photo(reading: Reading, kind: Picture, number: int) -> Photo | None:
    if kind is Picture.PHOTO:
        return reading.photos.get(PhotoId(number))
    face = reading.faces.get(FaceId(number))
    return None if face is None else reading.photos.get(face.photo_id)
