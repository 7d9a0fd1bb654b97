"""Embedding spaces on both databases: what they are, what they lack, and their end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from records import NOW, SPACE, Enrolled, candidate, enrol, face, report, vector
from reviews import pair_of
from sqlalchemy import delete

from matcher.domain.cases import CaseStatus
from matcher.domain.ids import FaceId, new_id
from matcher.domain.reviews import TaskKind, TaskState
from matcher.domain.space import Coverage, KnownSpace, SpacePart, SpaceState
from matcher.errors import Conflict
from matcher.store.database import Reading, Store, Transaction
from matcher.store.tables import faces

NEW = "other_none_none_plain_8_cosine"


def known(name: str, state: SpaceState, hours: int = 0) -> KnownSpace:
    return KnownSpace(name, f"a+{name}", state, NOW + timedelta(hours=hours))


def test_of_each_state_but_old_there_is_one(store: Store) -> None:
    with store.write() as tx:
        for hours, name in enumerate("abc"):
            tx.spaces.put(known(name, SpaceState.SHADOW, hours))
        tx.spaces.put(known("d", SpaceState.LIVE, 3))
        tx.spaces.put(known("c", SpaceState.LIVE, 4))
    with store.read() as reading:
        assert reading.spaces.all() == [
            known("c", SpaceState.LIVE, 4),
            known("d", SpaceState.OLD, 4),
            known("b", SpaceState.OLD, 2),
            known("a", SpaceState.OLD, 1),
        ]
        assert reading.spaces.in_state(SpaceState.LIVE) == known("c", SpaceState.LIVE, 4)
        assert reading.spaces.in_state(SpaceState.SHADOW) is None


def untried(reading: Reading, part: SpacePart, space: str = NEW) -> set[FaceId]:
    return {face_id for _, face_id in reading.spaces.untried(space, part, 100)}


def closed(tx: Transaction, one: Enrolled) -> None:
    tx.cases.update(type(one.case)(**{**_fields(one.case), "status": CaseStatus.LOCATED_ALIVE}))
    tx.gallery.remove([one.face.id])


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}  # type: ignore[attr-defined]


def test_open_cases_lack_their_chosen_faces_only(store: Store) -> None:
    with store.write() as tx:
        first, second, ended = (enrol(tx, f"A-{number}", number) for number in range(3))
        tx.faces.add([face(first.photo.id, number=2, choice=None)], {}, SPACE)
        closed(tx, ended)
        tx.faces.put_vectors({second.face.id: vector(7)}, NEW)
    with store.read() as reading:
        assert untried(reading, SpacePart.CASES) == {first.face.id}
        assert untried(reading, SpacePart.CASES, SPACE) == set()
        assert reading.spaces.coverage(NEW, SpacePart.CASES) == Coverage(of=2, embedded=1, not_found=0)
        assert reading.spaces.sizes() == {SPACE: 3, NEW: 1}


def test_faces_that_were_not_found_are_not_tried_again(store: Store) -> None:
    with store.write() as tx:
        first, second = enrol(tx, "A-1"), enrol(tx, "A-2", 2)
        tx.spaces.note_not_found([first.face.id], NEW, NOW)
        tx.spaces.note_not_found([first.face.id, first.face.id], NEW, NOW)
        assert untried(tx, SpacePart.CASES) == {second.face.id}
        assert tx.spaces.not_found(NEW) == {first.face.id}
        assert tx.spaces.not_found(SPACE) == frozenset()
        found = tx.spaces.coverage(NEW, SpacePart.CASES)
        assert (found, found.left) == (Coverage(of=2, embedded=0, not_found=1), 1)
        tx.faces.put_vectors({first.face.id: vector(1)}, NEW)  # later it was found after all
        assert tx.spaces.coverage(NEW, SpacePart.CASES) == Coverage(of=2, embedded=1, not_found=0)


def test_untried_faces_come_in_parts(store: Store) -> None:
    with store.write() as tx:
        wanted = {enrol(tx, f"A-{number}", number).face.id for number in range(5)}
        first = tx.spaces.untried(NEW, SpacePart.CASES, 3)
        rest = tx.spaces.untried(NEW, SpacePart.CASES, 3, first[-1])
        assert (len(first), len(rest)) == (3, 2)
        assert {face_id for _, face_id in [*first, *rest]} == wanted
        assert [*first, *rest] == sorted([*first, *rest])
        assert tx.spaces.untried(NEW, SpacePart.CASES, 3, rest[-1]) == []


def test_sightings_that_are_resolved_or_let_go_are_left_out(store: Store) -> None:
    with store.write() as tx:
        one = enrol(tx, "A-1")
        (seen, confirmed), (_, gone), (_, open_face) = (report(tx) for _ in range(3))
        asked = candidate(confirmed, seen, one)
        tx.candidates.add([asked])
        pair_of(tx, asked, state=TaskState.CONFIRMED)
        tx.faces.forget_vectors([gone.id])
        assert untried(tx, SpacePart.SIGHTINGS) == {open_face.id}


def test_judged_pairs_want_both_sides_even_of_a_closed_case(store: Store) -> None:
    with store.write() as tx:
        cases = [enrol(tx, f"A-{number}", number) for number in range(4)]
        located, open_one, ended, undecided = cases
        probes = []
        states = (TaskState.CONFIRMED, TaskState.EXCLUDED, TaskState.EXCLUDED, TaskState.WAITING)
        for one, state in zip(cases, states, strict=True):
            seen, probe = report(tx)
            asked = candidate(probe, seen, one)
            tx.candidates.add([asked])
            pair_of(tx, asked, state=state)
            probes.append(probe.id)
        closed(tx, located)
        closed(tx, ended)
        wanted = {located.face.id, probes[0], open_one.face.id, probes[1]}
        assert untried(tx, SpacePart.JUDGED) == wanted
        assert untried(tx, SpacePart.SIGHTINGS) == set(probes[1:])
        assert undecided.face.id not in wanted
        assert tx.tasks.standing(TaskState.CONFIRMED, TaskKind.PAIR)[0].case_id == located.case.id


def test_a_space_is_forgotten_and_the_others_stay(store: Store) -> None:
    with store.write() as tx:
        one, lost = enrol(tx, "A-1"), enrol(tx, "A-2", 2)
        tx.faces.put_vectors({one.face.id: vector(3)}, NEW)
        tx.gallery.add(one.face.id, one.case.id, NEW)
        tx.spaces.note_not_found([lost.face.id], NEW, NOW)
        tx.spaces.put(known(NEW, SpaceState.OLD))
        before = tx.gallery.counter()
    with pytest.raises(Conflict), store.write() as tx:
        tx.spaces.forget_vectors([one.face.id], NEW)
    with store.write() as tx:
        assert tx.spaces.embedded(NEW, 10) == [one.face.id]
        assert tx.gallery.remove([one.face.id, lost.face.id], NEW) == 1
        tx.spaces.forget_vectors([one.face.id], NEW)
        tx.spaces.forget(NEW)
    with store.read() as reading:
        assert reading.spaces.sizes() == {SPACE: 2}
        assert (reading.spaces.all(), reading.spaces.not_found(NEW)) == ([], frozenset())
        assert [change.row for change in reading.gallery.changes(NEW, before)] == [None], "old searchers are told"
        assert reading.gallery.count(SPACE) == 2


def test_what_was_not_found_goes_with_its_face(store: Store) -> None:
    with store.write() as tx:
        seen = report(tx)[1]
        tx.spaces.note_not_found([seen.id], NEW, NOW)
        tx.faces.forget_vectors([seen.id])
        tx.faces._connection.execute(delete(faces).where(faces.c.id == seen.id))
        assert tx.spaces.not_found(NEW) == frozenset()
    with pytest.raises(Conflict), store.write() as tx:
        tx.spaces.note_not_found([FaceId(new_id())], NEW, NOW)
