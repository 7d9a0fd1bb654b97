"""Reading sightings: views, lists and the review queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcher.domain.cases import Case, Photo
from matcher.domain.ids import FaceId, SightingId, id_text, parse_id
from matcher.domain.quality import explain, weaknesses
from matcher.domain.records import Candidate, Choice, Sighting, StoredFace
from matcher.domain.reviews import RecusedBy, TaskKind, TaskState
from matcher.errors import NotFound
from matcher.interchange.map_sheet import Seen, way
from matcher.matching.sentences import sentence
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.views import (
    CandidateView,
    FaceCandidates,
    ReceivedPhoto,
    SightingPhotoView,
    SightingReceipt,
    SightingSummary,
    SightingView,
)
from matcher.store.database import Reading
from matcher.wording import Wording


def shown(context: Context, sighting: str, who: Who | None = None) -> SightingView:
    """One sighting by its shown id; `NotFound` names it.

    It shows ranks and case numbers: the look of `who` is audited, and an account is recused from the sighting.
    """
    sighting_id = SightingId(parse_id(sighting))
    if who is None:
        with context.store.read() as reading:
            return of_sighting(reading, sighting_id)
    with context.store.write() as transaction:
        view = of_sighting(transaction, sighting_id)
        transaction.recusals.from_sightings(who.actor, [sighting_id], RecusedBy.SIGHTING, context.clock())
        record(context, transaction, who, Trace("sighting.view", [sighting_id]))
        return view


def of_sighting(reading: Reading, sighting_id: SightingId, *, candidates: bool = True) -> SightingView:
    """Everything about one sighting, or everything but its candidates."""
    sighting = reading.sightings.get(sighting_id)
    if sighting is None:
        raise NotFound(
            Wording("There is no sighting '{sighting}'.", sighting=id_text(sighting_id)),
            step="`matcher sighting list` shows all sightings.",
        )
    photos = reading.photos.of_sighting(sighting_id)
    faces = reading.faces.of_photos([photo.id for photo in photos])
    lists = _by_face(reading, sighting) if candidates else {}
    review = {task.face_id: task.state for task in reading.tasks.of_sighting(sighting_id) if task.kind is TaskKind.LIST}
    return SightingView(
        id=id_text(sighting_id),
        seen_at=sighting.seen_at,
        place=sighting.place,
        position=sighting.position,
        how_seen=sighting.how_seen,
        first_hand=sighting.first_hand,
        apparent_sex=sighting.apparent_sex,
        apparent_age=sighting.apparent_age,
        note=sighting.note,
        source=sighting.source,
        photos=tuple(_of_photo(photo, faces.get(photo.id, ()), lists, review) for photo in photos),
        created_at=sighting.created_at,
        disputed_at=sighting.disputed_at,
    )


def _of_photo(
    photo: Photo,
    faces: Sequence[StoredFace],
    candidates: Mapping[int, Sequence[CandidateView]],
    review: Mapping[FaceId, TaskState],
) -> SightingPhotoView:
    return SightingPhotoView(
        id=id_text(photo.id),
        state=photo.state,
        reason=photo.reason,
        faces=tuple(
            FaceCandidates(
                face.number,
                face.box,
                face.turn,
                face.quality,
                tuple(candidates.get(face.id, ())),
                id_text(face.id),
                weaknesses=weaknesses(face.quality),
                marked=face.choice is Choice.MARKED,
                review=review.get(face.id),
            )
            for face in sorted(faces, key=lambda face: face.number)
        ),
        advice=None if photo.reason is None else explain(photo.reason, photo.shortfall),
    )


def _by_face(reading: Reading, sighting: Sighting) -> dict[int, list[CandidateView]]:
    candidates = sorted(reading.candidates.of_sighting(sighting.id), key=lambda candidate: candidate.rank)
    cases = reading.cases.by_ids(list({candidate.case_id for candidate in candidates}))
    photo_of = reading.faces.photos_of({candidate.gallery_face_id for candidate in candidates})
    lists: dict[int, list[CandidateView]] = {}
    for candidate in candidates:
        if candidate.case_id in cases and candidate.gallery_face_id in photo_of:
            photo = id_text(photo_of[candidate.gallery_face_id])
            view = _of_candidate(candidate, cases[candidate.case_id], photo, sighting)
            lists.setdefault(candidate.face_id, []).append(view)
    return lists


def _of_candidate(candidate: Candidate, case: Case, photo: str, sighting: Sighting) -> CandidateView:
    last_seen = Seen("", case.details.missing_since, case.details.last_seen)
    return CandidateView(
        case_id=case.number,
        similarity=candidate.similarity,
        rank=candidate.rank,
        flags=candidate.flags,
        photo=photo,
        photo_face=id_text(candidate.gallery_face_id),
        id=id_text(candidate.id),
        status=case.status,
        meaning=candidate.meaning,
        sentence=None if candidate.meaning is None else sentence(candidate.meaning),
        way=way(last_seen, Seen("", sighting.seen_at, sighting.position)),
    )


def receipt(context: Context, sighting_id: SightingId, repeated: bool) -> SightingReceipt:
    """What the sender of a sighting is told."""
    with context.store.read() as reading:
        view = of_sighting(reading, sighting_id, candidates=False)
    photos = tuple(ReceivedPhoto(photo.id, len(photo.faces), photo.reason, photo.advice) for photo in view.photos)
    return SightingReceipt(view.id, photos, view.created_at, repeated)


def handed_in_before(context: Context, sighting_id: SightingId) -> list[str]:
    """The other sightings that hold one of its photos, byte by byte: most likely the same report once more."""
    with context.store.read() as reading:
        digests = {photo.digest for photo in reading.photos.of_sighting(sighting_id)}
        same = [photo.sighting_id for digest in digests for photo in reading.photos.with_digest(digest)]
    return sorted({id_text(one) for one in same if one not in (None, sighting_id)})


def listed(
    context: Context, *, needs_triage: bool | None = None, after: str | None = None, limit: int | None = None
) -> list[SightingSummary]:
    """Sightings, newest first, from the one after `after`.

    `needs_triage` keeps those with (or without) a photo that shows no usable face and waits for somebody to look.
    """
    behind = None if after is None else SightingId(parse_id(after))
    with context.store.read() as reading:
        if behind is not None and reading.sightings.get(behind) is None:
            raise NotFound(
                Wording("There is no sighting '{sighting}' to go on from: begin with the first page.", sighting=after)
            )
        summaries = []
        for row in reading.sightings.list(needs_triage=needs_triage, after=behind, limit=limit):
            sighting = row.sighting
            summaries.append(
                SightingSummary(
                    id_text(sighting.id),
                    sighting.seen_at,
                    sighting.place,
                    row.photos,
                    row.candidates,
                    row.needs_triage,
                    sighting.created_at,
                    sighting.disputed_at,
                )
            )
    return summaries
