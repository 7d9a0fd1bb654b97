"""Connections to the two databases, and the border where their errors become ours.

SQLite: the driver's own transaction handling is switched off, since it begins writing transactions too late and lets
two writers read the same head; every BEGIN is said here. `synchronous=FULL` because a commit that was reported must
survive a power cut; `secure_delete` because what is erased must be gone from the file.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError, IntegrityError, StatementError

from matcher.errors import Busy, Conflict, Damaged, ExtraMissing, MatcherError, StoreProblem, WrongUse

_BEGIN = "matcher_begin"  # our own execution option: the statement with which a transaction begins on SQLite


@dataclass(frozen=True, slots=True)
class Options:
    """SQLAlchemy's execution options for each kind of transaction, and what to say before the lock is asked for."""

    writing: Mapping[str, Any]
    reading: Mapping[str, Any]
    single_read: Mapping[str, Any]
    before_lock: str


LITE = Options({_BEGIN: "BEGIN IMMEDIATE"}, {_BEGIN: "BEGIN"}, {_BEGIN: ""}, "")
SERVER = Options(
    {"isolation_level": "READ COMMITTED"},
    {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    {"isolation_level": "AUTOCOMMIT"},
    "SET LOCAL lock_timeout = {wait_ms}",
)

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
)
# lock_not_available, serialization_failure, deadlock_detected
_PG_BUSY = {"55P03", "40001", "40P01"}
_SQLITE_BUSY = ("database is locked", "database table is locked", "database is busy")
_SQLITE_DAMAGED = ("malformed", "disk I/O error", "not a database", "unsupported file format", "Could not decode")
# Kinds of "disk I/O error" that say nothing about what is stored (the driver tells them since Python 3.11).
_SQLITE_NO_ROOM = {"SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_TRUNCATE"}


def parse(address: str | Path) -> URL:
    """The address of a SQLite file, which may be given as a path, or a PostgreSQL database; `WrongUse` for others."""
    if isinstance(address, Path):
        # Absolute, since the driver takes a name that begins with "file:" for an address of its own.
        return URL.create("sqlite", database=str(address.absolute()))
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise WrongUse("The database address cannot be read: give sqlite:///FILE or postgresql://…") from error
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    if backend in ("postgresql", "postgres"):
        if importlib.util.find_spec("psycopg") is None:
            raise ExtraMissing("PostgreSQL needs a driver: pip install 'sighting-matcher[postgres]'.")
        return url.set(drivername="postgresql+psycopg")
    raise WrongUse(f"A '{backend}' address of that form cannot be used: give sqlite:///FILE or postgresql://…")


def file_of(url: URL) -> Path | None:
    """The file of a SQLite address."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def unchanging(file: Path) -> URL:
    """The address of a SQLite file that nobody writes to, to be read without a lock or a file beside it."""
    query = {"mode": "ro", "immutable": "1", "uri": "true"}
    return URL.create("sqlite", database=file.absolute().as_uri(), query=query)


def connect(url: URL, wait: float) -> Engine:
    """An engine whose connections are set up, and whose errors are `MatcherError`s."""
    lite = file_of(url) is not None
    engine = create_engine(
        url,
        connect_args={"timeout": wait} if lite else {},
        pool_pre_ping=not lite,
        pool_timeout=wait,
        hide_parameters=True,  # errors end in logs, and parameters are personal data
        json_serializer=partial(json.dumps, ensure_ascii=False, allow_nan=False),
    )
    if lite and "immutable" not in url.query:
        event.listen(engine, "connect", _set_up_sqlite)
    if lite:
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _translate)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


def _begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def _translate(context: ExceptionContext) -> MatcherError | None:
    """What SQLAlchemy raises instead, caused by what the driver said."""
    if context.is_pre_ping:
        return None  # the pool asks whether a connection still lives, and replaces it if not
    error = context.original_exception
    wrapped = context.sqlalchemy_exception
    if isinstance(error, MatcherError):
        return type(error)(str(error))  # a column refused a value; itself it could not be its own cause
    if isinstance(wrapped, IntegrityError):
        return Conflict(f"This contradicts what is stored ({_first_line(error)}): nothing was changed.")
    if isinstance(wrapped, StatementError) and isinstance(error, (TypeError, ValueError)):
        return WrongUse(f"A value cannot be kept in the database: {_first_line(error)}.")
    file = file_of(context.engine.url) if context.engine is not None else None
    return _driver_problem(error, "database" if file is None else f"database '{file}'")


def _driver_problem(error: BaseException, place: str) -> MatcherError:
    text = _first_line(error)
    if getattr(error, "sqlstate", None) in _PG_BUSY or text.startswith(_SQLITE_BUSY):
        return Busy("Another process is writing to the database and did not finish in time: try again.")
    if getattr(error, "sqlite_errorname", None) in _SQLITE_NO_ROOM:
        return StoreProblem(f"The database cannot be written ({text}): make room on its disk, or mend it.")
    if any(word in text for word in _SQLITE_DAMAGED):
        # What could not be decoded is somebody's data: only the column is told.
        why = text.partition(" with text")[0]
        return Damaged(f"The {place} cannot be read ({why}): check the disk, then `matcher restore` a backup.")
    return StoreProblem(f"The {place} cannot be used: {text}. Run `matcher doctor`.")


def _first_line(error: BaseException) -> str:
    # PostgreSQL's further lines quote the values, which are personal data.
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
