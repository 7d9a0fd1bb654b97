"""What reporters can do with their code: see what became of a report, say which face is meant, take it back.

Whoever holds the code is the reporter: nothing else is known of them. They are told of their own photos and nothing of
cases or candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from matcher.domain.cases import Photo, PhotoState
from matcher.domain.erasures import Because, Subject, SubjectKind
from matcher.domain.ids import FaceId, SightingId, id_text, parse_id
from matcher.domain.quality import Advice, for_reporters
from matcher.domain.records import Choice, StoredFace
from matcher.domain.reports import ReportState
from matcher.domain.reviews import TaskKind, TaskState
from matcher.errors import NotFound
from matcher.services import desk_triage, pictures
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.erasing import erase
from matcher.services.inputs import ReasonCode, Who
from matcher.services.reports import PUBLIC, by_receipt
from matcher.store.database import Reading
from matcher.wording import Wording

_UNSEEN = {ReportState.QUEUED, ReportState.HELD}  # nobody and nothing looked at its photos yet

# A pair in one of these is a question under way, or its answer: people decide what becomes of the report.
_NEEDED = {TaskState.WAITING, TaskState.DISPUTED, TaskState.ESCALATED, TaskState.CONFIRMED, TaskState.CLOSED}


@dataclass(frozen=True, slots=True)
class ReceiptPhoto:
    """One photo of a report: its faces, the one that is marked, and `advice` where none can be used."""

    id: str
    faces: tuple[str, ...]
    marked: str | None
    advice: Advice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    """Where a report stands. `looked_at`: its photos were looked at; `withdrawn`: it is taken back."""

    received_at: datetime
    looked_at: bool
    withdrawn: bool
    photos: tuple[ReceiptPhoto, ...]

    @property
    def unusable(self) -> bool:
        """Whether no face of it can be used."""
        return bool(self.photos) and all(photo.advice is not None for photo in self.photos)


def seen(context: Context, code: str) -> ReceiptView:
    """What its reporter is told of a report; `NotFound` for a code that there is not (any more)."""
    with context.store.read() as reading:
        report = by_receipt(context, reading, code)
        photos = reading.photos.of_sighting(report.sighting_id)
        faces = reading.faces.of_photos([photo.id for photo in photos])
    return ReceiptView(
        received_at=report.received_at,
        looked_at=report.state not in _UNSEEN,
        withdrawn=report.state is ReportState.WITHDRAWN,
        photos=tuple(_photo(photo, faces.get(photo.id, ())) for photo in photos),
    )


def face_picture(context: Context, code: str, face: str) -> bytes:
    """A face of the report's own photos, as JPEG."""
    face_id = _own_face(context, code, face)
    return pictures.thumbnail(context, face_id)


def mark(context: Context, code: str, face: str) -> None:
    """Say which face of a photo is meant; `NotFound` for one of another report."""
    face_id = _own_face(context, code, face)
    desk_triage.mark(context, face_id, Who(PUBLIC, ReasonCode.SIGHTING))


def withdraw(context: Context, code: str) -> bool:
    """Take a report back: it is erased, and its code with it.

    False where somebody has to decide first, since reviewers or officers work with it: it is marked as taken back.
    """
    with context.store.read() as reading:
        sighting_id = by_receipt(context, reading, code).sighting_id
    who, subject = Who(PUBLIC, ReasonCode.SIGHTING), Subject(SubjectKind.SIGHTING, sighting_id)
    if erase(context, subject, who, Because.REQUEST, lambda reading: not _needed(reading, sighting_id)) is not None:
        return True
    with context.store.write() as transaction:
        report = by_receipt(context, transaction, code)
        taken_back = replace(report, state=ReportState.WITHDRAWN, decided_at=context.clock(), leased_until=None)
        transaction.reports.update(taken_back)
        trace = Trace("report.withdraw", [sighting_id], details={"erased": False})
        record(context, transaction, who, trace)
    return False


def _needed(reading: Reading, sighting_id: SightingId) -> bool:
    tasks = reading.tasks.of_sighting(sighting_id)
    return any(task.kind is TaskKind.PAIR and task.state in _NEEDED for task in tasks)


def _own_face(context: Context, code: str, face: str) -> FaceId:
    face_id = FaceId(parse_id(face))
    with context.store.read() as reading:
        report = by_receipt(context, reading, code)
        photo = reading.faces.photos_of([face_id]).get(face_id)
        own = {one.id for one in reading.photos.of_sighting(report.sighting_id)}
    if photo not in own:
        raise NotFound(Wording("There is no such face on the photos of this report."))
    return face_id


def _photo(photo: Photo, faces: Sequence[StoredFace]) -> ReceiptPhoto:
    shown = sorted(faces, key=lambda face: face.number)
    marked = next((id_text(face.id) for face in shown if face.choice is Choice.MARKED), None)
    lacking = photo.state is PhotoState.NO_USABLE_FACE and photo.reason is not None
    advice = for_reporters(photo.reason) if lacking and photo.reason is not None else None
    return ReceiptPhoto(id_text(photo.id), tuple(id_text(face.id) for face in shown), marked, advice)
