"""The reviewers' work: lists and pairs that wait, leases on them, sealed answers, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, NewType

from matcher.domain.cases import Confirmation
from matcher.domain.ids import CandidateId, CaseId, FaceId, SightingId
from matcher.domain.people import PersonId

TaskId = NewType("TaskId", int)
ClaimId = NewType("ClaimId", int)
AnswerId = NewType("AnswerId", int)
VerdictId = NewType("VerdictId", int)
DecisionId = NewType("DecisionId", int)


class TaskKind(str, Enum):
    """The two steps of a review."""

    LIST = "list"  # one face of a sighting beside its candidates
    PAIR = "pair"  # one face of a sighting beside one case


class TaskState(str, Enum):
    """Where a task stands. All but `WAITING` and `SET_ASIDE` follow from sealed answers and decisions."""

    WAITING = "waiting"  # for reviewers
    DONE = "done"  # a list whose answers are complete
    SET_ASIDE = "set_aside"  # a list of a face that is not the one meant
    DISPUTED = "disputed"  # reviewers differ or cannot tell: for a supervisor
    ESCALATED = "escalated"  # reviewers agree on a possible resemblance: for an officer
    CONFIRMED = "confirmed"  # proved from outside
    EXCLUDED = "excluded"  # not the same child: until a new photo or a new model, or for good if it was refuted
    CLOSED = "closed"  # a pair that was open when its case ended: nothing is asked of it until the case is opened again


class Outcome(str, Enum):
    """One person's sealed answer about a pair (the three words of INTERPOL's face identification)."""

    POTENTIAL = "potential"
    NO_CANDIDATE = "no_candidate"
    INCONCLUSIVE = "inconclusive"


class Feature(str, Enum):
    """What is compared, from top to bottom (after FISWG's facial image comparison feature list)."""

    FACE_SHAPE = "face_shape"
    HAIRLINE = "hairline"
    FOREHEAD = "forehead"
    BROWS = "brows"
    EYES = "eyes"
    NOSE = "nose"
    CHEEKS = "cheeks"
    EARS = "ears"
    MOUTH = "mouth"
    CHIN = "chin"
    NECK = "neck"
    LINES = "lines"
    SCARS = "scars"
    MARKS = "marks"
    ALTERATIONS = "alterations"


class Likeness(str, Enum):
    """What a person sees of one feature."""

    SIMILAR = "similar"
    DISSIMILAR = "dissimilar"
    NOT_VISIBLE = "not_visible"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True, slots=True)
class Observed:
    """One line of the feature list."""

    likeness: Likeness | None = None
    note: str | None = None


class Truth(str, Enum):
    """What is known of a pair.

    `SAME` is proved from outside. `DIFFERENT` is as sure as its exclusion: proved where an officer refuted the pair or
    the face was confirmed to be another child's, else no more than what its reviewers agreed on.
    """

    SAME = "same"
    DIFFERENT = "different"


class DecisionKind(str, Enum):
    """What a supervisor or an officer decided about a pair, or what put it back."""

    ESCALATED = "escalated"
    EXCLUDED = "excluded"
    REFUTED = "refuted"  # an officer's exclusion after an escalation: only a person opens it again
    CONFIRMED = "confirmed"
    REOPENED = "reopened"
    CLOSED = "closed"  # its case has ended, or is disputed
    RESUMED = "resumed"  # its case is open again: it stands where it stood


class ReopenedBy(str, Enum):
    """Why an excluded pair is asked again."""

    NEW_PHOTO = "new_photo"
    NEW_MODEL = "new_model"
    PERSON = "person"


class RecusedBy(str, Enum):
    """What showed a person more of a case or a sighting than its photos."""

    SEARCH = "search"
    SIGHTING = "sighting"
    CASE = "case"
    REVEAL = "reveal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A unit of review work; lists have neither case nor candidate.

    `round` counts from 1 and rises each time a pair is asked again, or a list with candidates that are new on it.
    `needed` sealed answers complete the round.
    `day` is when it began to wait (see `day_of`): of a list and its pairs when the sighting arrived or the watch found
    its first candidate, of what is asked again when that was decided.
    `urgent_until` ends its time in the urgent lane; `seen_hour` (whole hours since 1970, of the sighting) and `age`
    (years, of the child as told) order that lane.
    """

    id: TaskId
    kind: TaskKind
    state: TaskState
    sighting_id: SightingId
    face_id: FaceId
    space: str
    case_id: CaseId | None = None
    candidate_id: CandidateId | None = None
    round: int = 1
    needed: int
    reopened_by: ReopenedBy | None = None
    urgent_until: datetime | None = None
    seen_hour: int | None = None
    age: float | None = None
    day: int
    created_at: datetime
    updated_at: datetime


def day_of(moment: datetime) -> int:
    """Whole days of UTC since 1970."""
    return int(moment.timestamp() // 86_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lease on a task: its random id is all that addresses of photos and pages show.

    `claimed_at` and `expires_at` are of the present lease: whoever needs more time begins it anew, which the audit log
    has. `opened_at` is when its faces were first given out, `revealed_at` when its person was first told what they
    were. A live claim was not released (sealed or given back) and has not expired. `draft` is what was entered and not
    sealed yet. `truth` is set on control pairs only, and `instead_of` names the task in whose place one stands: its
    person does not see that one wait, as if it were the one that is held. `round` is that of the task in the queue,
    which with a control pair is the one in whose place it stands.
    """

    id: ClaimId
    task_id: TaskId
    person_id: PersonId
    round: int
    truth: Truth | None = None
    instead_of: TaskId | None = None
    claimed_at: datetime
    expires_at: datetime
    opened_at: datetime | None = None
    released_at: datetime | None = None
    revealed_at: datetime | None = None
    draft: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAnswer:
    """One person's sealed answer about a round of a list: the candidates that were picked, or none; `shown` are all on
    it.
    """

    id: AnswerId
    claim_id: ClaimId
    task_id: TaskId
    person_id: PersonId
    round: int = 1
    picks: tuple[CandidateId, ...]
    shown: tuple[CandidateId, ...]
    opened_at: datetime
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One person's sealed answer about a pair, with what it was given about.

    `revises` names the earlier verdict that a revision supersedes: a revision was made after the reveal and is not
    blind. `round` is 0 for control pairs.
    """

    id: VerdictId
    claim_id: ClaimId
    task_id: TaskId
    candidate_id: CandidateId
    person_id: PersonId
    round: int
    outcome: Outcome
    features: Mapping[Feature, Observed] = field(default_factory=dict)
    note: str | None = None
    truth: Truth | None = None
    revises: VerdictId | None = None
    superseded: bool = False
    opened_at: datetime
    sealed_at: datetime
    similarity: float
    space: str
    snapshot: str
    software: str
    meaning: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a supervisor, an officer or a change of photos decided about a pair; nothing is ever taken back, only
    followed by another decision.
    """

    id: DecisionId
    task_id: TaskId
    round: int
    kind: DecisionKind
    actor: str
    note: str | None = None
    reopened_by: ReopenedBy | None = None
    confirmation: Confirmation | None = None
    at: datetime
