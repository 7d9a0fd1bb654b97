"""Faces of claims and pairs as pictures, for whoever was found to be allowed to see them."""

from __future__ import annotations

from enum import Enum

from starlette.responses import Response

from matcher.services import pictures
from matcher.services.context import Context
from matcher.services.desk_views import ClaimFace


class FaceKind(str, Enum):
    """How a face is shown: small, upright with level eyes, or its whole photo."""

    THUMBNAIL = "thumbnail"
    ALIGNED = "aligned"
    ORIGINAL = "original"


class Jpeg(Response):
    """A picture."""

    media_type = "image/jpeg"


def of_face(context: Context, face: ClaimFace, kind: FaceKind) -> Jpeg:
    """A face as a picture."""
    if kind is FaceKind.ORIGINAL:
        return Jpeg(pictures.original(context, face.photo_id))
    make = pictures.aligned if kind is FaceKind.ALIGNED else pictures.thumbnail
    return Jpeg(make(context, face.face_id))
