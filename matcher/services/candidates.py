"""From probe faces to candidate lists: one search, ranked per case, with flags and what each similarity means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from matcher import __version__
from matcher.domain.ages import AgeBand
from matcher.domain.cases import Case, Photo
from matcher.domain.chances import Meaning
from matcher.domain.faces import Face
from matcher.domain.ids import CandidateId, CaseId, FaceId, PhotoId, SightingId, new_id
from matcher.domain.quality import poor
from matcher.domain.records import Candidate, Flag, StoredFace
from matcher.domain.scores import Vectors
from matcher.domain.space import EmbeddingSpace
from matcher.gallery.live import SearchResult
from matcher.matching.meaning import Circumstances, meanings, shares, within
from matcher.matching.plausibility import Observation, age_in_photo, flags
from matcher.matching.ranking import RankedCase, rank
from matcher.services.context import Context
from matcher.services.significance import Scale
from matcher.store.database import Reading


@dataclass(frozen=True, slots=True)
class Ranked:
    """A place in a candidate list with the records that it speaks of."""

    place: RankedCase
    case: Case
    photo: Photo
    flags: tuple[Flag, ...]
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class CandidateList:
    """The candidates of one face, most alike first; `cut` counts those beyond the home's working point."""

    places: tuple[Ranked, ...]
    cut: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class FaceHits:
    """The ranked cases of one face; `scores` are the comparable ones of the hits, none without statistics.

    `poor` says that the face is too poorly seen for its similarities to mean anything.
    """

    places: tuple[RankedCase, ...]
    scores: Mapping[FaceId, float]
    poor: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """A face of a sighting that was searched."""

    face_id: FaceId
    sighting_id: SightingId


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What a search found for each probe face, and with which gallery."""

    lists: tuple[FaceHits, ...]
    scale: Scale | None
    snapshot: str
    gallery_size: int
    through_change: int


def search(context: Context, faces: Sequence[Face], top: int, only: Sequence[Set[CaseId]] | None = None) -> Search:
    """Rank the gallery's cases for every probe face; no face: no lists.

    `only` names for each face the cases whose places are given: the ranks stay those among all.
    """
    dim = context.space.dim
    probes = np.stack([face.embedding for face in faces]) if faces else np.empty((0, dim), dtype=np.float32)
    found = context.gallery.search(probes, cases=top)
    wanted = [
        [row for row, hit in enumerate(hits) if only is None or hit.case_id in only[number]]
        for number, hits in enumerate(found.hits)
    ]
    lists = []
    for face, hits, rows, scores in zip(faces, found.hits, wanted, _scores(probes, found, wanted), strict=True):
        ranked = rank(hits, top)
        lists.append(FaceHits(tuple(ranked[row] for row in rows), scores, poor(face.quality)))
    return Search(tuple(lists), found.notes, found.snapshot, found.gallery_size, found.counter)


def _scores(probes: Vectors, found: SearchResult[Scale], wanted: Sequence[Sequence[int]]) -> list[dict[FaceId, float]]:
    """For each probe the comparable scores of the wanted of its hits, by face; none without statistics."""
    hits = [found.hits[number][row] for number, rows in enumerate(wanted) for row in rows]
    if found.notes is None or not hits:
        return [{} for _ in wanted]
    vectors = np.concatenate([some[rows] for some, rows in zip(found.vectors, wanted, strict=True) if rows])
    owners = np.repeat(np.arange(len(wanted)), [len(rows) for rows in wanted])
    scores: list[dict[FaceId, float]] = [{} for _ in wanted]
    comparable = found.notes.comparable(probes, hits, vectors, owners)
    for owner, hit, score in zip(owners.tolist(), hits, comparable.tolist(), strict=True):
        scores[owner][hit.face_id] = score
    return scores


def still_true(context: Context, reading: Reading, faces: Sequence[Face], top: int, found: Search) -> Search:
    """A search, repeated if somebody registered or closed a case since; `reading` is a transaction with the lock."""
    return found if reading.gallery.counter() == found.through_change else search(context, faces, top)


def describe(context: Context, reading: Reading, found: Search, seen: Iterable[Observation]) -> list[CandidateList]:
    """Add case, photo, flags and meaning to every place; a case that is not open or not there any more drops out.

    `seen` has for each probe face what is known of the moment of its photo.
    """
    hits = [place.hit for face in found.lists for place in face.places]
    cases = reading.cases.by_ids(list({hit.case_id for hit in hits}))
    faces = reading.faces.by_ids({hit.face_id for hit in hits})
    photos = reading.photos.by_ids(list({face.photo_id for face in faces.values()}))
    records = _Records(cases, faces, photos, reading.relations.with_open_alike(cases))
    described = [
        _described(context, found, face, records, moment) for face, moment in zip(found.lists, seen, strict=True)
    ]
    target, scale = context.settings.target_fpir, found.scale
    return described if target is None or scale is None else [_cut(one, target, scale) for one in described]


def questions(
    probes: Sequence[Probe], lists: Sequence[CandidateList], by: tuple[EmbeddingSpace, str], at: datetime
) -> list[Candidate]:
    """What is kept of the places of described lists; `probes` are their faces, `by` the space and the snapshot."""
    space, snapshot = by
    return [
        Candidate(
            id=CandidateId(new_id()),
            sighting_id=probe.sighting_id,
            face_id=probe.face_id,
            case_id=ranked.case.id,
            gallery_face_id=ranked.place.hit.face_id,
            similarity=ranked.place.hit.similarity,
            rank=ranked.place.rank,
            flags=ranked.flags,
            meaning=ranked.meaning,
            space=space.name,
            snapshot=snapshot,
            software=__version__,
            created_at=at,
        )
        for probe, found in zip(probes, lists, strict=True)
        for ranked in found.places
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Records:
    """What the store knows of the hits of a search."""

    cases: Mapping[CaseId, Case]
    faces: Mapping[FaceId, StoredFace]
    photos: Mapping[PhotoId, Photo]
    related: Set[CaseId]

    def open(self, face: FaceHits) -> list[RankedCase]:
        """The places whose case is open and whose photo is there."""
        return [place for place in face.places if self._is_open(place.hit.case_id) and self._photo(place.hit.face_id)]

    def photo_of(self, face_id: FaceId) -> Photo:
        return self.photos[self.faces[face_id].photo_id]

    def _is_open(self, case_id: CaseId) -> bool:
        return case_id in self.cases and self.cases[case_id].status.searched

    def _photo(self, face_id: FaceId) -> bool:
        return face_id in self.faces and self.faces[face_id].photo_id in self.photos


def _described(context: Context, found: Search, face: FaceHits, records: _Records, seen: Observation) -> CandidateList:
    places = records.open(face)
    circumstances = [_circumstances(context, face, place, records, seen) for place in places]
    scores = [face.scores.get(place.hit.face_id, 0.0) for place in places]
    statistics, growth = None, 1.0
    if found.scale is not None:
        statistics, growth = found.scale.statistics, found.scale.growth(found.gallery_size)
    told = meanings(statistics, circumstances, scores, growth)
    return CandidateList(
        tuple(
            Ranked(place, records.cases[place.hit.case_id], records.photo_of(place.hit.face_id), one.flags, meaning)
            for place, one, meaning in zip(places, circumstances, told, strict=True)
        )
    )


def _circumstances(
    context: Context, face: FaceHits, place: RankedCase, records: _Records, seen: Observation
) -> Circumstances:
    case, photo = records.cases[place.hit.case_id], records.photo_of(place.hit.face_id)
    raised = flags(case.details, photo, seen, context.settings.travel_kmh, related=case.id in records.related)
    band = AgeBand.of(age_in_photo(case.details, photo.taken, photo.age))
    unclear = face.poor or poor(records.faces[place.hit.face_id].quality)
    return Circumstances(band, raised, seen.apparent_age, unclear)


def _cut(candidates: CandidateList, target: float, scale: Scale) -> CandidateList:
    """The list without those beyond the working point; whose chance cannot be told, stays."""
    share = shares(scale.statistics)
    kept = tuple(
        one
        for one in candidates.places
        if one.meaning.chance is None or within(one.meaning.chance, share[one.meaning.band], target)
    )
    return CandidateList(kept, len(candidates.places) - len(kept))
