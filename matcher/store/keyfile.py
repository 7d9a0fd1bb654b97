"""The file of the key store: SQLite apart from the database, with a rollback journal.

With `secure_delete` and without a write-ahead log, what was deleted is gone from the file when the commit returns, and
no reader can keep it there. A connection lives as long as one transaction, so that threads and forks need no care.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from matcher.errors import Busy, Damaged, KeyProblem, StoreProblem

_VERSION = 1
_WAIT = 30.0  # seconds for the lock
_TABLES = (
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    # An owner is a number or a word. Without a key it is a destroyed one, which never gets another.
    "CREATE TABLE IF NOT EXISTS keys (owner PRIMARY KEY, wrapped BLOB) WITHOUT ROWID",
    f"PRAGMA user_version={_VERSION}",
)


class KeyFile:
    """Transactions on one file, whose errors are `MatcherError`s that name it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the file, which only its owner may read, and its tables; one that is there stays as it is."""
        with self._translated():
            try:
                self.path.touch(mode=0o600)
            except OSError as error:
                raise StoreProblem(f"The key store '{self.path}' cannot be created: {error.strerror}.") from error
            with self._transaction("BEGIN IMMEDIATE", any_version=True) as connection:
                if _version(connection) == 0:
                    for statement in _TABLES:
                        connection.execute(statement)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent state."""
        with self._translated(), self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The same with changes, committed at the end; nobody else writes meanwhile."""
        with self._translated(), self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy, whole or not at all, without what was ever deleted; replaces a file there."""
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with self._translated():
            try:
                draft.touch(mode=0o600)
                with closing(self._connected()) as connection:
                    connection.execute("VACUUM INTO ?", (str(draft),))
                with draft.open("rb") as written:
                    os.fsync(written.fileno())
                draft.replace(path)
            except OSError as error:
                raise StoreProblem(f"The key store cannot be copied to '{path}': {error.strerror}.") from error
            finally:
                draft.unlink(missing_ok=True)

    def damage(self) -> str | None:
        """What SQLite finds wrong with the file, or `None`."""
        with self.reading() as connection:
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        return None if found == "ok" else found

    @contextmanager
    def _transaction(self, begin: str, *, any_version: bool = False) -> Iterator[sqlite3.Connection]:
        with closing(self._connected()) as connection:
            connection.execute(begin)
            if not any_version and _version(connection) != _VERSION:
                raise StoreProblem(f"'{self.path}' is no key store of this version of the program: restore it.")
            yield connection
            connection.execute("COMMIT")

    def _connected(self) -> sqlite3.Connection:
        if not self.path.is_file():
            raise KeyProblem(
                f"The key store '{self.path}' is not there: restore it from its newest backup. Without it nothing that "
                "is sealed can be read; nothing was changed."
            )
        address = f"{self.path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(address, timeout=_WAIT, isolation_level=None, uri=True)
        try:
            for pragma in ("secure_delete=ON", "synchronous=EXTRA", "mmap_size=1073741824"):
                connection.execute(f"PRAGMA {pragma}").close()
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise Busy(f"Another process is writing to '{self.path}' and did not finish in time.") from error
            raise StoreProblem(f"The key store '{self.path}' cannot be used: {error}.") from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # a damaged schema is quoted as it is
            raise Damaged(
                f"The key store '{self.path}' cannot be read ({error}): restore its newest backup."
            ) from error


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
