"""Bring a database to the newest tables, or say why this program cannot use it."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from matcher.errors import StoreProblem
from matcher.store import tables

_SCRIPTS = "matcher.store:migrations"

# Any number that other programs in the same PostgreSQL server will not use for the same purpose.
_MIGRATION_LOCK = 0x6D617463686572


def upgrade(connection: Connection, place: str) -> None:
    """Run the missing migrations in the open transaction; `StoreProblem` for a database that is newer or not ours."""
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    found = _revision(connection)
    if found is None:
        _require_free(connection, place)
    elif found > tables.REVISION:
        raise _newer(place)
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def require_current(connection: Connection, place: str) -> None:
    """`StoreProblem`, naming the next step, unless the database has exactly the tables of this version."""
    if is_older(connection, place):
        raise StoreProblem(f"The database {place} is of an older version: upgrade it with `matcher init`.")


def is_older(connection: Connection, place: str) -> bool:
    """Whether the tables are those of an older version; `StoreProblem` if they are newer, not ours or not there."""
    found = _revision(connection)
    if found is None:
        _require_free(connection, place)
        raise StoreProblem(f"The database {place} has no tables: restore it from a backup.")
    if found > tables.REVISION:
        raise _newer(place)
    return found < tables.REVISION


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(tables.REVISION_TABLE):
        return None
    rows = connection.execute(text(f"SELECT version_num FROM {tables.REVISION_TABLE}"))  # noqa: S608 - our own constant
    found: str | None = rows.scalar()
    return found


def _require_free(connection: Connection, place: str) -> None:
    if set(inspect(connection).get_table_names()) & set(tables.metadata.tables):
        raise StoreProblem(f"The database {place} belongs to another program: choose another database.")


def _newer(place: str) -> StoreProblem:
    return StoreProblem(f"The database {place} was made by a newer version: upgrade sighting-matcher.")
