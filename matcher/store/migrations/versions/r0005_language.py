"""The language in which an account reads.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """None for all: as the browser asks."""
    op.add_column("people", sa.Column("language", sa.Text))
