"""Fixtures for all tests."""

from __future__ import annotations

import functools
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from databases import (  # noqa: F401 - pytest finds fixtures by their names here
    PostgresDatabases,
    database_url,
    databases,
    keys,
    postgres_databases,
    sqlite_databases,
    store,
)
from faces_models import shared_models_folder
from sqlalchemy import Connection

from matcher import Matcher
from matcher.store import migrate, tables
from matcher.store.database import Store


@functools.cache
def _statements(revision: str) -> list[str]:
    """What the real migrations make of an empty SQLite file, as statements: fourteen of them take half a second."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "made.db"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrate, "upgrade", _UPGRADE)
            Store.create(file).close()
        with closing(sqlite3.connect(file)) as made:
            return [line for line in made.iterdump() if line not in {"BEGIN TRANSACTION;", "COMMIT;"}]


_UPGRADE = migrate.upgrade


def _quick_upgrade(connection: Connection, shown: str) -> None:
    """The same as `migrate.upgrade`; of an empty SQLite file, and only there, by the statements above."""
    if connection.dialect.name != "sqlite" or connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first():
        _UPGRADE(connection, shown)
        return
    for statement in _statements(tables.REVISION):
        connection.exec_driver_sql(statement)


@pytest.fixture(autouse=True)
def quick_homes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of homes are made; where migrations themselves are tested, this is overridden."""
    monkeypatch.setattr(migrate, "upgrade", _quick_upgrade)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing outside a test's own folder is read or written; the converted models are made once and shared."""
    monkeypatch.setenv("MATCHER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MATCHER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("MATCHER_KEYS", f"{tmp_path}-keys")  # for some tests the folder itself is the home
    monkeypatch.setenv("MATCHER_MODELS_DIR", str(shared_models_folder()))
    for name in ("MATCHER_DATABASE_URL", "MATCHER_TOP", "MATCHER_THREADS", "MATCHER_BACKEND", "MATCHER_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A new home on SQLite."""
    folder = tmp_path / "home"
    Matcher.create(folder).close()
    return folder


@pytest.fixture
def matcher(home: Path) -> Iterator[Matcher]:
    """A new home, opened."""
    with Matcher.open(home) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A new home on each of the two databases."""
    home = tmp_path / "home"
    if request.param == "sqlite":
        Matcher.create(home).close()
        yield home
        return
    servers: PostgresDatabases = request.getfixturevalue("postgres_databases")
    with servers.fresh(empty=True) as url:
        Matcher.create(home, database_url=url).close()
        yield home
