"""Copies of the whole database: of one moment, checked, and filled into either kind again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from databases import PostgresDatabases, SqliteDatabases, run_sql
from records import SPACE, candidate, case, enrol, entry, report
from sqlalchemy import select

from matcher.errors import Damaged, MatcherError, StoreProblem
from matcher.store import tables
from matcher.store.database import Store

Databases = SqliteDatabases | PostgresDatabases


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, as the program reads them."""
    with store._connected(store._reader) as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in tables.metadata.sorted_tables
        }


def fill(store: Store, count: int = 5) -> None:
    with store.write() as tx:
        children = [enrol(tx, f"A-{number}", number) for number in range(count)]
        of, probe = report(tx)
        tx.candidates.add([candidate(probe, of, child, rank=rank + 1) for rank, child in enumerate(children)])
        tx.gallery.remove([children[0].face.id])
        tx.audit.append(entry(), note="why")


def test_a_copy_holds_every_row_and_can_be_read_without_a_trace(store: Store, tmp_path: Path) -> None:
    fill(store)
    file = tmp_path / "copy" / "matcher.db"
    file.parent.mkdir()
    store.copy_to(file)
    before = file.read_bytes()
    with Store.open_copy(file) as copy:
        assert everything(copy) == everything(store)
        assert copy.check() == []
        with copy.read() as reading:
            assert reading.audit.verify().problem is None
        with pytest.raises(MatcherError), copy.write() as tx:
            tx.cases.add(case("never"))
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["matcher.db"]
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_either_database_can_be_filled_from_a_copy(
    store: Store, request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    fill(store)
    store.copy_to(tmp_path / "copy.db")
    name = "sqlite_databases" if kind == "sqlite" else "postgres_databases"
    with request.getfixturevalue(name).fresh(empty=True) as url, Store.create(url) as other:
        assert other.is_empty
        with Store.open_copy(tmp_path / "copy.db") as copy:
            for _ in range(2):  # what was filled before is replaced
                other.fill_from(copy)
                assert everything(other) == everything(store)
                assert not other.is_empty
        with other.write() as tx:  # the chain goes on
            tx.audit.append(entry("after"))
            assert tx.audit.verify().problem is None


def test_a_copy_that_is_cut_short_fills_nothing(store: Store, tmp_path: Path) -> None:
    fill(store)
    store.copy_to(tmp_path / "copy.db")
    with store.write() as tx:
        enrol(tx, "B-1", 9)
    before = everything(store)
    run_sql(f"sqlite:///{tmp_path}/copy.db", "UPDATE head SET audit_hash = 'x'", "DELETE FROM gallery_members")
    run_sql(f"sqlite:///{tmp_path}/copy.db", "INSERT INTO embeddings VALUES (1, 'none', x'00')")
    with Store.open_copy(tmp_path / "copy.db") as copy, pytest.raises(MatcherError):
        store.fill_from(copy)
    assert everything(store) == before


def test_a_copy_is_of_one_moment_while_others_write(store: Store, database_url: str, tmp_path: Path) -> None:
    stop = threading.Event()

    def write(writer: int) -> None:
        with Store.open(database_url) as own:
            turn = 0
            while not stop.is_set():
                with own.write() as tx:
                    enrol(tx, f"{writer}-{turn}", turn)
                    tx.audit.append(entry(details={"turn": turn}))
                turn += 1

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    counts = []
    try:
        for number in range(4):
            store.copy_to(tmp_path / f"{number}.db")
            with Store.open_copy(tmp_path / f"{number}.db") as copy, copy.read() as reading:
                assert copy.check() == []
                chain = reading.audit.verify()
                assert chain.problem is None
                count = len(reading.cases.list())
                assert count == chain.entries == reading.gallery.counter() == reading.gallery.count(SPACE)
                counts.append(count)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert counts == sorted(counts)
    assert counts[-1] > counts[0], "the writers went on meanwhile"


def test_what_was_deleted_lies_in_no_copy(tmp_path: Path) -> None:
    """Even where a program without `secure_delete` deleted it."""
    with Store.create(tmp_path / "matcher.db") as store:
        with store.write() as tx:
            tx.cases.add(case("A-1", **{}))
            tx.audit.append(entry(), note="unmistakable words " * 500)
        with sqlite3.connect(tmp_path / "matcher.db") as raw:
            raw.execute("PRAGMA secure_delete=OFF")
            raw.execute("DELETE FROM audit_notes")
        raw.close()
        store.copy_to(tmp_path / "copy.db")
        assert b"unmistakable" in (tmp_path / "matcher.db").read_bytes() + (tmp_path / "matcher.db-wal").read_bytes()
    assert b"unmistakable" not in (tmp_path / "copy.db").read_bytes()


PAGE = 4096


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"\xff" * 20 + whole[20:],
        lambda whole: whole[:PAGE] + bytes(3 * PAGE) + whole[4 * PAGE :],
    ],
    ids=["truncated", "header", "pages"],
)
def test_a_damaged_file_is_named_or_its_problems_are_listed(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    file = tmp_path / "matcher.db"
    with Store.create(file) as store:
        fill(store, 200)
    file.write_bytes(damage(file.read_bytes()))
    try:
        with Store.open(file) as store:
            assert store.check() != []
    except Damaged as error:
        assert str(file) in str(error)
        assert "`matcher restore`" in str(error)


def test_lost_references_are_told_by_table(tmp_path: Path) -> None:
    with Store.create(tmp_path / "matcher.db") as store:
        fill(store)
        run_sql(f"sqlite:///{tmp_path}/matcher.db", "PRAGMA foreign_keys=OFF", "DELETE FROM cases WHERE number = 'A-1'")
        told = store.check()
    assert "1 rows of 'photos' refer to none in 'cases'" in told


def test_a_copy_to_nowhere_is_refused_with_its_name(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match="no/copy.db"):
        store.copy_to(tmp_path / "no" / "copy.db")
