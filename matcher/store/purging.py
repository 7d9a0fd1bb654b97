"""Making sure that deleted rows are gone from the database's pages, not only from its tables.

SQLite: `secure_delete` overwrites what is deleted, but not the copies of rows that its trees leave behind in the gaps
of pages when they are balanced: measured, one in a few hundred erased rows could still be read in the file. VACUUM
writes every page anew; the checkpoint after it empties the write-ahead log, which it can do only while nobody reads an
older state. PostgreSQL: VACUUM FULL writes the tables anew; rows that an open transaction still sees would be kept.
"""

from __future__ import annotations

from sqlalchemy import Connection, MetaData

from matcher.errors import Busy

_SHORT_WAIT = 2000  # ms: whoever reads now may read for hours, and the next night tries again

# Whatever may hold back rows that are deleted: transactions, prepared ones too, replicas that report what they read,
# and slots. What others do is hidden from a role that may not see it: then nothing is known.
_SEEN = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
_OTHERS = (
    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
    "AND (datname = current_database() OR datname IS NULL) "
    "AND backend_type IN ('client backend', 'walsender', 'parallel worker') "
    "AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)) "
    "+ (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) "
    "+ (SELECT count(*) FROM pg_replication_slots WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL)"
)


def purge_sqlite(connection: Connection, wait: float) -> bool:
    """Write the file anew and empty its log, outside a transaction; whether all of it was done."""
    connection.exec_driver_sql(f"PRAGMA busy_timeout={_SHORT_WAIT}")
    try:
        if not _truncated(connection):
            return False  # an older state is being read: it would stay in the log, whatever is done to the file
        connection.exec_driver_sql("VACUUM")
        return _truncated(connection)
    except Busy:
        return False
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(wait * 1000)}")


def purge_postgres(connection: Connection, metadata: MetaData) -> bool:
    """Write all tables anew, outside a transaction; whether that was done, which takes that nobody reads meanwhile."""
    if not connection.exec_driver_sql(_SEEN).scalar() or connection.exec_driver_sql(_OTHERS).scalar():
        return False
    connection.exec_driver_sql(f"SET lock_timeout = {_SHORT_WAIT}")
    try:
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f"VACUUM (FULL) {table.name}")
    except Busy:
        return False
    finally:
        connection.exec_driver_sql("RESET lock_timeout")
    return not connection.exec_driver_sql(_OTHERS).scalar()


def _truncated(connection: Connection) -> bool:
    busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy
