"""Cases: register, update, close and reopen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from matcher.domain.cases import Case, CaseDetails, CaseStatus, Confirmation, PhotoState, StatusChange, check_move
from matcher.domain.consents import search_withdrawn, stands_alone
from matcher.domain.ids import CaseId, new_id
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.services import alert_endings, case_views
from matcher.services.auditing import Trace, record
from matcher.services.case_photos import NewPhoto, enrol
from matcher.services.context import Context
from matcher.services.desk_tasks import close_of_case, reopen_due, resume_of_case
from matcher.services.inputs import Who, check_text
from matcher.services.photos import Owner, keep_bytes
from matcher.services.views import CaseView
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording


def add(context: Context, number: str, details: CaseDetails, photos: Sequence[NewPhoto], who: Who) -> CaseView:
    """Register a case with its photos in one step: all of it or nothing. `Conflict` if the number is taken."""
    check_number(number)
    now = context.clock()
    case = Case(
        id=CaseId(new_id()), number=number, status=CaseStatus.OPEN, details=details, created_at=now, updated_at=now
    )
    keep_bytes(context, Owner(case_id=case.id), [photo.prepared for photo in photos])
    with context.store.write() as transaction:
        transaction.cases.add(case)
        warnings = enrol(context, transaction, case, photos, who) + _unfindable(transaction, case)
        trace = Trace("case.add", [case.id], context.space.name if photos else None, details={"photos": len(photos)})
        record(context, transaction, who, trace)
        return case_views.of_case(transaction, case, warnings)


def require_free(context: Context, number: str) -> None:
    """Raise `Conflict` early, before models run, if a case number is taken."""
    check_number(number)
    with context.store.read() as reading:
        if reading.cases.get(number) is not None:
            raise Conflict(
                Wording("There is a case '{case}' already.", case=number),
                step="add photos or change it with `matcher case update`.",
            )


def check_number(number: str) -> None:
    """Refuse case numbers that are empty, very long, or hold spaces at an end or control characters."""
    check_text("The case number", number, 100)
    if not number or number != number.strip():
        raise WrongUse(Wording("The case number {case} is empty or has spaces around it.", case=repr(number)))


@dataclass(frozen=True, slots=True)
class Update:
    """What is to change of a case. `seen` is the `updated_at` under which it was looked at: `None` does not mind."""

    changes: Mapping[str, Any]
    photos: Sequence[NewPhoto] = ()
    seen: datetime | None = None


def update(context: Context, number: str, new: Update, who: Who) -> CaseView:
    """Change details of a case and add photos to it; a photo that it has already is not added again.

    `Conflict` if the case was changed since it was `seen`.
    """
    changes, photos = new.changes, new.photos
    with context.store.read() as reading:
        owner = Owner(case_id=require_case(reading, number).id)
    keep_bytes(context, owner, [photo.prepared for photo in photos])
    with context.store.write() as transaction:
        case = require_case(transaction, number)
        if new.seen not in (None, case.updated_at):
            raise Conflict(
                Wording(
                    "Case '{case}' was changed meanwhile: look at what is known now, then change it again.", case=number
                )
            )
        case = replace(case, details=replace(case.details, **changes), updated_at=context.clock())
        transaction.cases.update(case)
        warnings = enrol(context, transaction, case, photos, who) + _unfindable(transaction, case)
        trace = Trace(
            "case.update",
            [case.id],
            context.space.name if photos else None,
            details={"fields": ",".join(sorted(changes)), "photos": len(photos)},
        )
        record(context, transaction, who, trace)
        return case_views.of_case(transaction, case, warnings)


def _unfindable(reading: Reading, case: Case) -> list[str]:
    if any(photo.state is PhotoState.READY for photo in reading.photos.of_case(case.id)):
        return []
    return [Wording("No search finds case '{case}' until it has a photo with a usable, chosen face.", case=case.number)]


def move(context: Context, number: str, status: CaseStatus, confirmation: Confirmation | None, who: Who) -> CaseView:
    """Close or reopen a case by the table of moves; its faces leave or enter every search with the same commit.

    Its open pairs are closed with it, and resumed with it. From its end on runs the time after which it is erased.
    """
    space = context.space.name if status.searched else None
    with context.store.write() as transaction:
        case = require_case(transaction, number)
        moved = _change_status(context, transaction, case, (status, confirmation), who)
        warnings = _follow_status(transaction, moved, space)
        if status.searched:
            reopen_due(context, transaction, moved.id, who)
            warnings += _withdrawn(transaction, moved)
        return case_views.of_case(transaction, moved, warnings)


def _withdrawn(reading: Reading, case: Case) -> list[str]:
    if stands_alone(case.details.legal_basis) or not search_withdrawn(reading.consents.of_case(case.id)):
        return []
    return [
        Wording(
            "The consent to the search for the child of case '{case}' was withdrawn: record another, or a legal basis.",
            case=case.number,
        )
    ]


def close(
    context: Context, transaction: Transaction, case: Case, to: tuple[CaseStatus, Confirmation | None], who: Who
) -> None:
    """End a case within a larger step; its faces leave every search with the same commit."""
    _follow_status(transaction, _change_status(context, transaction, case, to, who), None)


def _change_status(
    context: Context, transaction: Transaction, case: Case, to: tuple[CaseStatus, Confirmation | None], who: Who
) -> Case:
    status, confirmation = to
    check_move(case.number, case.status, status, confirmation)
    now = context.clock()
    moved = replace(case, status=status, updated_at=now)
    transaction.cases.update(moved)
    transaction.cases.add_status_change(
        StatusChange(
            case_id=case.id,
            old=case.status,
            new=status,
            confirmation=confirmation,
            actor=who.actor,
            reason=who.note,
            at=now,
        )
    )
    if not status.searched:
        alert_endings.end_of_case(context, transaction, case.id, who)
    follow = resume_of_case if status.searched else close_of_case
    pairs = follow(context, transaction, case.id, who)
    trace = Trace("case.status", [case.id], details={"old": case.status.value, "new": status.value, "pairs": pairs})
    record(context, transaction, who, trace)
    return moved


def _follow_status(transaction: Transaction, case: Case, space: str | None) -> list[str]:
    """Take a case's faces out of every search, or into all for which they are embedded; `space` is the present one."""
    photos = [photo.id for photo in transaction.photos.of_case(case.id)]
    faces = [face for group in transaction.faces.of_photos(photos).values() for face in group]
    chosen = [face.id for face in faces if face.choice is not None]
    transaction.gallery.remove(chosen)
    if space is None:
        return []
    embedded = transaction.faces.spaces_of(chosen)
    for face_id, spaces in sorted(embedded.items()):
        for one in spaces:
            transaction.gallery.add(face_id, case.id, one)
    missing = sum(space not in embedded.get(face_id, ()) for face_id in chosen)
    if not missing:
        return []
    return [
        Wording(
            "Photos of case '{case}' that the present model has not embedded yet: {count}. Run `matcher reindex`.",
            case=case.number,
            count=missing,
        )
    ]


def shown(context: Context, number: str, who: Who | None) -> CaseView:
    """Everything about a case; the look of `who` is audited, and an account is recused from the case."""
    check_number(number)
    with context.store.read() as reading:
        case = require_case(reading, number)
        if who is None:
            return case_views.of_case(reading, case)
    return case_views.shown(context, case, who)


def require_case(reading: Reading, number: str) -> Case:
    """The case of a number; `NotFound` names it."""
    case = reading.cases.get(number)
    if case is None:
        raise NotFound(Wording("There is no case '{case}'.", case=number), step="`matcher case list` shows all cases.")
    return case
