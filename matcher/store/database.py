"""The database: opened once per process, used by any number of threads, safe in a forked child.

All writers take one lock before they read anything: BEGIN IMMEDIATE on SQLite, the head row FOR UPDATE on PostgreSQL.
So change numbers and audit entries are committed in the order of their numbers, and a reader that saw number n never
finds a smaller one later.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import Pool

from matcher.errors import Busy, Damaged, StoreProblem
from matcher.store import copies, engines, migrate, purging, tables
from matcher.store.files import flush
from matcher.store.head import Head
from matcher.store.keystore import KeyRing
from matcher.store.transaction import Reading, Transaction

__all__ = ["Reading", "Store", "Transaction"]

_WAIT = 30.0  # seconds for the lock


class Store:
    """All records of one home; `file` is where SQLite keeps them, `None` on PostgreSQL."""

    def __init__(self, url: URL, wait: float, keys: KeyRing | None = None) -> None:
        self._keys = keys
        self._engine = engines.connect(url, wait)
        self.file, self._wait = engines.file_of(url), wait
        options = engines.LITE if engines.file_of(url) else engines.SERVER
        self._writer = self._engine.execution_options(**options.writing)
        self._reader = self._engine.execution_options(**options.reading)
        self._single = self._engine.execution_options(**options.single_read)
        self._before_lock = options.before_lock.format(wait_ms=round(wait * 1000))
        _stores.add(self)

    @classmethod
    def create(cls, url: str | Path, *, wait: float = _WAIT) -> Store:
        """Create or upgrade the tables at this address and open them; a database that is up to date stays as it is."""
        address = engines.parse(url)
        file = engines.file_of(address)
        if file is not None:
            _touch(file)
        store = cls(address, wait)
        with store._closed_on_error(), store._connected(store._writer) as connection:
            migrate.upgrade(connection, _shown(address))
        return store

    @classmethod
    def open(cls, url: str | Path, *, wait: float = _WAIT, keys: KeyRing | None = None) -> Store:
        """Open what `create` made; `StoreProblem` when it is absent, of another version or of another program.

        `wait` is how many seconds a writer waits for the others before it raises `Busy`; with `keys` that are active,
        embeddings are sealed.
        """
        address = engines.parse(url)
        store = cls._existing(address, wait, keys)
        with store._closed_on_error(), store._connected(store._reader) as connection:
            migrate.require_current(connection, _shown(address))
        return store

    @classmethod
    def open_copy(cls, file: Path) -> Store:
        """Open what `copy_to` made, to read it only: not a byte of it changes, and no file comes to lie beside it."""
        address = engines.unchanging(file)
        store = cls(address, _WAIT)
        with store._closed_on_error(), store._connected(store._reader) as connection:
            migrate.require_current(connection, f"'{file}'")
        return store

    @classmethod
    def is_older(cls, url: str | Path, *, wait: float = _WAIT) -> bool:
        """Whether `create` would upgrade the tables at this address; `StoreProblem` when there are none, as `open`."""
        address = engines.parse(url)
        with cls._existing(address, wait) as store, store._connected(store._reader) as connection:
            return migrate.is_older(connection, _shown(address))

    @classmethod
    def _existing(cls, address: URL, wait: float, keys: KeyRing | None = None) -> Store:
        file = engines.file_of(address)
        if file is not None and not file.is_file():  # SQLite would make an empty one
            raise StoreProblem(f"The database '{file}' is not there: restore it from a backup.")
        return cls(address, wait, keys)

    @contextmanager
    def write(self, *, while_stopped: bool = False) -> Iterator[Transaction]:
        """The only writing transaction there is: committed at the end of the block, undone by any exception.

        `Stopped` while somebody has stopped the home, unless `while_stopped`, which is for starting it again.
        """
        with self._connected(self._writer) as connection:
            if self._before_lock:
                connection.exec_driver_sql(self._before_lock)
            head = Head.read(connection, lock=True)
            transaction = Transaction(connection, head, self._keys)
            if not while_stopped:
                transaction.stop.require_none()
            yield transaction
            head.save(connection)

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """Everything as it is now, unmoved by what others write meanwhile; never waits for a writer."""
        with self._connected(self._reader) as connection:
            yield Reading(connection, Head.read(connection, lock=False), self._keys)

    def change_counter(self) -> int:
        """The number of the gallery's last change, by one read of one row."""
        with self._connected(self._single) as connection:
            counter = connection.exec_driver_sql("SELECT change_counter FROM head").scalar()
        if counter is None:
            raise StoreProblem("The database has lost its head row: restore a backup.")
        return int(counter)

    def check(self) -> list[str]:
        """What is wrong with the pages, indexes and references of the database file; a server checks its own."""
        if self.file is None:
            return []
        with self._connected(self._single) as connection:
            return copies.problems(connection)

    def copy_to(self, file: Path) -> None:
        """Copy everything, as of one moment, into a new SQLite file for its owner's eyes only; others go on writing.

        `Damaged` if the database cannot be read to its end, `StoreProblem` if the file cannot be written, as on a full
        disk.
        """
        _touch(file)
        try:
            if self.file is not None:
                with self._connected(self._single) as connection:
                    copies.vacuum_into(connection, file)
            else:
                with Store.create(file) as copy:
                    self._fill(copy)
        except StoreProblem as error:
            why = str(error.__cause__ or error).rstrip(".")
            raise StoreProblem(
                f"The database cannot be copied to '{file}' ({why}): see whether there is room."
            ) from error
        flush(file)

    def fill_from(self, copy: Store) -> None:
        """Hold what a copy holds and nothing else, or stay as it was."""
        copy._fill(self)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever kept here."""
        with self._connected(self._reader) as connection:
            return copies.is_empty(connection)

    def _fill(self, other: Store) -> None:
        with self._connected(self._reader) as source, other._connected(other._writer) as target:
            copies.fill(source, target)

    def purge(self) -> bool:
        """Make sure that the bytes of deleted rows are gone from the database's files; whether they are.

        They are not while anybody, in whatever process, reads an older state: try again later. The database is written
        anew, and other writers wait meanwhile.
        """
        with self._connected(self._single) as connection:
            if self.file is not None:
                return purging.purge_sqlite(connection, self._wait)
            return purging.purge_postgres(connection, tables.metadata)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _connected(self, engine: Engine) -> Iterator[Connection]:
        try:
            connection = engine.connect()
        except PoolTimeout as error:
            raise Busy("All connections to the database are in use by this process: try again.") from error
        except UnicodeDecodeError as error:  # SQLite quotes its damaged schema, which Python then cannot read
            raise Damaged(
                f"The database {_shown(engine.url)} cannot be read: check the disk, then `matcher restore` a backup."
            ) from error
        with connection, connection.begin():
            yield connection

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise


def _touch(file: Path) -> None:
    """Make an empty database file that only its owner may read; SQLite gives its side files the same permissions."""
    try:
        file.touch(mode=0o600)
    except OSError as error:
        raise StoreProblem(f"The database '{file}' cannot be created: {error.strerror}.") from error


def _shown(url: URL) -> str:
    return f"'{engines.file_of(url) or url.render_as_string(hide_password=True)}'"


_stores: weakref.WeakSet[Store] = weakref.WeakSet()
_inherited: list[Pool] = []


def _after_fork() -> None:
    # A forked child opens connections of its own. The parent's are kept unclosed and out of the collector's reach:
    # closing them here would end them, or their locks, for the parent.
    for store in _stores:
        _inherited.append(store._engine.pool)
        store._engine.dispose(close=False)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)
