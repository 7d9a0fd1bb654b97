"""Active alerts for other systems: CAP documents, an Atom feed of them, and areas on maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import JSONResponse, Response

from matcher.domain.alerts import Bulletin, BulletinKind
from matcher.interchange import atom, cap, geojson
from matcher.web.identity import public
from matcher.web.public.documents import cap_of
from matcher.web.public.links import Links
from matcher.web.public.listings import AREAS, FEED, Part, areas_of, feed_of
from matcher.web.public.visitor import Anybody, Visitor
from matcher.web.security import for_others

router = APIRouter(dependencies=[Depends(public)])

PAGE = 50  # alerts of one page
Before = Annotated[int | None, Query(ge=0, lt=2**63)]


@router.get("/alerts/{number}.cap")
def document(visited: Anybody, number: int) -> Response:
    """A CAP document by its number, while it is the newest of an active alert, or if it says that one is over."""
    context = visited.context
    with context.store.read() as reading:
        found = reading.alerts.public([number], context.clock()) if 0 < number < 2**63 else []
        told = reading.alerts.bulletins_of(found[0].alert_id) if found else []
    if not found or (found[0].kind is BulletinKind.CANCEL and len(told) == 1):  # nobody knows any more of what
        return Response("There is no such alert (any more).\n", status_code=404, media_type="text/plain")
    xml = cap_of(context, [one for one in told if one.number <= number])
    return for_others(Response(xml, media_type=cap.MEDIA_TYPE))


@router.get(FEED)
def feed(visited: Anybody, before: Before = None) -> Response:
    """Active alerts, the newest first, in pages of 50; `before` begins behind an alert."""
    found, following = _active(visited, before)
    xml = feed_of(visited.context, found, visited.language, _part(visited, before, following))
    return for_others(Response(xml, media_type=atom.MEDIA_TYPE))


@router.get(AREAS)
def areas(visited: Anybody, before: Before = None) -> Response:
    """Areas of active alerts, the newest first, in pages of 50, of which `next` names the following one."""
    found, following = _active(visited, before)
    told = areas_of(visited.context, found, visited.language, _part(visited, before, following))
    return for_others(JSONResponse(told, media_type=geojson.MEDIA_TYPE), read=True)  # maps of others show it


def _active(visited: Visitor, before: int | None) -> tuple[Sequence[Bulletin], int | None]:
    """Alerts of one page, and the `before` of the following one if there is one: the first number of its last alert."""
    context = visited.context
    with context.store.read() as reading:
        found = reading.alerts.active(context.clock(), before=before, limit=PAGE + 1)
        more = len(found) > PAGE
        following = reading.alerts.bulletins_of(found[PAGE - 1].alert_id)[0].number if more else None
    return found[:PAGE], following


def _part(visited: Visitor, before: int | None, following: int | None) -> Part:
    return Part(Links(visited.request), before, following)
