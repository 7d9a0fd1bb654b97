"""Pictures. Faces of a claim are addressed by the claim and a place, so that an address tells nothing; those of cases
and sightings by their own ids, for people who see these.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from matcher.accounts.rights import Right
from matcher.services.case_pictures import Picture
from matcher.web import apart
from matcher.web.faces import FaceKind, Jpeg, of_face
from matcher.web.identity import Visit, allowed

router = APIRouter()


@router.get("/pictures/{kind}/{shown}.jpg")
@apart.pictures
def of_record(
    kind: Picture,
    shown: str,
    visited: Annotated[Visit, Depends(allowed(Right.CASE_READ, Right.SIGHTING_READ, Right.TRIAGE))],
) -> Response:
    """A photo or a face of a case or a sighting."""
    return Jpeg(visited.casework.picture(visited.acting, kind, shown))


def of_claim(visited: Visit, claim: str, place: int, kind: FaceKind) -> Response:
    """The picture at a place of one's own, opened claim; that it was given out is on record since it was opened."""
    return of_face(visited.context, visited.desk.face(visited.acting, claim, place), kind)
