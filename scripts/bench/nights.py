"""What a night costs, with synthetic vectors: one million faces rebuilt and verified, few changed, none changed.

python scripts/bench/nights.py build [--faces 1000000] [--quiet-faces 100000] [--changed 1000]
"""

from __future__ import annotations

import sqlite3

import match
import numpy as np

from matcher import Matcher
from matcher.domain.scores import unit

_BATCH = 20_000


def fill(matcher: Matcher, count: int) -> None:
    """So many open cases with one photo and one searchable face each.

    The first is registered as always; the others are copies of its rows, with ids and vectors of their own.
    """
    match.fill(matcher, 1)
    random, space = np.random.default_rng(1), matcher.space
    ids = random.choice(2**62, (count - 1, 3), replace=False)
    with sqlite3.connect(matcher.context.home.database) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("CREATE TEMP TABLE new (number INTEGER, case_id INTEGER, photo_id INTEGER, face_id INTEGER)")
        raw.executemany("INSERT INTO new VALUES (?, ?, ?, ?)", ((n, *row) for n, row in enumerate(ids.tolist(), 1)))
        own = dict.fromkeys(("blob", "digest", "original_digest"), "'none/' || new.number")
        _copy(raw, "cases", {"id": "new.case_id", "number": "'N-' || new.number"})
        _copy(raw, "photos", {"id": "new.photo_id", "case_id": "new.case_id", "age": "3.0 + new.number % 12", **own})
        _copy(raw, "faces", {"id": "new.face_id", "photo_id": "new.photo_id"})
    for start in range(0, count - 1, _BATCH):
        faces = ids[start : start + _BATCH, 2].tolist()
        vectors = unit(random.standard_normal((len(faces), space.dim), np.float32))
        with matcher.context.store.write() as transaction:
            transaction.faces.put_vectors(dict(zip(faces, vectors, strict=True)), space.name)
    with raw:
        _copy(raw, "gallery_members", {"face_id": "new.face_id", "case_id": "new.case_id"})
        raw.execute("UPDATE head SET change_counter = ?, trimmed_through = ?", (count, count))
        raw.execute("DELETE FROM gallery_changes")
    raw.close()


def _copy(raw: sqlite3.Connection, table: str, changed: dict[str, str]) -> None:
    """For each row of `new` a copy of the one row of a table, with the columns that are `changed`."""
    names = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    values = [changed.get(name, f'old."{name}"') for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    source = f"(SELECT * FROM {table} LIMIT 1) AS old"  # noqa: S608 - the names are the schema's own
    raw.execute(f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)} FROM new, {source}")  # noqa: S608
