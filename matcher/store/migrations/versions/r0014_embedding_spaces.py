"""What each embedding space is to this home, and which faces its models did not find.

Revision ID: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Which models a home had before it is not known: the first change from now on can be taken back."""
    op.create_table(
        "embedding_spaces",
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.PrimaryKeyConstraint("space", name=op.f("pk_embedding_spaces")),
    )
    one_of_a_kind = sa.text("state IN ('live', 'shadow', 'before')")
    op.create_index(
        "uq_embedding_spaces_state",
        "embedding_spaces",
        ["state"],
        unique=True,
        sqlite_where=one_of_a_kind,
        postgresql_where=one_of_a_kind,
    )
    op.create_table(
        "unembedded_faces",
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("face_id", ID, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["face_id"], ["faces.id"], name=op.f("fk_unembedded_faces_face_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("space", "face_id", name=op.f("pk_unembedded_faces")),
    )
    op.create_index(op.f("ix_unembedded_faces_face_id"), "unembedded_faces", ["face_id"])
