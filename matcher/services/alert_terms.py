"""What an alert says: where it is heard, how far by when, until when; from what is told of its case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from matcher.domain.alerts import NEAR, TUANYUAN, Growth, Terms
from matcher.domain.cases import Case
from matcher.domain.positions import Position
from matcher.errors import WrongUse
from matcher.interchange.cells import number, text
from matcher.services.context import Context
from matcher.services.details import parsed
from matcher.services.inputs import check_text
from matcher.wording import Wording

SCHEDULES = {"tuanyuan": TUANYUAN, "near": NEAR}
_LONGEST_PLACE, _LONGEST_NOTE = 200, 500
_LONGEST = timedelta(days=366)
_FULL_WIDTH = str.maketrans("：，；、", ":,;,")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerms:
    """What an alert says; what is `None` is taken from the case, or of an alert that is there stays as it is.

    `growth` is the name of a schedule, or steps of one's own, also as people write them. `since` is when it begins, by
    default the disappearance; `expires_at` ends the alert, by default after the setting `alert_days`. An empty `place`
    or `note` is none.
    """

    centre: Position | None = None
    place: str | None = None
    growth: Growth | str | None = None
    since: datetime | None = None
    expires_at: datetime | None = None
    note: str | None = None


def require_wider(before: Terms, terms: Terms, now: datetime) -> None:
    """`WrongUse` for an area that leaves out some of what it was before."""
    old, new = before.circle(now), terms.circle(now)
    if new.radius_km < old.radius_km + old.centre.distance_km(new.centre) and new != old:
        raise WrongUse(
            Wording("The new area leaves out some of the present one: cancel the alert and issue another instead.")
        )


def terms_of_case(case: Case) -> Mapping[str, Any]:
    """What a case says of an alert about it.

    The centre is told to everybody and may be where a child lives: it is coarse, unless an officer says it finer.
    """
    details = case.details
    return {"centre": coarse(details.last_seen), "place": details.last_seen_place, "since": details.missing_since}


def coarse(where: Position | None) -> Position | None:
    """A position to a hundredth of a degree, about a kilometre."""
    return None if where is None else Position(round(where.lat, 2), round(where.lon, 2))


def whole_terms(context: Context, new: NewTerms, before: Terms | Mapping[str, Any]) -> Terms:
    """Whole terms of what is wanted and of what was there before."""
    now, days = context.clock(), context.settings.alert_days
    old = (
        before if isinstance(before, Mapping) else {name: getattr(before, name) for name in Terms.__dataclass_fields__}
    )
    growth = growth_of(new.growth) if isinstance(new.growth, str) else new.growth
    centre = new.centre or old["centre"]
    since = new.since or old["since"]
    if centre is None:
        raise WrongUse(Wording("Where is the alert to be heard? The case has no position: give one."))
    if since is None:
        raise WrongUse(Wording("Since when does the area grow? The case does not say when the child went missing."))
    expires_at = new.expires_at or old.get("expires_at") or now + timedelta(days=days)
    if expires_at <= now:
        told = {"time": f"{expires_at.astimezone(timezone.utc):%Y-%m-%d %H:%M}"}
        raise WrongUse(Wording("The alert would have ended at {time} UTC: give an end that is to come.", **told))
    if expires_at > now + _LONGEST:
        raise WrongUse(Wording("An alert ends within a year from now: give another end."))
    if since > now:
        raise WrongUse(Wording("An area cannot grow since a time that is to come."))
    return Terms(
        centre=centre,
        place=(old["place"] if new.place is None else _words("place", new.place, _LONGEST_PLACE)) or "",
        growth=growth or old.get("growth") or TUANYUAN,
        since=since,
        expires_at=expires_at,
        note=old.get("note") if new.note is None else _words("note", new.note, _LONGEST_NOTE),
    )


def growth_of(given: str) -> Growth:
    """The schedule of a name, or of steps such as '0:10, 2:50': within 10 km at once, within 50 after 2 hours."""
    plain = given.translate(_FULL_WIDTH).strip()
    if plain and ":" not in plain:
        known = SCHEDULES.get(plain)
        if known is None:
            names = ", ".join(sorted(SCHEDULES))
            raise WrongUse(Wording("There is no schedule '{name}': there are {names}.", name=plain, names=names))
        return known
    steps = [part.partition(":") for part in re.split(r"[,;\n]", plain) if part.strip()]
    return Growth(tuple((parsed("steps", hours, number), parsed("steps", km, number)) for hours, _, km in steps))


def steps_of(growth: Growth) -> str:
    """Steps as `growth_of` reads them."""
    return ", ".join(f"{hours:.15g}:{km:.15g}" for hours, km in growth.steps)


def _words(name: str, given: str, longest: int) -> str | None:
    told = parsed(name, given, text)
    check_text(name, told, longest)
    return told or None
