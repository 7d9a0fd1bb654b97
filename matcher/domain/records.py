"""Faces, sightings, hits, candidates and audit entries as they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from itertools import repeat, starmap

import numpy as np
from numpy.typing import NDArray

from matcher.domain.cases import CaseDetails, Sex
from matcher.domain.chances import Meaning
from matcher.domain.faces import Box, Quality
from matcher.domain.ids import CandidateId, CaseId, FaceId, PhotoId, SightingId
from matcher.domain.positions import Position
from matcher.errors import WrongUse

Ids = NDArray[np.int64]
Prints = NDArray[np.uint8]
PRINT_BYTES = 16


class Choice(str, Enum):
    """How the face of a photo became the one that counts."""

    ONLY = "only"  # the photo shows one face
    OFFICER = "officer"  # a person pointed at it
    LARGEST = "largest"  # the caller said explicitly that the largest face is meant
    MARKED = "marked"  # the reporter or triage of a sighting marked it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredFace:
    """One face of a stored photo.

    `number` counts the photo's faces from 1, largest first; `choice` is `None` while it is not the chosen one.
    """

    id: FaceId
    photo_id: PhotoId
    number: int
    box: Box
    landmarks: NDArray[np.float32]
    score: float
    turn: int
    quality: Quality
    choice: Choice | None


class HowSeen(str, Enum):
    IN_PERSON = "in_person"
    INSTITUTION = "institution"
    SOCIAL_MEDIA = "social_media"
    CCTV = "cctv"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a reporter tells beside the photos; every field may be left out.

    `source` names the service or office that hands it in; `note` is its narrative. `apparent_sex` and `apparent_age`
    (years) are what the reporter took the child for.
    """

    seen_at: datetime | None = None
    place: str | None = None
    position: Position | None = None
    how_seen: HowSeen = HowSeen.UNKNOWN
    first_hand: bool | None = None
    apparent_sex: Sex = Sex.UNKNOWN
    apparent_age: float | None = None
    note: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        if self.seen_at is not None and self.seen_at.tzinfo is None:
            raise WrongUse("seen_at needs a time zone: give an aware datetime.")
        if self.apparent_age is not None and not 0 <= self.apparent_age <= 120:
            raise WrongUse(f"The apparent age is {self.apparent_age:g}: expected 0 … 120 years.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting(Report):
    """A report that was taken in; hidden since `disputed_at`, if somebody says that it shows them or their child.

    `merged_into` is another one of the same happening, beside which people see this one.
    """

    id: SightingId
    created_at: datetime
    disputed_at: datetime | None = None
    merged_into: SightingId | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A gallery face that resembles a probe; `similarity` is the cosine, −1 … 1, higher is more alike."""

    face_id: FaceId
    case_id: CaseId
    similarity: float


class Flag(str, Enum):
    """What speaks against a candidate. A flag never removes one."""

    SEX_DIFFERS = "sex_differs"
    AGE_DIFFERS = "age_differs"
    SEEN_BEFORE_MISSING = "seen_before_missing"
    TOO_FAR_TOO_SOON = "too_far_too_soon"
    YEARS_APART = "years_apart"
    INFANT = "infant"
    RELATED_ENROLLED = "related_enrolled"  # a declared sibling or twin, a look-alike, is searched too


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A question for people: may this face of a sighting show the child of this case?

    `rank` counts from 1; `space`, `snapshot` and `software` say what it was found with. `meaning` is what the
    similarity meant then; `None` for a candidate that was kept before meanings were. `round` is the first round of the
    face's list in which it is shown: later than 1 if the watch found it after reviewers had begun.
    """

    id: CandidateId
    sighting_id: SightingId
    face_id: FaceId
    case_id: CaseId
    gallery_face_id: FaceId
    similarity: float
    rank: int
    flags: tuple[Flag, ...]
    space: str
    snapshot: str
    software: str
    created_at: datetime
    meaning: Meaning | None = None
    round: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What is to be written to the audit log: no field identifies a child or a reporter.

    `objects` are shown ids of what was touched; `note_digest` is the keyed digest of the erasable free-text reason.
    `signed_in` says how the actor signed in: `session`, or `key` with the key's shown id; `None`: not at all, the actor
    is a name that somebody gave, or the entry is of a version that did not write it down.
    """

    at: datetime
    actor: str
    action: str
    reason_code: str
    note_digest: str | None = None
    objects: tuple[str, ...] = ()
    space: str | None = None
    snapshot: str | None = None
    probe_digests: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    details: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    signed_in: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """A written audit entry with its place in the chain.

    `hash` covers everything but the note; `previous` is the hash before it. The note can be erased, its digest stays.
    """

    number: int
    previous: str
    hash: str
    entry: AuditEntry
    note: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GalleryRow:
    """One searchable vector: float32, unit length, of the space that was asked for; `print` as in `GalleryRows`."""

    face_id: FaceId
    case_id: CaseId
    vector: NDArray[np.float32]
    print: bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GalleryRows:
    """Some gallery rows as arrays: ids of shape (n,), vectors of shape (n, dim). A million single rows are slow.

    `prints` (n, `PRINT_BYTES`) tell apart the sealed bytes that the vectors were opened from, where that was asked for.
    """

    face_ids: Ids
    case_ids: Ids
    vectors: NDArray[np.float32]
    prints: Prints | None = None

    @classmethod
    def of(cls, rows: Iterable[GalleryRow], dim: int) -> GalleryRows:
        """Single rows in their order; with prints if every row has one."""
        taken = list(rows)
        told = [row.print for row in taken if row.print is not None]
        prints = np.frombuffer(b"".join(told), np.uint8).reshape(-1, PRINT_BYTES) if len(told) == len(taken) else None
        return cls(
            np.fromiter((row.face_id for row in taken), np.int64, len(taken)),
            np.fromiter((row.case_id for row in taken), np.int64, len(taken)),
            np.asarray([row.vector for row in taken], np.float32).reshape(len(taken), dim),
            prints,
        )

    def __len__(self) -> int:
        return len(self.face_ids)

    def __iter__(self) -> Iterator[GalleryRow]:
        prints = repeat(None, len(self)) if self.prints is None else map(bytes, self.prints)
        rows = zip(self.face_ids.tolist(), self.case_ids.tolist(), self.vectors, prints, strict=True)
        yield from starmap(GalleryRow, rows)


@dataclass(frozen=True, slots=True, eq=False)
class KnownRows:
    """Vectors that somebody holds already, with the prints of what they were opened from; face ids ascend."""

    face_ids: Ids
    vectors: NDArray[np.float32]
    prints: Prints

    @classmethod
    def none(cls) -> KnownRows:
        """Not one."""
        return cls(np.zeros(0, np.int64), np.zeros((0, 0), np.float32), np.zeros((0, PRINT_BYTES), np.uint8))

    def prints_of(self, face_ids: Ids) -> Prints:
        """The prints of faces, zeros for those that are not among these."""
        if not len(self.face_ids):
            return np.zeros((len(face_ids), PRINT_BYTES), np.uint8)
        places = self._places(face_ids)
        return np.where((self.face_ids[places] == face_ids)[:, np.newaxis], self.prints[places], np.uint8(0))

    def places(self, face_ids: Ids, prints: Prints) -> Ids:
        """Where the faces stand whose prints are still these, and −1 for all others."""
        if not len(self.face_ids):
            return np.full(len(face_ids), -1, np.int64)
        places = self._places(face_ids)
        same = (self.face_ids[places] == face_ids) & (self.prints[places] == prints).all(axis=1)
        return np.where(same, places, -1)

    def _places(self, face_ids: Ids) -> Ids:
        return np.minimum(np.searchsorted(self.face_ids, face_ids), len(self.face_ids) - 1)


@dataclass(frozen=True, slots=True)
class FaceDating:
    """What is known of when a searchable face was photographed: of the case's details those that date a child, and the
    photo's date or the age (years) on it.
    """

    face_id: FaceId
    case: CaseDetails
    taken: date | None
    age: float | None


@dataclass(frozen=True, slots=True, eq=False)
class GalleryChange:
    """One step of the gallery's history; `row` is `None` for a removal (or when the face was removed later)."""

    change: int
    face_id: FaceId
    row: GalleryRow | None
