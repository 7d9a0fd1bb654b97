"""Accounts with their sessions and keys; the reviewers' work: tasks, leases, answers, decisions, notices."""

import secrets
from datetime import datetime, timezone

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people()
    _sign_in_failures()
    _api_keys()
    _sessions()
    _recusals()
    _tasks()
    _claims()
    _decisions()
    _notices()
    _list_answers()
    _verdicts()
    _lists_of_known_candidates()


def _one_of(name: str, table: str, columns: list[str], where: str) -> None:
    """A rule that only some rows have to keep."""
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("shown_name", sa.Text, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("trained", sa.Date),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("name", name=op.f("uq_people_name")),
    )


def _sign_in_failures() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("blocked_until", TIME),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_api_keys_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_index(op.f("ix_api_keys_person_id"), "api_keys", ["person_id"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"])


def _recusals() -> None:
    op.create_table(
        "recusals",
        sa.Column("candidate_id", ID, autoincrement=False, nullable=False),
        sa.Column("person_id", ID, autoincrement=False, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name=op.f("fk_recusals_candidate_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recusals_person_id")),
        sa.PrimaryKeyConstraint("candidate_id", "person_id", name=op.f("pk_recusals")),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sighting_id", ID, nullable=False),
        sa.Column("face_id", ID, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("case_id", ID),
        sa.Column("candidate_id", ID),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("reopened_by", sa.Text),
        sa.Column("urgent_until", TIME),
        sa.Column("seen_hour", sa.Integer),
        sa.Column("age", sa.Double),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.CheckConstraint("(kind = 'pair') = (case_id IS NOT NULL)", name=op.f("ck_tasks_pair_has_case")),
        sa.CheckConstraint("(case_id IS NULL) = (candidate_id IS NULL)", name=op.f("ck_tasks_whole_pair")),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name=op.f("fk_tasks_candidate_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_tasks_case_id")),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name=op.f("fk_tasks_face_id")),
        sa.ForeignKeyConstraint(["sighting_id"], ["sightings.id"], name=op.f("fk_tasks_sighting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_candidate_id"), "tasks", ["candidate_id"])
    op.create_index(op.f("ix_tasks_case_id"), "tasks", ["case_id"])
    op.create_index(op.f("ix_tasks_sighting_id"), "tasks", ["sighting_id"])
    op.create_index(op.f("ix_tasks_state_kind_id"), "tasks", ["state", "kind", "id"])
    op.create_index(op.f("ix_tasks_state_urgent_until"), "tasks", ["state", "urgent_until"])
    _one_of("uq_tasks_list", "tasks", ["face_id", "space"], "kind = 'list'")
    _one_of("uq_tasks_pair", "tasks", ["face_id", "case_id"], "kind = 'pair'")


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("truth", sa.Text),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("opened_at", TIME),
        sa.Column("released_at", TIME),
        sa.Column("draft", sa.JSON),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_claims_person_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_claims_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    op.create_index(op.f("ix_claims_person_id"), "claims", ["person_id"])
    op.create_index(op.f("ix_claims_task_id"), "claims", ["task_id"])
    _one_of("uq_claims_unreleased", "claims", ["task_id", "person_id"], "released_at IS NULL")


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("reopened_by", sa.Text),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_decisions_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_task_id"), "decisions", ["task_id"])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("read_at", TIME),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_notices_person_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_notices_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_person_id_created_at"), "notices", ["person_id", "created_at"])


def _list_answers() -> None:
    op.create_table(
        "list_answers",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("claim_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("picks", sa.JSON, nullable=False),
        sa.Column("shown", sa.JSON, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("sealed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_list_answers_claim_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_list_answers_person_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_list_answers_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_answers")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_list_answers_claim_id")),
        sa.UniqueConstraint("task_id", "person_id", name=op.f("uq_list_answers_task_id_person_id")),
    )
    op.create_index(op.f("ix_list_answers_person_id"), "list_answers", ["person_id"])


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("claim_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("candidate_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("features", sa.JSON, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("truth", sa.Text),
        sa.Column("revises", ID),
        sa.Column("superseded", sa.Boolean, nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("sealed_at", TIME, nullable=False),
        sa.Column("similarity", sa.Double, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
        sa.Column("software", sa.Text, nullable=False),
        sa.Column("meaning", sa.JSON),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"], name=op.f("fk_verdicts_candidate_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_verdicts_claim_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_verdicts_person_id")),
        sa.ForeignKeyConstraint(["revises"], ["verdicts.id"], name=op.f("fk_verdicts_revises")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_verdicts_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sa.UniqueConstraint("revises", name=op.f("uq_verdicts_revises")),
    )
    op.create_index(op.f("ix_verdicts_claim_id"), "verdicts", ["claim_id"])
    op.create_index(op.f("ix_verdicts_person_id"), "verdicts", ["person_id"])
    _one_of("uq_verdicts_live", "verdicts", ["task_id", "person_id", "round"], "NOT superseded")


def _lists_of_known_candidates() -> None:
    """Every face that has candidates waits for reviewers."""
    known = op.get_bind().execute(
        sa.text("SELECT DISTINCT sighting_id, face_id, space FROM candidates ORDER BY face_id, space")
    )
    now = datetime.now(timezone.utc)  # with its zone, or PostgreSQL would take it for the session's own
    rows = [
        {
            "id": secrets.randbelow(2**63 - 1) + 1,
            "kind": "list",
            "state": "waiting",
            "sighting_id": row.sighting_id,
            "face_id": row.face_id,
            "space": row.space,
            "round": 1,
            "needed": 1,
            "created_at": now,
            "updated_at": now,
        }
        for row in known
    ]
    columns = [sa.column(name, TIME if name.endswith("_at") else None) for name in (rows[0] if rows else ())]
    op.bulk_insert(sa.table("tasks", *columns), rows)
