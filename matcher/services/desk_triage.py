"""Which face of a sighting is meant: lists of the others on that photo are set aside."""

from __future__ import annotations

from dataclasses import replace

from matcher.accounts.rights import Acting, Right
from matcher.domain.ids import FaceId, id_text, parse_id
from matcher.domain.records import Choice
from matcher.domain.reviews import TaskState
from matcher.errors import NotFound
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_claims import reviewer
from matcher.services.inputs import Who
from matcher.store.database import Transaction
from matcher.wording import Wording


def mark_face(context: Context, acting: Acting, face: str) -> int:
    """Say that this face of a sighting's photo is the child that was seen; how many lists are set aside by it.

    Lists of the photo's other faces are asked no more, and one that was set aside is asked again when its face is
    marked. What was sealed, and pairs that were picked, stay.
    """
    acting.require(Right.TRIAGE)
    return mark(context, FaceId(parse_id(face)), reviewer(acting))


def mark(context: Context, face_id: FaceId, who: Who) -> int:
    """The same by whoever may say it."""
    face = id_text(face_id)
    with context.store.write() as transaction:
        stored = transaction.faces.get(face_id)
        photo = None if stored is None else transaction.photos.get(stored.photo_id)
        if stored is None or photo is None or photo.sighting_id is None:
            raise NotFound(
                Wording("There is no face '{face}' of a sighting.", face=face),
                step="`matcher sighting show` lists them.",
            )
        others = [one.id for one in transaction.faces.of_photo(photo.id) if one.id != face_id]
        if stored.choice is None and any(one.choice for one in transaction.faces.of_photos([photo.id])[photo.id]):
            transaction.watching.wait([face_id])  # while another face was meant, it was not watched
        transaction.faces.choose(photo.id, face_id, Choice.MARKED)
        _move(context, transaction, face_id, TaskState.SET_ASIDE, TaskState.WAITING)
        aside = sum(_move(context, transaction, one, TaskState.WAITING, TaskState.SET_ASIDE) for one in others)
        trace = Trace("sighting.mark_face", [photo.sighting_id, face_id], details={"set_aside": aside})
        record(context, transaction, who, trace)
    return aside


def _move(context: Context, transaction: Transaction, face_id: FaceId, old: TaskState, new: TaskState) -> int:
    """Move the lists of a face from one state to another; how many."""
    moved = [task for task in transaction.tasks.list_of(face_id) if task.state is old]
    for task in moved:
        transaction.tasks.update(replace(task, state=new, updated_at=context.clock()))
    return len(moved)
