"""The map of a case: where the child was last seen, sightings that people hold for possible, areas of alerts.

A score puts nothing on it. A sighting is shown where a reviewer picked it for this case and looking has not excluded
it, or where it was reported on this case's card; not while it is disputed or waits for somebody to look for spam.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from matcher.accounts.rights import Acting, Right
from matcher.domain.alerts import Meant
from matcher.domain.cases import Case, CaseStatus
from matcher.domain.ids import SightingId, id_text
from matcher.domain.records import Sighting
from matcher.domain.reports import PublicReport, ReportState
from matcher.domain.reviews import RecusedBy, TaskState
from matcher.interchange.map_sheet import Area, MapSheet, Seen
from matcher.services.auditing import Trace, record
from matcher.services.cases import check_number, require_case
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.views import NOTICE
from matcher.store.database import Reading
from matcher.wording import ENGLISH, Reader, Wording, said

_NOTICE = f"{NOTICE[0].upper()}{NOTICE[1:]}."


@dataclass(frozen=True, slots=True)
class CaseMap:
    """What a map shows, and the ids of its sightings in the order of their numbers."""

    case_id: str
    sheet: MapSheet
    sightings: tuple[str, ...]


def case_map(context: Context, acting: Acting, number: str, reader: Reader = ENGLISH) -> CaseMap:
    """The map of a case in the reader's words, for whoever may see cases and sightings.

    The look is audited and recuses from the case, and from the sightings on the map: it tells when and where. That of a
    disputed case is for officers, like its pictures.
    """
    acting.require(Right.CASE_READ)
    acting.require(Right.SIGHTING_READ)
    check_number(number)
    now = context.clock()
    with context.store.write() as transaction:
        case = require_case(transaction, number)
        if case.status is CaseStatus.DISPUTED:
            acting.require(Right.CASE_CLOSE)
        found = sorted(_sightings(transaction, case), key=_turn)
        alerts = [one for one in transaction.alerts.of_case(case.id) if one.meant is Meant.ACTUAL and one.active(now)]
        ids = [one.id for one in found]
        transaction.recusals.from_cases(acting.name, [case.id], RecusedBy.CASE, now)
        transaction.recusals.from_sightings(acting.name, ids, RecusedBy.CASE, now)
        record(context, transaction, Who.of(acting, ReasonCode.REVIEW), Trace("case.map", [case.id, *ids]))
    circles = (one.terms.circle(now) for one in alerts)
    sheet = MapSheet(
        title=said(Wording("Map of case {case}", case=case.number), reader.say),
        notice=said(_NOTICE, reader.say),
        last_seen=_last_seen(case),
        sightings=tuple(Seen(one.place or "", one.seen_at, one.position) for one in found),
        areas=tuple(
            Area(circle, said(Wording("{km} km", km=f"{circle.radius_km:g}"), reader.say)) for circle in circles
        ),
        reader=reader,
    )
    return CaseMap(case.number, sheet, tuple(map(id_text, ids)))


def _turn(one: Sighting) -> tuple[bool, float, int]:
    """By the time of the sighting, those without one last, as the map numbers them."""
    return one.seen_at is None, 0.0 if one.seen_at is None else one.seen_at.timestamp(), one.id


def _last_seen(case: Case) -> Seen | None:
    details = case.details
    if details.last_seen is None and details.last_seen_place is None and details.missing_since is None:
        return None
    return Seen(details.last_seen_place or "", details.missing_since, details.last_seen)


def _sightings(reading: Reading, case: Case) -> list[Sighting]:
    """One of each happening: of those that are shown beside one another, the first that is on the map."""
    pairs = reading.tasks.pairs_of(case.id).values()
    possible = {one.sighting_id for one in pairs if one.state is not TaskState.EXCLUDED}
    excluded = {one.sighting_id for one in pairs} - possible
    reported = _looked_at(reading, reading.reports.about(case.id)) - excluded
    found = {one.id: one for one in reading.sightings.by_ids(possible | reported).values() if one.disputed_at is None}
    return [one for one in found.values() if one.merged_into not in found]


def _looked_at(reading: Reading, reports: Collection[PublicReport]) -> set[SightingId]:
    """The sightings of those reports that do not wait for a person, nor were refused or taken back.

    Of a duplicate that is asked of the one that it repeats.
    """
    taken = {one.sighting_id for one in reports if one.state is ReportState.TAKEN}
    repeating = reading.sightings.by_ids(one.sighting_id for one in reports if one.state is ReportState.DUPLICATE)
    firsts = {one.merged_into for one in repeating.values() if one.merged_into is not None}
    told = reading.reports.of_sightings(firsts)
    open_to_doubt = {first for first, report in told.items() if report.state is not ReportState.TAKEN}
    return taken | {one.id for one in repeating.values() if one.merged_into not in open_to_doubt}
