"""Sightings: submit one, with candidates for each of its faces; show and list them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timezone
from itertools import repeat
from typing import Any

from matcher.domain.faces import Face
from matcher.domain.ids import SightingId, id_text, new_id
from matcher.domain.people import PersonId
from matcher.domain.records import Candidate, Report, Sighting, StoredFace
from matcher.domain.reviews import RecusedBy
from matcher.errors import Conflict, WrongUse
from matcher.matching.plausibility import Observation
from matcher.services.auditing import Trace, record
from matcher.services.candidates import Probe, Search, describe, questions, search, still_true
from matcher.services.context import Context
from matcher.services.desk_tasks import list_tasks
from matcher.services.inputs import PhotoInput, Who, check_text
from matcher.services.photos import (
    Chosen,
    Owner,
    PreparedPhoto,
    keep_bytes,
    photo_record,
    prepare,
    stored_faces,
    vectors_of,
)
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording


@dataclass(frozen=True, slots=True)
class SubmissionKey:
    """What makes handing in a sighting twice the same as once. Each account counts its own: two may use one text."""

    text: str
    account: PersonId | None = None

    def __post_init__(self) -> None:
        check_text("The idempotency key", self.text, 200)

    @classmethod
    def of(cls, text: str | None, account: PersonId | None = None) -> SubmissionKey | None:
        """The key of a text, none without one."""
        return None if text is None else cls(text, account)

    def digest(self, context: Context) -> str:
        """What is kept of it."""
        whose = "" if self.account is None else f"{id_text(self.account)}/"
        return context.key.digest(f"{whose}{self.text}".encode(), "idempotency")


@dataclass(frozen=True, slots=True, eq=False)
class NewSighting:
    """A report whose photos were prepared."""

    report: Report
    photos: tuple[PreparedPhoto, ...]
    key: SubmissionKey | None = None

    @property
    def faces(self) -> list[Face]:
        """All faces of all photos, photo by photo."""
        return [face for photo in self.photos for face in photo.found.faces]


def prepare_sighting(
    context: Context, report: Report, photos: Sequence[PhotoInput], key: SubmissionKey | None
) -> NewSighting:
    """Run the models over a report's photos, searched thoroughly."""
    return new_sighting(report, [prepare(context, given) for given in photos], key)


def new_sighting(report: Report, photos: Iterable[PreparedPhoto], key: SubmissionKey | None) -> NewSighting:
    """A report with its photos, of which one that is given twice counts once; `WrongUse` without any."""
    distinct = {photo.digest: photo for photo in photos}
    if not distinct:
        raise WrongUse(Wording("A sighting needs at least one photo."))
    return NewSighting(report, tuple(distinct.values()), key)


def submit(context: Context, new: NewSighting, who: Who, *, top: int | None = None) -> tuple[SightingId, bool]:
    """Store a sighting with the candidates of each face, as one step: its id, and whether it was there already.

    The same idempotency key with the same content gives the sighting that exists, with other content `Conflict`.
    """
    top = context.settings.top if top is None else top
    content = content_digest(context, new.report, [photo.original_digest for photo in new.photos])
    with context.store.read() as reading:
        known = existing(context, reading, new.key, content)
    if known is not None:
        return known, True
    result = search(context, new.faces, top)
    sighting = Sighting(id=SightingId(new_id()), created_at=context.clock(), **_fields(new.report))
    keep_bytes(context, Owner(sighting_id=sighting.id), new.photos)
    with context.store.write() as transaction:
        known = existing(context, transaction, new.key, content)
        if known is not None:
            return known, True
        result = still_true(context, transaction, new.faces, top, result)
        key = None if new.key is None else (new.key.digest(context), content)
        transaction.sightings.add(sighting, key)
        _store(context, transaction, sighting, new, result, who)
    return sighting.id, False


def existing(context: Context, reading: Reading, key: SubmissionKey | None, content: str) -> SightingId | None:
    """The sighting that was submitted under a key; `Conflict` if its content was another; without a key `None`."""
    if key is None:
        return None
    known = reading.sightings.by_idempotency_key(key.digest(context))
    if known is None:
        return None
    sighting_id, known_content = known
    if known_content != content:
        told = "The idempotency key '{key}' was used for another sighting: use a new key for a new report."
        raise Conflict(told.format(key=key.text))
    return sighting_id


def content_digest(
    context: Context, report: Report, originals: Iterable[str], beside: Mapping[str, str] | None = None
) -> str:
    """The keyed digest of a report and of its photos' original digests, whatever their order and repetition; `beside`
    is what else was told with it.
    """
    told = asdict(report)
    if report.seen_at is not None:
        told["seen_at"] = report.seen_at.astimezone(timezone.utc)  # one moment has many ways to be written
    content = {"report": told, "photos": sorted(set(originals)), **({"beside": dict(beside)} if beside else {})}
    return context.key.digest(json.dumps(content, default=str, sort_keys=True).encode(), "content")


def _store(
    context: Context, transaction: Transaction, sighting: Sighting, new: NewSighting, result: Search, who: Who
) -> None:
    faces = [
        face
        for position, photo in enumerate(new.photos)
        for face in _store_photo(context, transaction, sighting, photo, position)
    ]
    candidates, cut = keep_candidates(context, transaction, sighting, faces, result)
    # The answer to a submission shows ranks and case numbers.
    transaction.recusals.from_sightings(who.actor, [sighting.id], RecusedBy.SIGHTING, sighting.created_at)
    trace = Trace(
        "sighting.submit",
        [sighting.id],
        context.space.name,
        result.snapshot,
        tuple(photo.original_digest for photo in new.photos),
        [candidate.id for candidate in candidates],
        {"photos": len(new.photos), "faces": len(faces), "cut": cut},
    )
    record(context, transaction, who, trace)


def keep_candidates(
    context: Context, transaction: Transaction, sighting: Sighting, faces: Sequence[StoredFace], result: Search
) -> tuple[list[Candidate], int]:
    """Keep what a search found for the faces of a sighting, and put their lists on the desk; how many were cut off."""
    lists = describe(context, transaction, result, repeat(Observation.of(sighting), len(faces)))
    probes = [Probe(face.id, sighting.id) for face in faces]
    candidates = questions(probes, lists, (context.space, result.snapshot), sighting.created_at)
    transaction.candidates.add(candidates)
    transaction.tasks.add(list_tasks(context, sighting, candidates))
    return candidates, sum(found.cut for found in lists)


def _fields(report: Report) -> dict[str, Any]:
    return {name: getattr(report, name) for name in Report.__dataclass_fields__}


def _store_photo(
    context: Context, transaction: Transaction, sighting: Sighting, prepared: PreparedPhoto, position: int
) -> list[StoredFace]:
    photo = photo_record(context, prepared, Owner(sighting_id=sighting.id), position)
    transaction.photos.add(photo)
    faces = stored_faces(prepared.found, photo.id, Chosen())
    transaction.faces.add(faces, vectors_of(faces, prepared.found.faces), context.space.name)
    return faces
