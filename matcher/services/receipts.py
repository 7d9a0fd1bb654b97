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
from matcher.domain.reports import PublicReport, ReportState
from matcher.domain.reviews import TaskKind, TaskState
from matcher.errors import NotFound, TooMany
from matcher.services import desk_triage, pictures
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.erasing import erase
from matcher.services.inputs import ReasonCode, Who
from matcher.services.reports import PUBLIC, by_receipt, hour_of, parts_of, seconds_left
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording

_MARKS = 20  # that one code can make within an hour: each is written into the audit log
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
    """Where a report stands, with all that was added to it. `looked_at`: all its photos were looked at; `refused`:
    people do not follow it up; `withdrawn`: it is taken back.
    """

    received_at: datetime
    looked_at: bool
    refused: bool
    withdrawn: bool
    photos: tuple[ReceiptPhoto, ...]

    @property
    def unusable(self) -> bool:
        """Whether no face of it can be used."""
        return bool(self.photos) and all(photo.advice is not None for photo in self.photos)


def seen(context: Context, code: str) -> ReceiptView:
    """What its reporter is told of a report; `NotFound` for a code that there is not (any more)."""
    with context.store.read() as reading:
        parts = _parts(context, reading, code)
        photos = [(part, photo) for part in parts for photo in reading.photos.of_sighting(part.sighting_id)]
        faces = reading.faces.of_photos([photo.id for _, photo in photos])
    return ReceiptView(
        received_at=parts[0].received_at,
        looked_at=all(part.state not in _UNSEEN for part, _ in photos),
        refused=all(part.state is ReportState.REFUSED for part in parts),
        withdrawn=any(map(_is_taken_back, parts)),
        photos=tuple(_photo(photo, faces.get(photo.id, ())) for _, photo in photos),
    )


def face_picture(context: Context, code: str, face: str) -> bytes:
    """A face of the report's own photos, as JPEG."""
    with context.store.read() as reading:
        face_id = _own_face(context, reading, code, face).id
    return pictures.thumbnail(context, face_id)


def mark(context: Context, code: str, face: str) -> None:
    """Say which face of a photo is meant; `NotFound` for one of another report, `TooMany` for whoever goes on saying
    something else. To say the same again changes nothing.
    """
    with context.store.write() as transaction:
        own = _own_face(context, transaction, code, face)
        if own.choice is Choice.MARKED:
            return
        _count_mark(context, transaction, by_receipt(context, transaction, code))
    desk_triage.mark(context, own.id, Who(PUBLIC, ReasonCode.SIGHTING))


def withdraw(context: Context, code: str) -> bool:
    """Take a report back with all that was added to it: it is erased, and its code with it.

    False where something of it stays. Where reviewers or officers work with a part of it, all is marked as taken back
    and somebody decides; what people refused goes by itself, so that it is known if it comes again.
    """
    with context.store.read() as reading:
        parts = _parts(context, reading, code)
        going = _going(reading, parts)
    receipt = parts[0].receipt  # what was added has codes of its own, which go with it
    while going:
        _erase(context, receipt, going[-1].sighting_id)  # the first one goes last, and the code with it
        with context.store.read() as reading:
            going = _going(reading, _left(reading, receipt))
    return not _take_back(context, receipt)


def _erase(context: Context, receipt: str, part: SightingId) -> None:
    def still(reading: Reading) -> bool:
        return part in {one.sighting_id for one in _going(reading, _left(reading, receipt))}

    who = Who(PUBLIC, ReasonCode.SIGHTING)
    erase(context, Subject(SubjectKind.SIGHTING, part), who, Because.REQUEST, still)


def _take_back(context: Context, receipt: str) -> bool:
    """Mark what is left as taken back, what is not marked so yet; whether anything is left."""
    now = context.clock()
    with context.store.write() as transaction:
        left = _left(transaction, receipt)
        for part in left:
            if not _is_taken_back(part):
                transaction.reports.update(_taken_back(part, now))
                trace = Trace("report.withdraw", [part.sighting_id], details={"erased": False})
                record(context, transaction, Who(PUBLIC, ReasonCode.SIGHTING), trace)
    return bool(left)


def _taken_back(part: PublicReport, now: datetime) -> PublicReport:
    """A part as it is kept: nobody can reach any more who asked for it to be erased."""
    back = replace(part, withdrawn_at=now, contact=None)
    if part.state is ReportState.REFUSED:
        return back
    back = replace(back, state=ReportState.WITHDRAWN, leased_until=None)
    return replace(back, decided_by=None, decided_at=now)  # nobody decided about it since


def _is_taken_back(part: PublicReport) -> bool:
    refused = part.state is ReportState.REFUSED and part.withdrawn_at is not None
    return refused or part.state is ReportState.WITHDRAWN


def _going(reading: Reading, parts: Sequence[PublicReport]) -> list[PublicReport]:
    """Those that are erased when they are taken back: none where people work with one of them."""
    if any(_needed(reading, part.sighting_id) for part in parts):
        return []
    return [part for part in parts if part.state is not ReportState.REFUSED]


def _parts(context: Context, reading: Reading, code: str) -> list[PublicReport]:
    return parts_of(reading, by_receipt(context, reading, code))


def _left(reading: Reading, receipt: str) -> list[PublicReport]:
    found = reading.reports.by_receipt(receipt)
    return [] if found is None else parts_of(reading, found)


def _needed(reading: Reading, sighting_id: SightingId) -> bool:
    tasks = reading.tasks.of_sighting(sighting_id)
    return any(task.kind is TaskKind.PAIR and task.state in _NEEDED for task in tasks)


def _count_mark(context: Context, transaction: Transaction, report: PublicReport) -> None:
    whose, now = context.key.digest(report.receipt.encode(), "marks"), context.clock()
    if transaction.reports.sent_since(whose, hour_of(now)) >= _MARKS:
        raise TooMany(
            Wording("You said many times which face you mean: try again in the next hour."), seconds=seconds_left(now)
        )
    transaction.reports.count_sender(whose, hour_of(now))


def _own_face(context: Context, reading: Reading, code: str, face: str) -> StoredFace:
    found = reading.faces.get(FaceId(parse_id(face)))
    parts = _parts(context, reading, code)
    own = {photo.id for part in parts for photo in reading.photos.of_sighting(part.sighting_id)}
    if found is None or found.photo_id not in own:
        raise NotFound(Wording("There is no such face on the photos of this report."))
    return found


def _photo(photo: Photo, faces: Sequence[StoredFace]) -> ReceiptPhoto:
    shown = sorted(faces, key=lambda face: face.number)
    marked = next((id_text(face.id) for face in shown if face.choice is Choice.MARKED), None)
    lacking = photo.state is PhotoState.NO_USABLE_FACE and photo.reason is not None
    advice = for_reporters(photo.reason) if lacking and photo.reason is not None else None
    return ReceiptPhoto(id_text(photo.id), tuple(id_text(face.id) for face in shown), marked, advice)
