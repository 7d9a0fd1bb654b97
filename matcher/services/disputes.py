"""Somebody says "this is me" or "this is my child": it is hidden at once, then an officer decides.

A disputed case has a status of its own, since all that is asked about a case follows from its status. A sighting has no
status: it is hidden since a time. Hidden means that nothing is searched, watched or asked about it, and that its
pictures are shown to officers only. Whether it is erased, or shown again, is never decided by a rule.
"""

from __future__ import annotations

from matcher.domain.cases import Case, CaseStatus
from matcher.domain.erasures import Subject, SubjectKind
from matcher.domain.ids import CaseId, SightingId, parse_id
from matcher.domain.records import Sighting
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.services import cases
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.views import CaseView
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording


def dispute_case(context: Context, number: str, who: Who) -> CaseView:
    """Hide an open case until an officer has decided; `MoveNotAllowed` for an ended one, `WrongUse` without reason."""
    _require_reason(who)
    return cases.move(context, number, CaseStatus.DISPUTED, None, who)


def dispute(context: Context, shown: str, who: Who) -> None:
    """Hide a sighting until an officer has decided; `Conflict` if it is hidden already, `WrongUse` without a reason."""
    _require_reason(who)
    with context.store.write() as transaction:
        sighting = _sighting(transaction, shown)
        if sighting.disputed_at is not None:
            raise Conflict(Wording("Sighting '{sighting}' is disputed already.", sighting=shown))
        transaction.sightings.dispute(sighting.id, context.clock())
        record(context, transaction, who, Trace("sighting.dispute", [sighting.id]))


def dismiss(context: Context, shown: str, who: Who) -> None:
    """Show a disputed sighting again, where everything about it stands as before; its faces are watched anew.

    `Conflict` if it is not disputed, `WrongUse` without a reason. Who agrees with the dispute erases the sighting.
    """
    _require_reason(who)
    with context.store.write() as transaction:
        sighting = _sighting(transaction, shown)
        if sighting.disputed_at is None:
            raise Conflict(Wording("Sighting '{sighting}' is not disputed.", sighting=shown))
        transaction.sightings.dispute(sighting.id, None)
        _watch_again(transaction, sighting)
        record(context, transaction, who, Trace("sighting.dismiss_dispute", [sighting.id]))


def _watch_again(transaction: Transaction, sighting: Sighting) -> None:
    """New cases passed its faces by while it was hidden."""
    photos = [photo.id for photo in transaction.photos.of_sighting(sighting.id)]
    faces = transaction.faces.of_photos(photos)
    transaction.watching.wait(face.id for found in faces.values() for face in found)


def is_disputed(reading: Reading, case_id: CaseId | None, sighting_id: SightingId | None) -> bool:
    """Whether a case or a sighting is hidden."""
    case = None if case_id is None else reading.cases.by_id(case_id)
    sighting = None if sighting_id is None else reading.sightings.get(sighting_id)
    return _case_is(case) or (sighting is not None and sighting.disputed_at is not None)


def subject_is_disputed(reading: Reading, subject: Subject) -> bool:
    """The same about what is to be erased."""
    if subject.kind is SubjectKind.CASE:
        return is_disputed(reading, CaseId(subject.id), None)
    return is_disputed(reading, None, SightingId(subject.id))


def _case_is(case: Case | None) -> bool:
    return case is not None and case.status is CaseStatus.DISPUTED


def _sighting(reading: Reading, shown: str) -> Sighting:
    sighting = reading.sightings.get(SightingId(parse_id(shown)))
    if sighting is None:
        raise NotFound(
            Wording("There is no sighting '{sighting}'.", sighting=shown),
            step="`matcher sighting list` shows all sightings.",
        )
    return sighting


def _require_reason(who: Who) -> None:
    if not (who.note or "").strip():
        raise WrongUse(Wording("Why? Give a reason: who disputes it, or why the dispute is dismissed."))
