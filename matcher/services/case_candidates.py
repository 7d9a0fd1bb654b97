"""The sightings that a case is a candidate for."""

from __future__ import annotations

from matcher.domain.ids import id_text
from matcher.domain.reviews import RecusedBy
from matcher.matching.sentences import sentence
from matcher.services.auditing import Trace, record
from matcher.services.cases import check_number, require_case
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.views import CaseCandidate


def of_case(context: Context, number: str, who: Who, limit: int) -> list[CaseCandidate]:
    """Candidates of a case with where reviewers stand: those that were picked first, then the newest.

    The look is audited and recuses from the case, and from the sightings: their time, place and ranks are shown.
    """
    check_number(number)
    with context.store.write() as transaction:
        case = require_case(transaction, number)
        found = transaction.candidates.of_case(case.id, limit)
        pairs = transaction.tasks.pairs_of(case.id)
        lists = transaction.tasks.lists_of({one.face_id for one in found})
        sightings = transaction.sightings.by_ids({one.sighting_id for one in found})
        now = context.clock()
        transaction.recusals.from_cases(who.actor, [case.id], RecusedBy.CASE, now)
        transaction.recusals.from_sightings(who.actor, sightings, RecusedBy.CASE, now)
        record(context, transaction, who, Trace("case.candidates", [case.id], candidates=[one.id for one in found]))
    found.sort(key=lambda one: one.face_id not in pairs)
    return [
        CaseCandidate(
            sighting=id_text(one.sighting_id),
            seen_at=sightings[one.sighting_id].seen_at,
            place=sightings[one.sighting_id].place,
            face=id_text(one.face_id),
            similarity=one.similarity,
            rank=one.rank,
            flags=one.flags,
            meaning=one.meaning,
            sentence=None if one.meaning is None else sentence(one.meaning),
            pair=pairs[one.face_id].state if one.face_id in pairs else None,
            listed=lists[one.face_id].state if one.face_id in lists else None,
            found_at=one.created_at,
        )
        for one in found
    ]
