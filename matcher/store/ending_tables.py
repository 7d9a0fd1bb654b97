"""The tables of endings: what is left of what was erased."""

from __future__ import annotations

from sqlalchemy import Column, Table

from matcher.domain.erasures import Because, SubjectKind
from matcher.store.columns import Choices, Document, Id, Time
from matcher.store.tables import metadata

# Tombstones. The id is the random one of what was erased, hence no foreign key; digests are keyed.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("kind", Choices(SubjectKind), nullable=False),
    Column("at", Time, nullable=False),
    Column("because", Choices(Because), nullable=False),
    Column("change", Id, nullable=False),
    Column("removed", Document, nullable=False),
    Column("vectors", Document, nullable=False),
    Column("pictures", Document, nullable=False),
    Column("faces", Document, nullable=False),
    Column("files_gone_at", Time),
    Column("pages_gone_at", Time),
    Column("snapshots_gone_at", Time),
)
