"""Relations between cases, and what was measured on photos without a usable face."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "case_relations",
        sa.Column("first", ID, autoincrement=False),
        sa.Column("second", ID, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("first", "second", name="pk_case_relations"),
        sa.ForeignKeyConstraint(["first"], ["cases.id"], name="fk_case_relations_first"),
        sa.ForeignKeyConstraint(["second"], ["cases.id"], name="fk_case_relations_second"),
        sa.CheckConstraint("first < second", name=op.f("ck_case_relations_ordered_pair")),
    )
    op.create_index("ix_case_relations_second", "case_relations", ["second"])
    op.add_column("photos", sa.Column("shortfall", sa.JSON))
