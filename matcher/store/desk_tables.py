"""The tables of accounts and of the reviewers' work."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)

from matcher.domain.cases import ConfirmationKind
from matcher.domain.messages import Channel, MessageState
from matcher.domain.reviews import DecisionKind, Outcome, RecusedBy, ReopenedBy, TaskKind, TaskState, Truth
from matcher.store.columns import Choices, Day, Document, Id, Real, Time, Words
from matcher.store.tables import metadata

people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("name", Words, nullable=False, unique=True),
    Column("shown_name", Words, nullable=False),
    Column("roles", Document, nullable=False),
    Column("email", Words),
    Column("trained", Day),
    Column("active", Boolean, nullable=False),
    Column("language", Words),
    Column("password", Words),  # argon2id with its parameters and salt; none: signs in with keys only
    Column("created_at", Time, nullable=False),
)

# Tokens and keys are long random texts, so a plain SHA-256 of them cannot be turned back.
sessions = Table(
    "sessions",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False, index=True),
    Column("created_at", Time, nullable=False),
    Column("seen_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False, index=True),
    Column("label", Words, nullable=False),
    Column("digest", Words, nullable=False, unique=True),
    Column("scopes", Document, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("revoked_at", Time),
)

# Failed sign-ins by keyed digest of what was tried: a name or an address.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", Words, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Time, nullable=False),
    Column("blocked_until", Time),
)

_PAIR = text("kind = 'pair'")
_LIST = text("kind = 'list'")

# The work of reviewers. The state is what answers and decisions led to, written in their transaction.
tasks = Table(
    "tasks",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("kind", Choices(TaskKind), nullable=False),
    Column("state", Choices(TaskState), nullable=False),
    Column("sighting_id", Id, ForeignKey("sightings.id"), nullable=False, index=True),
    Column("face_id", Id, ForeignKey("faces.id"), nullable=False),
    Column("space", Words, nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), index=True),
    Column("candidate_id", Id, ForeignKey("candidates.id"), index=True),
    Column("round", Integer, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("reopened_by", Choices(ReopenedBy)),
    Column("urgent_until", Time),
    Column("seen_hour", Integer),
    Column("age", Real),
    Column("day", Integer, nullable=False, server_default="0"),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index(None, "state", "kind", "id"),
    Index(None, "state", "kind", "day", "id"),
    Index(None, "state", "urgent_until"),
    Index("uq_tasks_list", "face_id", "space", unique=True, sqlite_where=_LIST, postgresql_where=_LIST),
    Index("uq_tasks_pair", "face_id", "case_id", unique=True, sqlite_where=_PAIR, postgresql_where=_PAIR),
    CheckConstraint("(kind = 'pair') = (case_id IS NOT NULL)", name="pair_has_case"),
    CheckConstraint("(case_id IS NULL) = (candidate_id IS NULL)", name="whole_pair"),
)

_UNRELEASED = text("released_at IS NULL")

claims = Table(
    "claims",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("task_id", Id, ForeignKey("tasks.id"), nullable=False, index=True),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("truth", Choices(Truth)),
    Column("instead_of", Id, index=True),
    Column("claimed_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("opened_at", Time),
    Column("released_at", Time),
    Column("revealed_at", Time),
    Column("draft", Document(none_as_null=True)),
    Index(
        "ix_claims_unreleased", "person_id", sqlite_where=_UNRELEASED, postgresql_where=_UNRELEASED
    ),  # what somebody holds, beside all that it has held
    # One lease of a person on a task at a time; one that expired is released before a new one is made.
    Index(
        "uq_claims_unreleased",
        "task_id",
        "person_id",
        unique=True,
        sqlite_where=_UNRELEASED,
        postgresql_where=_UNRELEASED,
    ),
)

list_answers = Table(
    "list_answers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("claim_id", Id, ForeignKey("claims.id"), nullable=False, unique=True),
    Column("task_id", Id, ForeignKey("tasks.id"), nullable=False),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("picks", Document, nullable=False),
    Column("shown", Document, nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("sealed_at", Time, nullable=False),
    UniqueConstraint("task_id", "person_id", "round"),
    Index(None, "person_id", "sealed_at"),
)

_LIVE = text("NOT superseded")
# A person's first verdict under a claim. Not `revises IS NULL`, for which SQLite takes the unique index of `revises`,
# as if one row at most had none. The index holds the column too, so that it counts without looking at the rows.
_FIRST = text("coalesce(revises, 0) = 0")
_CONTROL = text("truth IS NOT NULL")

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("claim_id", Id, ForeignKey("claims.id"), nullable=False, index=True),
    Column("task_id", Id, ForeignKey("tasks.id"), nullable=False),
    Column("candidate_id", Id, ForeignKey("candidates.id"), nullable=False),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("outcome", Choices(Outcome), nullable=False),
    Column("features", Document, nullable=False),
    Column("note", Words),
    Column("truth", Choices(Truth)),
    Column("revises", Id, ForeignKey("verdicts.id"), unique=True),
    Column("superseded", Boolean, nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("sealed_at", Time, nullable=False),
    Column("similarity", Real, nullable=False),
    Column("space", Words, nullable=False),
    Column("snapshot", Words, nullable=False),
    Column("software", Words, nullable=False),
    Column("meaning", Document(none_as_null=True)),
    # For figures: what a person said first, in the order of time, and about control pairs.
    Index("ix_verdicts_first", "person_id", "sealed_at", "revises", sqlite_where=_FIRST, postgresql_where=_FIRST),
    Index("ix_verdicts_control", "person_id", sqlite_where=_CONTROL, postgresql_where=_CONTROL),
    Index("uq_verdicts_live", "task_id", "person_id", "round", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("task_id", Id, ForeignKey("tasks.id"), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("kind", Choices(DecisionKind), nullable=False),
    Column("actor", Words, nullable=False),
    Column("note", Words),
    Column("reopened_by", Choices(ReopenedBy)),
    Column("confirmation_kind", Choices(ConfirmationKind)),
    Column("confirmation_reference", Words),
    Column("at", Time, nullable=False),
    CheckConstraint("(confirmation_kind IS NULL) = (confirmation_reference IS NULL)", name="whole_proof"),
)

# Who was shown more of a case or a sighting than its photos may not judge it blind. The person stands first in the
# keys: the queue asks for each task whether this very person knows this very case.
case_recusals = Table(
    "case_recusals",
    metadata,
    Column("person_id", Id, ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("because", Choices(RecusedBy), primary_key=True),
    Column("at", Time, nullable=False),
)

sighting_recusals = Table(
    "sighting_recusals",
    metadata,
    Column("person_id", Id, ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("sighting_id", Id, ForeignKey("sightings.id"), primary_key=True, autoincrement=False),
    Column("because", Choices(RecusedBy), nullable=False),
    Column("at", Time, nullable=False),
)

# What people are to hear of; no field identifies a child.
notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("person_id", Id, ForeignKey("people.id"), nullable=False),
    Column("kind", Words, nullable=False),
    Column("task_id", Id, ForeignKey("tasks.id"), nullable=False),
    Column("created_at", Time, nullable=False),
    Column("read_at", Time),
    Index(None, "person_id", "created_at"),
)

# What is to leave this installation, written with the change that it tells of. A message outlives what it is about,
# hence no foreign key.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("channel", Choices(Channel), nullable=False),
    Column("kind", Words, nullable=False),
    Column("about", Id, nullable=False),
    Column("person_id", Id, ForeignKey("people.id")),
    Column("created_at", Time, nullable=False),
    Column("due_at", Time, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", Choices(MessageState), nullable=False),
    Column("error", Words),
    Column("partner_id", Id, ForeignKey("partners.id")),
    Index(None, "state", "due_at"),
    CheckConstraint("(channel = 'email') = (person_id IS NOT NULL)", name="email_has_person"),
    CheckConstraint("(channel = 'partner') = (partner_id IS NOT NULL)", name="partner_is_named"),
)
