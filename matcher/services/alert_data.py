"""Bulletins as data for programs: the same in events that are sent and in the feed that is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matcher.domain.alerts import Bulletin, Meant
from matcher.domain.ids import id_text

VERSION = 1

# All that is told of a child: what a card comes to hold beyond it is not told by itself.
_TOLD = ("name", "sex", "age_then", "missing_since", "place", "height_cm", "weight_kg", "marks", "clothing")


def bulletin_data(told: Bulletin, public_url: str | None, *, before: Sequence[int] = ()) -> dict[str, Any]:
    """One bulletin. `number` rises with each that is told, of whatever alert: whoever has a higher one of the same
    alert knows better. `references` are the numbers of those before it of the same alert.

    A cancellation names its alert and nothing of the child. `public_url`: where card, photo and form are found.
    """
    common = {
        "version": VERSION,
        "number": told.number,
        "alert": id_text(told.alert_id),
        "kind": told.kind.value,
        "meant": told.meant.value,
        "at": told.at.isoformat(),
        "references": list(before),
    }
    if told.content is None or told.circle is None or told.expires_at is None:
        return common
    content, facts, centre = told.content, told.content["facts"], told.circle.centre
    return common | {
        "expires_at": told.expires_at.isoformat(),
        "area": {
            "lat": centre.lat,
            "lon": centre.lon,
            "radius_km": told.circle.radius_km,
            "place": content["place"] or None,
        },
        "note": content["note"],
        "card": {"code": content["code"], "phone": content["phone"], **{name: facts[name] for name in _TOLD}},
        "photo": content["photo"],
        "links": _links(content["code"], told, public_url),
    }


def _links(code: str, told: Bulletin, public_url: str | None) -> dict[str, str]:
    if public_url is None:
        return {}
    root = public_url.rstrip("/")
    links = {
        "card": f"{root}/c/{code}",
        "photo": f"{root}/c/{code}/photo.jpg",
        "picture": f"{root}/c/{code}/message.png",
        "report": f"{root}/report?card={code}",
    }
    if told.meant is Meant.ACTUAL:  # the others are told to partners alone
        links["cap"] = f"{root}/alerts/{told.number}.cap"
    return links
