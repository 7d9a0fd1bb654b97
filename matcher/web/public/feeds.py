"""Active alerts for other systems: CAP documents, an Atom feed of them, and areas on maps."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from matcher.domain.alerts import Bulletin
from matcher.interchange import atom, cap, geojson
from matcher.web.identity import public
from matcher.web.public.documents import cap_of
from matcher.web.public.listings import AREAS, FEED, areas_of, feed_of
from matcher.web.public.visitor import Anybody, Visitor

router = APIRouter(dependencies=[Depends(public)])

PAGE = 50  # alerts of one page


@router.get("/alerts/{number}.cap")
def document(visited: Anybody, number: int) -> Response:
    """A CAP document by its number, while it is the newest of an active alert, or if it says that one is over."""
    context = visited.context
    with context.store.read() as reading:
        found = reading.alerts.public([number], context.clock()) if 0 < number < 2**63 else []
        told = reading.alerts.bulletins_of(found[0].alert_id) if found else []
    if not found:
        return Response("There is no such alert (any more).\n", status_code=404, media_type="text/plain")
    xml = cap_of(context, [one for one in told if one.number <= number])
    return Response(xml, media_type=cap.MEDIA_TYPE)


@router.get(FEED)
def feed(visited: Anybody, before: int | None = None) -> Response:
    """Active alerts, the newest first, in pages of 50; `before` begins behind an alert."""
    found, more = _active(visited, before)
    xml = feed_of(visited.context, found, visited.language, before=before, more=more)
    return Response(xml, media_type=atom.MEDIA_TYPE)


@router.get(AREAS)
def areas(visited: Anybody, before: int | None = None) -> Response:
    """Areas of active alerts, the newest first, in pages of 50, of which `next` names the following one."""
    found, more = _active(visited, before)
    told = areas_of(visited.context, found, visited.language, more=more)
    answer = JSONResponse(told, media_type=geojson.MEDIA_TYPE)
    answer.headers["Access-Control-Allow-Origin"] = "*"  # maps of others show what is public
    return answer


def _active(visited: Visitor, before: int | None) -> tuple[Sequence[Bulletin], bool]:
    context = visited.context
    with context.store.read() as reading:
        found = reading.alerts.active(context.clock(), before=before, limit=PAGE + 1)
    return found[:PAGE], len(found) > PAGE
