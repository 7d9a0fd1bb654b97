"""The tables of embedding spaces: what each is to this home, and what its models did not find."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, text

from matcher.domain.space import SpaceState
from matcher.store.columns import Choices, Id, Time, Words
from matcher.store.tables import metadata

_ONE_OF_A_KIND = text("state IN ('live', 'shadow', 'before')")

# What the setting says wins over the state 'live', which may lag behind it when a process was killed.
embedding_spaces = Table(
    "embedding_spaces",
    metadata,
    Column("space", Words, primary_key=True),
    Column("backend", Words, nullable=False),
    Column("state", Choices(SpaceState), nullable=False),
    Column("since", Time, nullable=False),
    Index(
        "uq_embedding_spaces_state",
        "state",
        unique=True,
        sqlite_where=_ONE_OF_A_KIND,
        postgresql_where=_ONE_OF_A_KIND,
    ),
)

# Faces that these models do not find in the photo where others did: no night tries them again.
unembedded_faces = Table(
    "unembedded_faces",
    metadata,
    Column("space", Words, primary_key=True),
    Column(
        "face_id", Id, ForeignKey("faces.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    ),
    Column("at", Time, nullable=False),
)
