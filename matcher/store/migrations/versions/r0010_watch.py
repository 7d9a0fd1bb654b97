"""The standing watch, and lists that are asked again when it has found more.

Revision ID: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

# Different numbers below all changes, so that the first watch can go through them a part at a time.
_NUMBERED = """
UPDATE gallery_members SET change = numbered.change
FROM (SELECT space, face_id, -row_number() OVER (ORDER BY space, face_id) AS change FROM gallery_members) AS numbered
WHERE gallery_members.space = numbered.space AND gallery_members.face_id = numbered.face_id
"""


def upgrade() -> None:
    """All cases are new to the first watch: it compares them with the sightings that came in before them."""
    op.add_column("gallery_members", sa.Column("change", ID, nullable=False, server_default="0"))
    op.execute(_NUMBERED)
    op.create_index(op.f("ix_gallery_members_space_change"), "gallery_members", ["space", "change"])
    op.add_column("candidates", sa.Column("round", sa.Integer, nullable=False, server_default="1"))
    with op.batch_alter_table("list_answers") as answers:
        answers.add_column(sa.Column("round", sa.Integer, nullable=False, server_default="1"))
        answers.drop_constraint(op.f("uq_list_answers_task_id_person_id"), type_="unique")
        answers.create_unique_constraint(
            op.f("uq_list_answers_task_id_person_id_round"), ["task_id", "person_id", "round"]
        )
    _tables()


def _tables() -> None:
    op.create_table(
        "watch_marks",
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("through_change", ID),
        sa.Column("ended_at", TIME),
        sa.Column("standing", sa.Integer),
        sa.PrimaryKeyConstraint("space", name=op.f("pk_watch_marks")),
    )
    op.create_table(
        "unwatched_faces",
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("face_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("space", "face_id", name=op.f("pk_unwatched_faces")),
    )
    op.create_table(
        "watched_pairs",
        sa.Column("candidate_id", ID, autoincrement=False, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("sighting_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("candidate_id", name=op.f("pk_watched_pairs")),
    )
    op.create_index(op.f("ix_watched_pairs_space"), "watched_pairs", ["space"])
