"""From probe faces to candidate lists: one search, ranked per case, with flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from matcher.domain.cases import Case, Photo
from matcher.domain.faces import Face
from matcher.domain.ids import CaseId, FaceId
from matcher.domain.records import Flag
from matcher.matching.plausibility import Observation, flags
from matcher.matching.ranking import RankedCase, rank
from matcher.services.context import Context
from matcher.store.database import Reading


@dataclass(frozen=True, slots=True)
class Ranked:
    """A place in a candidate list with the records that it speaks of."""

    place: RankedCase
    case: Case
    photo: Photo
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: per probe face its hits ranked by case, and with which gallery."""

    lists: tuple[tuple[RankedCase, ...], ...]
    snapshot: str
    gallery_size: int
    through_change: int


def search(context: Context, faces: Sequence[Face], top: int) -> Search:
    """Rank the gallery's cases for every probe face; no face: no lists."""
    dim = context.space.dim
    probes = np.stack([face.embedding for face in faces]) if faces else np.empty((0, dim), dtype=np.float32)
    found = context.gallery.search(probes, cases=top)
    return Search(tuple(rank(hits, top) for hits in found.hits), found.snapshot, found.gallery_size, found.counter)


def still_true(context: Context, reading: Reading, faces: Sequence[Face], top: int, found: Search) -> Search:
    """A search, repeated if somebody registered or closed a case since; `reading` is a transaction with the lock."""
    return found if reading.gallery.counter() == found.through_change else search(context, faces, top)


def describe(
    reading: Reading, lists: Sequence[Sequence[RankedCase]], seen: Observation, travel_kmh: float
) -> list[list[Ranked]]:
    """Add case, photo and flags to every place; a case that is not open or not there any more drops out."""
    hits = [place.hit for places in lists for place in places]
    cases = reading.cases.by_ids(list({hit.case_id for hit in hits}))
    photos = _photos(reading, list({hit.face_id for hit in hits}))
    related = reading.relations.with_open_alike(cases)
    return [
        [
            _described(place, cases, photos, seen, travel_kmh, related)
            for place in places
            if place.hit.face_id in photos and place.hit.case_id in cases and cases[place.hit.case_id].status.searched
        ]
        for places in lists
    ]


def _photos(reading: Reading, face_ids: Sequence[FaceId]) -> dict[FaceId, Photo]:
    photo_of = reading.faces.photos_of(face_ids)
    photos = reading.photos.by_ids(list(set(photo_of.values())))
    return {face_id: photos[photo_id] for face_id, photo_id in photo_of.items() if photo_id in photos}


def _described(
    place: RankedCase,
    cases: Mapping[CaseId, Case],
    photos: Mapping[FaceId, Photo],
    seen: Observation,
    travel_kmh: float,
    related: Set[CaseId],
) -> Ranked:
    case, photo = cases[place.hit.case_id], photos[place.hit.face_id]
    return Ranked(place, case, photo, flags(case.details, photo, seen, travel_kmh, related=case.id in related))
