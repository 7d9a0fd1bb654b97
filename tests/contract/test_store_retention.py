"""What may go, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from records import NOW, SPACE, enrol, face, photo, report, vector
from reviews import list_of, pair_of

from matcher.domain.cases import CaseStatus, StatusChange
from matcher.domain.ids import CaseId
from matcher.domain.records import Choice
from matcher.domain.reviews import TaskState
from matcher.store.database import Store, Transaction

DAY = timedelta(days=1)
LATER = NOW + DAY


def moved(tx: Transaction, case_id: CaseId, *moves: tuple[CaseStatus, int]) -> None:
    """Statuses of a case, each with the day on which it came."""
    old = CaseStatus.OPEN
    for new, day in moves:
        tx.cases.add_status_change(
            StatusChange(
                case_id=case_id, old=old, new=new, confirmation=None, actor="x", reason=None, at=NOW + day * DAY
            )
        )
        case = tx.cases.by_id(case_id)
        assert case is not None
        tx.cases.update(replace(case, status=new))
        old = new


def test_the_time_of_an_ended_case_runs_from_when_it_left_the_searches(store: Store) -> None:
    end, corrected, again = CaseStatus.RETURNED, CaseStatus.HOAX, CaseStatus.OPEN
    with store.write() as tx:
        made = {number: enrol(tx, number).case.id for number in ("A-1", "A-2", "A-3", "A-4")}
        moved(tx, made["A-1"], (end, 1), (corrected, 5))
        moved(tx, made["A-2"], (end, 1), (again, 3), (end, 4), (corrected, 6))
        moved(tx, made["A-3"], (end, 1), (again, 3))
        assert [(one.number, one.status, one.since) for one in tx.retention.ended()] == [
            ("A-1", corrected, NOW + DAY),
            ("A-2", corrected, NOW + 4 * DAY),
        ]
        assert [one.number for one in tx.retention.ended(made["A-2"])] == ["A-2"]
        assert tx.retention.ended(made["A-3"]) == []
        assert tx.retention.count() == 4


@pytest.mark.parametrize("state", list(TaskState))
def test_a_sighting_is_matched_by_a_pair_that_is_open_confirmed_or_ended(store: Store, state: TaskState) -> None:
    with store.write() as tx:
        one = enrol(tx, "A-1", 1)
        seen, probe = report(tx)
        lists, found = list_of(tx, seen, probe, [one])
        ((left, unseen),) = [(given.id, given.unseen) for given in tx.retention.unmatched(LATER)]
        assert (left, unseen) == (seen.id, True)
        assert tx.retention.unmatched(NOW) == []
        tx.tasks.update(replace(lists, state=TaskState.DONE))
        assert [given.unseen for given in tx.retention.unmatched(LATER, seen.id)] == [False]
        pair_of(tx, found[0], state=state)
        asked = {TaskState.WAITING, TaskState.DISPUTED, TaskState.ESCALATED}
        matched = asked | {TaskState.CONFIRMED, TaskState.CLOSED}
        assert bool(tx.retention.unmatched(LATER)) == (state not in matched)


def test_a_bystander_is_a_face_beside_the_one_that_people_pointed_to(store: Store) -> None:
    with store.write() as tx:
        one = enrol(tx, "A-1", 1)
        seen, probe = report(tx)
        tx.faces.choose(probe.photo_id, probe.id, Choice.MARKED)
        image = photo(sighting_id=seen.id)
        tx.photos.add(image)
        beside = face(image.id, choice=None)
        tx.faces.add([beside], {beside.id: vector(5)}, SPACE)
        assert [given.face_id for given in tx.retention.bystanders(LATER)] == [beside.id]
        assert tx.retention.bystanders(NOW) == []
        waiting, _ = list_of(tx, seen, replace(probe, id=beside.id), [one])
        assert tx.retention.bystanders(LATER) == [], "nobody has looked at it yet"
        tx.tasks.update(replace(waiting, state=TaskState.SET_ASIDE))
        assert len(tx.retention.bystanders(LATER)) == 1
        _, found = list_of(tx, *report(tx), [one])
        pair_of(tx, replace(found[0], sighting_id=seen.id, face_id=beside.id))
        assert tx.retention.bystanders(LATER) == [], "it was picked itself"
        assert one.face.id not in {given.face_id for given in tx.retention.bystanders(LATER)}


def test_a_face_on_a_sighting_of_its_own_is_no_bystander(store: Store) -> None:
    with store.write() as tx:
        _, probe = report(tx)
        tx.faces.choose(probe.photo_id, probe.id, Choice.MARKED)
        report(tx)
        assert tx.retention.bystanders(LATER) == []
