"""Cards, alerts with all that is told of them, partners who are told, and reports of the public.

Revision ID: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nothing was published before."""
    _cards()
    _alerts()
    _bulletins()
    _partners()
    _reports()
    _beside_reports()
    # In one statement: to make the table anew, as Alembic does on SQLite, fails as soon as others refer to its rows.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE sightings ADD COLUMN merged_into {kind} "
        "CONSTRAINT fk_sightings_merged_into REFERENCES sightings (id)"
    )
    op.create_index(op.f("ix_sightings_merged_into"), "sightings", ["merged_into"])
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("partner_id", ID))
        outbox.create_foreign_key(op.f("fk_outbox_partner_id"), "partners", ["partner_id"], ["id"])
        outbox.create_check_constraint(
            op.f("ck_outbox_partner_is_named"), "(channel = 'partner') = (partner_id IS NOT NULL)"
        )


def _cards() -> None:
    op.create_table(
        "cards",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("face_id", ID, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("drafted_by", sa.Text, nullable=False),
        sa.Column("drafted_at", TIME, nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("ended_because", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.CheckConstraint("state <> 'live' OR approved_by IS NOT NULL", name=op.f("ck_cards_live_is_approved")),
        sa.CheckConstraint("(state = 'withdrawn') = (ended_at IS NOT NULL)", name=op.f("ck_cards_whole_end")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_cards_case_id")),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name=op.f("fk_cards_face_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint("code", name=op.f("uq_cards_code")),
    )
    for column in ("case_id", "face_id"):
        op.create_index(op.f(f"ix_cards_{column}"), "cards", [column])
    live = sa.text("state = 'live'")
    op.create_index("uq_cards_live", "cards", ["case_id"], unique=True, sqlite_where=live, postgresql_where=live)


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("card_id", ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.Column("meant", sa.Text),
        sa.Column("proposal", sa.JSON),
        sa.Column("grows_at", TIME),
        sa.Column("bulletin", ID),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("drafted_by", sa.Text, nullable=False),
        sa.Column("drafted_at", TIME, nullable=False),
        sa.Column("issued_by", sa.JSON, nullable=False),
        sa.Column("issued_at", TIME),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("ended_because", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.CheckConstraint(
            "state <> 'issued' OR (meant IS NOT NULL AND bulletin IS NOT NULL)", name=op.f("ck_alerts_issued_is_told")
        ),
        sa.CheckConstraint("(state = 'cancelled') = (ended_at IS NOT NULL)", name=op.f("ck_alerts_whole_end")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_alerts_card_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_alerts_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("bulletin", name=op.f("uq_alerts_bulletin")),
    )
    for column in ("case_id", "card_id", "grows_at"):
        op.create_index(op.f(f"ix_alerts_{column}"), "alerts", [column])


def _bulletins() -> None:
    op.create_table(
        "bulletins",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("meant", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("lat", sa.Double),
        sa.Column("lon", sa.Double),
        sa.Column("radius_km", sa.Double),
        sa.Column("content", sa.JSON),
        sa.CheckConstraint("(lat IS NULL) = (content IS NULL)", name=op.f("ck_bulletins_whole_or_empty")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_bulletins")),
    )
    op.create_index(op.f("ix_bulletins_alert_id"), "bulletins", ["alert_id"])


def _partners() -> None:
    op.create_table(
        "partners",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("tests", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", TIME),
        sa.Column("retry_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("name", name=op.f("uq_partners_name")),
    )


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("sighting_id", ID, autoincrement=False, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("account", ID),
        sa.Column("about", ID),
        sa.Column("language", sa.Text),
        sa.Column("sender", sa.Text),
        sa.Column("contact", sa.LargeBinary),
        sa.Column("words", sa.Text),
        sa.Column("doubts", sa.JSON, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("looked_at", TIME),
        sa.Column("leased_until", TIME),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", TIME),
        sa.ForeignKeyConstraint(["account"], ["people.id"], name=op.f("fk_reports_account")),
        sa.ForeignKeyConstraint(["sighting_id"], ["sightings.id"], name=op.f("fk_reports_sighting_id")),
        sa.PrimaryKeyConstraint("sighting_id", name=op.f("pk_reports")),
        sa.UniqueConstraint("receipt", name=op.f("uq_reports_receipt")),
    )
    op.create_index(op.f("ix_reports_about"), "reports", ["about"])
    op.create_index(op.f("ix_reports_words"), "reports", ["words"])
    op.create_index(op.f("ix_reports_state_received_at"), "reports", ["state", "received_at"])
    some = {
        "ix_reports_queued": (["received_at"], "state = 'queued'"),
        "ix_reports_contact": (["received_at"], "contact IS NOT NULL"),
        "ix_reports_sender": (["sender", "received_at"], "sender IS NOT NULL"),
    }
    for name, (columns, where) in some.items():
        op.create_index(name, "reports", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _beside_reports() -> None:
    op.create_table(
        "likenesses",
        sa.Column("photo_id", ID, autoincrement=False, nullable=False),
        sa.Column("likeness", sa.LargeBinary, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name=op.f("fk_likenesses_photo_id")),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_likenesses")),
    )
    op.create_index(op.f("ix_likenesses_at"), "likenesses", ["at"])
    op.create_table(
        "public_disputes",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("relation", sa.Text, nullable=False),
        sa.Column("contact", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("decided_at", TIME),
        sa.Column("decided_by", sa.Text),
        sa.Column("upheld", sa.Boolean),
        sa.CheckConstraint("(decided_at IS NULL) = (upheld IS NULL)", name=op.f("ck_public_disputes_whole_decision")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_public_disputes_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_disputes")),
        sa.UniqueConstraint("receipt", name=op.f("uq_public_disputes_receipt")),
    )
    op.create_index(op.f("ix_public_disputes_case_id"), "public_disputes", ["case_id"])
    op.create_table(
        "report_counts",
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("hour", TIME, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("sender", "hour", name=op.f("pk_report_counts")),
    )
