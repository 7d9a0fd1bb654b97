"""What the use cases answer: frozen results that show numbers people gave and random ids, never internal keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from matcher.domain.ages import AgeBand
from matcher.domain.alerts import Meant
from matcher.domain.cases import CaseDetails, CaseStatus, Confirmation, PhotoState, Sex
from matcher.domain.chances import Insufficient, Meaning
from matcher.domain.consents import Giver, Scope
from matcher.domain.faces import Box, NoFaceReason, Quality
from matcher.domain.positions import Position
from matcher.domain.quality import Advice, Weakness
from matcher.domain.records import Choice, Flag, HowSeen
from matcher.domain.relations import RelationKind
from matcher.domain.reviews import TaskState

NOTICE = "possible resemblance, for human review; not an identification"


@dataclass(frozen=True, slots=True)
class FaceView:
    """One face of a stored photo, counted from 1, largest first."""

    number: int
    id: str
    box: Box
    quality: Quality
    choice: Choice | None
    weaknesses: tuple[Weakness, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotoView:
    """One stored photo and where it stands; `advice` says why no face of it can be used."""

    id: str
    state: PhotoState
    reason: NoFaceReason | None
    width: int
    height: int
    taken: date | None
    age: float | None
    faces: tuple[FaceView, ...]
    added_at: datetime
    advice: Advice | None = None


@dataclass(frozen=True, slots=True)
class StatusView:
    """One move of a case."""

    old: CaseStatus
    new: CaseStatus
    confirmation: Confirmation | None
    actor: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class RelationView:
    """What was declared about a case and another one, whose number and present status are given."""

    kind: RelationKind
    case_id: str
    status: CaseStatus
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentView:
    """Who allowed what for a case, and whether it was withdrawn; `document` says where the paper lies."""

    id: str
    giver: Giver
    name: str | None
    relationship: str | None
    scopes: tuple[Scope, ...]
    given_at: datetime
    document: str | None
    recorded_by: str
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None


@dataclass(frozen=True, slots=True)
class PublishedView:
    """Something of a case that is public, or was until it ran out: its card, by the code, or an alert, by the id."""

    id: str
    until: datetime
    meant: Meant | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as people see it; `warnings` say what the caller should know about what was just done."""

    case_id: str
    status: CaseStatus
    details: CaseDetails
    photos: tuple[PhotoView, ...]
    history: tuple[StatusView, ...]
    created_at: datetime
    updated_at: datetime
    warnings: tuple[str, ...] = ()
    relations: tuple[RelationView, ...] = ()
    consents: tuple[ConsentView, ...] = ()
    id: str = ""
    card: PublishedView | None = None
    alerts: tuple[PublishedView, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """One line of a list of cases."""

    case_id: str
    status: CaseStatus
    name: str | None
    missing_since: datetime | None
    photos: int
    awaiting_choice: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class WeakCase:
    """An open case whose best photo (`photo`) is weak, or that no search finds: why, and what would help."""

    case_id: str
    name: str | None
    missing_since: datetime | None
    searchable: bool
    photo: str | None
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A case that a face may show, for people to judge.

    `similarity` is the cosine, −1 … 1, higher is more alike; it is no probability. `meaning` says how often chance
    alone gives one as high, or why that cannot be said, and `sentence` says it in words; `None` for a candidate that
    was kept before meanings were. `photo` and `photo_face` are the ids of the case photo and of its face that resembles
    most. `status` is the case's present one. `way` says what it takes at least from where the child was last seen to
    where the sighting was; `None` where one of the two is not known.
    """

    case_id: str
    similarity: float
    rank: int
    flags: tuple[Flag, ...]
    photo: str
    photo_face: str
    id: str | None = None
    status: CaseStatus = CaseStatus.OPEN
    meaning: Meaning | None = None
    sentence: str | None = None
    way: str | None = None


@dataclass(frozen=True, slots=True)
class FaceCandidates:
    """One face of a probe photo with its candidate list, most alike first.

    `cut` counts candidates of this search that are beyond the home's working point and therefore not listed. Of a
    stored face, `marked` says that somebody said it is the one that is meant, and `review` where reviewers stand with
    its list, `None` if there is none.
    """

    number: int
    box: Box
    turn: int
    quality: Quality
    candidates: tuple[CandidateView, ...]
    id: str | None = None
    cut: int = 0
    weaknesses: tuple[Weakness, ...] = ()
    marked: bool = False
    review: TaskState | None = None


@dataclass(frozen=True, slots=True)
class CaseCandidate:
    """A face of a sighting that a case is a candidate for.

    `similarity`, `rank`, `meaning` and `sentence` as in `CandidateView`. `listed` says where reviewers stand with the
    face's list, `pair` where they stand with the two; without a pair nobody picked the case for this face (yet).
    """

    sighting: str
    seen_at: datetime | None
    place: str | None
    face: str
    similarity: float
    rank: int
    flags: tuple[Flag, ...]
    meaning: Meaning | None
    sentence: str | None
    pair: TaskState | None
    listed: TaskState | None
    found_at: datetime


@dataclass(frozen=True, slots=True)
class MatchView:
    """The answer to an ad hoc search; `reason` and `advice` say why no face could be searched."""

    faces: tuple[FaceCandidates, ...]
    reason: NoFaceReason | None
    gallery_size: int
    space: str
    snapshot: str
    notice: str = NOTICE
    advice: Advice | None = None


@dataclass(frozen=True, slots=True)
class SightingPhotoView:
    """One photo of a sighting with its searched faces, or why there are none."""

    id: str
    state: PhotoState
    reason: NoFaceReason | None
    faces: tuple[FaceCandidates, ...]
    advice: Advice | None = None


@dataclass(frozen=True, slots=True)
class SightingView:
    """A sighting and everything that was found for it."""

    id: str
    seen_at: datetime | None
    place: str | None
    position: Position | None
    how_seen: HowSeen
    first_hand: bool | None
    apparent_sex: Sex
    apparent_age: float | None
    note: str | None
    source: str | None
    photos: tuple[SightingPhotoView, ...]
    created_at: datetime
    disputed_at: datetime | None = None
    repeated: bool = False
    notice: str = NOTICE

    @property
    def candidates(self) -> tuple[CandidateView, ...]:
        """All candidates of all faces: face by face, each list in its own order."""
        return tuple(found for photo in self.photos for face in photo.faces for found in face.candidates)

    @property
    def needs_triage(self) -> bool:
        """Whether a person has to look, because some photo shows no usable face."""
        return any(photo.state is PhotoState.NO_USABLE_FACE for photo in self.photos)


@dataclass(frozen=True, slots=True)
class ReceivedPhoto:
    """A photo as its sender hears of it: how many faces were searched, or why none could be, and what would help."""

    id: str
    faces: int
    reason: NoFaceReason | None
    advice: Advice | None


@dataclass(frozen=True, slots=True)
class SightingReceipt:
    """What the sender of a sighting is told: nothing of its candidates. `repeated`: it was there already."""

    id: str
    photos: tuple[ReceivedPhoto, ...]
    created_at: datetime
    repeated: bool


@dataclass(frozen=True, slots=True)
class SightingSummary:
    """One line of a list of sightings."""

    id: str
    seen_at: datetime | None
    place: str | None
    photos: int
    candidates: int
    needs_triage: bool
    created_at: datetime
    disputed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReindexView:
    """What a reindex did. `problems` name faces that could not be embedded and why."""

    snapshot: str
    space: str
    faces: int
    embedded: int
    pruned: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class BandView:
    """What the last reindex measured for one age band with its `children`.

    `measured` of them played the unrelated person; where no chance can be told it is `None`, and `untold` says why.
    `copies` counts children of whom another case seems to hold a copy of the photo. `gap` is how far the tail of what
    was measured is from the law that carries it on, 0 … 1, `fit` how often a sample of that very law is as far off,
    0 … 1, and `lawful` whether the law is used.
    """

    band: AgeBand
    children: int
    untold: Insufficient | None
    copies: int
    measured: int | None
    gap: float | None
    fit: float | None
    lawful: bool | None


@dataclass(frozen=True, slots=True)
class GalleryView:
    """What searches run on: `size` faces, `tail` of them newer than the snapshot; `tombstones` were removed since.

    `bands` are the age bands that were measured, `score` how scores were made comparable; empty and `None` before the
    first reindex.
    """

    space: str
    snapshot: str | None
    size: int
    tail: int
    tombstones: int
    advice: str | None
    score: str | None = None
    bands: tuple[BandView, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyView:
    """The outcome of checking what is stored; `problems` is empty when all is well."""

    snapshot: str | None
    faces: int
    audit_entries: int
    photos: int
    problems: tuple[str, ...] = field(default=())

    @property
    def clean(self) -> bool:
        """Whether nothing was found to be wrong."""
        return not self.problems
