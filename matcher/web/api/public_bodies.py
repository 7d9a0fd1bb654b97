"""What programs send about cards, alerts, reports, disputes and partners."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from matcher.domain.alerts import Meant
from matcher.domain.consents import Giver, Scope
from matcher.domain.names import NamePolicy
from matcher.web.api.bodies import Number, Place, YesNo, strict


class CardOrder(BaseModel):
    """A card that is wanted: how much of the name, which case photo (`null`: the newest), whom people call."""

    model_config = strict(policy="full", photo=None, phone="0571-110")

    policy: NamePolicy = NamePolicy.FULL
    photo: str | None = None
    phone: str | None = Field(None, description="`null`: the number of the settings.")


class Step(BaseModel):
    """From how many hours after the beginning on an alert is heard within how many kilometres."""

    model_config = strict(hours=0, radius_km=100)

    hours: Number
    radius_km: Number


class AlertTerms(BaseModel):
    """What an alert says; what is left out is taken from the case, or of an alert that is there stays as it is.

    An empty `place` or `note` is none.
    """

    model_config = strict(growth="tuanyuan", place="West Lake, Hangzhou", note="She may ask for her grandmother.")

    centre: Place | None = None
    place: str | None = None
    growth: Literal["tuanyuan", "near"] | list[Step] | None = Field(
        None, description="The name of a schedule, or steps of one's own: an area only grows."
    )
    since: datetime | None = Field(None, description="When it begins to grow; by default when the child went missing.")
    expires_at: datetime | None = None
    note: str | None = Field(None, description="A few sentences for the public.")


class Issue(BaseModel):
    """How an alert is meant; an actual one goes out when a second officer agrees."""

    model_config = strict(meant="exercise")

    meant: Meant


class Agreement(BaseModel):
    """To what one agrees: the `updated_at` of the alert as one looked at it; `null`: to whatever is proposed now."""

    model_config = strict(seen="2024-06-02T01:15:00Z")

    seen: datetime | None = None


class Note(BaseModel):
    """Why, if there is anything to say."""

    model_config = strict(note="a real photo, sent in haste")

    note: str | None = None


class Merging(BaseModel):
    """The sighting of the same happening beside which one is shown."""

    model_config = strict(into="5w1x0h9be4t7a")

    into: str


class DisputeDecision(BaseModel):
    """Whether a dispute is right, and what was found out."""

    model_config = strict(upheld=True, note="she showed her papers")

    upheld: YesNo
    note: str


class ConsentOrder(BaseModel):
    """Who allows what for a case; `document` says where the paper lies."""

    model_config = strict(giver="parent", scopes=["publication", "alerts"], name="Wang Li", document="folder 17")

    giver: Giver
    scopes: list[Scope] = Field(min_length=1, max_length=10)
    name: str | None = None
    relationship: str | None = None
    document: str | None = None
    given_at: datetime | None = None


class ConsentWithdrawal(BaseModel):
    """What of a consent is taken back, `null`: all of it, and a note."""

    model_config = strict(scope="alerts", note="her mother called")

    scope: Scope | None = None
    note: str | None = None


class PartnerOrder(BaseModel):
    """A service that is to be told of alerts; `tests`: of tests and exercises, too."""

    model_config = strict(name="delivery riders", url="https://riders.example/alerts", tests=False)

    name: str
    url: str
    tests: YesNo = False
