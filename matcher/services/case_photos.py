"""Photos of cases: prepare them, settle which face is the child's, put it into the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from matcher.domain.cases import Case, Photo, PhotoState
from matcher.domain.faces import Face, PhotoFaces
from matcher.domain.ids import FaceId, PhotoId, id_text
from matcher.domain.records import Choice
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.services import alert_endings, case_views
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_tasks import reopen_of_case
from matcher.services.inputs import CasePhoto, OnSeveral, Who, photo_name
from matcher.services.photos import (
    Chosen,
    Owner,
    PreparedPhoto,
    photo_record,
    prepare,
    remarks,
    same_face,
    stored_faces,
    stored_image,
    vectors_of,
)
from matcher.services.views import CaseView
from matcher.store.database import Transaction
from matcher.wording import Wording


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


def enrol(context: Context, transaction: Transaction, case: Case, photos: Sequence[NewPhoto], who: Who) -> list[str]:
    """Store photos of a case and put their chosen faces into the gallery; returns what the caller should know.

    A photo that the case has already is not stored again; a date, an age or a face that is given with it counts. A
    newly chosen face brings the case's excluded pairs back to the reviewers.
    """
    warnings: list[str] = []
    before = _chosen_faces(transaction, case)
    present = {photo.digest: photo for photo in transaction.photos.of_case(case.id)}
    for new in photos:
        known = present.get(new.prepared.digest)
        if known is None:
            warnings += _same_photo_elsewhere(transaction, case, new.prepared)
            stored = _store(context, transaction, case, new, len(present))
            present[stored.digest] = stored
            warnings += remarks(new.prepared, new.chosen.number)
        elif not _amend(context, transaction, case, known, new):
            told = {"name": new.prepared.name, "case": case.number}
            warnings.append(Wording("{name} is a photo of case '{case}' already: not added again.", **told))
    after = _chosen_faces(transaction, case)
    warnings += alert_endings.withdraw_of_faces(context, transaction, before - after, who)
    if after - before:
        reopen_of_case(context, transaction, case.id, who)
    return warnings


def _chosen_faces(transaction: Transaction, case: Case) -> set[FaceId]:
    photos = transaction.faces.of_photos(photo.id for photo in transaction.photos.of_case(case.id))
    return {face.id for faces in photos.values() for face in faces if face.choice is not None}


def _same_photo_elsewhere(transaction: Transaction, case: Case, prepared: PreparedPhoto) -> list[str]:
    photos = transaction.photos.with_digest(prepared.digest)
    others = {photo.case_id for photo in photos if photo.case_id is not None} - {case.id}
    numbers = sorted(other.number for other in transaction.cases.by_ids(others).values())
    return [
        Wording("{name} is also a photo of case '{case}': is it the right child?", name=prepared.name, case=number)
        for number in numbers
    ]


def _store(context: Context, transaction: Transaction, case: Case, new: NewPhoto, position: int) -> Photo:
    taken = new.given.taken
    if taken is None and new.given.age is None:
        taken = new.prepared.camera_date
    photo = replace(
        photo_record(context, new.prepared, Owner(case_id=case.id), position), taken=taken, age=new.given.age
    )
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
    return photo


def _amend(context: Context, transaction: Transaction, case: Case, photo: Photo, new: NewPhoto) -> bool:
    """Apply what is said anew about a stored photo; whether there was anything."""
    amended = photo
    if new.given.taken is not None or new.given.age is not None:
        amended = replace(photo, taken=new.given.taken, age=new.given.age)
        transaction.photos.update(amended)
    number = new.given.face
    if number is not None:
        found = new.prepared.found.faces[number - 1]
        stored = max(transaction.faces.of_photo(photo.id), key=lambda face: face.box.iou(found.box), default=None)
        if stored is None:
            raise Conflict(f"{new.prepared.name} was stored without a face: add a better photo of the child.")
        _choose(context, transaction, case, amended, stored.id, found)
    return number is not None or amended != photo


def _choose(context: Context, transaction: Transaction, case: Case, photo: Photo, chosen: FaceId, found: Face) -> None:
    """Make a face the child's: any other of the photo leaves the gallery and loses its embedding."""
    faces = [face.id for face in transaction.faces.of_photo(photo.id)]
    transaction.gallery.remove(faces)
    transaction.faces.forget_vectors(faces)
    transaction.faces.choose(photo.id, chosen, Choice.OFFICER)
    transaction.faces.put_vectors({chosen: found.embedding}, context.space.name)
    if case.status.searched:
        transaction.gallery.add(chosen, case.id, context.space.name)
    transaction.photos.update(replace(photo, state=PhotoState.READY))


def choose_face(context: Context, photo_id: PhotoId, number: int, who: Who) -> CaseView:
    """Say which face of a case photo is the child's; an earlier choice is replaced in every search at once."""
    with context.store.read() as reading:
        photo = reading.photos.get(photo_id)
        faces = {face.number: face for face in reading.faces.of_photo(photo_id)}
    if photo is None or photo.case_id is None:
        raise NotFound(
            Wording("There is no case photo '{photo}'.", photo=id_text(photo_id)),
            step="`matcher case show` lists a case's photos.",
        )
    if number not in faces:
        told = {"photo": id_text(photo_id), "count": len(faces), "number": number}
        raise WrongUse(Wording("Faces of photo '{photo}': {count}; there is no face {number}.", **told))
    chosen = faces[number]
    # The others' embeddings were not kept, so the model looks once more.
    found = same_face(context.pipeline.find(stored_image(context, photo), thorough=True), chosen)
    if found is None:
        told = {"photo": id_text(photo_id), "number": number}
        raise Conflict(Wording("Face {number} of photo '{photo}' was not found again: add the photo anew.", **told))
    with context.store.write() as transaction:
        current, case = transaction.photos.get(photo_id), transaction.cases.by_id(photo.case_id)
        if current is None or case is None:
            raise NotFound(f"Photo '{id_text(photo_id)}' is gone.")
        before = _chosen_faces(transaction, case)
        if chosen.id not in before:
            reopen_of_case(context, transaction, case.id, who)
        _choose(context, transaction, case, current, chosen.id, found)
        gone = before - _chosen_faces(transaction, case)
        warnings = alert_endings.withdraw_of_faces(context, transaction, gone, who)
        trace = Trace("case.choose_face", [case.id, photo_id, chosen.id], context.space.name)
        record(context, transaction, who, trace)
        return case_views.of_case(transaction, case, warnings)
