"""What an alert says, as the words of a form."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import FormData

from matcher.domain.alerts import Terms
from matcher.domain.cases import CaseDetails
from matcher.interchange.cells import instant, moment, position
from matcher.services.alert_terms import SCHEDULES, NewTerms, coarse, steps_of
from matcher.services.details import parsed
from matcher.web.forms import words

OWN = "own"  # a schedule that is none of those with a name


def told(given: FormData) -> NewTerms:
    """What a form says of an alert; a place or note that was emptied is none."""
    entered = words(given)
    where = {name: entered[name] for name in ("lat", "lon", "datum") if entered.get(name)}
    schedule = entered.get("schedule") or None
    return NewTerms(
        centre=position(where),
        place=entered.get("place"),
        growth=entered.get("steps", "") if schedule == OWN else schedule,
        since=parsed("since", entered["since"], moment) if entered.get("since") else None,
        expires_at=parsed("expires_at", entered["expires_at"], instant) if entered.get("expires_at") else None,
        note=entered.get("note"),
    )


def of_case(details: CaseDetails) -> Mapping[str, str]:
    """What a case says of an alert about it."""
    where, since = coarse(details.last_seen), details.missing_since
    known = {
        "lat": None if where is None else repr(where.lat),
        "lon": None if where is None else repr(where.lon),
        "place": details.last_seen_place,
        "since": None if since is None else since.isoformat(),
    }
    return {name: value for name, value in known.items() if value is not None}


def of_alert(terms: Terms) -> Mapping[str, str]:
    """What an alert says. Numbers are exact: an area that moves by a hair would leave somebody out."""
    schedule = next((name for name, growth in SCHEDULES.items() if growth == terms.growth), OWN)
    return {
        "lat": repr(terms.centre.lat),
        "lon": repr(terms.centre.lon),
        "place": terms.place,
        "schedule": schedule,
        "steps": steps_of(terms.growth) if schedule == OWN else "",
        "since": terms.since.isoformat(),
        "expires_at": terms.expires_at.isoformat(),
        "note": terms.note or "",
    }
