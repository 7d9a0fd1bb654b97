"""From a claim and a place to a face: what the picture code asks. Its answer is never given out."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.accounts.rights import Acting
from matcher.domain.cases import PhotoState
from matcher.domain.ids import CandidateId, CaseId, FaceId
from matcher.domain.reviews import Task, TaskKind
from matcher.errors import Conflict, NotFound
from matcher.services.context import Context
from matcher.services.desk_claims import Held, own, require_live
from matcher.services.desk_views import ClaimFace, ClaimFaces
from matcher.store.database import Reading
from matcher.wording import Wording


def faces_of_claim(context: Context, acting: Acting, claim: str) -> ClaimFaces:
    """The faces of a person's own claim by place, the sighting's first.

    `Conflict` before the sheet was opened, which is what the audit log records, and after the end of the lease.
    """
    with context.store.read() as reading:
        held = _opened(context, reading, acting, claim)
        return faces_of(reading, held, shown_on(reading, held))


def face_of_claim(context: Context, acting: Acting, claim: str, place: int) -> ClaimFace:
    """The face at one place, as in `faces_of_claim`: a page asks so for each picture, and a list is long."""
    with context.store.read() as reading:
        held = _opened(context, reading, acting, claim)
        if held.task.kind is TaskKind.PAIR:
            return face_at(faces_of_pair(reading, held.task), place)
        shown = shown_on(reading, held)
        _require_place(place, len(shown))
        return _of_candidates(reading, shown[place - 1 : place])[0] if place else _probe(reading, held.task)


def _opened(context: Context, reading: Reading, acting: Acting, claim: str) -> Held:
    held, now = own(reading, acting, claim), context.clock()
    if held.claim.expires_at <= now or not is_sealed(reading, held):
        require_live(reading, held, now)
    if held.claim.opened_at is None:
        raise Conflict(Wording("Claim '{claim}' was not opened yet: load its page first.", claim=claim))
    return held


def face_at(faces: ClaimFaces, place: int) -> ClaimFace:
    """The face at a place, the sighting's at 0; `NotFound` for a place that there is not."""
    _require_place(place, len(faces.places) - 1)
    return faces.places[place]


def _require_place(place: int, last: int) -> None:
    if not 0 <= place <= last:
        raise NotFound(Wording("There is no place {place}: the places are 0 … {last}.", place=place, last=last))


def is_sealed(reading: Reading, held: Held) -> bool:
    """Whether an answer was sealed under a claim."""
    if held.task.kind is TaskKind.LIST:
        return reading.verdicts.answer_of(held.claim.id) is not None
    return bool(reading.verdicts.under(held.claim.id))


def shown_on(reading: Reading, held: Held) -> tuple[CandidateId, ...]:
    """The candidates of an opened list in this person's order; none for a pair."""
    if held.task.kind is TaskKind.PAIR:
        return ()
    answer = reading.verdicts.answer_of(held.claim.id)
    if answer is not None:
        return answer.shown
    return tuple((held.claim.draft or {}).get("shown", ()))


def faces_of(reading: Reading, held: Held, shown: Sequence[CandidateId]) -> ClaimFaces:
    """The faces of a claim by place; `Conflict` if one of a pair's sides has no photo any more."""
    task = held.task
    if task.kind is TaskKind.PAIR:
        return faces_of_pair(reading, task)
    return ClaimFaces((_probe(reading, task), *_of_candidates(reading, shown)))


def faces_of_pair(reading: Reading, task: Task) -> ClaimFaces:
    """The faces of a pair by place; `Conflict` if one side has no photo any more."""
    return ClaimFaces((_probe(reading, task), *_of_case(reading, task)))


def _probe(reading: Reading, task: Task) -> ClaimFace:
    photo = reading.faces.photos_of([task.face_id]).get(task.face_id)
    if photo is None:
        raise Conflict(Wording("The photo of this sighting is gone: ask for the next task."))
    return ClaimFace(task.face_id, photo)


def _of_candidates(reading: Reading, shown: Sequence[CandidateId]) -> list[ClaimFace]:
    found = reading.candidates.by_ids(shown)
    faces = reading.faces.by_ids([found[number].gallery_face_id for number in shown])
    places = []
    for number in shown:
        face = faces.get(found[number].gallery_face_id)
        if face is not None and face.choice is not None:
            places.append(ClaimFace(face.id, face.photo_id))
        else:  # another face of that photo was chosen since: the child's are shown, not a passer-by's
            places.append(_first_of(reading, found[number].case_id))
    return places


def _of_case(reading: Reading, task: Task) -> list[ClaimFace]:
    chosen = [] if task.case_id is None else chosen_faces(reading, task.case_id)
    if not chosen:
        raise Conflict(Wording("The case has no photo with a chosen face any more: ask for the next task."))
    return chosen


def _first_of(reading: Reading, case_id: CaseId) -> ClaimFace:
    chosen = chosen_faces(reading, case_id)
    if not chosen:
        raise Conflict(Wording("A case of this list has no photo any more: give the list back and claim it again."))
    return chosen[0]


def chosen_faces(reading: Reading, case_id: CaseId) -> list[ClaimFace]:
    """A child's faces, in the order in which its photos were added: that tells nothing of their likeness."""
    photos = [photo for photo in reading.photos.of_case(case_id) if photo.state is PhotoState.READY]
    groups = reading.faces.of_photos([photo.id for photo in photos])
    return [
        ClaimFace(FaceId(face.id), photo.id) for photo in photos for face in groups[photo.id] if face.choice is not None
    ]
