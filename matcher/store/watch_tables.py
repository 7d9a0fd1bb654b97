"""The tables of the standing watch. What a row is about may be erased before it, hence no foreign keys."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from matcher.store.columns import Id, Time, Words
from matcher.store.tables import metadata

# How far the watch of each embedding space has come.
watch_marks = Table(
    "watch_marks",
    metadata,
    Column("space", Words, primary_key=True),
    Column("through_change", Id),
    Column("ended_at", Time),
    Column("standing", Integer),
)

# The faces of sightings that were not searched against all cases of a space; the others were.
unwatched_faces = Table(
    "unwatched_faces",
    metadata,
    Column("space", Words, primary_key=True),
    Column("face_id", Id, primary_key=True, autoincrement=False),
)

# What the watch has found and what still stood when it last looked: so it can tell what is gone.
watched_pairs = Table(
    "watched_pairs",
    metadata,
    Column("candidate_id", Id, primary_key=True, autoincrement=False),
    Column("space", Words, nullable=False),
    Column("case_id", Id, nullable=False),
    Column("sighting_id", Id, nullable=False),
    Index(None, "space"),
)
