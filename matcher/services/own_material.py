"""What an evaluation reads from a home: the faces of its cases, and sightings whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matcher.domain.cases import Case, CaseStatus, Photo, PhotoState
from matcher.domain.ids import PhotoId, SightingId, id_text
from matcher.domain.quality import poor
from matcher.domain.records import StoredFace
from matcher.domain.reviews import Truth
from matcher.domain.scores import Vectors
from matcher.errors import WrongUse
from matcher.evaluation.trials import Portrait
from matcher.matching.plausibility import age_at, age_in_photo
from matcher.services.datasets import known_sex
from matcher.services.judged_pairs import JudgedPair, read_pairs
from matcher.services.significance import kin_of
from matcher.services.trials import Template
from matcher.store.database import Reading

NOT_EMBEDDED = "not_embedded"
_NO_FACE = "no_face"


@dataclass(frozen=True, slots=True, eq=False)
class Pictured:
    """A photo with the template of a face on it, if it has one."""

    portrait: Portrait
    template: Template | None


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A pair whose truth is known, with all faces of the sighting, at least one entry."""

    pair: JudgedPair
    seen: tuple[Pictured, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The photos of cases, judged pairs, and how many photos wait for a choice of face.

    `kin` are sets of case numbers that are no strangers: declared relatives, and cases that hold the same picture.
    """

    gallery: tuple[Pictured, ...]
    judged: tuple[Judged, ...]
    kin: tuple[frozenset[str], ...]
    waiting: int


def read_material(reading: Reading, space: str, pairs: Path | None) -> Material:
    """All photos of open cases and of judged ones, with their embeddings in a space; `WrongUse` without any case."""
    judged = [] if pairs is None else read_pairs(pairs, reading)
    cases = {case.number: case for case in reading.cases.list(status=CaseStatus.OPEN)}
    cases |= {pair.case.number: pair.case for pair in judged}
    if not cases:
        raise WrongUse("There are no open cases: register some with `matcher case import`, or evaluate folders.")
    photos = reading.photos.of_cases([case.id for case in cases.values()])
    gallery = [one for case in cases.values() for one in _pictured(reading, space, case, photos[case.id])]
    waiting = sum(photo.state is PhotoState.AWAITING_CHOICE for group in photos.values() for photo in group)
    shows = {pair.sighting: pair.case for pair in judged if pair.truth is Truth.SAME}
    every = tuple(Judged(pair, _seen(reading, space, pair.sighting, shows.get(pair.sighting))) for pair in judged)
    number: dict[int, str] = {case.id: case.number for case in cases.values()}
    related = (frozenset(number[case] for case in group if case in number) for group in kin_of(reading))
    kin = tuple(group for group in related if len(group) > 1)
    return Material(tuple(gallery), every, kin, waiting)


def _pictured(reading: Reading, space: str, case: Case, photos: list[Photo]) -> list[Pictured]:
    """A case's photos whose face is settled, each with the child's face."""
    usable = [photo for photo in photos if photo.state is not PhotoState.AWAITING_CHOICE]
    faces = reading.faces.of_photos([photo.id for photo in usable])
    chosen = {photo: next((face for face in group if face.choice is not None), None) for photo, group in faces.items()}
    vectors = reading.faces.vectors([face.id for face in chosen.values() if face is not None], space)
    found = []
    for photo in usable:
        face = chosen[PhotoId(photo.id)]
        vector = None if face is None else vectors.get(face.id)
        portrait = Portrait(
            photo=id_text(photo.id),
            subject=case.number,
            failure=_failure(photo, face, vector),
            age=age_in_photo(case.details, photo.taken, photo.age),
            sex=known_sex(case.details.sex),
            eye_distance=None if face is None else face.quality.inter_eye_distance,
        )
        found.append(Pictured(portrait, _template(face, vector)))
    return found


def _template(face: StoredFace | None, vector: Vectors | None) -> Template | None:
    return None if face is None or vector is None else Template(vector, poor(face.quality))


def _failure(photo: Photo, face: StoredFace | None, vector: Vectors | None) -> str | None:
    if face is None:
        return _NO_FACE if photo.reason is None else photo.reason.value
    return NOT_EMBEDDED if vector is None else None


def _seen(reading: Reading, space: str, sighting_id: SightingId, case: Case | None) -> tuple[Pictured, ...]:
    """All faces of a sighting; of a photo without one, the reason. `case` is that of the child it shows, if known."""
    photos = reading.photos.of_sighting(sighting_id)
    faces = reading.faces.of_photos([photo.id for photo in photos])
    vectors = reading.faces.vectors([face.id for group in faces.values() for face in group], space)
    subject = f"sighting {id_text(sighting_id)}" if case is None else case.number
    age, sex = _age(reading, sighting_id, case), None if case is None else known_sex(case.details.sex)
    found = []
    for photo in photos:
        every: list[StoredFace | None] = [*faces[PhotoId(photo.id)]]
        for face in every or [None]:
            vector = None if face is None else vectors.get(face.id)
            portrait = Portrait(
                photo=id_text(photo.id),
                subject=subject,
                failure=_failure(photo, face, vector),
                age=age,
                sex=sex,
                eye_distance=None if face is None else face.quality.inter_eye_distance,
            )
            found.append(Pictured(portrait, _template(face, vector)))
    return tuple(found) or (Pictured(Portrait(photo=subject, subject=subject, failure="no_photo"), None),)


def _age(reading: Reading, sighting_id: SightingId, case: Case | None) -> float | None:
    """The child's age when it was seen, from the case's record; what people guessed does not count."""
    sighting = reading.sightings.get(sighting_id)
    if sighting is None or case is None or sighting.seen_at is None:
        return None
    age = age_at(case.details, sighting.seen_at.date())
    return None if age is None or age < 0 else age
