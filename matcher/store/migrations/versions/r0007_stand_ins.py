"""The task in whose place a control pair stands.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Control pairs that are held during the upgrade stand in nobody's place."""
    op.add_column("claims", sa.Column("instead_of", ID))
