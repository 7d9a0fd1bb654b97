"""A fresh database for every test: a SQLite file, and a database of a real PostgreSQL server.

`MATCHER_TEST_POSTGRES_URL` names the server to use (its user may create databases); otherwise `pgserver` starts one for
the whole test session, shared by all workers. Without either, the PostgreSQL tests are skipped, or fail where `CI` is
set.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL

from matcher.crypto.masterkey import KeySource, create_master_key
from matcher.store import tables
from matcher.store.chain import GENESIS
from matcher.store.database import Store
from matcher.store.keystore import KeyRing


class SqliteDatabases:
    """Copies of one file that has all tables."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        Store.create(f"sqlite:///{self._template}").close()

    @contextmanager
    def fresh(self, *, empty: bool = False) -> Iterator[str]:
        """The address of a new database, with all tables or not existing yet."""
        file = self._folder / f"{secrets.token_hex(8)}.db"
        if not empty:
            shutil.copy(self._template, file)
        yield f"sqlite:///{file}"


class PostgresDatabases:
    """One database with all tables, emptied after each test: PostgreSQL takes half a second to make another."""

    def __init__(self, server: str) -> None:
        self._server = make_url(server).set(drivername="postgresql+psycopg")
        self._admin = create_engine(self._server, isolation_level="AUTOCOMMIT")
        self._name = self._new()
        Store.create(self._address(self._name)).close()

    @contextmanager
    def fresh(self, *, empty: bool = False) -> Iterator[str]:
        """The address of a database like new, with all tables or with none."""
        name = self._new() if empty else self._name
        try:
            yield self._address(name)
        finally:
            if empty:
                self._run(f"DROP DATABASE {name} WITH (FORCE)")
            else:
                self._clean()

    def close(self) -> None:
        self._run(f"DROP DATABASE {self._name} WITH (FORCE)")
        self._admin.dispose()

    def _new(self) -> str:
        name = f"matcher_test_{secrets.token_hex(8)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def _clean(self) -> None:
        # A connection that a failed test left behind would keep its locks.
        self._run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'")
        run_sql(
            self._address(self._name),
            *(f"DELETE FROM {table.name}" for table in reversed(tables.metadata.sorted_tables)),
            f"INSERT INTO head VALUES (1, 0, 0, 0, '{GENESIS}')",
            f"UPDATE {tables.REVISION_TABLE} SET version_num = '{tables.REVISION}'",
        )

    def speed_up(self) -> None:
        """No syncing to disk: only for a server that is thrown away."""
        self._run("ALTER SYSTEM SET fsync = off")
        self._run("SELECT pg_reload_conf()")

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    def _address(self, name: str) -> str:
        return _plain(self._server.set(database=name))


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"PostgreSQL is required where CI is set: {reason}")
    pytest.skip(f"needs PostgreSQL: {reason}")


@contextmanager
def _own_server() -> Iterator[str]:
    """A server that ends with the last worker of this test session."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    runtime = Path(tempfile.gettempdir()) / f"matcher-run-{os.getuid()}"  # holds pgserver's lock file
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # read when pgserver is imported
    try:
        import pgserver
    except ImportError:
        _missing("install pgserver or set MATCHER_TEST_POSTGRES_URL.")
    # As root, pgserver opens the permissions of all folders above the data; the temporary folder is open anyway.
    data = Path(tempfile.gettempdir()) / f"matcher-pg-{session}"
    for attempt in range(3):
        try:
            server = pgserver.get_server(data, cleanup_mode="delete")
            break
        except Exception as error:  # noqa: BLE001 - whatever went wrong, there is no server
            # On a busy machine its start may take longer than pgserver waits.
            if attempt == 2:
                _missing(f"pgserver does not start: {error!r}.")
            time.sleep(3)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    pytest.importorskip("psycopg")
    given = os.environ.get("MATCHER_TEST_POSTGRES_URL")
    if given:
        databases = PostgresDatabases(given)
        yield databases
        databases.close()
        return
    with _own_server() as address:
        databases = PostgresDatabases(address)
        databases.speed_up()
        yield databases
        databases.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> SqliteDatabases | PostgresDatabases:
    """Both kinds of databases, one after the other."""
    name = "sqlite_databases" if request.param == "sqlite" else "postgres_databases"
    return request.getfixturevalue(name)


@pytest.fixture
def database_url(databases: SqliteDatabases | PostgresDatabases) -> Iterator[str]:
    """The address of a fresh database with all tables."""
    with databases.fresh() as url:
        yield url


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    """A new key store, whose master key lies in the file beside it."""
    file = tmp_path / "master.key"
    create_master_key(file)
    ring = KeyRing(tmp_path / "keys.db", KeySource(file=file))
    ring.create()
    ring.mark_whole()
    return ring


@pytest.fixture
def store(database_url: str, keys: KeyRing) -> Iterator[Store]:
    """A fresh store, which seals embeddings as every new home does."""
    with Store.open(database_url, keys=keys) as opened:
        yield opened


def run_sql(url: str, *statements: str) -> None:
    """Change a database behind the store's back."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(address)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()
