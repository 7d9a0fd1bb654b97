"""Cases: register, add photos, choose faces, update, close, reopen, show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matcher.domain.cases import (
    Case,
    CaseDetails,
    CaseStatus,
    Confirmation,
    PhotoState,
    StatusChange,
    check_move,
)
from matcher.domain.faces import PhotoFaces
from matcher.domain.ids import CaseId, PhotoId, id_text, new_id
from matcher.domain.records import Choice
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.services import case_views
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import CasePhoto, OnSeveral, Who, check_text, photo_name
from matcher.services.photos import (
    Chosen,
    Owner,
    PreparedPhoto,
    kept_bytes,
    photo_record,
    prepare,
    same_face,
    stored_faces,
    stored_image,
    vectors_of,
)
from matcher.services.views import CaseView
from matcher.store.database import Reading, Transaction


@dataclass(frozen=True, slots=True, eq=False)
class NewPhoto:
    """A prepared case photo with what the caller said about it."""

    given: CasePhoto
    prepared: PreparedPhoto
    chosen: Chosen


def prepare_photos(context: Context, photos: Iterable[CasePhoto], on_several: OnSeveral) -> list[NewPhoto]:
    """Run the models over case photos; a face number that a photo does not have is refused."""
    return [prepare_photo(context, photo, on_several) for photo in photos]


def prepare_photo(context: Context, photo: CasePhoto, on_several: OnSeveral) -> NewPhoto:
    """Run the models over one case photo, searched thoroughly, and settle which face counts."""
    prepared = prepare(context, photo.photo)
    return NewPhoto(photo, prepared, _chosen(photo, prepared.found, on_several))


def _chosen(photo: CasePhoto, found: PhotoFaces, on_several: OnSeveral) -> Chosen:
    count = len(found.faces)
    if photo.face is not None:
        if photo.face > count:
            raise WrongUse(f"{photo_name(photo.photo)} has {count} usable faces: there is no face {photo.face}.")
        return Chosen(photo.face, Choice.OFFICER)
    if count == 1:
        return Chosen(1, Choice.ONLY)
    if count > 1 and on_several is OnSeveral.LARGEST:
        return Chosen(1, Choice.LARGEST)
    return Chosen()


def add(context: Context, number: str, details: CaseDetails, photos: Sequence[NewPhoto], who: Who) -> CaseView:
    """Register a case with its photos in one step: all of it or nothing. `Conflict` if the number is taken."""
    check_number(number)
    now = context.clock()
    case = Case(
        id=CaseId(new_id()), number=number, status=CaseStatus.OPEN, details=details, created_at=now, updated_at=now
    )
    owner = Owner(case_id=case.id)
    with kept_bytes(context, owner, [photo.prepared for photo in photos]), context.store.write() as transaction:
        transaction.cases.add(case)
        warnings = _enrol(context, transaction, case, photos)
        trace = Trace("case.add", [case.id], context.space.name if photos else None, details={"photos": len(photos)})
        record(context, transaction, who, trace)
        return case_views.of_case(transaction, case, warnings)


def require_free(context: Context, number: str) -> None:
    """Raise `Conflict` early, before models run, if a case number is taken."""
    check_number(number)
    with context.store.read() as reading:
        if reading.cases.get(number) is not None:
            raise Conflict(f"There is a case '{number}' already: add photos or change it with `matcher case update`.")


def check_number(number: str) -> None:
    """Refuse case numbers that are empty, very long, or hold spaces at an end or control characters."""
    check_text("The case number", number, 100)
    if not number or number != number.strip():
        raise WrongUse(f"The case number {number!r} is empty or has spaces around it.")


def update(context: Context, number: str, changes: dict[str, Any], photos: Sequence[NewPhoto], who: Who) -> CaseView:
    """Change details of a case and add photos to it; a photo that it has already is not added again."""
    with context.store.read() as reading:
        owner = Owner(case_id=require_case(reading, number).id)
    with kept_bytes(context, owner, [photo.prepared for photo in photos]), context.store.write() as transaction:
        case = require_case(transaction, number)
        case = replace(case, details=replace(case.details, **changes), updated_at=context.clock())
        transaction.cases.update(case)
        warnings = _enrol(context, transaction, case, photos)
        trace = Trace(
            "case.update",
            [case.id],
            context.space.name if photos else None,
            details={"fields": ",".join(sorted(changes)), "photos": len(photos)},
        )
        record(context, transaction, who, trace)
        return case_views.of_case(transaction, case, warnings)


def _enrol(context: Context, transaction: Transaction, case: Case, photos: Sequence[NewPhoto]) -> list[str]:
    """Store new photos of a case and put their chosen faces into the gallery; returns what the caller should know."""
    warnings: list[str] = []
    present = {photo.digest for photo in transaction.photos.of_case(case.id)}
    position = len(present)
    for photo in photos:
        if photo.prepared.digest in present:
            warnings.append(f"{photo.prepared.name} is a photo of case '{case.number}' already: not added again.")
            continue
        warnings += _same_photo_elsewhere(transaction, photo.prepared)
        _enrol_photo(context, transaction, case, photo, position)
        present.add(photo.prepared.digest)
        position += 1
    return warnings


def _same_photo_elsewhere(transaction: Transaction, prepared: PreparedPhoto) -> list[str]:
    others = {
        photo.case_id for photo in transaction.photos.with_original_digest(prepared.original_digest) if photo.case_id
    }
    numbers = sorted(case.number for case in transaction.cases.by_ids(list(others)).values())
    return [f"{prepared.name} is also a photo of case '{number}': is it the right child?" for number in numbers]


def _enrol_photo(context: Context, transaction: Transaction, case: Case, new: NewPhoto, position: int) -> None:
    taken = new.given.taken
    if taken is None and new.given.age is None:
        taken = new.prepared.camera_date
    photo = photo_record(context, new.prepared, Owner(case_id=case.id), position)
    photo = replace(photo, taken=taken, age=new.given.age)
    if new.prepared.found.faces and new.chosen.number is None:
        photo = replace(photo, state=PhotoState.AWAITING_CHOICE)
    transaction.photos.add(photo)
    faces = stored_faces(new.prepared.found, photo.id, new.chosen)
    # Only the chosen face keeps its embedding: the others may be anybody, and nobody but the child is enrolled.
    chosen = [face for face in faces if face.choice is not None]
    found = [new.prepared.found.faces[face.number - 1] for face in chosen]
    transaction.faces.add(faces, vectors_of(chosen, found), context.space.name)
    if case.status.searched:
        for face in chosen:
            transaction.gallery.add(face.id, case.id, context.space.name)


def choose_face(context: Context, photo_id: PhotoId, number: int, who: Who) -> CaseView:
    """Say which face of a case photo is the child's; an earlier choice is replaced in every search at once."""
    with context.store.read() as reading:
        photo = reading.photos.get(photo_id)
        faces = {face.number: face for face in reading.faces.of_photo(photo_id)}
    if photo is None or photo.case_id is None:
        raise NotFound(f"There is no case photo '{id_text(photo_id)}': `matcher case show` lists a case's photos.")
    if number not in faces:
        raise WrongUse(f"Photo '{id_text(photo_id)}' has {len(faces)} faces: there is no face {number}.")
    chosen = faces[number]
    # The others' embeddings were not kept, so the model looks once more.
    found = same_face(context.pipeline.find(stored_image(context, photo), thorough=True), chosen)
    if found is None:
        raise Conflict(f"Face {number} of photo '{id_text(photo_id)}' was not found again: add the photo anew.")
    with context.store.write() as transaction:
        case = transaction.cases.by_id(photo.case_id)
        if case is None:
            raise NotFound(f"The case of photo '{id_text(photo_id)}' is gone.")
        transaction.gallery.remove([face.id for face in faces.values()])
        transaction.faces.choose(photo_id, chosen.id, Choice.OFFICER)
        transaction.faces.put_vectors({chosen.id: found.embedding}, context.space.name)
        if case.status.searched:
            transaction.gallery.add(chosen.id, case.id, context.space.name)
        transaction.photos.update(replace(photo, state=PhotoState.READY))
        trace = Trace("case.choose_face", [case.id, photo_id, chosen.id], context.space.name)
        record(context, transaction, who, trace)
        return case_views.of_case(transaction, case)


def move(context: Context, number: str, status: CaseStatus, confirmation: Confirmation | None, who: Who) -> CaseView:
    """Close or reopen a case by the table of moves; its faces leave or enter every search with the same commit."""
    space = context.space.name if status.searched else None
    with context.store.write() as transaction:
        case = require_case(transaction, number)
        check_move(number, case.status, status, confirmation)
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
        _follow_status(transaction, moved, space)
        trace = Trace("case.status", [case.id], details={"old": case.status.value, "new": status.value})
        record(context, transaction, who, trace)
        return case_views.of_case(transaction, moved)


def _follow_status(transaction: Transaction, case: Case, space: str | None) -> None:
    photos = [photo.id for photo in transaction.photos.of_case(case.id)]
    faces = [face for group in transaction.faces.of_photos(photos).values() for face in group]
    chosen = [face.id for face in faces if face.choice is not None]
    transaction.gallery.remove(chosen)
    if space is not None:
        for face_id in sorted(transaction.faces.vectors(chosen, space)):
            transaction.gallery.add(face_id, case.id, space)


def require_case(reading: Reading, number: str) -> Case:
    """The case of a number; `NotFound` names it."""
    case = reading.cases.get(number)
    if case is None:
        raise NotFound(f"There is no case '{number}': `matcher case list` shows all cases.")
    return case
