"""Active alerts for other systems: CAP documents, an Atom feed of them, and areas on maps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from matcher.domain.alerts import Bulletin, BulletinKind, Meant
from matcher.domain.ids import id_text
from matcher.domain.people import Language
from matcher.interchange import atom, cap, geojson
from matcher.services.context import Context
from matcher.web.identity import public
from matcher.web.languages import speech
from matcher.web.public.documents import address, area_words, cap_alert, headline, host, sheet_of
from matcher.web.public.visitor import Anybody, Visitor
from matcher.wording import Wording

router = APIRouter(dependencies=[Depends(public)])

PAGE = 50  # alerts of one page
_SINCE = date(2026, 1, 1)  # of the names of entries, which hold a day on which their host was ours
_TITLE = Wording("Missing children: active alerts")


@router.get("/alerts/{number}.cap")
def document(visited: Anybody, number: int) -> Response:
    """A CAP document by its number, as it was told; nothing but its end is left of one that is erased."""
    with visited.context.store.read() as reading:
        found = reading.alerts.bulletin(number) if 0 < number < 2**63 else None
        told = [] if found is None else reading.alerts.bulletins_of(found.alert_id)
    if found is None or found.meant is not Meant.ACTUAL or _is_gone(found):
        return Response("There is no such alert (any more).\n", status_code=404, media_type="text/plain")
    before = [one for one in told if one.number < found.number]
    xml = cap.cap_xml(cap_alert(visited.context, found, before))
    return Response(xml, media_type=cap.MEDIA_TYPE)


@router.get("/alerts.atom")
def feed(visited: Anybody, before: int | None = None) -> Response:
    """Active alerts, the newest first, in pages of 50; `before` begins behind an alert."""
    found, more = _active(visited, before)
    context, name = visited.context, host(visited.context)
    made = atom.Feed(
        id=atom.tag_id(name, _SINCE, "alerts"),
        title=speech(visited.language).say(_TITLE),
        author=context.settings.public_name or name,
        updated=max((one.at for one in found), default=context.clock()),
        address=address(context, "/alerts.atom" if before is None else f"/alerts.atom?before={before}"),
        first=address(context, "/alerts.atom"),
        next=address(context, f"/alerts.atom?before={found[-1].number}") if more else None,
        language=visited.language.value,
        entries=[_entry(context, one, visited.language, name) for one in found],
    )
    return Response(atom.atom_xml(made), media_type=atom.MEDIA_TYPE)


@router.get("/alerts.geojson")
def areas(visited: Anybody, before: int | None = None) -> Response:
    """Areas of active alerts, the newest first, in pages of 50, of which `next` names the following one."""
    found, more = _active(visited, before)
    collection = geojson.feature_collection([_area(visited.context, one, visited.language) for one in found])
    following = address(visited.context, f"/alerts.geojson?before={found[-1].number}") if more else None
    answer = JSONResponse({**collection, "next": following}, media_type=geojson.MEDIA_TYPE)
    answer.headers["Access-Control-Allow-Origin"] = "*"  # maps of others show what is public
    return answer


def _active(visited: Visitor, before: int | None) -> tuple[Sequence[Bulletin], bool]:
    context = visited.context
    with context.store.read() as reading:
        found = reading.alerts.active(context.clock(), before=before, limit=PAGE + 1)
    return found[:PAGE], len(found) > PAGE


def _is_gone(told: Bulletin) -> bool:
    return told.kind is not BulletinKind.CANCEL and told.content is None


def _entry(context: Context, told: Bulletin, language: Language, name: str) -> atom.Entry:
    spoken = speech(language)
    sheet = sheet_of(context, told, spoken)
    content: Any = told.content
    return atom.Entry(
        id=atom.tag_id(name, _SINCE, f"alert/{id_text(told.alert_id)}"),
        title=headline(sheet),
        summary=area_words(told, spoken),
        published=told.at,
        updated=told.at,
        document=address(context, f"/alerts/{told.number}.cap"),
        page=address(context, f"/c/{content['code']}"),
        language=sheet.language,
    )


def _area(context: Context, told: Bulletin, language: Language) -> geojson.AreaFeature:
    spoken = speech(language)
    content: Any = told.content
    expires: datetime | None = told.expires_at
    if told.circle is None or expires is None:
        raise ValueError("an active alert has an area and an end")
    properties = geojson.AreaProperties(
        headline=headline(sheet_of(context, told, spoken)),
        event=spoken.say(Wording("Missing child")),
        area=area_words(told, spoken),
        language=language.value,
        radius_km=told.circle.radius_km,
        effective=told.at,
        expires=expires,
        document=address(context, f"/alerts/{told.number}.cap"),
    )
    return geojson.AreaFeature(id_text(told.alert_id), content["geometry"], properties)
