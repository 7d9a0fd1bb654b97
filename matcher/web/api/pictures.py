"""Pictures for those who may see them."""

from __future__ import annotations

from starlette.responses import Response

from matcher.services import pictures
from matcher.services.case_pictures import Picture
from matcher.services.desk_views import ClaimFace
from matcher.web.api.answers import Jpeg
from matcher.web.api.caller import Caller, router_of
from matcher.web.api.parameters import FaceKind, PictureId, Viewer

router = router_of("Pictures")


@router.get("/pictures/{kind}/{picture}.jpg", response_class=Jpeg, summary="A photo or a face")
def picture(caller: Viewer, kind: Picture, picture: PictureId) -> Response:
    """A photo of a case or sighting, or a face on it; each look is recorded."""
    return Jpeg(caller.casework.picture(caller.acting, kind, picture))


def of_face(caller: Caller, face: ClaimFace, kind: FaceKind) -> Response:
    """A face of a claim or a pair, for whoever was found to be allowed to see it."""
    if kind is FaceKind.ORIGINAL:
        return Jpeg(pictures.original(caller.context, face.photo_id))
    make = pictures.aligned if kind is FaceKind.ALIGNED else pictures.thumbnail
    return Jpeg(make(caller.context, face.face_id))
