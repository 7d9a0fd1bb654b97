"""A shortened audit chain: it goes on from a checkpoint that is trusted, and from nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from databases import run_sql
from records import NOW, entry

from matcher.errors import Conflict, Damaged
from matcher.store.chain import Break, Checkpoint, checkpoint_text
from matcher.store.database import Store


def fill(store: Store, count: int) -> None:
    with store.write() as tx:
        for number in range(count):
            tx.audit.append(entry(at=NOW + timedelta(days=number), note_digest=f"note {number}"), note=f"note {number}")


def checkpoint(store: Store, number: int, first: int = 1, **changes: object) -> Checkpoint:
    with store.read() as reading:
        digest = reading.audit.hash_of(number)
    values = {
        "number": number,
        "hash": digest,
        "count": number - first + 1,
        "first_at": NOW,
        "last_at": NOW + timedelta(days=number - 1),
        "made_at": NOW,
        "public": "key",
        "signature": "signed",
    }
    return Checkpoint(**{**values, **changes})


def signed(one: Checkpoint) -> bool:
    return one.signature == "signed"


def shorten(store: Store, number: int, first: int = 1) -> Checkpoint:
    made = checkpoint(store, number, first)
    with store.write() as tx:
        tx.audit.shorten(made)
    return made


def test_a_shortened_chain_goes_on_from_its_checkpoint(store: Store) -> None:
    fill(store, 5)
    made = shorten(store, 3)
    fill(store, 1)
    with store.read() as reading:
        report = reading.audit.verify(signed)
        assert reading.audit.checkpoint() == made
        assert [one.number for one in reading.audit.records()] == [4, 5, 6]
        assert (reading.audit.hash_of(3), reading.audit.hash_of(2)) == (made.hash, None)
    assert (report.entries, report.removed, report.problem) == (3, 3, None)


def test_it_can_be_shortened_again_and_again(store: Store) -> None:
    fill(store, 6)
    first, second = shorten(store, 2), shorten(store, 5, first=3)
    with store.read() as reading:
        assert reading.audit.checkpoints() == [first, second]
        report = reading.audit.verify(signed)
    assert (report.entries, report.removed, report.problem) == (1, 5, None)


def test_no_checkpoint_is_believed_without_a_key(store: Store) -> None:
    fill(store, 3)
    shorten(store, 2)
    with store.read() as reading:
        report = reading.audit.verify()
    assert (report.first_broken, report.problem) == (2, Break.CHECKPOINT)


def test_the_notes_of_removed_entries_go_with_them(store: Store) -> None:
    fill(store, 3)
    shorten(store, 2)
    with store.read() as reading:
        assert [one.note for one in reading.audit.stream()] == ["note 2"]


@pytest.mark.parametrize("wrong", [{"hash": "0" * 64}, {"count": 1}, {"number": 9, "count": 9}])
def test_a_checkpoint_that_is_not_of_this_chain_removes_nothing(store: Store, wrong: dict[str, object]) -> None:
    fill(store, 3)
    with pytest.raises(Conflict), store.write() as tx:
        tx.audit.shorten(replace(checkpoint(store, 2), **wrong))
    with store.read() as reading:
        assert (reading.audit.verify().entries, reading.audit.checkpoint()) == (3, None)


_TAMPERINGS = {
    "checkpoint removed": ("DELETE FROM audit_checkpoints", 1, Break.REMOVED),
    "checkpoint of another hash": ("UPDATE audit_checkpoints SET hash = 'x'", 3, Break.CHANGED),
    "next entry removed": ("DELETE FROM audit WHERE number = 4", 4, Break.REMOVED),
    "old entry put back": ("INSERT INTO audit VALUES (3, 'a', 'b', '{}')", 3, Break.INSERTED),
    "all that is left removed": ("DELETE FROM audit", 4, Break.REMOVED),
}


@pytest.mark.parametrize("name", _TAMPERINGS)
def test_tampering_with_a_shortened_chain_is_found(store: Store, database_url: str, name: str) -> None:
    statement, first_broken, problem = _TAMPERINGS[name]
    fill(store, 6)
    shorten(store, 3)
    run_sql(database_url, "DELETE FROM audit_notes", statement)
    with store.read() as reading:
        report = reading.audit.verify(signed)
    assert (report.first_broken, report.problem) == (first_broken, problem)


def test_what_a_checkpoint_says_is_under_its_signature_whole(store: Store) -> None:
    fill(store, 3)
    one = checkpoint(store, 2)
    later = timedelta(seconds=1)
    others = [
        replace(one, number=3),
        replace(one, hash="x"),
        replace(one, count=1),
        replace(one, first_at=NOW + later),
        replace(one, last_at=NOW - later),
        replace(one, made_at=NOW + later),
    ]
    assert len({checkpoint_text(each) for each in [one, *others]}) == 7
    assert checkpoint_text(replace(one, signature="other", public="other")) == checkpoint_text(one)
    shorten(store, 2)
    with store.read() as reading:
        assert [checkpoint_text(kept) for kept in reading.audit.checkpoints()] == [checkpoint_text(one)]


def test_a_changed_note_is_found_and_an_erased_one_is_fine(store: Store, database_url: str) -> None:
    fill(store, 3)
    run_sql(database_url, "DELETE FROM audit_notes WHERE number = 1")
    with store.read() as reading:
        assert reading.audit.verify(note_digest=str).intact
    run_sql(database_url, "UPDATE audit_notes SET note = 'other words' WHERE number = 2")
    with store.read() as reading:
        report = reading.audit.verify(note_digest=str)
    assert (report.entries, report.first_broken, report.problem) == (1, 2, Break.NOTE)


def test_an_entry_that_cannot_be_read_is_named(store: Store, database_url: str) -> None:
    fill(store, 2)
    run_sql(database_url, "UPDATE audit SET entry = '{}' WHERE number = 2")
    with store.read() as reading:
        with pytest.raises(Damaged, match="entry 2"):
            list(reading.audit.stream())
        with pytest.raises(Damaged, match="entry 2"):
            list(reading.audit.lines(lambda at: True))
        assert len(list(reading.audit.lines())) == 2
