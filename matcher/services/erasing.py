"""Erasing a case or a sighting: rows, files, notes; a tombstone and a line of the erasure list are what is left.

The order makes it safe to be killed at any moment. The line is on the disk before the rows are committed: from then on
`finish` completes what was begun, and so does a home that is restored from a backup. Files go after the commit; which
are still to go is told by the tombstone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from matcher.domain.erasures import Because, Erasure, Subject, SubjectKind
from matcher.domain.ids import CaseId, FaceId, id_text, parse_id
from matcher.errors import Damaged, KeyProblem, NotFound, StoreProblem
from matcher.services import alert_endings, erasure_list, erasure_proof
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.disputes import subject_is_disputed
from matcher.services.erasure_digests import face_digest, picture_digest, vector_digest
from matcher.services.erasure_list import ErasureEntry
from matcher.services.inputs import Who
from matcher.services.stopping import require_running
from matcher.store.database import Reading, Transaction


@dataclass(frozen=True, slots=True)
class ErasureView:
    """An erasure as it is shown: `awaited` says what is not known to be gone yet; nothing: it is proved."""

    id: str
    kind: SubjectKind
    at: datetime
    because: Because
    removed: dict[str, int]
    awaited: tuple[str, ...]
    proved_at: datetime | None


def erase_case(context: Context, id_text: str, who: Who, because: Because = Because.REQUEST) -> ErasureView:
    """Erase a case by its shown id; `NotFound` if there is none (any more)."""
    return _erased(erase(context, Subject(SubjectKind.CASE, parse_id(id_text)), who, because), id_text)


def erase_sighting(context: Context, id_text: str, who: Who, because: Because = Because.REQUEST) -> ErasureView:
    """Erase a sighting by its shown id; `NotFound` if there is none (any more)."""
    return _erased(erase(context, Subject(SubjectKind.SIGHTING, parse_id(id_text)), who, because), id_text)


def erase(
    context: Context, subject: Subject, who: Who, because: Because, still: Callable[[Reading], bool] | None = None
) -> ErasureView | None:
    """Erase what is there of a subject; `None`, and nothing is done, if it is not there or `still` says no.

    `still` is asked under the lock of all writers. A note of `who` is not kept: it would tell of what is gone.
    """
    context.require_key()
    pictures = _pictures(context, subject)
    with context.store.write() as transaction:
        if not transaction.erasures.is_there(subject) or (still is not None and not still(transaction)):
            return None
        if because is Because.REQUEST and subject_is_disputed(transaction, subject):
            because = Because.DISPUTE
        silent = replace(who, note=None)
        if subject.kind is SubjectKind.CASE:
            _end_alerts(context, transaction, CaseId(subject.id), silent)
        erasure = _remove(context, transaction, subject, because, pictures)
        trace = Trace(
            f"{subject.kind.value}.erase", [subject.id], details={"because": because.value, **erasure.removed}
        )
        record(context, transaction, silent, trace)
        if because is not Because.ERASURE_LIST:
            path = erasure_list.path_of(context)
            if erasure_list.count(path) < transaction.erasures.count() - 1:  # it was begun anew, in another place
                _add_unlisted(transaction, path)
            else:
                erasure_list.append(path, ErasureEntry.of(subject, erasure.at))
    with suppress(StoreProblem):  # it is erased; that its files are awaited is told, and `finish` tries again
        erasure = erasure_proof.remove_files(context, erasure)
    return shown(erasure)


def resume(context: Context, who: Who) -> None:
    """Complete what was begun: what the erasure list names and the database still has is erased, and what the database
    tells and the list does not is added to it.
    """
    require_running(context)
    path = erasure_list.path_of(context)
    replay(context, erasure_list.read(path), who)
    with context.store.read() as reading:
        if _unlisted(reading, path):
            _list(context, path)
        erased = {one.subject.id for one in erasure_list.read(path)} | {one.id for one in reading.erasures.all()}
    if context.keys.active and (alive := erased - context.keys.destroyed(erased)):
        context.keys.destroy(alive)  # an older key store was put in the place of the home's


def _list(context: Context, path: Path) -> None:
    """Add what the list lacks, under the lock under which whoever erases adds to it."""
    with context.store.write() as transaction:
        _add_unlisted(transaction, path)


def _add_unlisted(reading: Reading, path: Path) -> None:
    for erasure in _unlisted(reading, path):
        erasure_list.append(path, ErasureEntry.of(erasure.subject, erasure.at))


def _unlisted(reading: Reading, path: Path) -> list[Erasure]:
    listed = {entry.subject for entry in erasure_list.read(path)}
    return [erasure for erasure in reading.erasures.all() if erasure.subject not in listed]


def finish(context: Context, who: Who) -> list[ErasureView]:
    """Complete what was begun, and prove what can be proved: the erasures that were not proved before."""
    resume(context, who)
    return [shown(one) for one in erasure_proof.prove(context, who)]


def replay(context: Context, entries: Iterable[ErasureEntry], who: Who) -> int:
    """Erase again whatever of an erasure list is in this database, as after a restore: how many there were."""
    with context.store.read() as reading:
        back = [entry.subject for entry in entries if reading.erasures.is_there(entry.subject)]
    return sum(erase(context, subject, who, Because.ERASURE_LIST) is not None for subject in back)


def listed(context: Context) -> list[ErasureView]:
    """All erasures in the order of time."""
    with context.store.read() as reading:
        return [shown(erasure) for erasure in reading.erasures.all()]


def tombstone(context: Context, id_text: str) -> Erasure:
    """What is kept of an erasure; `NotFound` names it."""
    with context.store.read() as reading:
        found = reading.erasures.get(parse_id(id_text))
    if found is None:
        raise NotFound(f"Nothing was erased that had the id '{id_text}'.", step="`matcher erasure list` shows all.")
    return found


def shown(erasure: Erasure) -> ErasureView:
    """An erasure as it is shown."""
    return ErasureView(
        id=id_text(erasure.id),
        kind=erasure.kind,
        at=erasure.at,
        because=erasure.because,
        removed=dict(erasure.removed),
        awaited=erasure_proof.awaited(erasure),
        proved_at=erasure.proved_at,
    )


def _erased(view: ErasureView | None, id_text: str) -> ErasureView:
    if view is None:
        raise NotFound(
            f"There is nothing with the id '{id_text}' to erase.", step="`matcher erasure list` shows what was erased."
        )
    return view


def _remove(
    context: Context, transaction: Transaction, subject: Subject, because: Because, pictures: Iterable[str]
) -> Erasure:
    """Take everything out of the tables and leave the tombstone."""
    now = context.clock()
    faces, objects = transaction.erasures.faces_of(subject), transaction.erasures.ids_of(subject)
    vectors = _vectors(context, transaction, faces)
    photos = _photos(transaction, subject)
    transaction.gallery.remove(faces)
    removed = transaction.erasures.remove(subject, now)
    notes = transaction.audit.forget_notes({id_text(one) for one in objects})
    erasure = Erasure(
        id=subject.id,
        kind=subject.kind,
        at=now,
        because=because,
        change=transaction.gallery.counter(),
        removed={**removed, "notes": notes} if notes else removed,
        vectors=tuple(sorted(vectors)),
        pictures=tuple(sorted({*pictures, *photos})),
        faces=tuple(sorted(face_digest(context.key, face) for face in faces)),
    )
    transaction.erasures.add(erasure)
    return erasure


def _end_alerts(context: Context, transaction: Transaction, case_id: CaseId, who: Who) -> None:
    """Whoever was told of the case is told that it is over, and nothing of it stays in what was told."""
    alert_endings.end_of_case(context, transaction, case_id, who)
    transaction.alerts.empty_bulletins([one.id for one in transaction.alerts.of_case(case_id)])


def _vectors(context: Context, reading: Reading, faces: list[FaceId]) -> set[str]:
    spaces = {space for named in reading.faces.spaces_of(faces).values() for space in named}
    try:
        return {
            vector_digest(context.key, vector)
            for space in sorted(spaces)
            for vector in reading.faces.vectors(faces, space).values()
        }
    except KeyProblem:
        return set()  # the master key was asked for: their own key is gone, so nobody can read them any more


def _photos(reading: Reading, subject: Subject) -> set[str]:
    """The digests that are kept of the photos: they are those of the bytes."""
    photos = reading.photos
    found = photos.of_case if subject.kind is SubjectKind.CASE else photos.of_sighting
    return {photo.digest for photo in found(subject.id)}  # type: ignore[arg-type]


def _pictures(context: Context, subject: Subject) -> set[str]:
    """Digests of all files that are kept for a subject; one that cannot be read keeps nothing from being erased."""
    found = set()
    for key in context.blobs.of_owner(id_text(subject.id)):
        with suppress(StoreProblem, Damaged):
            found.add(picture_digest(context.key, context.blobs.get(key)))
    return found
