"""What is left of erased cases and sightings.

Revision ID: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nothing could be erased before."""
    op.create_table(
        "erasures",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("change", ID, nullable=False),
        sa.Column("removed", sa.JSON, nullable=False),
        sa.Column("vectors", sa.JSON, nullable=False),
        sa.Column("pictures", sa.JSON, nullable=False),
        sa.Column("faces", sa.JSON, nullable=False),
        sa.Column("files_gone_at", TIME),
        sa.Column("pages_gone_at", TIME),
        sa.Column("snapshots_gone_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
