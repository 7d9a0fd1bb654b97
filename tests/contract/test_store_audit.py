"""The audit chain: whatever is done to it behind the program's back is found, at the first broken entry."""

import json
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from databases import run_sql
from records import NOW, entry

from matcher.domain.records import AuditEntry
from matcher.errors import WrongUse
from matcher.store.chain import GENESIS, Break, entry_text, link, parse_entry
from matcher.store.database import Store

ENTRIES = 6


def fill(store: Store, count: int = ENTRIES) -> None:
    with store.write() as tx:
        for number in range(1, count + 1):
            tx.audit.append(entry(f"action {number}"))


def test_an_entry_comes_back_whole_with_its_place(store: Store) -> None:
    full = AuditEntry(
        at=NOW.astimezone(timezone(timedelta(hours=-5))),
        actor="Zoë",
        action="search",
        reason_code="sighting",
        note_digest="abc",
        objects=("a", "b"),
        space="space",
        snapshot="snapshot",
        probe_digests=("d1",),
        candidates=("c1", "c2"),
        details={"ü": 'quote"\n\0', "n": 3, "x": 0.1, "t": True, "none": None},
        signed_in="session",
    )
    with store.write() as tx:
        first = tx.audit.append(full, note="why")
        second = tx.audit.append(entry())
    with store.read() as reading:
        assert reading.audit.records() == [first, second]
        assert reading.audit.records(after=1) == [second]
        assert reading.audit.records(limit=1) == [first]
        report = reading.audit.verify()
    assert (first.entry, first.note, second.note) == (full, "why", None)
    assert (first.number, first.previous, second.previous) == (1, GENESIS, first.hash)
    assert (report.entries, report.intact, report.first_broken) == (2, True, None)


def test_entries_from_before_it_was_told_how_somebody_signed_in_keep_their_text() -> None:
    old = (
        '{"action":"case.add","actor":"li","at":"2026-01-02T03:04:05.000000+00:00","candidates":[],"details":{},'
        '"note_digest":null,"objects":["a"],"probe_digests":[],"reason_code":"registration","snapshot":null,"space":null}'
    )
    assert parse_entry(old).signed_in is None
    assert entry_text(parse_entry(old)) == old
    assert '"signed_in":"session"' in entry_text(replace(parse_entry(old), signed_in="session"))


def test_an_empty_chain_is_intact(store: Store) -> None:
    with store.read() as reading:
        assert reading.audit.verify().intact


def test_erasing_a_note_leaves_the_chain_intact(store: Store, database_url: str) -> None:
    with store.write() as tx:
        tx.audit.append(entry(note_digest="abc"), note="a name")
    run_sql(database_url, "DELETE FROM audit_notes")
    with store.read() as reading:
        assert reading.audit.verify().intact
        assert reading.audit.records()[0].note is None


@pytest.mark.parametrize("wrong", [{"details": {"x": float("nan")}}, {"details": {"x": object()}}, {"actor": "\ud800"}])
def test_an_entry_that_json_cannot_say_is_refused(store: Store, wrong: dict[str, object]) -> None:
    with pytest.raises(WrongUse), store.write() as tx:
        tx.audit.append(entry(**wrong))
    with pytest.raises(WrongUse, match="time zone"), store.write() as tx:
        tx.audit.append(replace(entry(), at=NOW.replace(tzinfo=None)))
    with store.read() as reading:
        assert reading.audit.verify().entries == 0


def _forged(number: int, previous: str) -> str:
    text = json.dumps({"forged": True})
    return f"{number}, '{previous}', '{link(number, previous, text)}', '{text}'"


_COLUMNS = "number, previous, hash, entry"
_SWAP = [f"UPDATE audit SET number = {new} WHERE number = {old}" for old, new in ((3, 900), (5, 3), (900, 5))]
_SHIFT = [f"UPDATE audit SET number = {number + 1} WHERE number = {number}" for number in range(ENTRIES, 3, -1)]
_TAMPERINGS = {
    "word changed": (
        ["UPDATE audit SET entry = replace(entry, 'action 3', 'x') WHERE number = 3"],
        3,
        "changed",
    ),
    "first changed": (["UPDATE audit SET entry = '{}' WHERE number = 1"], 1, "changed"),
    "link changed": (["UPDATE audit SET previous = 'x' WHERE number = 4"], 4, "changed"),
    "hash changed": (["UPDATE audit SET hash = 'x' WHERE number = 4"], 4, "changed"),
    "last removed": ([f"DELETE FROM audit WHERE number = {ENTRIES}"], ENTRIES, "removed"),
    "middle removed": (["DELETE FROM audit WHERE number = 2"], 2, "removed"),
    "all removed": (["DELETE FROM audit"], 1, "removed"),
    "two swapped": (_SWAP, 3, "reordered"),
    "neighbours swapped": (
        [f"UPDATE audit SET number = {new} WHERE number = {old}" for old, new in ((3, 900), (4, 3), (900, 4))],
        3,
        "reordered",
    ),
    "inserted between": ([*_SHIFT, f"INSERT INTO audit ({_COLUMNS}) VALUES ({_forged(4, 'f' * 64)})"], 4, "inserted"),
    "inserted before": ([f"INSERT INTO audit ({_COLUMNS}) VALUES ({_forged(0, 'f' * 64)})"], 0, "inserted"),
    "inserted far behind": ([f"INSERT INTO audit ({_COLUMNS}) VALUES ({_forged(99, 'f' * 64)})"], 7, "removed"),
    "head moved": ([f"UPDATE head SET audit_hash = '{GENESIS}'"], ENTRIES, "head mismatch"),
    "head behind": (["UPDATE head SET audit_number = 4"], 5, "inserted"),
}


@pytest.mark.parametrize("name", _TAMPERINGS)
def test_tampering_is_found_at_the_first_broken_entry(store: Store, database_url: str, name: str) -> None:
    statements, first_broken, problem = _TAMPERINGS[name]
    fill(store)
    run_sql(database_url, *statements)
    with store.read() as reading:
        report = reading.audit.verify()
    assert (report.first_broken, report.problem) == (first_broken, Break(problem))
    assert not report.intact
    assert report.entries == max(first_broken - 1, 0) or report.problem is Break.HEAD


def test_an_entry_appended_past_the_program_is_found(store: Store, database_url: str) -> None:
    fill(store)
    with store.read() as reading:
        last = reading.audit.records(after=ENTRIES - 1)[0].hash
    run_sql(database_url, f"INSERT INTO audit ({_COLUMNS}) VALUES ({_forged(ENTRIES + 1, last)})")
    with store.read() as reading:
        report = reading.audit.verify()
    assert (report.first_broken, report.problem) == (ENTRIES + 1, Break.INSERTED)


def test_an_entry_rewritten_together_with_its_hash_is_found(store: Store, database_url: str) -> None:
    fill(store)
    with store.read() as reading:
        previous = reading.audit.records(after=2)[0].previous
    number, _, digest, text = (part.strip(" '") for part in _forged(3, previous).split(", "))
    run_sql(database_url, f"UPDATE audit SET entry = '{text}', hash = '{digest}' WHERE number = {number}")
    with store.read() as reading:
        report = reading.audit.verify()
    assert (report.first_broken, report.problem) == (3, Break.CHANGED)
