"""The first tables.

Written out and never edited after a release: what a migration does must not change with the code around it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _head()
    _cases()
    _sightings()
    _photos()
    _faces()
    _candidates()
    _gallery()
    _audit()


def _head() -> None:
    head = op.create_table(
        "head",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("change_counter", ID, nullable=False),
        sa.Column("trimmed_through", ID, nullable=False),
        sa.Column("audit_number", ID, nullable=False),
        sa.Column("audit_hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_head"),
        sa.CheckConstraint("id = 1", name=op.f("ck_head_one_row")),
    )
    op.bulk_insert(
        head, [{"id": 1, "change_counter": 0, "trimmed_through": 0, "audit_number": 0, "audit_hash": "0" * 64}]
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", ID, autoincrement=False),
        sa.Column("number", ORDERED, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("other_names", sa.JSON, nullable=False),
        sa.Column("sex", sa.Text, nullable=False),
        sa.Column("born", sa.Date),
        sa.Column("age", sa.Double),
        sa.Column("height_cm", sa.Double),
        sa.Column("weight_kg", sa.Double),
        sa.Column("marks", sa.Text),
        sa.Column("clothing", sa.Text),
        sa.Column("circumstance", sa.Text, nullable=False),
        sa.Column("missing_since", TIME),
        sa.Column("missing_since_offset", sa.Integer),
        sa.Column("last_seen_place", sa.Text),
        sa.Column("last_seen_lat", sa.Double),
        sa.Column("last_seen_lon", sa.Double),
        sa.Column("police_reference", sa.Text),
        sa.Column("legal_basis", sa.Text, nullable=False),
        sa.Column("consent", sa.Text),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("number", name="uq_cases_number"),
    )
    op.create_index("ix_cases_status_number", "cases", ["status", "number"])
    op.create_table(
        "status_changes",
        sa.Column("case_id", ID, autoincrement=False),
        sa.Column("number", sa.Integer, autoincrement=False),
        sa.Column("old", sa.Text, nullable=False),
        sa.Column("new", sa.Text, nullable=False),
        sa.Column("confirmation_kind", sa.Text),
        sa.Column("confirmation_reference", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "number", name="pk_status_changes"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_status_changes_case_id"),
        sa.CheckConstraint(
            "(confirmation_kind IS NULL) = (confirmation_reference IS NULL)",
            name=op.f("ck_status_changes_whole_confirmation"),
        ),
    )


def _sightings() -> None:
    op.create_table(
        "sightings",
        sa.Column("id", ID, autoincrement=False),
        sa.Column("seen_at", TIME),
        sa.Column("place", sa.Text),
        sa.Column("lat", sa.Double),
        sa.Column("lon", sa.Double),
        sa.Column("how_seen", sa.Text, nullable=False),
        sa.Column("first_hand", sa.Boolean),
        sa.Column("apparent_sex", sa.Text, nullable=False),
        sa.Column("apparent_age", sa.Double),
        sa.Column("note", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sightings"),
    )
    op.create_index("ix_sightings_created_at_id", "sightings", ["created_at", "id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.Text),
        sa.Column("sighting_id", ID, nullable=False),
        sa.Column("payload_digest", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency_keys"),
        sa.ForeignKeyConstraint(["sighting_id"], ["sightings.id"], name="fk_idempotency_keys_sighting_id"),
        sa.UniqueConstraint("sighting_id", name="uq_idempotency_keys_sighting_id"),
    )


def _photos() -> None:
    op.create_table(
        "photos",
        sa.Column("id", ID, autoincrement=False),
        sa.Column("case_id", ID),
        sa.Column("sighting_id", ID),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("blob", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("original_digest", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("taken", sa.Date),
        sa.Column("age", sa.Double),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_photos"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_photos_case_id"),
        sa.ForeignKeyConstraint(["sighting_id"], ["sightings.id"], name="fk_photos_sighting_id"),
        sa.UniqueConstraint("blob", name="uq_photos_blob"),
        sa.CheckConstraint("(case_id IS NULL) <> (sighting_id IS NULL)", name=op.f("ck_photos_one_owner")),
    )
    for column in ("case_id", "sighting_id", "digest", "state"):
        op.create_index(f"ix_photos_{column}", "photos", [column])


def _faces() -> None:
    op.create_table(
        "faces",
        sa.Column("id", ID, autoincrement=False),
        sa.Column("photo_id", ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("left", sa.Double, nullable=False),
        sa.Column("top", sa.Double, nullable=False),
        sa.Column("right", sa.Double, nullable=False),
        sa.Column("bottom", sa.Double, nullable=False),
        sa.Column("landmarks", sa.LargeBinary, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("quality", sa.JSON, nullable=False),
        sa.Column("choice", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_faces"),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_faces_photo_id"),
        sa.UniqueConstraint("photo_id", "number", name="uq_faces_photo_id_number"),
    )
    chosen = sa.text("choice IS NOT NULL")
    op.create_index(
        "uq_faces_one_chosen", "faces", ["photo_id"], unique=True, sqlite_where=chosen, postgresql_where=chosen
    )
    op.create_table(
        "embeddings",
        sa.Column("face_id", ID, autoincrement=False),
        sa.Column("space", sa.Text),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("face_id", "space", name="pk_embeddings"),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name="fk_embeddings_face_id"),
    )


def _candidates() -> None:
    op.create_table(
        "candidates",
        sa.Column("id", ID, autoincrement=False),
        sa.Column("sighting_id", ID, nullable=False),
        sa.Column("face_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("gallery_face_id", ID, nullable=False),
        sa.Column("similarity", sa.Double, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("flags", sa.JSON, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
        sa.Column("software", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_candidates"),
        sa.ForeignKeyConstraint(["sighting_id"], ["sightings.id"], name="fk_candidates_sighting_id"),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name="fk_candidates_face_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_candidates_case_id"),
        sa.ForeignKeyConstraint(["gallery_face_id"], ["faces.id"], name="fk_candidates_gallery_face_id"),
        sa.UniqueConstraint("face_id", "case_id", "space", name="uq_candidates_face_id_case_id_space"),
    )
    for column in ("sighting_id", "case_id"):
        op.create_index(f"ix_candidates_{column}", "candidates", [column])


def _gallery() -> None:
    op.create_table(
        "gallery_members",
        sa.Column("space", sa.Text),
        sa.Column("face_id", ID, autoincrement=False),
        sa.Column("case_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("space", "face_id", name="pk_gallery_members"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_gallery_members_case_id"),
        sa.ForeignKeyConstraint(
            ["face_id", "space"],
            ["embeddings.face_id", "embeddings.space"],
            name="fk_gallery_members_face_id_space",
        ),
        sqlite_with_rowid=False,
    )
    for column in ("face_id", "case_id"):
        op.create_index(f"ix_gallery_members_{column}", "gallery_members", [column])
    op.create_table(
        "gallery_changes",
        sa.Column("change", ID, autoincrement=False),
        sa.Column("face_id", ID, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("added", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("change", name="pk_gallery_changes"),
    )
    op.create_index("ix_gallery_changes_space_change", "gallery_changes", ["space", "change"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", ID, autoincrement=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
        sa.UniqueConstraint("previous", name="uq_audit_previous"),
        sa.UniqueConstraint("hash", name="uq_audit_hash"),
    )
    op.create_table(
        "audit_notes",
        sa.Column("number", ID, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_notes"),
        sa.ForeignKeyConstraint(["number"], ["audit.number"], name="fk_audit_notes_number"),
    )
