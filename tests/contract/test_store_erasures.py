"""Erasing from every table, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from databases import SqliteDatabases
from public_records import card, issued, public_report
from records import NOW, SPACE, Enrolled, enrol, entry, report, vector
from reviews import account, answer, claim, decision, list_of, pair_of, verdict
from sqlalchemy import Table, create_engine, make_url, select
from sqlalchemy.engine import Engine

from matcher.domain.cases import CaseStatus, Confirmation, ConfirmationKind, StatusChange
from matcher.domain.consents import Consent, ConsentId, Giver, Scope
from matcher.domain.erasures import Because, Erasure, Subject, SubjectKind
from matcher.domain.ids import SightingId, id_text, new_id
from matcher.domain.messages import Channel, Message, MessageId, MessageState
from matcher.domain.people import Role
from matcher.domain.relations import CaseRelation, RelationKind
from matcher.domain.reports import DisputeId, PublicDispute, Relation
from matcher.domain.reviews import DecisionKind, RecusedBy, Task, TaskState
from matcher.domain.watching import WatchedPair
from matcher.store.columns import Id
from matcher.store.database import Store, Transaction
from matcher.store.tables import metadata

ENDS = (SubjectKind.CASE, SubjectKind.SIGHTING)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    url = make_url(database_url)
    made = create_engine(url if url.drivername == "sqlite" else url.set(drivername="postgresql+psycopg"))
    yield made
    made.dispose()


@dataclass
class Worked:
    """Two cases and a sighting, with a row in every table that can hold one about them."""

    gone: Enrolled
    other: Enrolled
    sighting: int
    pair: Task
    lists: Task


def worked(store: Store) -> Worked:
    ann, ben = (account(store, name, Role.REVIEWER) for name in ("ann", "ben"))
    account(store, "chen", Role.OFFICER)
    with store.write() as tx:
        gone, other = enrol(tx, "A-1", 1), enrol(tx, "A-2", 2)
        first, second = sorted((gone.case.id, other.case.id))
        tx.relations.put(CaseRelation(first=first, second=second, kind=RelationKind.SIBLING, actor="x", at=NOW))
        tx.cases.add_status_change(
            StatusChange(
                case_id=gone.case.id, old=CaseStatus.OPEN, new=CaseStatus.LOCATED_ALIVE, actor="x", reason="home",
                confirmation=Confirmation(ConfirmationKind.POLICE, "77"), at=NOW,
            )
        )  # fmt: skip
        tx.consents.add(
            Consent(
                id=ConsentId(new_id()), case_id=gone.case.id, giver=Giver.GUARDIAN, scopes=(Scope.SEARCH,),
                given_at=NOW, recorded_by="x", recorded_at=NOW,
            )
        )  # fmt: skip
        seen, probe = report(tx)
        tx.spaces.note_not_found([gone.face.id, probe.id], "another", NOW)
        tx.audit.append(entry(objects=(id_text(gone.case.id),)), "about the first case")
        tx.audit.append(entry(objects=(id_text(other.case.id),)), "about the second case")
        tx.audit.append(entry(objects=(id_text(seen.id),)), "about the sighting")
        lists, found = list_of(tx, seen, probe, [gone, other])
        tx.watching.begin(SPACE)
        tx.watching.wait([probe.id], SPACE)
        tx.watching.found([WatchedPair(found[0].id, gone.case.id, seen.id)], SPACE)
        pair = pair_of(tx, found[0], state=TaskState.ESCALATED)
        pair_of(tx, found[1])
        _answers(tx, (lists, pair), found, (ann, ben))
        told = tx.notices.tell(Role.OFFICER, "escalated", pair.id, NOW)
        tx.outbox.add(
            Message(
                id=MessageId(number), channel=Channel.EMAIL, kind="pair.escalated", about=about, person_id=told[0],
                created_at=NOW, due_at=NOW,
            )
            for number, about in ((1, pair.id), (2, 12345))
        )  # fmt: skip
        _public(tx, gone, seen.id)
        for actor in ("ann", "ben"):
            tx.recusals.from_cases(actor, [gone.case.id, other.case.id], RecusedBy.CASE, NOW)
            tx.recusals.from_sightings(actor, [seen.id], RecusedBy.SIGHTING, NOW)
    return Worked(gone, other, seen.id, pair, lists)


def _public(tx: Transaction, gone: Enrolled, sighting: SightingId) -> None:
    """A card with an alert, a report on it, and somebody who disputes it."""
    shown = card(gone)
    tx.cards.add(shown)
    issued(tx, shown)
    public_report(tx, sighting_id=sighting, about=gone.case.id)
    (photo,) = tx.photos.of_sighting(sighting)
    tx.reports.note_likenesses({photo.id: 7}, NOW)
    tx.reports.add_dispute(
        PublicDispute(
            id=DisputeId(new_id()), case_id=gone.case.id, relation=Relation.SELF, contact=b"c", note=b"n", receipt="d",
            received_at=NOW,
        )
    )  # fmt: skip


def _answers(tx: Transaction, tasks: tuple[Task, Task], found: list[Any], people: tuple[Any, Any]) -> None:
    (lists, pair), (ann, ben) = tasks, people
    sealed, held, judged, control = (
        claim(lists, ann.id, released_at=NOW),
        claim(lists, ben.id, draft={"shown": [one.id for one in found], "picks": []}),
        claim(pair, ann.id, released_at=NOW),
        claim(pair, ben.id, instead_of=pair.id, released_at=NOW),
    )
    for one in (sealed, held, judged, control):
        tx.claims.add(one)
    tx.verdicts.add_answer(answer(sealed, [found[0].id], [one.id for one in found]))
    said = verdict(ann.id, claim_id=judged.id, task_id=pair.id, candidate_id=found[0].id, note="the chin")
    tx.verdicts.add(said)
    tx.verdicts.add(replace(said, id=said.id + 1, revises=said.id))
    tx.verdicts.decide([decision(DecisionKind.ESCALATED, task_id=pair.id, note="look")])


def named(engine: Engine, table: Table) -> set[int]:
    """All numbers that a table holds where ids may be, lists in JSON among them."""
    found: set[int] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            for one in value.values():
                look(one)
        elif isinstance(value, list):
            for one in value:
                look(one)
        elif isinstance(value, int):
            found.add(value)

    with engine.connect() as connection:
        for row in connection.execute(select(table)):
            for value in row:
                look(value)
    return found


def about_people() -> set[str]:
    """The tables that name a case or a sighting, or what belongs to one."""
    found = {"cases", "sightings"}
    while True:
        more = {
            table.name
            for table in metadata.tables.values()
            if any(key.column.table.name in found for key in table.foreign_keys)
        }
        if more <= found:
            return found
        found |= more


@pytest.mark.parametrize("kind", ENDS)
def test_no_table_names_what_was_erased(store: Store, engine: Engine, kind: SubjectKind) -> None:
    made = worked(store)
    subject = Subject(kind, made.gone.case.id if kind is SubjectKind.CASE else made.sighting)
    # What was told of an alert keeps the alert's random id, so that its end can be told; its content is emptied.
    kept = {"erasures", "gallery_changes", "bulletins"}
    tables = [table for table in metadata.sorted_tables if table.name not in kept]
    with store.read() as reading:
        ids, faces = reading.erasures.ids_of(subject), reading.erasures.faces_of(subject)
    before = {table.name for table in tables if named(engine, table) & ids}
    others = {"sightings", "idempotency_keys", "sighting_recusals", "unwatched_faces", "likenesses"}
    if kind is SubjectKind.SIGHTING:
        others = {"cases", "case_relations", "consents", "status_changes", "case_recusals", "gallery_members"}
        others |= {"cards", "alerts", "public_disputes"}
    # Whoever adds a table about cases or sightings is told here to erase from it, and to fill it above.
    expected = about_people() | {"outbox", "watched_pairs", "unwatched_faces"}
    assert before >= expected - others - {"idempotency_keys"}
    with store.write() as tx:
        tx.gallery.remove(faces)
        removed = tx.erasures.remove(subject, NOW)
        notes = tx.audit.forget_notes({id_text(one) for one in ids})
    assert {table.name for table in tables if named(engine, table) & ids} == set()
    assert removed["verdicts"] == 2
    assert notes == 1
    with store.read() as reading:
        assert {one.note for one in reading.audit.records()} >= {"about the second case", None}
        assert reading.audit.verify().intact
        assert [one.id for one in reading.outbox.list(list(MessageState))] == [2]
        assert reading.erasures.is_there(subject) is False
        assert reading.remains.naming(subject.id) == {}
        assert not set(reading.remains.face_ids()) & set(faces) - {
            change.face_id for change in reading.gallery.changes(SPACE, 0)
        }


def test_what_is_of_others_stays(store: Store) -> None:
    made = worked(store)
    with store.write() as tx:
        tx.gallery.remove([made.gone.face.id])
        tx.erasures.remove(Subject(SubjectKind.CASE, made.gone.case.id), NOW + timedelta(minutes=1))
    with store.read() as reading:
        assert reading.cases.get("A-2") is not None
        assert reading.faces.vectors([made.other.face.id], SPACE).keys() == {made.other.face.id}
        assert [change.row is None for change in reading.gallery.changes(SPACE, 0)] == [True, False, True]
        (left,) = reading.candidates.of_sighting(made.sighting)
        assert left.case_id == made.other.case.id
        (sealed,) = reading.verdicts.answers(made.lists.id, 1)
        assert (sealed.picks, sealed.shown) == ((), (left.id,))
        assert reading.claims.count_live(NOW) == 0, "the list that was being worked on is given back"
        assert {task.case_id for task in reading.tasks.of_sighting(made.sighting)} == {None, made.other.case.id}


def test_a_sighting_goes_with_the_key_it_was_handed_in_under(store: Store) -> None:
    from records import sighting

    new = sighting()
    with store.write() as tx:
        tx.sightings.add(new, ("key", "digest"))
        removed = tx.erasures.remove(Subject(SubjectKind.SIGHTING, new.id), NOW)
        assert removed == {"idempotency_keys": 1, "sightings": 1}
        assert tx.sightings.by_idempotency_key("key") is None


def test_remains_are_found_in_rows(store: Store) -> None:
    made = worked(store)
    with store.read() as reading:
        found = reading.remains.naming(made.gone.case.id)
        assert {"cases.id", "photos.case_id", "candidates.case_id", "tasks.case_id"} <= set(found)
        assert reading.remains.naming(12) == {}
        vectors = dict(reading.remains.vectors())
        assert set(vectors) == set(reading.remains.face_ids())
        assert vectors[made.gone.face.id].tolist() == vector(1).tolist()
        assert len(list(reading.remains.photo_digests())) == 3
    ids = [column for table in metadata.tables.values() for column in table.c if isinstance(column.type, Id)]
    assert ids, "the search goes by the type of a column"


def test_tombstones_come_back_as_they_were(store: Store) -> None:
    made = Erasure(
        id=5, kind=SubjectKind.CASE, at=NOW, because=Because.REQUEST, change=3, removed={"photos": 2},
        vectors=("a",), pictures=("b", "c"), faces=("d",),
    )  # fmt: skip
    with store.write() as tx:
        tx.erasures.add(made)
        tx.erasures.add(made)
    with store.write() as tx:
        assert tx.erasures.get(5) == made
        assert tx.erasures.all() == tx.erasures.pending() == [made]
        tx.erasures.note_gone(5, files_gone_at=NOW, pages_gone_at=NOW)
        assert len(tx.erasures.pending()) == 1
        tx.erasures.note_gone(5, snapshots_gone_at=NOW + timedelta(1))
        assert tx.erasures.pending() == []
        done = tx.erasures.get(5)
        assert done is not None
        assert done.proved_at == NOW + timedelta(1)


def test_pages_are_given_up_only_while_nobody_reads(store: Store, databases: SqliteDatabases) -> None:
    made = worked(store)
    with store.read() as reading:
        reading.cases.list()
        with store.write() as tx:
            tx.gallery.remove([made.gone.face.id])
            tx.erasures.remove(Subject(SubjectKind.CASE, made.gone.case.id), NOW)
        assert not store.purge()
    assert store.purge()
    with store.write() as tx:
        assert tx.cases.get("A-2") is not None
        enrol(tx, "A-9")


def test_copies_that_trees_leave_behind_are_gone_after_a_purge(sqlite_databases: SqliteDatabases) -> None:
    """What `secure_delete` alone does not reach: balanced pages keep copies of rows that were on them."""
    with sqlite_databases.fresh() as url, Store.open(url) as store:
        assert store.file is not None
        cases = []
        for group in range(20):
            with store.write() as tx:
                cases += [enrol(tx, f"A-{group:02}-{number:02}", group * 50 + number) for number in range(50)]
        gone = cases[::5]
        for one in gone:
            with store.write() as tx:
                tx.gallery.remove([one.face.id])
                tx.erasures.remove(Subject(SubjectKind.CASE, one.case.id), NOW)
        with store.write() as tx:
            tx.gallery.trim(tx.gallery.counter())
        assert store.purge()
        content = store.file.read_bytes()
        ids = [number.to_bytes(8, "big") for one in gone for number in (one.case.id, one.photo.id, one.face.id)]
        assert [number for number in ids if number in content] == []
        assert store.file.with_name(f"{store.file.name}-wal").stat().st_size == 0
