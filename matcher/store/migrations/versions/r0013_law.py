"""Checkpoints of a shortened audit log, and the stop switch.

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
    """No log was shortened before, and no home is stopped."""
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
