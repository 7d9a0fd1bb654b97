"""All tables. Rules that must hold whoever writes are constraints here, not only code elsewhere."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from matcher.domain.cases import (
    CaseStatus,
    Circumstance,
    ConfirmationKind,
    LegalBasis,
    PhotoState,
    Sex,
)
from matcher.domain.consents import Giver
from matcher.domain.faces import NoFaceReason
from matcher.domain.records import Choice, HowSeen
from matcher.domain.relations import RelationKind
from matcher.store.columns import Choices, Day, Document, Id, Real, Time, Words

# The newest migration. Revisions are rising numbers of four digits, so an older database is told from a newer one.
REVISION = "0019"
REVISION_TABLE = "matcher_revision"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row: the gallery's change counter and the end of the audit chain. Whoever writes locks it first.
head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("change_counter", Id, nullable=False),
    Column("trimmed_through", Id, nullable=False),
    Column("audit_number", Id, nullable=False),
    Column("audit_hash", Words, nullable=False),
    # While a home is stopped, who stopped it and when: nobody else writes.
    Column("stopped_at", Time),
    Column("stopped_by", Words),
    CheckConstraint("id = 1", name="one_row"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", Words(ordered=True), nullable=False, unique=True),
    Column("status", Choices(CaseStatus), nullable=False),
    Column("name", Words),
    Column("other_names", Document, nullable=False),
    Column("sex", Choices(Sex), nullable=False),
    Column("born", Day),
    Column("age", Real),
    Column("height_cm", Real),
    Column("weight_kg", Real),
    Column("marks", Words),
    Column("clothing", Words),
    Column("circumstance", Choices(Circumstance), nullable=False),
    Column("missing_since", Time),
    Column(
        "missing_since_offset", Integer
    ),  # seconds east of UTC: the day on which a child went missing is a local one
    Column("last_seen_place", Words),
    Column("last_seen_lat", Real),
    Column("last_seen_lon", Real),
    Column("police_reference", Words),
    Column("legal_basis", Choices(LegalBasis), nullable=False),
    Column("consent", Words),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Index(None, "status", "number"),
)

status_changes = Table(
    "status_changes",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("old", Choices(CaseStatus), nullable=False),
    Column("new", Choices(CaseStatus), nullable=False),
    Column("confirmation_kind", Choices(ConfirmationKind)),
    Column("confirmation_reference", Words),
    Column("actor", Words, nullable=False),
    Column("reason", Words),
    Column("at", Time, nullable=False),
    CheckConstraint("(confirmation_kind IS NULL) = (confirmation_reference IS NULL)", name="whole_confirmation"),
)

# Who allowed what for a case. Kept beside the case, and erased with it.
consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("giver", Choices(Giver), nullable=False),
    Column("name", Words),
    Column("relationship", Words),
    Column("scopes", Document, nullable=False),
    Column("given_at", Time, nullable=False),
    Column("document", Words),
    Column("recorded_by", Words, nullable=False),
    Column("recorded_at", Time, nullable=False),
    Column("withdrawn_at", Time),
    Column("withdrawn_by", Words),
    CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="whole_withdrawal"),
)

# One row per unordered pair of cases: the smaller id stands first.
case_relations = Table(
    "case_relations",
    metadata,
    Column("first", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("second", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False, index=True),
    Column("kind", Choices(RelationKind), nullable=False),
    Column("actor", Words, nullable=False),
    Column("at", Time, nullable=False),
    CheckConstraint("first < second", name="ordered_pair"),
)

_DISPUTED = text("disputed_at IS NOT NULL")

sightings = Table(
    "sightings",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("seen_at", Time),
    Column("place", Words),
    Column("lat", Real),
    Column("lon", Real),
    Column("how_seen", Choices(HowSeen), nullable=False),
    Column("first_hand", Boolean),
    Column("apparent_sex", Choices(Sex), nullable=False),
    Column("apparent_age", Real),
    Column("note", Words),
    Column("source", Words),
    Column("created_at", Time, nullable=False),
    Column("disputed_at", Time),
    # Another one of the same happening, beside which people see this one.
    Column("merged_into", Id, ForeignKey("sightings.id"), index=True),
    Index(None, "created_at", "id"),
    Index("ix_sightings_disputed", "id", sqlite_where=_DISPUTED, postgresql_where=_DISPUTED),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", Words, primary_key=True),
    Column("sighting_id", Id, ForeignKey("sightings.id"), nullable=False, unique=True),
    Column("payload_digest", Words, nullable=False),
)

photos = Table(
    "photos",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("cases.id"), index=True),
    Column("sighting_id", Id, ForeignKey("sightings.id"), index=True),
    Column("position", Integer, nullable=False),
    # "<owner>/<digest>": an owner keeps the same bytes once, so erasing one photo never takes the file of another.
    Column("blob", Words, nullable=False, unique=True),
    Column("digest", Words, nullable=False),
    Column("original_digest", Words, nullable=False),
    Column("media_type", Words, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Id, nullable=False),
    Column("taken", Day),
    Column("age", Real),
    Column("state", Choices(PhotoState), nullable=False, index=True),
    Column("reason", Choices(NoFaceReason)),
    Column("shortfall", Document(none_as_null=True)),  # what was measured where no face was usable
    Column("created_at", Time, nullable=False),
    CheckConstraint("(case_id IS NULL) <> (sighting_id IS NULL)", name="one_owner"),
    # With the case, so that pictures which several cases hold are found without a look at a million photos.
    Index(None, "digest", "case_id"),
)

_CHOSEN = text("choice IS NOT NULL")

faces = Table(
    "faces",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("photo_id", Id, ForeignKey("photos.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("left", Real, nullable=False),
    Column("top", Real, nullable=False),
    Column("right", Real, nullable=False),
    Column("bottom", Real, nullable=False),
    Column("landmarks", LargeBinary, nullable=False),  # little-endian float32 (5, 2)
    Column("score", Real, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("quality", Document, nullable=False),
    Column("choice", Choices(Choice)),
    UniqueConstraint("photo_id", "number"),
    Index("uq_faces_one_chosen", "photo_id", unique=True, sqlite_where=_CHOSEN, postgresql_where=_CHOSEN),
)

embeddings = Table(
    "embeddings",
    metadata,
    Column("face_id", Id, ForeignKey("faces.id"), primary_key=True, autoincrement=False),
    Column("space", Words, primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # little-endian float32 (dim,)
)

candidates = Table(
    "candidates",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("sighting_id", Id, ForeignKey("sightings.id"), nullable=False, index=True),
    Column("face_id", Id, ForeignKey("faces.id"), nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("gallery_face_id", Id, ForeignKey("faces.id"), nullable=False),
    Column("similarity", Real, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("flags", Document, nullable=False),
    Column("space", Words, nullable=False),
    Column("snapshot", Words, nullable=False),
    Column("software", Words, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("meaning", Document(none_as_null=True)),
    UniqueConstraint("face_id", "case_id", "space"),
)

# What is searchable now: only faces with a vector in that very space.
gallery_members = Table(
    "gallery_members",
    metadata,
    Column("space", Words, primary_key=True),
    Column("face_id", Id, primary_key=True, autoincrement=False, index=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    # The change that made it searchable: kept here too, since the history is forgotten and the watch asks what is new.
    Column("change", Id, nullable=False, server_default="0"),
    Index(None, "space", "change"),
    ForeignKeyConstraint(["face_id", "space"], ["embeddings.face_id", "embeddings.space"]),
    sqlite_with_rowid=False,  # the rows lie in the order in which they are streamed, which halves its time
)

# How the gallery became what it is. A change outlives its face, hence no foreign key.
gallery_changes = Table(
    "gallery_changes",
    metadata,
    Column("change", Id, primary_key=True, autoincrement=False),
    Column("face_id", Id, nullable=False),
    Column("space", Words, nullable=False),
    Column("added", Boolean, nullable=False),
    Index(None, "space", "change"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("previous", Words, nullable=False, unique=True),  # makes a fork of the chain impossible
    Column("hash", Words, nullable=False, unique=True),
    Column("entry", Words, nullable=False),  # the canonical JSON itself, since the hash is over its bytes
)

# Free text of people, outside the chain, so that it can be erased.
audit_notes = Table(
    "audit_notes",
    metadata,
    Column("number", Id, ForeignKey("audit.number"), primary_key=True, autoincrement=False),
    Column("note", Words, nullable=False),
)

# Which notes are about an id: erasing must not parse a log of years while all writers wait.
audit_note_objects = Table(
    "audit_note_objects",
    metadata,
    Column("object", Words, primary_key=True),
    Column("number", Id, ForeignKey("audit_notes.number"), primary_key=True, autoincrement=False, index=True),
)

# What stands for the entries that were removed because of their age, signed by the home.
audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("hash", Words, nullable=False),
    Column("count", Id, nullable=False),
    Column("first_at", Time, nullable=False),
    Column("last_at", Time, nullable=False),
    Column("made_at", Time, nullable=False),
    Column("public", Words, nullable=False),
    Column("signature", Words, nullable=False),
)
