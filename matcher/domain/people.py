"""People and services that have an account, and the roles that say what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import NewType

PersonId = NewType("PersonId", int)
KeyId = NewType("KeyId", int)

LONGEST_NAME = 60  # characters


class Language(str, Enum):
    """A language in which people read the desk, by its BCP 47 tag."""

    ENGLISH = "en"
    CHINESE = "zh-Hans"


class Role(str, Enum):
    """What an account is for; one account may have several."""

    INTAKE = "intake"
    OFFICER = "officer"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account. `name` is what is typed to sign in and stands in the audit log, `shown_name` what others see.

    `trained` is the day on which training in facial review was recorded; without a `language`, the browser's counts. A
    service has no password and signs in with
    keys only.
    """

    id: PersonId
    name: str
    shown_name: str
    roles: frozenset[Role]
    email: str | None = None
    trained: date | None = None
    active: bool = True
    language: Language | None = None
    created_at: datetime

    @property
    def is_service(self) -> bool:
        """Whether nobody sits behind this account."""
        return Role.SERVICE in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in person: `digest` is that of the token, which is kept nowhere."""

    digest: str
    person_id: PersonId
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key for programs: `digest` is that of its text, which is shown once; `scopes` are words of rights."""

    id: KeyId
    person_id: PersonId
    label: str
    digest: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
