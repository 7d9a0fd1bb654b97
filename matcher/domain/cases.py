"""A case: one missing child, its photos, its status and the moves that a status may make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from matcher.domain.faces import NoFaceReason, Shortfall
from matcher.domain.ids import CaseId, PhotoId, SightingId
from matcher.domain.positions import Position
from matcher.errors import MoveNotAllowed, WrongUse
from matcher.wording import Wording


class Sex(str, Enum):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class Circumstance(str, Enum):
    """What is known of how the child went missing (the AMBER and NamUs categories)."""

    ABDUCTION = "abduction"
    FAMILY = "family"
    RUNAWAY = "runaway"
    LOST = "lost"
    TRAFFICKED = "trafficked"
    UNKNOWN = "unknown"


class LegalBasis(str, Enum):
    """Why this child's face may be processed. `UNSPECIFIED` allows searching, and `matcher doctor` warns of it."""

    UNSPECIFIED = "unspecified"
    GUARDIAN_CONSENT = "guardian_consent"
    POLICE_ORDER = "police_order"
    COURT_ORDER = "court_order"
    STATUTORY_DUTY = "statutory_duty"
    VITAL_INTEREST = "vital_interest"


class CaseStatus(str, Enum):
    """`OPEN` cases are searched, all others are not.

    `DISPUTED`: somebody said "this is me" or "my child", so that it is hidden until an officer has decided.
    """

    OPEN = "open"
    DISPUTED = "disputed"
    LOCATED_ALIVE = "located_alive"
    LOCATED_DECEASED = "located_deceased"
    RETURNED = "returned"
    HOAX = "hoax"
    UNFOUNDED = "unfounded"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def searched(self) -> bool:
        """Whether faces of a case in this status are in the gallery."""
        return self is CaseStatus.OPEN

    @property
    def is_end(self) -> bool:
        """Whether nothing is to be decided about a case in this status any more."""
        return self not in {CaseStatus.OPEN, CaseStatus.DISPUTED}

    @property
    def needs_confirmation(self) -> bool:
        """Whether only a proof from outside can lead here."""
        return self in {CaseStatus.LOCATED_ALIVE, CaseStatus.LOCATED_DECEASED}


class ConfirmationKind(str, Enum):
    """Who outside this system proved that a child was located."""

    DNA = "dna"
    FAMILY = "family"
    INSTITUTION = "institution"
    POLICE = "police"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The outside proof: its kind and the reference under which it can be looked up."""

    kind: ConfirmationKind
    reference: str

    def __post_init__(self) -> None:
        if not self.reference.strip():
            raise WrongUse(
                Wording("A confirmation needs the reference of its proof, for example a laboratory's or police number.")
            )


_CLOSED = frozenset(CaseStatus) - {CaseStatus.OPEN, CaseStatus.DISPUTED}

# The whole table of moves. An open case may end in every way; an ended one can be reopened, or its end be corrected,
# for example from `returned` to `hoax`. What an outside proof established is never replaced by less: reopen it first.
# Only an open case can be disputed: an ended one is hidden already, and would be kept for longer.
MOVES: dict[CaseStatus, frozenset[CaseStatus]] = {
    CaseStatus.OPEN: _CLOSED | {CaseStatus.DISPUTED},
    CaseStatus.DISPUTED: _CLOSED | {CaseStatus.OPEN},
    CaseStatus.LOCATED_ALIVE: frozenset({CaseStatus.OPEN, CaseStatus.LOCATED_DECEASED}),
    CaseStatus.LOCATED_DECEASED: frozenset({CaseStatus.OPEN, CaseStatus.LOCATED_ALIVE}),
    CaseStatus.RETURNED: frozenset(
        {CaseStatus.OPEN, CaseStatus.LOCATED_ALIVE, CaseStatus.LOCATED_DECEASED, CaseStatus.HOAX, CaseStatus.UNFOUNDED}
    ),
    CaseStatus.HOAX: frozenset({CaseStatus.OPEN, CaseStatus.UNFOUNDED}),
    CaseStatus.UNFOUNDED: frozenset({CaseStatus.OPEN, CaseStatus.HOAX}),
    CaseStatus.WITHDRAWN: frozenset(_CLOSED - {CaseStatus.WITHDRAWN, CaseStatus.EXPIRED} | {CaseStatus.OPEN}),
    CaseStatus.EXPIRED: frozenset(_CLOSED - {CaseStatus.EXPIRED} | {CaseStatus.OPEN}),
}


def check_move(number: str, old: CaseStatus, new: CaseStatus, confirmation: Confirmation | None) -> None:
    """Raise unless a case may go from `old` to `new`: `MoveNotAllowed` by the table, `WrongUse` without the proof."""
    if new not in MOVES[old]:
        possible = ", ".join(sorted(MOVES[old]))
        told = {"case": number, "old": old.value, "new": new.value, "possible": possible}
        raise MoveNotAllowed(
            Wording("Case '{case}' is '{old}' and cannot become '{new}': possible are {possible}.", **told)
        )
    if new.needs_confirmation and confirmation is None:
        kinds = ", ".join(kind.value for kind in ConfirmationKind)
        told = {"case": number, "new": new.value, "kinds": kinds}
        raise WrongUse(
            Wording(
                "Case '{case}' can become '{new}' only with a confirmation from outside ({kinds}) and its reference.",
                **told,
            )
        )
    if not new.needs_confirmation and confirmation is not None:
        raise WrongUse(
            Wording("The status '{new}' takes no confirmation: leave it out, or close as located.", new=new.value)
        )


# Made once: details are read by the million.
_AGE, _HEIGHT, _WEIGHT = Wording("age"), Wording("height_cm"), Wording("weight_kg")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetails:
    """What people wrote about a child. Nothing here is needed for a search; all of it can be erased.

    `age` is the age in years when the child went missing, for cases whose birth date is unknown. `missing_since` is an
    aware time.
    """

    name: str | None = None
    other_names: tuple[str, ...] = ()
    sex: Sex = Sex.UNKNOWN
    born: date | None = None
    age: float | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    marks: str | None = None
    clothing: str | None = None
    circumstance: Circumstance = Circumstance.UNKNOWN
    missing_since: datetime | None = None
    last_seen_place: str | None = None
    last_seen: Position | None = None
    police_reference: str | None = None
    legal_basis: LegalBasis = LegalBasis.UNSPECIFIED
    consent: str | None = None

    def __post_init__(self) -> None:
        _check_range(_AGE, self.age, 0, 120)
        _check_range(_HEIGHT, self.height_cm, 20, 250)
        _check_range(_WEIGHT, self.weight_kg, 0.3, 300)
        if self.missing_since is not None:
            if self.missing_since.tzinfo is None:
                raise WrongUse("missing_since needs a time zone: give an aware datetime.")
            if self.born is not None and self.missing_since.date() < self.born:
                told = Wording(
                    "missing_since {day} lies before the birth date {born}.",
                    day=self.missing_since.date(),
                    born=self.born,
                )
                raise WrongUse(told)


def _check_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        told = {"field": name, "value": f"{value:g}", "low": f"{low:g}", "high": f"{high:g}"}
        raise WrongUse(Wording("{field} is {value}: expected {low} … {high}.", **told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One missing child. `number` is what people call the case, `id` what the system does."""

    id: CaseId
    number: str
    status: CaseStatus
    details: CaseDetails
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """One move of a case, kept for ever beside its successor."""

    case_id: CaseId
    old: CaseStatus
    new: CaseStatus
    confirmation: Confirmation | None
    actor: str
    reason: str | None
    at: datetime


class PhotoState(str, Enum):
    """Where a photo stands."""

    READY = "ready"  # a case photo whose face is chosen, a sighting photo whose faces were searched
    AWAITING_CHOICE = "awaiting_choice"  # a case photo with several faces, none chosen yet
    NO_USABLE_FACE = "no_usable_face"  # kept for people to look at
    WAITING = "waiting"  # a reported photo that no model has looked at yet
    SET_ASIDE = "set_aside"  # a sighting photo in which somebody who looked found no usable face either


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One stored image file of a case or of a sighting (exactly one of the two ids is set).

    `blob` addresses the stored bytes; `digest` is the keyed hash of these bytes, `original_digest` that of the bytes
    that were handed in, before metadata were removed. `width` and `height` are those of the upright photo in pixels,
    `size` is in bytes. `taken` or `age` (years) date a case photo. `shortfall` is what was measured on a photo without
    a usable face, `None` on photos that were stored before it was kept.
    """

    id: PhotoId
    case_id: CaseId | None = None
    sighting_id: SightingId | None = None
    position: int
    blob: str
    digest: str
    original_digest: str
    media_type: str
    width: int
    height: int
    size: int
    taken: date | None = None
    age: float | None = None
    state: PhotoState
    reason: NoFaceReason | None = None
    shortfall: Shortfall | None = None
    created_at: datetime

    def __post_init__(self) -> None:
        if (self.case_id is None) == (self.sighting_id is None):
            raise ValueError("A photo belongs to one case or to one sighting.")
