"""Active alerts together, as an Atom feed and as areas on a map: for the public server and for files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from matcher.domain.alerts import Bulletin
from matcher.domain.ids import id_text
from matcher.domain.people import Language
from matcher.interchange import atom, geojson
from matcher.interchange.card_sheet import headline
from matcher.services.context import Context
from matcher.web.languages import speech
from matcher.web.public.documents import EVENT, address, area_words, card_of, host
from matcher.wording import Wording

FEED, AREAS = "/alerts.atom", "/alerts.geojson"

_SINCE = date(2026, 1, 1)  # of the names of entries, which hold a day on which their host was ours
_TITLE = Wording("Missing children: active alerts")


@dataclass(frozen=True, slots=True)
class Part:
    """One page of a list: the `before` by which it was asked for, and that of the `following` one if there is one.

    `link` makes addresses that keep the language that was asked for.
    """

    link: Callable[..., str]
    before: int | None = None
    following: int | None = None

    def address(self, context: Context, path: str, before: int | None) -> str:
        """The address of the page that begins there."""
        return address(context, self.link(path) if before is None else self.link(path, before=str(before)))


WHOLE = Part(lambda path: path)


def feed_of(context: Context, found: Sequence[Bulletin], language: Language, part: Part = WHOLE) -> bytes:
    """Alerts as an Atom feed: all of them, or a part."""
    name = host(context)
    made = atom.Feed(
        id=atom.tag_id(name, _SINCE, "alerts"),
        title=speech(language).say(_TITLE),
        author=context.settings.public_name or name,
        updated=max((one.at for one in found), default=context.clock()),
        address=part.address(context, FEED, part.before),
        first=part.address(context, FEED, None),
        next=None if part.following is None else part.address(context, FEED, part.following),
        language=language.value,
        entries=[_entry(context, one, language, name) for one in found],
    )
    return atom.atom_xml(made)


def areas_of(context: Context, found: Sequence[Bulletin], language: Language, part: Part = WHOLE) -> dict[str, Any]:
    """Areas of alerts as one GeoJSON object, with the address of those behind them as its `next`."""
    collection = geojson.feature_collection([_area(context, one, language) for one in found])
    following = None if part.following is None else part.address(context, AREAS, part.following)
    return {**collection, "next": following}


def _entry(context: Context, told: Bulletin, language: Language, name: str) -> atom.Entry:
    spoken = speech(language)
    content: Any = told.content
    return atom.Entry(
        id=atom.tag_id(name, _SINCE, f"alert/{id_text(told.alert_id)}"),
        title=headline(card_of(context, told), spoken.reader),
        summary=area_words(told, spoken),
        published=told.at,
        updated=told.at,
        document=address(context, f"/alerts/{told.number}.cap"),
        page=address(context, f"/c/{content['code']}"),
        language=spoken.reader.language,
    )


def _area(context: Context, told: Bulletin, language: Language) -> geojson.AreaFeature:
    spoken = speech(language)
    content: Any = told.content
    expires: datetime | None = told.expires_at
    if told.circle is None or expires is None:
        raise ValueError("an active alert has an area and an end")
    properties = geojson.AreaProperties(
        headline=headline(card_of(context, told), spoken.reader),
        event=spoken.say(EVENT),
        area=area_words(told, spoken),
        language=language.value,
        radius_km=told.circle.radius_km,
        effective=told.at,
        expires=expires,
        document=address(context, f"/alerts/{told.number}.cap"),
    )
    return geojson.AreaFeature(id_text(told.alert_id), content["geometry"], properties)
