"""Faces of a claim as pictures: addressed by the claim and a place, so that an address tells nothing."""

from __future__ import annotations

from enum import Enum

from starlette.responses import Response

from matcher.services import pictures
from matcher.services.desk_views import ClaimFace
from matcher.web.identity import Visit


class Kind(str, Enum):
    """How a face is shown."""

    THUMBNAIL = "thumbnail"
    ALIGNED = "aligned"
    ORIGINAL = "original"


def of_claim(visited: Visit, claim: str, place: int, kind: Kind) -> Response:
    """The picture at a place of one's own, opened claim; that it was given out is on record since it was opened."""
    return of_face(visited, visited.desk.face(visited.acting, claim, place), kind)


def of_face(visited: Visit, face: ClaimFace, kind: Kind) -> Response:
    """A face as a picture, for whoever was found to be allowed to see it."""
    if kind is Kind.ORIGINAL:
        data = pictures.original(visited.context, face.photo_id)
    elif kind is Kind.ALIGNED:
        data = pictures.aligned(visited.context, face.face_id)
    else:
        data = pictures.thumbnail(visited.context, face.face_id)
    return Response(data, media_type="image/jpeg")
