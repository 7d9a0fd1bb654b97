"""Notices, and how well people judge."""

from __future__ import annotations

from starlette.responses import Response

from matcher.services.desk_views import NoticeView, ReviewerView
from matcher.web.api.bodies import ReadNotices
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import Holder, Limit, QualityOwner, QualityReader
from matcher.web.parts import Whole, whole

router = router_of("Inbox and quality")


@router.get("/notices", summary="One's inbox")
def notices(caller: Holder, limit: Limit = 50) -> Whole[NoticeView]:
    """One's notices, newest first."""
    return whole(caller.desk.notices(caller.acting, limit + 1), limit)


@router.post("/notices/read", status_code=204, summary="Mark notices as read")
def mark_read(caller: Holder, given: ReadNotices) -> Response:
    """Note that one has read notices; ids of other people's change nothing."""
    caller.desk.mark_read(caller.acting, given.notices)
    return Response(status_code=204)


@router.get("/quality/mine", summary="One's own figures")
def own_quality(caller: QualityOwner) -> ReviewerView:
    """How much, how well and how long one judges."""
    return caller.desk.own_quality(caller.acting)


@router.get("/quality", summary="Everybody's figures")
def quality(caller: QualityReader) -> Whole[ReviewerView]:
    """The figures of everybody who has answered something; the look is recorded."""
    return whole(caller.desk.quality(caller.acting))
