"""Which notes of the audit log are about an id.

Revision ID: 0017
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What the entries of the notes that are there name."""
    table = op.create_table(
        "audit_note_objects",
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("object", "number", name=op.f("pk_audit_note_objects")),
        sa.ForeignKeyConstraint(["number"], ["audit_notes.number"], name=op.f("fk_audit_note_objects_number")),
    )
    op.create_index(op.f("ix_audit_note_objects_number"), "audit_note_objects", ["number"])
    connection = op.get_bind()
    noted = sa.text("SELECT audit.number, audit.entry FROM audit JOIN audit_notes ON audit_notes.number = audit.number")
    for number, entry in connection.execute(noted).all():
        rows = [{"object": one, "number": number} for one in sorted(set(json.loads(entry)["objects"]))]
        if rows:
            connection.execute(sa.insert(table), rows)
