"""Queries that must not slow down as the records grow: each is answered in order by an index."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from records import SPACE, enrol, report
from sqlalchemy import event

from matcher.domain.cases import CaseStatus
from matcher.store.database import Store, Transaction

QUERIES: dict[str, Callable[[Transaction], object]] = {
    "changes": lambda tx: tx.gallery.changes(SPACE, 1),
    "rows": lambda tx: list(tx.gallery.rows(SPACE)),
    "removal": lambda tx: tx.gallery.remove([1, 2]),
    "candidates of a sighting": lambda tx: tx.candidates.of_sighting(5),
    "case by number": lambda tx: tx.cases.get("A-1"),
    "cases": lambda tx: tx.cases.list(after="A", limit=50),
    "cases in a status": lambda tx: tx.cases.list(CaseStatus.OPEN, after="A", limit=50),
    "sightings": lambda tx: tx.sightings.list(after=5, limit=50),
    "sightings for triage": lambda tx: tx.sightings.list(needs_triage=True, limit=50),
    "duplicates": lambda tx: tx.photos.with_digest("x"),
    "photos of cases": lambda tx: tx.photos.of_cases([1, 2]),
    "faces of photos": lambda tx: tx.faces.of_photos([1, 2]),
    "vectors": lambda tx: tx.faces.vectors([1, 2], SPACE),
    "audit entries": lambda tx: tx.audit.records(after=5, limit=50),
}
# Sorting the few rows of one owner or one digest is no scan of the table.
SORTS_A_FEW = {"candidates of a sighting", "duplicates", "photos of cases"}


@pytest.fixture
def transaction(tmp_path: Path) -> Iterator[tuple[Store, Transaction]]:
    with Store.create(f"sqlite:///{tmp_path}/matcher.db") as store, store.write() as tx:
        enrol(tx, "A-1")
        report(tx)
        yield store, tx


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_scans_a_table(transaction: tuple[Store, Transaction], name: str) -> None:
    store, tx = transaction
    said: list[tuple[str, object]] = []
    event.listen(store._engine, "before_cursor_execute", lambda *call: said.append((call[2], call[3])))
    QUERIES[name](tx)
    plans = [
        row[3]
        for statement, parameters in list(said)
        if statement.startswith(("SELECT", "DELETE"))
        for row in tx.cases._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
    assert plans
    assert not [step for step in plans if step.startswith("SCAN") and "INDEX" not in step]
    assert name in SORTS_A_FEW or not [step for step in plans if "TEMP B-TREE" in step]
