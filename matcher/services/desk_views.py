"""What the desk answers. A blind view holds nothing that names a child, orders candidates or tells another's answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from matcher.domain.cases import CaseStatus, Confirmation
from matcher.domain.chances import Meaning
from matcher.domain.ids import FaceId, PhotoId
from matcher.domain.quality import Weakness
from matcher.domain.records import Flag
from matcher.domain.reviews import Feature, Observed, Outcome, ReopenedBy, TaskKind, TaskState, Truth
from matcher.review.quality import ControlErrors


class QueueFilter(str, Enum):
    """Which part of the queue is asked for."""

    ALL = "all"
    MINE = "mine"  # what the asking person holds
    URGENT = "urgent"
    OVERDUE = "overdue"  # left the urgent lane unanswered
    LISTS = "lists"
    PAIRS = "pairs"


# Blind views: what is given out before an answer is sealed.


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A lease: `claim` is its random id, the only thing that addresses of pages and photos show."""

    claim: str
    kind: TaskKind
    urgent: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A task that the asking person may claim; `waiting_since` is cut to the hour, lest equal times tell what belongs
    together.
    """

    task: str
    kind: TaskKind
    urgent: bool
    waiting_since: datetime


@dataclass(frozen=True, slots=True)
class QueueView:
    """What a person holds, and what it may claim."""

    mine: tuple[ClaimView, ...]
    waiting: tuple[QueueItem, ...]


@dataclass(frozen=True, slots=True)
class ListSheet:
    """One face of a sighting (place 0) and `places` candidates, counted from 1 in this reviewer's own order.

    `picks` are the places in the draft.
    """

    claim: str
    expires_at: datetime
    places: int
    picks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person enters about a pair; a draft may lack the outcome. Features that are not named were not noted."""

    outcome: Outcome | None = None
    features: Mapping[Feature, Observed] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PairSheet:
    """One face of a sighting (place 0) and a child in `places` photos, counted from 1, with the marks that were told of
    the child, and the list of features. `weaknesses` are those of the faces, by place from 0.
    """

    claim: str
    expires_at: datetime
    places: int
    weaknesses: tuple[tuple[Weakness, ...], ...]
    marks: str | None
    features: tuple[Feature, ...]
    draft: Judgement | None


@dataclass(frozen=True, slots=True)
class SealedView:
    """An answer was sealed; nothing else is told."""

    claim: str
    sealed_at: datetime


# For the picture code, which turns a place into pixels; never given out.


@dataclass(frozen=True, slots=True)
class ClaimFace:
    """A face and the photo that it is on."""

    face_id: FaceId
    photo_id: PhotoId


@dataclass(frozen=True, slots=True)
class ClaimFaces:
    """All faces of a claim by place: the sighting's is number 0."""

    places: tuple[ClaimFace, ...]


# After sealing, and for those who decide.


@dataclass(frozen=True, slots=True)
class VerdictView:
    """A sealed verdict; `by` is its person's account, `None` where reviewers see each other's."""

    by: str | None
    outcome: Outcome
    features: Mapping[Feature, Observed]
    note: str | None
    revised: bool
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What a pair is about. `similarity` is the cosine with what it means, as it was when the pair was found."""

    case_id: str
    name: str | None
    status: CaseStatus
    sighting: str
    seen_at: datetime | None
    place: str | None
    note: str | None
    similarity: float
    rank: int
    flags: tuple[Flag, ...]
    meaning: Meaning | None
    sentence: str | None


@dataclass(frozen=True, slots=True)
class RevealView:
    """What a reviewer is told after sealing; `truth` is set for a control pair."""

    claim: str
    facts: PairFacts
    mine: VerdictView
    others: tuple[VerdictView, ...]
    truth: Truth | None


@dataclass(frozen=True, slots=True)
class PairItem:
    """One line of what waits for a decision, or was excluded; nothing of it names a child.

    `outcomes` are `None` on the list of somebody who reviews too.
    """

    task: str
    state: TaskState
    round: int
    since: datetime
    reopened_by: ReopenedBy | None
    outcomes: tuple[Outcome, ...] | None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision as it was made; `confirmation` is the proof from outside on which it rests."""

    kind: str
    actor: str
    note: str | None
    reopened_by: ReopenedBy | None
    round: int
    at: datetime
    confirmation: Confirmation | None = None


@dataclass(frozen=True, slots=True)
class PairView:
    """A pair with everything that was said about it, for those who decide; `places` counts the child's faces."""

    item: PairItem
    facts: PairFacts
    places: int
    verdicts: tuple[VerdictView, ...]
    decisions: tuple[DecisionView, ...]


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One line of an inbox."""

    id: str
    kind: str
    task: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewerView:
    """How much, how well and how long a person judges.

    `lists`, `pairs` and `errors` count everything. `kappa` is the agreement with others before any reveal, the times
    are medians from opening to sealing in seconds: both of the latest 500 lists and 500 pairs.
    `break_due` says that the person has worked too long without a break. `None`: too little to tell.
    """

    name: str
    trained: date | None
    lists: int
    pairs: int
    errors: ControlErrors
    kappa: float | None
    list_seconds: float | None
    pair_seconds: float | None
    verdicts_per_hour: float | None
    working_since: datetime | None
    break_due: bool
