"""Since when a sighting is disputed, and hidden.

Revision ID: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """No sighting was disputed before."""
    op.add_column("sightings", sa.Column("disputed_at", sa.DateTime(timezone=True)))
    some = sa.text("disputed_at IS NOT NULL")
    op.create_index("ix_sightings_disputed", "sightings", ["id"], sqlite_where=some, postgresql_where=some)
