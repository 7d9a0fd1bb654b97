"""Pictures. Faces of a claim are addressed by the claim and a place, so that an address tells nothing; those of cases
and sightings by their own ids, for people who see these.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from matcher.accounts.rights import Right
from matcher.services import pictures
from matcher.services.case_pictures import Picture
from matcher.services.desk_views import ClaimFace
from matcher.web.identity import Visit, allowed

router = APIRouter()


class Kind(str, Enum):
    """How a face is shown."""

    THUMBNAIL = "thumbnail"
    ALIGNED = "aligned"
    ORIGINAL = "original"


@router.get("/pictures/{kind}/{shown}.jpg")
def of_record(
    kind: Picture,
    shown: str,
    visited: Annotated[Visit, Depends(allowed(Right.CASE_READ, Right.SIGHTING_READ, Right.TRIAGE))],
) -> Response:
    """A photo or a face of a case or a sighting."""
    return Response(visited.casework.picture(visited.acting, kind, shown), media_type="image/jpeg")


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
