"""Checkpoints of a shortened audit log, the stop switch, and consents.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """No log was shortened before, no home is stopped, and what was told of consents stands in the cases' own words."""
    op.add_column("head", sa.Column("stopped_at", TIME))
    op.add_column("head", sa.Column("stopped_by", sa.Text))
    op.create_table(
        "audit_checkpoints",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("count", ID, nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "consents",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("giver", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("relationship", sa.Text),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("given_at", TIME, nullable=False),
        sa.Column("document", sa.Text),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME),
        sa.Column("withdrawn_by", sa.Text),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_consents_whole_withdrawal")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_consents_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_case_id"), "consents", ["case_id"])
