"""Whatever is done to the rows of the audit log behind the program's back, the check names the first that differs."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from records import entry

from matcher.store.chain import link
from matcher.store.database import Store

ENTRIES = 7
Row = tuple[int, str, str, str]  # number, previous, hash, entry
numbers = st.integers(1, ENTRIES)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("chain") / "whole.db"
    with Store.create(file) as store, store.write() as tx:
        for number in range(ENTRIES):
            tx.audit.append(entry(f"action {number}", details={"number": number}))
    return file


def rows(connection: sqlite3.Connection) -> list[Row]:
    return connection.execute("SELECT number, previous, hash, entry FROM audit ORDER BY number").fetchall()


@st.composite
def tamperings(draw: st.DrawFn) -> tuple[str, tuple[int, ...], int]:
    """A kind of tampering, the numbers of the entries that it is done to, and a number for whatever else it needs."""
    kind = draw(st.sampled_from(["change", "remove", "cut", "insert", "swap", "forge", "relink", "copy"]))
    return kind, tuple(draw(st.lists(numbers, min_size=2, max_size=2, unique=True))), draw(st.integers(0, 999))


def tamper(kept: list[Row], kind: str, chosen: tuple[int, ...], seed: int) -> list[Row]:
    """The rows after a tampering; all of it may be done, chains and hashes computed anew too."""
    found = {row[0]: row for row in kept}
    one, other = chosen
    if one not in found or other not in found:
        return kept
    number, previous, digest, text = found[one]
    forged = json.dumps({"forged": seed})
    if kind == "change":
        place = seed % len(text)
        changed = text[:place] + ("y" if text[place] == "x" else "x") + text[place + 1 :]
        found[one] = number, previous, digest, changed
    elif kind == "remove":
        del found[one]
    elif kind == "cut":
        found = {key: row for key, row in found.items() if key < one}
    elif kind == "insert":
        found = {key + (key >= one): (key + (key >= one), *row[1:]) for key, row in found.items()}
        found[one] = one, f"{seed + 1:064}", link(one, f"{seed + 1:064}", forged), forged
    elif kind == "swap":
        found[one], found[other] = (one, *found[other][1:]), (other, *found[one][1:])
    elif kind == "forge":  # whole in itself, and with the hash that it should have
        found[one] = number, previous, link(number, previous, forged), forged
    elif kind == "relink":
        found[one] = number, f"{seed + 1:064}", link(number, f"{seed + 1:064}", text), text
    else:  # another entry's words under an own hash
        found[one] = number, previous, link(number, previous, found[other][3]), found[other][3]
    return [found[key] for key in sorted(found)]


def first_difference(before: list[Row], after: list[Row]) -> int | None:
    there, now = {row[0]: row for row in before}, {row[0]: row for row in after}
    return min((number for number in there.keys() | now.keys() if there.get(number) != now.get(number)), default=None)


def report_of(whole: Path, folder: Path, after: list[Row]):
    file = folder / "tampered.db"
    shutil.copy(whole, file)
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM audit")
        connection.executemany("INSERT INTO audit (number, previous, hash, entry) VALUES (?, ?, ?, ?)", after)
    connection.close()
    with Store.open(file) as store, store.read() as reading:
        return reading.audit.verify()


FEW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def original(whole: Path) -> list[Row]:
    with sqlite3.connect(whole) as connection:
        found = rows(connection)
    connection.close()
    return found


@FEW
@given(tampering=tamperings())
def test_one_tampering_is_named_at_the_first_entry_that_differs(
    whole: Path, tmp_path: Path, tampering: tuple[str, tuple[int, ...], int]
) -> None:
    before = original(whole)
    after = tamper(before, *tampering)
    report = report_of(whole, tmp_path, after)
    assert report.first_broken == first_difference(before, after)
    assert not report.intact


@FEW
@given(several=st.lists(tamperings(), min_size=2, max_size=4))
def test_several_together_are_never_missed(
    whole: Path, tmp_path: Path, several: list[tuple[str, tuple[int, ...], int]]
) -> None:
    before = after = original(whole)
    for one in several:
        changed = tamper(after, *one)
        # The database itself refuses two entries that follow on, or are hashed as, the same one.
        if all(len({row[column] for row in changed}) == len(changed) for column in (1, 2)):
            after = changed
    report = report_of(whole, tmp_path, after)
    assert report.intact == (after == before)
