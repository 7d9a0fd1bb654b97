"""The whole database at once: copied while others use it, checked, and filled again. A copy is always a SQLite file,
whichever database it was made of, so that all copies are checked alike and either database can be filled from one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, text

from matcher.errors import Conflict
from matcher.store import tables
from matcher.store.head import Head

_BLOCK = 1_000  # rows that are in memory at a time
_SHOWN = 5  # problems of one kind that are told


def vacuum_into(connection: Connection, target: Path) -> None:
    """Write the present state of a SQLite database to a file that is absent or empty.

    One read from end to end, so writers go on and the copy is of one moment. Unlike the pages of a backup made in
    steps, those of this copy hold rows alone: nothing that was deleted lies in between.
    """
    connection.execute(text("VACUUM INTO :file"), {"file": str(target)})


def problems(connection: Connection) -> list[str]:
    """What is wrong with the pages, indexes and references of a SQLite database, in words without anybody's data.

    SQLite keeps no checksums: a changed byte within a value that no index holds goes unnoticed here.
    """
    found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(5)")]
    told = [] if found == ["ok"] else found
    lost: dict[tuple[str, str], int] = {}
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        lost[row[0], row[2]] = lost.get((row[0], row[2]), 0) + 1
    told += [f"{count} rows of '{table}' refer to none in '{other}'" for (table, other), count in lost.items()]
    return told[:_SHOWN]


def is_empty(connection: Connection) -> bool:
    """Whether the tables are as new: nothing was ever kept in them."""
    kept = (table for table in tables.metadata.sorted_tables if table is not tables.head)
    return not any(connection.execute(select(table).limit(1)).first() for table in kept)


def fill(source: Connection, target: Connection) -> None:
    """Make the tables of `target` hold the rows of `source`, and nothing else. Both have the newest tables."""
    every = tables.metadata.sorted_tables  # those that others refer to come first
    for table in reversed(every):
        target.execute(delete(table))
    for table in every:
        for rows in _in_order(table, _rows(source, table)):
            target.execute(insert(table), rows)
    if Head.read(source, lock=False) != Head.read(target, lock=False):
        raise Conflict("The database was changed while it was filled: nothing was kept of it. Try again.")


def _rows(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    found = source.execute(select(table), execution_options={"yield_per": _BLOCK}).mappings()
    for rows in found.partitions():
        yield [dict(row) for row in rows]


def _in_order(table: Table, blocks: Iterable[list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Rows that refer to others of their own table come after them; such tables are small."""
    pairs = [(key.parent.name, key.column.name) for key in table.foreign_keys if key.column.table is table]
    if not pairs:
        yield from blocks
        return
    ((child, parent),) = pairs
    waiting, there = [row for rows in blocks for row in rows], {None}
    while waiting:
        ready = [row for row in waiting if row[child] in there]
        if not ready:
            raise Conflict(f"Rows of '{table.name}' refer to each other in a circle: restore another backup.")
        yield ready
        there |= {row[parent] for row in ready}
        waiting = [row for row in waiting if row[parent] not in there]
