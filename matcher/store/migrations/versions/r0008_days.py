"""The day from which a task waits, and indexes for what a person holds, what stands in its place, and figures.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_DAYS = {
    "sqlite": "CAST(julianday(created_at) - 2440587.5 AS INTEGER)",
    "postgresql": "CAST(floor(extract(epoch FROM created_at) / 86400) AS INTEGER)",
}


def upgrade() -> None:
    """Tasks wait since they were made; when a pair was asked again before is not known any more."""
    op.add_column("tasks", sa.Column("day", sa.Integer, nullable=False, server_default="0"))
    op.execute(f"UPDATE tasks SET day = {_DAYS[op.get_bind().dialect.name]}")  # noqa: S608 - one of the two above
    op.create_index(op.f("ix_tasks_state_kind_day_id"), "tasks", ["state", "kind", "day", "id"])
    op.create_index(op.f("ix_claims_instead_of"), "claims", ["instead_of"])
    _some("ix_claims_unreleased", "claims", ["person_id"], "released_at IS NULL")
    op.create_index(op.f("ix_list_answers_person_id_sealed_at"), "list_answers", ["person_id", "sealed_at"])
    _some("ix_verdicts_first", "verdicts", ["person_id", "sealed_at", "revises"], "coalesce(revises, 0) = 0")
    _some("ix_verdicts_control", "verdicts", ["person_id"], "truth IS NOT NULL")
    for table in ("claims", "list_answers", "verdicts"):  # the others serve better
        op.drop_index(f"ix_{table}_person_id", table)
    op.execute(
        "UPDATE claims SET round = (SELECT round FROM tasks WHERE tasks.id = claims.instead_of) WHERE "
        "instead_of IN (SELECT id FROM tasks)"
    )


def _some(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
