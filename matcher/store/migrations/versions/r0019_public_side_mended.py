"""What adds to a report, who sent a dispute, what a card's photo looks like, that a partner is being told something.

Revision ID: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Of what was there before none of it is known."""
    op.add_column("reports", sa.Column("adds_to", ID))
    op.create_index(op.f("ix_reports_adds_to"), "reports", ["adds_to"])
    op.add_column("reports", sa.Column("withdrawn_at", TIME))
    op.add_column("public_disputes", sa.Column("sender", sa.Text))
    op.add_column("public_disputes", sa.Column("submission", sa.Text))
    op.create_index("uq_public_disputes_submission", "public_disputes", ["submission"], unique=True)
    op.add_column("partners", sa.Column("engaged_until", TIME))
    op.add_column("cards", sa.Column("likeness", sa.LargeBinary))
