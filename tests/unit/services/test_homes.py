"""Homes: created, completed, upgraded, never emptied."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from databases import run_sql

from matcher.cli.root import root
from matcher.errors import Conflict, StoreProblem
from matcher.services import homes
from matcher.services.context import Context
from matcher.store import migrate, tables
from matcher.store.database import Store


def test_an_existing_empty_folder_becomes_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    home = homes.create(tmp_path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home.root, home.photos, home.models)} == {0o700}


def test_the_settings_hold_a_password(tmp_path: Path) -> None:
    home = homes.create(tmp_path, f"sqlite:///{tmp_path}/matcher.db")
    assert stat.S_IMODE(home.settings_file.stat().st_mode) == 0o600


def test_a_creation_that_was_cut_short_is_completed(tmp_path: Path) -> None:
    for name in (".digest.key.0a1b2c", "matcher.db", "matcher.db-wal"):
        (tmp_path / name).touch()
    assert homes.create(tmp_path).exists


def test_a_path_may_hold_what_addresses_give_a_meaning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("wh?at=1 100%#", "file:home", "日本 %41"):
        home = homes.create(Path(name))
        with Context(home).store.write() as transaction:
            assert transaction.cases.list() == []
        assert (tmp_path / name / "matcher.db").stat().st_size > 0
    assert len(list(tmp_path.iterdir())) == 3


def test_a_home_that_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    homes.create(tmp_path)
    with pytest.raises(Conflict, match="already"):
        homes.create(tmp_path)


def test_the_tables_of_an_older_home_are_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = homes.create(tmp_path / "home")
    _release_with_another_table(tmp_path, monkeypatch)
    with pytest.raises(StoreProblem, match="older version: upgrade it with `matcher init`"):
        Context(home)
    with pytest.raises(Conflict):
        homes.create(home.root, "sqlite:///elsewhere.db")
    done = CliRunner().invoke(root, ["init", "--home", str(home.root)])
    assert (done.exit_code, done.output.splitlines()[0]) == (0, f"Upgraded the tables of {home.root}")
    with Context(home).store.write() as transaction:
        assert transaction.cases.list() == []
    with pytest.raises(Conflict):
        homes.create(home.root)


def _release_with_another_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newest, following = tables.REVISION, f"{int(tables.REVISION) + 1:04}"
    scripts = folder / "migrations"
    shutil.copytree(Path(tables.__file__).with_name("migrations"), scripts)
    (scripts / "versions" / f"r{following}_next.py").write_text(
        f"from alembic import op\nimport sqlalchemy as sa\nrevision = '{following}'\ndown_revision = '{newest}'\n"
        "def upgrade():\n    op.create_table('next', sa.Column('id', sa.Integer))\n"
    )
    monkeypatch.setattr(migrate, "_SCRIPTS", str(scripts))
    monkeypatch.setattr(tables, "REVISION", following)


@pytest.mark.parametrize("loss", ["file", "content", "tables"])
def test_a_lost_database_is_never_replaced_by_an_empty_one(tmp_path: Path, loss: str) -> None:
    home = homes.create(tmp_path)
    if loss == "tables":
        run_sql(f"sqlite:///{home.database}", f"DELETE FROM {tables.REVISION_TABLE}")
    else:
        home.database.unlink()
        if loss == "content":
            home.database.touch()
    for use in (lambda: homes.create(tmp_path), lambda: Context(home)):
        with pytest.raises(StoreProblem, match=r"restore it from a backup|belongs to another program"):
            use()
    assert home.database.exists() is (loss != "file")


def test_an_absent_file_is_not_made_by_asking_for_its_age(tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match="restore it from a backup"):
        Store.is_older(tmp_path / "no.db")
    assert list(tmp_path.iterdir()) == []
