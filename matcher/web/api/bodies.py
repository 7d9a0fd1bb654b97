"""What programs send. A field that is not known is refused: a misspelt one would be lost without a word."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from matcher.accounts.rights import Right
from matcher.domain.cases import CaseStatus, Circumstance, ConfirmationKind, LegalBasis, Sex
from matcher.domain.people import Language, Role
from matcher.domain.positions import Datum
from matcher.domain.records import HowSeen
from matcher.domain.relations import RelationKind
from matcher.domain.reviews import Feature, Likeness, Outcome

# What is no number in JSON is taken for none: `true` is not place 1, nor is "7" an age.
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
YesNo = Annotated[bool, Field(strict=True)]


def strict(**example: Any) -> ConfigDict:
    """How a body is read: as it is described, with an example of it."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [example]})


class Credentials(BaseModel):
    """Who wants to sign in."""

    model_config = strict(name="li", password="correct horse battery staple")  # noqa: S106 - an example

    name: str
    password: str


class OwnPassword(BaseModel):
    """One's own new password, with the one that holds until now."""

    model_config = strict(old="correct horse battery staple", new="a longer one than that before")

    old: str
    new: str


class Password(BaseModel):
    """A new password for somebody else."""

    model_config = strict(password="a longer one than that before")  # noqa: S106 - an example

    password: str


class LanguageChoice(BaseModel):
    """The language in which one reads; `null`: as the browser asks."""

    model_config = strict(language="zh-Hans")

    language: Language | None


class Picks(BaseModel):
    """Places of a list that resemble the face, counted from 1; none: nobody does."""

    model_config = strict(picks=[3])

    picks: list[Whole] = Field(max_length=1000)


class Observation(BaseModel):
    """One line of the feature list."""

    model_config = strict(likeness="similar", note="broad")

    likeness: Likeness | None = None
    note: str | None = None


class Draft(BaseModel):
    """What was entered about a pair so far."""

    model_config = strict(outcome=None, features={"nose": {"likeness": "similar", "note": "broad"}}, note=None)

    outcome: Outcome | None = None
    features: dict[Feature, Observation] = {}
    note: str | None = None


class Verdict(BaseModel):
    """What one says about a pair."""

    model_config = strict(
        outcome="potential", features={"nose": {"likeness": "similar", "note": "broad"}}, note="same mole on the cheek"
    )

    outcome: Outcome
    features: dict[Feature, Observation] = {}
    note: str | None = None


class Settlement(BaseModel):
    """How a dispute ends, and why."""

    model_config = strict(decision="excluded", note="the ears differ")

    decision: Literal["escalated", "excluded"]
    note: str


class Reason(BaseModel):
    """Why."""

    model_config = strict(note="a better photo came in")

    note: str


class Proof(BaseModel):
    """The proof from outside."""

    model_config = strict(kind="dna", reference="laboratory 17")

    kind: ConfirmationKind
    reference: str


class ConfirmedPair(BaseModel):
    """The proof that a pair is the same child, and how the case ends by it."""

    model_config = strict(kind="dna", reference="laboratory 17", status="located_alive", note=None)

    kind: ConfirmationKind
    reference: str
    status: CaseStatus = CaseStatus.LOCATED_ALIVE
    note: str | None = None


class Closing(BaseModel):
    """How a case ends; `located_…` takes a confirmation from outside."""

    model_config = strict(status="returned", confirmation=None, note="came home by herself")

    status: CaseStatus
    confirmation: Proof | None = None
    note: str | None = None


class ReadNotices(BaseModel):
    """Which notices one has read."""

    model_config = strict(notices=["4n9tz63yv1q0e"])

    notices: list[str] = Field(max_length=500)


class Place(BaseModel):
    """A position in degrees, WGS-84."""

    model_config = strict(lat=30.27, lon=120.15)

    lat: Number
    lon: Number


class MapPlace(Place):
    """A position in degrees as a map tells it: WGS-84, or GCJ-02 as map apps in China do."""

    model_config = strict(lat=30.27, lon=120.15, datum="gcj02")

    datum: Datum = Datum.WGS84


class CaseChanges(BaseModel):
    """Details of a child; `null` erases one, and what is left out stays as it is."""

    model_config = strict(name="Wang Fang", born="2016-03-01", missing_since="2024-05-01T18:30:00+08:00")

    name: str | None = None
    other_names: list[str] | None = None
    sex: Sex | None = None
    born: date | None = None
    age: Number | None = Field(None, description="In years, when the child went missing.")
    height_cm: Number | None = None
    weight_kg: Number | None = None
    marks: str | None = None
    clothing: str | None = None
    circumstance: Circumstance | None = None
    missing_since: datetime | None = None
    last_seen_place: str | None = None
    last_seen: Place | None = None
    police_reference: str | None = None
    legal_basis: LegalBasis | None = None
    consent: str | None = None


class PhotoNote(BaseModel):
    """What is known of a case photo: its date, or the age on it; and the number of the child's face among several."""

    model_config = strict(taken="2023-09-01")

    taken: date | None = None
    age: Number | None = None
    face: Whole | None = None


class NewCase(CaseChanges):
    """A new case: its number, what is told of the child, and notes on the photos in the order of the photos."""

    model_config = strict(case_id="HZ-2024-17", name="Wang Fang", sex="female", photos=[{"taken": "2023-09-01"}])

    case_id: str
    photos: list[PhotoNote] = Field(default=[], max_length=50)


class SightingReport(BaseModel):
    """What is told of a sighting; every field may be left out."""

    model_config = strict(seen_at="2024-06-02T09:15:00+08:00", place="West Lake, Hangzhou", how_seen="in_person")

    seen_at: datetime | None = Field(None, description="Without an offset it is UTC.")
    place: str | None = None
    position: Place | None = None
    how_seen: HowSeen | None = None
    first_hand: YesNo | None = Field(None, description="Whether whoever tells it saw the child themselves.")
    apparent_sex: Sex | None = None
    apparent_age: Number | None = Field(None, description="In years.")
    note: str | None = None
    source: str | None = Field(None, description="Which service or office hands it in.")


class PublicReport(SightingReport):
    """What a partner's user, or an institution, tells of a sighting; every field may be left out.

    `card` is the code of the card on which it was told, `contact` how its reporter can be reached, `language` what they
    read; `institution`: it comes from a home or a hospital where the child is.
    """

    model_config = strict(
        seen_at="2024-06-02T09:15:00+08:00", place="West Lake, Hangzhou", how_seen="in_person", card="K7QF-9M2P"
    )

    position: MapPlace | None = None
    card: str | None = None
    contact: str | None = None
    language: Language | None = None
    institution: YesNo = False


class BatchedReport(PublicReport):
    """One of several reports that come together; what it tells is that of `PublicReport`."""

    model_config = strict(photos=1, key="user-4711-2", card="K7QF-9M2P", how_seen="in_person", first_hand=True)

    photos: Whole = Field(1, ge=0, le=10, description="How many of the photos, in their order, are its own.")
    key: str | None = Field(None, max_length=200, description="What makes sending it twice the same as once.")


class SearchOrder(BaseModel):
    """Why one searches, and how many cases are wanted for each face."""

    model_config = strict(reason="call from the police in Hangzhou", top=10)

    reason: str
    top: Whole | None = Field(None, ge=1, le=500)


class FaceNumber(BaseModel):
    """A face of a photo, counted from 1, largest first."""

    model_config = strict(face=2)

    face: Whole


class Relation(BaseModel):
    """How two cases are related."""

    model_config = strict(kind="sibling")

    kind: RelationKind


class NewAccount(BaseModel):
    """A new account; a service has no password."""

    model_config = strict(
        name="wang",
        roles=["reviewer"],
        shown_name="Wang Li",
        password="correct horse battery staple",  # noqa: S106 - an example
    )

    name: str
    roles: list[Role]
    shown_name: str | None = None
    email: str | None = None
    password: str | None = None


class AccountChanges(BaseModel):
    """What changes of an account; what is left out stays as it is."""

    model_config = strict(roles=["reviewer", "supervisor"], trained="2026-01-12")

    # Made by factories, so that the description shows no defaults: there are none, and `null` is refused.
    roles: list[Role] = Field(default_factory=list)
    shown_name: str = Field(default_factory=str)
    active: YesNo = Field(default_factory=bool)
    email: str | None = None
    trained: date | None = None


class KeyOrder(BaseModel):
    """A key that is wanted: what for, what it allows, for how many days."""

    model_config = strict(label="form of the shopping app", scopes=["sighting_submit"], days=90)

    label: str
    scopes: list[Right]
    days: Whole = 90
