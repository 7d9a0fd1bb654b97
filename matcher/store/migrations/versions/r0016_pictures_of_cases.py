"""The index of pictures tells whose they are, so that what several cases hold is found in it alone.

Revision ID: 0016
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """One index in the place of another."""
    op.create_index("ix_photos_digest_case_id", "photos", ["digest", "case_id"])
    op.drop_index("ix_photos_digest", "photos")
