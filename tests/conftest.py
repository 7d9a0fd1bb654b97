"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import quick
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

from matcher import Matcher


@pytest.fixture(autouse=True)
def quick_homes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of homes are made; where migrations themselves are tested, this is overridden."""
    quick.homes(monkeypatch)


@pytest.fixture(autouse=True)
def quick_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of databases are opened, and asked the same."""
    quick.statements(monkeypatch)


@pytest.fixture(autouse=True)
def quick_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same photos enter hundreds of homes; the search itself is tested without a home, or overrides this."""
    quick.faces(monkeypatch)


@pytest.fixture(autouse=True)
def quick_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of people sign in; where the hashing itself is tested, this is overridden."""
    quick.hashing(monkeypatch)


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
