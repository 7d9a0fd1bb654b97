"""What adds to a report, who sent a dispute, what a card's photo looks like, that a partner is being told something.

Revision ID: 0019
"""

from __future__ import annotations

import math

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
    _photos_of_cards()


def _photos_of_cards() -> None:
    """Cards say of their photo what was read from it until now: how old the child is on it, and the year."""
    cards = sa.table("cards", sa.column("id", ID), sa.column("face_id", ID), sa.column("facts", sa.JSON))
    faces = sa.table("faces", sa.column("id", ID), sa.column("photo_id", ID))
    photos = sa.table("photos", sa.column("id", ID), sa.column("age", sa.Float), sa.column("taken", sa.Date))
    of_card = cards.join(faces, faces.c.id == cards.c.face_id).join(photos, photos.c.id == faces.c.photo_id)
    query = sa.select(cards.c.id, cards.c.facts, photos.c.age, photos.c.taken).select_from(of_card)
    for card, facts, age, taken in op.get_bind().execute(query).all():
        months = None if age is None else math.floor(age * 12 + 1e-6)
        coarse = None if months is None else months / 12 if months < 24 else float(months // 12)
        told = {**facts, "photo_age": coarse, "photo_year": None if taken is None else taken.year}
        op.execute(sa.update(cards).where(cards.c.id == card).values(facts=told))
