"""Who knows which case and which sighting; the proof beside each confirmation; when a claim was revealed.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Decisions and reveals of before are told nothing: the proof of an older confirmation stands with its case."""
    op.add_column("claims", sa.Column("revealed_at", TIME))
    with op.batch_alter_table("decisions") as decisions:
        decisions.add_column(sa.Column("confirmation_kind", sa.Text))
        decisions.add_column(sa.Column("confirmation_reference", sa.Text))
        whole = "(confirmation_kind IS NULL) = (confirmation_reference IS NULL)"
        decisions.create_check_constraint(op.f("ck_decisions_whole_proof"), whole)
    _create("case", ["person_id", "case_id", "because"])
    _create("sighting", ["person_id", "sighting_id"])
    _convert()
    op.drop_table("recusals")


def _create(of: str, key: list[str]) -> None:
    table = f"{of}_recusals"
    op.create_table(
        table,
        sa.Column("person_id", ID, autoincrement=False, nullable=False),
        sa.Column(f"{of}_id", ID, autoincrement=False, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint([f"{of}_id"], [f"{of}s.id"], name=op.f(f"fk_{table}_{of}_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f(f"fk_{table}_person_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    )


def _convert() -> None:
    """Nobody may be asked again about what it was recused from.

    Whatever had shown it, each candidate's sighting is kept; all of them lie in the past. Its case is kept too, but not
    where the sighting was looked at: that showed the numbers of many cases, and nothing of any.
    """
    kept = (
        "INSERT INTO {0}_recusals (person_id, {0}_id, because, at) SELECT person_id, {0}_id, {1}, min(at) FROM recusals"
    )
    joined = "JOIN candidates ON candidates.id = recusals.candidate_id {} GROUP BY person_id, {}"
    sightings = kept.format("sighting", "min(because)"), joined.format("", "sighting_id")
    cases = kept.format("case", "because"), joined.format("WHERE because <> 'sighting'", "case_id, because")
    for parts in (sightings, cases):
        op.execute(" ".join(parts))
