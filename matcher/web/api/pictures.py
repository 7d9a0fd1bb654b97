"""Pictures for those who may see them."""

from __future__ import annotations

from starlette.responses import Response

from matcher.services.case_pictures import Picture
from matcher.web import apart
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import PictureId, Viewer
from matcher.web.faces import Jpeg

router = router_of("Pictures")


@router.get("/pictures/{kind}/{picture}.jpg", response_class=Jpeg, summary="A photo or a face")
@apart.pictures
def picture(caller: Viewer, kind: Picture, picture: PictureId) -> Response:
    """A photo of a case or sighting, or a face on it; each look is recorded."""
    return Jpeg(caller.casework.picture(caller.acting, kind, picture))
