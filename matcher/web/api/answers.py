"""What programs get where the use cases' own results hold more than may leave, or less than is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from matcher.accounts.rights import Acting, Right
from matcher.domain.alerts import Bulletin, BulletinKind, Circle, Meant
from matcher.domain.ids import id_text
from matcher.domain.people import ApiKey, Language, Person, Role
from matcher.domain.records import AuditRecord
from matcher.services.findings import Finding
from matcher.services.partners import PartnerView
from matcher.services.views import GalleryView, PhotoView


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session that has begun. Its token is shown this once."""

    token: str
    name: str
    rights: tuple[Right, ...]


@dataclass(frozen=True, slots=True)
class MeView:
    """Who is signed in and may what; a key may allow less than its account."""

    name: str
    rights: tuple[Right, ...]
    language: Language | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account."""

    name: str
    shown_name: str
    roles: tuple[Role, ...]
    email: str | None
    trained: date | None
    active: bool
    language: Language | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key, without its text."""

    id: str
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKeyView:
    """A new key. Its text is shown this once."""

    text: str
    key: KeyView


@dataclass(frozen=True, slots=True)
class MarkedView:
    """How many lists of other faces were set aside."""

    set_aside: int


@dataclass(frozen=True, slots=True)
class UnchosenView:
    """A case photo with several faces of which none is chosen yet."""

    case_id: str
    photo: PhotoView


@dataclass(frozen=True, slots=True)
class AuditView:
    """An entry of the audit log, without its note: that may tell of a child."""

    number: int
    at: datetime
    actor: str
    signed_in: str | None
    action: str
    reason_code: str
    objects: tuple[str, ...]
    details: Mapping[str, str | int | float | bool | None]
    space: str | None
    snapshot: str | None
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinView:
    """What was told of an alert at one moment; a cancellation says nothing of the child, nor where."""

    number: int
    kind: BulletinKind
    meant: Meant
    at: datetime
    expires_at: datetime | None
    circle: Circle | None
    code: str | None
    place: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class ContactView:
    """How a reporter can be reached; `null` if that was not told, or is erased."""

    contact: str | None


@dataclass(frozen=True, slots=True)
class SecretView:
    """The new secret of a partner. It is shown this once."""

    secret: str


@dataclass(frozen=True, slots=True)
class NewPartnerView:
    """A new partner. Its secret is shown this once."""

    secret: str
    partner: PartnerView


@dataclass(frozen=True, slots=True)
class InstallationView:
    """What searches run on, and the check-up."""

    gallery: GalleryView
    findings: tuple[Finding, ...]


def rights_of(acting: Acting) -> tuple[Right, ...]:
    """Rights in the order of the table."""
    return tuple(right for right in Right if right in acting.rights)


def of_person(person: Person) -> AccountView:
    """An account as administrators see it."""
    return AccountView(
        name=person.name,
        shown_name=person.shown_name,
        roles=tuple(sorted(person.roles)),
        email=person.email,
        trained=person.trained,
        active=person.active,
        language=person.language,
        created_at=person.created_at,
    )


def of_key(key: ApiKey) -> KeyView:
    """A key as administrators see it."""
    scopes = tuple(sorted(key.scopes))
    return KeyView(id_text(key.id), key.label, scopes, key.created_at, key.expires_at, key.revoked_at)


def of_bulletin(told: Bulletin) -> BulletinView:
    """A bulletin as officers see it."""
    content = told.content or {}
    return BulletinView(
        number=told.number,
        kind=told.kind,
        meant=told.meant,
        at=told.at,
        expires_at=told.expires_at,
        circle=told.circle,
        code=content.get("code"),
        place=content.get("place") or None,
        note=content.get("note"),
    )


def of_record(record: AuditRecord) -> AuditView:
    """An entry as auditors see it."""
    entry = record.entry
    return AuditView(
        number=record.number,
        at=entry.at,
        actor=entry.actor,
        signed_in=entry.signed_in,
        action=entry.action,
        reason_code=entry.reason_code,
        objects=entry.objects,
        details=entry.details,
        space=entry.space,
        snapshot=entry.snapshot,
        hash=record.hash,
    )
