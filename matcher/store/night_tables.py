"""The tables of the nightly run."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, Table

from matcher.store.columns import Document, Id, Time, Words
from matcher.store.tables import metadata

job_locks = Table(
    "job_locks",
    metadata,
    Column("name", Words, primary_key=True),
    Column("holder", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("machine", Words, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("born", Words, nullable=False),
    Column("token", Words, nullable=False),
    Column("acquired_at", Time, nullable=False),
    Column("heartbeat_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
)

# Counted on under the lock of all writers: their order is that of the runs, whatever the clock showed.
night_runs = Table(
    "night_runs",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("started_at", Time, nullable=False),
    Column("ended_at", Time),
    Column("whole", Boolean, nullable=False),
    Column("clock_off", Boolean, nullable=False),
    Column("steps", Document, nullable=False),
    Column("notes", Document, nullable=False),
)
