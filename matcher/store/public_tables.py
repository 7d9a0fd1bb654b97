"""The tables of the public side: cards, alerts, partners that are told of them, and what the public reports."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, text

from matcher.domain.alerts import AlertEnd, AlertState, BulletinKind, Meant
from matcher.domain.cards import NamePolicy
from matcher.domain.people import Language
from matcher.domain.publications import CardEnd, CardState
from matcher.domain.reports import Relation, ReportState, Via
from matcher.store.columns import Choices, Document, Id, Real, Time, Words
from matcher.store.tables import metadata

_LIVE = text("state = 'live'")
_WAITS = text("state = 'draft'")

# What an officer approved for the public, with the facts as they were then.
cards = Table(
    "cards",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("code", Words, nullable=False, unique=True),
    Column("state", Choices(CardState), nullable=False),
    Column("policy", Choices(NamePolicy), nullable=False),
    Column("facts", Document, nullable=False),
    Column("face_id", Id, ForeignKey("faces.id"), nullable=False, index=True),
    Column("phone", Words, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("drafted_by", Words, nullable=False),
    Column("drafted_at", Time, nullable=False),
    Column("approved_by", Words),
    Column("approved_at", Time),
    Column("ended_at", Time),
    Column("ended_because", Choices(CardEnd)),
    Column("ended_by", Words),
    Column("likeness", LargeBinary),  # of the photo as it is shown: 8 bytes, the highest first
    Index("uq_cards_live", "case_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    CheckConstraint("state <> 'live' OR approved_by IS NOT NULL", name="live_is_approved"),
    CheckConstraint("(state = 'withdrawn') = (ended_at IS NOT NULL)", name="whole_end"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("card_id", Id, ForeignKey("cards.id"), nullable=False, index=True),
    Column("state", Choices(AlertState), nullable=False),
    Column("terms", Document, nullable=False),
    Column("meant", Choices(Meant)),
    Column("proposal", Document(none_as_null=True)),
    Column("grows_at", Time, index=True),
    Column("bulletin", Id, unique=True),
    Column("expires_at", Time, nullable=False),
    Column("drafted_by", Words, nullable=False),
    Column("drafted_at", Time, nullable=False),
    Column("issued_by", Document, nullable=False),
    Column("issued_at", Time),
    Column("updated_at", Time, nullable=False),
    Column("ended_at", Time),
    Column("ended_because", Choices(AlertEnd)),
    Column("ended_by", Words),
    CheckConstraint("state <> 'issued' OR (meant IS NOT NULL AND bulletin IS NOT NULL)", name="issued_is_told"),
    CheckConstraint("(state = 'cancelled') = (ended_at IS NOT NULL)", name="whole_end"),
)

# All that was told of alerts, in its order. A bulletin outlives its alert, of which then nothing but a random id is
# left: whoever was told of it can still be told that it is over. Hence no foreign key.
bulletins = Table(
    "bulletins",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("alert_id", Id, nullable=False, index=True),
    Column("kind", Choices(BulletinKind), nullable=False),
    Column("meant", Choices(Meant), nullable=False),
    Column("at", Time, nullable=False),
    Column("expires_at", Time),
    Column("lat", Real),
    Column("lon", Real),
    Column("radius_km", Real),
    Column("content", Document(none_as_null=True)),
    CheckConstraint("(lat IS NULL) = (content IS NULL)", name="whole_or_empty"),
)

partners = Table(
    "partners",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("name", Words, nullable=False, unique=True),
    Column("url", Words, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed: it signs what the partner is told
    Column("tests", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("ended_at", Time),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Time),
    Column("retry_at", Time),
    Column("engaged_until", Time),  # while somebody tells it something
)

_QUEUED = text("state = 'queued'")
_CONTACT = text("contact IS NOT NULL")
_SENDER = text("sender IS NOT NULL")

# What is kept of a report of the public beside its sighting.
reports = Table(
    "reports",
    metadata,
    Column("sighting_id", Id, ForeignKey("sightings.id"), primary_key=True, autoincrement=False),
    Column("receipt", Words, nullable=False, unique=True),
    Column("state", Choices(ReportState), nullable=False),
    Column("via", Choices(Via), nullable=False),
    Column("account", Id, ForeignKey("people.id")),
    Column("about", Id, index=True),  # may be erased before: no foreign key
    Column("adds_to", Id, index=True),  # the first report of the same code; the same holds
    Column("language", Choices(Language)),
    Column("sender", Words),
    Column("contact", LargeBinary),
    Column("words", Words),  # keyed digest of the note
    Column("doubts", Document, nullable=False),
    Column("received_at", Time, nullable=False),
    Column("looked_at", Time),
    Column("leased_until", Time),
    Column("attempts", Integer, nullable=False),
    Column("decided_by", Words),
    Column("decided_at", Time),
    Column("withdrawn_at", Time),
    Index(None, "state", "received_at"),
    Index("ix_reports_queued", "received_at", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
    Index("ix_reports_contact", "received_at", sqlite_where=_CONTACT, postgresql_where=_CONTACT),
    Index("ix_reports_sender", "sender", "received_at", sqlite_where=_SENDER, postgresql_where=_SENDER),
    Index(None, "words"),
)

# What a reported photo looks like, in 64 bits of which near-same photos differ in few.
likenesses = Table(
    "likenesses",
    metadata,
    Column("photo_id", Id, ForeignKey("photos.id"), primary_key=True, autoincrement=False),
    Column("likeness", LargeBinary, nullable=False),  # 8 bytes, the highest first
    Column("at", Time, nullable=False, index=True),
)

public_disputes = Table(
    "public_disputes",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("relation", Choices(Relation), nullable=False),
    Column("contact", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("receipt", Words, nullable=False, unique=True),
    Column("received_at", Time, nullable=False),
    Column("decided_at", Time),
    Column("decided_by", Words),
    Column("upheld", Boolean),
    Column("sender", Words),  # keyed digest of where it came from; forgotten after a day
    Column("submission", Words),  # keyed digest of the word by which a form that is sent again is known
    Index("uq_public_disputes_submission", "submission", unique=True),
    CheckConstraint("(decided_at IS NULL) = (upheld IS NULL)", name="whole_decision"),
)

# How many reports came from where in which hour, by keyed digest; forgotten after a day.
report_counts = Table(
    "report_counts",
    metadata,
    Column("sender", Words, primary_key=True),
    Column("hour", Time, primary_key=True),
    Column("count", Integer, nullable=False),
)
