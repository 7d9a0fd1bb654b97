"""What the tests of whole homes do not do over and over: migrate a new database, look for faces in a photo that they
have looked at before, hash a password for as long as an attacker should need, compile SQL, read the routes of the desk.

All but the last are fixtures of `conftest.py`; the tests of migrations and of hashing override theirs.
"""

from __future__ import annotations

import functools
import hashlib
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL

from matcher.accounts import passwords
from matcher.domain.faces import PhotoFaces
from matcher.faces.contracts import Backend
from matcher.faces.pipeline import FacePipeline
from matcher.services import context
from matcher.store import engines, migrate, tables
from matcher.store.database import Store

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.routing import BaseRoute

    from matcher.faces.pipeline import _Photo

_UPGRADE = migrate.upgrade
_HASHER = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)


def homes(patch: pytest.MonkeyPatch) -> None:
    """The tables of a new home come from statements that the real migrations left."""
    patch.setattr(migrate, "upgrade", _quick_upgrade)


def statements(patch: pytest.MonkeyPatch) -> None:
    """SQLite databases share what SQLAlchemy makes of statements, which it makes anew for each engine."""
    patch.setattr(engines, "create_engine", _quick_engine)


def faces(patch: pytest.MonkeyPatch) -> None:
    """Homes remember the faces of photos; that the same photo has the same faces, `contract/test_backends.py` shows."""
    patch.setattr(context, "FacePipeline", _QuickPipeline)


def hashing(patch: pytest.MonkeyPatch) -> None:
    """Passwords are kept by argon2id with little work; other than `accounts.weak`, so that those are encoded anew."""
    patch.setattr(passwords, "_hasher", _HASHER)
    patch.setattr(passwords, "_nobodys", _nobodys)


def routed(app: FastAPI) -> FastAPI:
    """An application with the routes of the first one of this process: they know no home, and FastAPI takes half a
    second to read what they take and give.
    """
    _routes.extend([] if _routes else app.router.routes)
    app.router.routes = _routes
    return app


def _quick_upgrade(connection: Connection, shown: str) -> None:
    """The same as `migrate.upgrade`; of an empty SQLite file, and only there, by the statements below."""
    if connection.dialect.name != "sqlite" or connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first():
        _UPGRADE(connection, shown)
        return
    cursor = connection.connection.cursor()
    for statement in _statements(tables.REVISION):
        cursor.execute(statement)


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


def _quick_engine(url: URL, **how: Any) -> Engine:
    """Engines of SQLite files have the dialect of the first one, which knows no file, and what it has compiled."""
    engine = create_engine(url, **how)
    if engine.dialect.name == "sqlite":
        first = _engines.setdefault("sqlite", engine)
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


class _QuickPipeline(FacePipeline):
    """Whatever one of these has found with a backend, all others of this process know."""

    def _find(self, photo: _Photo, *, thorough: bool) -> PhotoFaces:
        source = photo.source
        _backends.setdefault(id(self.backend), self.backend)  # kept, so that no other gets its id
        key = (id(self.backend), hashlib.sha256(source._data).digest(), thorough)
        if key not in _found:
            _found[key] = super()._find(photo, thorough=thorough)
        return _found[key]


_engines: dict[str, Engine] = {}
_routes: list[BaseRoute] = []
_backends: dict[int, Backend] = {}
_found: dict[tuple[int, bytes, bool], PhotoFaces] = {}


@functools.cache
def _nobodys() -> str:
    return _HASHER.hash("nobody's")
