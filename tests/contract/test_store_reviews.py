"""Tasks, claims, answers, verdicts, decisions, recusals and notices, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from records import NOW, case, enrol, report
from reviews import account, answer, claim, decision, list_of, pair_of, recused, task, verdict

from matcher.accounts.rights import Acting
from matcher.domain.cases import CaseStatus, Confirmation, ConfirmationKind
from matcher.domain.messages import Channel, Message, MessageId, MessageState
from matcher.domain.people import Role
from matcher.domain.records import Candidate
from matcher.domain.reviews import (
    DecisionKind,
    Feature,
    Likeness,
    Observed,
    Outcome,
    RecusedBy,
    Task,
    TaskKind,
    TaskState,
    Truth,
)
from matcher.errors import NotFound
from matcher.store.database import Store

LATER = NOW + timedelta(minutes=30)


def desk(store: Store, cases: int = 2) -> tuple[Task, list[Candidate]]:
    """A list with candidates."""
    with store.write() as tx:
        seen, probe = report(tx)
        return list_of(tx, seen, probe, [enrol(tx, f"A-{number}", number) for number in range(cases)])


def free(store: Store, acting: Acting, kind: TaskKind = TaskKind.PAIR, now=NOW) -> list[Task]:  # type: ignore[no-untyped-def]
    with store.read() as reading:
        return list(reading.tasks.free_for(acting.id, now, kind))


def test_everything_comes_back_as_it_was(store: Store) -> None:
    ann = account(store, "ann", Role.REVIEWER)
    listed, found = desk(store)
    with store.write() as tx:
        pair = pair_of(tx, found[0], urgent_until=LATER, seen_hour=7, age=4.5)
        held = claim(listed, ann.id, draft={"picks": [1]})
        told = answer(held, [found[0].id], [one.id for one in found])
        on_pair = claim(pair, ann.id)
        features = {Feature.EARS: Observed(Likeness.SIMILAR, "lobe"), Feature.NOSE: Observed(None, "凹")}
        about = {"task_id": pair.id, "claim_id": on_pair.id, "candidate_id": found[0].id}
        said = verdict(ann.id, Outcome.NO_CANDIDATE, features=features, note="n", meaning={"chance": None}, **about)
        proof = Confirmation(ConfirmationKind.DNA, "laboratory 17")
        made = decision(DecisionKind.REFUTED, task_id=pair.id, note="why", confirmation=proof)
        tx.claims.add(held)
        tx.claims.add(on_pair)
        tx.verdicts.add_answer(told)
        tx.verdicts.add(said)
        tx.verdicts.decide([made])
    with store.read() as reading:
        assert reading.tasks.get(listed.id) == listed
        assert reading.tasks.pair(pair.face_id, pair.case_id) == pair
        assert reading.tasks.list_of(listed.face_id) == [listed]
        assert reading.claims.get(held.id) == held
        assert reading.verdicts.answers(listed.id, 1) == [told]
        assert reading.verdicts.answer_of(held.id) == told
        assert reading.verdicts.of_round(pair.id, 1) == [said] == reading.verdicts.under(on_pair.id)
        assert reading.verdicts.decisions(pair.id) == [made] == reading.verdicts.decisions(pair.id, 1)
        assert reading.verdicts.decisions(pair.id, 2) == []
        assert reading.verdicts.pickers(pair.face_id, pair.case_id) == {ann.id}
        assert reading.verdicts.pickers(pair.face_id, found[1].case_id) == frozenset()
        assert reading.candidates.of_list(listed.face_id, listed.space) == found
        assert reading.tasks.standing(TaskState.WAITING, TaskKind.PAIR) == [pair]
        for kind in TaskKind:
            assert reading.figures.counts(kind) == {ann.id: 1}
            assert reading.figures.latest_spans(kind, ann.id, 9) == [(NOW, NOW)]
        assert reading.figures.spans_since(ann.id, NOW) == [(NOW, NOW)] * 2
        assert reading.figures.spans_since(ann.id, LATER) == []


def test_a_revision_follows_and_replaces_nothing(store: Store) -> None:
    ann, ben = account(store, "ann", Role.REVIEWER), account(store, "ben", Role.REVIEWER)
    _, found = desk(store)
    with store.write() as tx:
        pair = pair_of(tx, found[0])
        verdicts = []
        for acting in (ann, ben):
            held = claim(pair, acting.id)
            tx.claims.add(held)
            said = Outcome.NO_CANDIDATE if verdicts else Outcome.POTENTIAL
            verdicts.append(verdict(acting.id, said, task_id=pair.id, claim_id=held.id, candidate_id=found[0].id))
            tx.verdicts.add(verdicts[-1])
        first = verdicts[0]
        new = replace(first, id=first.id % 2**62 + 1, outcome=Outcome.INCONCLUSIVE, revises=first.id, sealed_at=LATER)
        tx.verdicts.add(new)
    with store.read() as reading:
        old = replace(first, superseded=True)
        assert reading.verdicts.under(first.claim_id) == [old, new]
        assert {one.id for one in reading.verdicts.of_round(pair.id, 1)} == {one.id for one in [*verdicts, new]}
        both = (Outcome.POTENTIAL, Outcome.NO_CANDIDATE)
        assert reading.figures.agreement(ann.id, 9) == [both], "what was said first is compared"
        assert reading.figures.agreement(ben.id, 9) == [both[::-1]]
        assert reading.figures.agreement(ben.id, 0) == []
        assert reading.figures.count(TaskKind.PAIR, ann.id) == 1
        assert reading.figures.latest_spans(TaskKind.PAIR, ann.id, 9) == [(NOW, NOW)]


def test_a_lease_ends_at_its_end(store: Store) -> None:
    ann, ben = account(store, "ann", Role.REVIEWER), account(store, "ben", Role.REVIEWER)
    listed, _ = desk(store)
    with store.write() as tx:
        tx.claims.add(claim(listed, ann.id))
    early = LATER - timedelta(microseconds=1)
    assert free(store, ben, TaskKind.LIST, early) == []
    assert free(store, ben, TaskKind.LIST, LATER) == [listed]
    assert free(store, ann, TaskKind.LIST, LATER) == [listed]
    with store.write() as tx:
        assert len(tx.claims.live_of(ann.id, early)) == 1
        assert tx.claims.live_of(ann.id, LATER) == []
        again = claim(listed, ann.id, claimed_at=LATER, expires_at=LATER + timedelta(minutes=30))
        tx.claims.add(again)
        assert tx.claims.last_of(listed.id, ann.id) == again
        assert tx.claims.holders(listed, LATER) == {ann.id}
        for at in (LATER, LATER + timedelta(minutes=1)):
            tx.claims.reveal(again.id, at)
        assert tx.claims.last_of(listed.id, ann.id) == replace(again, revealed_at=LATER), "the first time counts"
        tx.claims.release(again.id, LATER)
        assert tx.claims.holders(listed, LATER) == frozenset()


def test_who_may_be_asked_about_a_pair(store: Store) -> None:
    ann, ben, cat = (account(store, name, Role.REVIEWER) for name in ("ann", "ben", "cat"))
    _, found = desk(store)
    with store.write() as tx:
        pair = pair_of(tx, found[0])
    assert free(store, ann) == [pair]
    with store.write() as tx:
        held = claim(pair, ann.id)
        tx.claims.add(held)
    assert free(store, ann) == [], "it holds the pair"
    assert free(store, ben) == [pair]
    with store.write() as tx:
        about = {"task_id": pair.id, "candidate_id": found[0].id}
        tx.verdicts.add(verdict(ann.id, claim_id=held.id, **about))
        tx.claims.release(held.id, NOW)
    assert free(store, ann) == [], "it has answered"
    with store.write() as tx:
        tx.recusals.from_cases("ben", [pair.case_id], RecusedBy.REVEAL, NOW)
    assert free(store, ben) == [], "recused"
    assert free(store, cat) == [pair]
    with store.write() as tx:
        tx.claims.add(claim(pair, ben.id))
    assert free(store, cat) == [], "both seats are taken"
    with store.write() as tx:
        tx.tasks.update(replace(pair, round=2))
    assert free(store, cat) == [replace(pair, round=2)], "claims and verdicts of another round take no seat"
    with store.write() as tx:
        shut = tx.cases.by_id(pair.case_id)
        tx.cases.update(replace(shut, status=CaseStatus.RETURNED))
    assert free(store, cat) == [], "the case has ended"


def test_who_may_be_asked_about_a_list(store: Store) -> None:
    ann, ben = account(store, "ann", Role.REVIEWER), account(store, "ben", Role.REVIEWER)
    listed, found = desk(store)
    with store.write() as tx:
        for actor in ("ann", "ann", "nobody"):
            tx.recusals.from_sightings(actor, [listed.sighting_id], RecusedBy.SIGHTING, NOW)
        assert (recused(tx, ann.id, found), recused(tx, ben.id, found)) == (2, 0)
    assert free(store, ann, TaskKind.LIST) == []
    assert free(store, ben, TaskKind.LIST) == [listed]
    with store.write() as tx:
        pair = pair_of(tx, found[0], state=TaskState.EXCLUDED)
    assert free(store, ben, TaskKind.LIST) == [listed]
    with store.write() as tx:
        assert tx.tasks.excluded_cases(listed.face_id) == {pair.case_id}
        assert tx.tasks.excluded(case_id=pair.case_id) == [pair] == tx.tasks.excluded(other_than="other")
        assert tx.tasks.excluded(other_than=pair.space) == []
        pair_of(tx, found[1], state=TaskState.EXCLUDED)
    assert free(store, ben, TaskKind.LIST) == [], "nothing is left to ask"


def test_what_keeps_from_a_list(store: Store) -> None:
    """Knowledge of a case counts whenever it came; what a reveal told of one keeps from its pairs only."""
    people = {because: account(store, because.value, Role.REVIEWER) for because in RecusedBy}
    with store.write() as tx:
        known, other = enrol(tx, "A-1", 1), enrol(tx, "A-2", 2)
        for because in RecusedBy:
            for at in (NOW, LATER):
                tx.recusals.from_cases(because.value, [known.case.id, known.case.id], because, at)
        seen, probe = report(tx)
        listed, found = list_of(tx, seen, probe, [known, other])
        elsewhere, _ = list_of(tx, *report(tx), [other])
        pairs = [pair_of(tx, one) for one in found]
    for because, person in people.items():
        lists = [listed, elsewhere] if because is RecusedBy.REVEAL else [elsewhere]
        assert free(store, person, TaskKind.LIST) == sorted(lists, key=lambda task: task.id)
        assert free(store, person) == [pairs[1]]
        with store.read() as reading:
            assert [reading.recusals.from_task(person.id, task) for task in pairs] == [True, False]
            assert reading.recusals.from_task(person.id, listed) is (because is not RecusedBy.REVEAL)
    with store.write() as tx:  # revealed first, read afterwards
        tx.recusals.from_cases("reveal", [known.case.id], RecusedBy.CASE, LATER)
    assert free(store, people[RecusedBy.REVEAL], TaskKind.LIST) == [elsewhere]


def test_what_was_refuted_is_not_asked_again_by_itself(store: Store) -> None:
    _, found = desk(store)
    with store.write() as tx:
        pair = pair_of(tx, found[0], state=TaskState.EXCLUDED)
        tx.verdicts.decide([decision(DecisionKind.REFUTED, task_id=pair.id)])
        assert tx.tasks.excluded(case_id=pair.case_id) == []
        assert tx.tasks.excluded_cases(pair.face_id) == {pair.case_id}
        again = replace(pair, round=2)
        tx.tasks.update(again)
        assert tx.tasks.excluded(case_id=pair.case_id) == [again], "that was another round"


def test_who_had_to_do_with_a_pair(store: Store) -> None:
    ann, ben, cat, dan = (account(store, name, Role.REVIEWER) for name in ("ann", "ben", "cat", "dan"))
    listed, found = desk(store)
    with store.write() as tx:
        pair = pair_of(tx, found[0], round=2)
        on_list = claim(listed, ann.id)
        tx.claims.add(on_list)
        tx.verdicts.add_answer(answer(on_list, [found[0].id]))
        for person, number in ((ben, 1), (cat, 0), (dan, 2)):
            held = claim(pair, person.id)
            tx.claims.add(held)
            about = {"task_id": pair.id, "claim_id": held.id, "candidate_id": found[0].id, "round": number}
            tx.verdicts.add(verdict(person.id, **about))
        assert tx.verdicts.judged_before(pair) == {ben.id, cat.id}, "cat had it as a control pair"
        assert tx.verdicts.had_to_do_with(pair) == {ann.id, ben.id, cat.id, dan.id}


def test_the_urgent_lane(store: Store) -> None:
    ann = account(store, "ann", Role.REVIEWER)
    with store.write() as tx:
        hits = [enrol(tx, "A-1")]
        made = []
        for hour, age, until in ((7, 3, LATER), (8, None, LATER), (8, 9, LATER), (9, 1, NOW), (None, None, LATER)):
            seen, probe = report(tx)
            listed, _ = list_of(tx, seen, probe, hits)
            made.append(replace(listed, seen_hour=hour, age=age, urgent_until=until))
            tx.tasks.update(made[-1])
    with store.read() as reading:
        assert list(reading.tasks.urgent_for(ann.id, NOW)) == [made[place] for place in (2, 1, 0, 4)]
        assert reading.tasks.overdue_for(ann.id, NOW, 10) == [made[3]]
        assert len(list(reading.tasks.free_for(ann.id, NOW, TaskKind.LIST))) == 5


def test_what_waits_and_is_held_is_counted(store: Store) -> None:
    ann = account(store, "ann", Role.REVIEWER)
    with store.read() as reading:
        assert reading.tasks.count_waiting(NOW) == {TaskKind.LIST: (0, 0, 0), TaskKind.PAIR: (0, 0, 0)}
        assert reading.claims.count_live(NOW) == 0
    listed, found = desk(store, 4)
    with store.write() as tx:
        for one, end in zip(found, (NOW, LATER, LATER, None), strict=True):
            pair_of(tx, one, urgent_until=end)
        pair = tx.tasks.pair(found[2].face_id, found[2].case_id)
        tx.tasks.update(replace(pair, state=TaskState.DISPUTED))
        tx.claims.add(claim(listed, ann.id))
    with store.read() as reading:
        assert reading.tasks.count_waiting(NOW) == {TaskKind.LIST: (1, 0, 0), TaskKind.PAIR: (3, 1, 1)}
        assert reading.tasks.count_waiting(LATER)[TaskKind.PAIR] == (3, 0, 2), "the lane ends at its end"
        assert (reading.claims.count_live(NOW), reading.claims.count_live(LATER)) == (1, 0)


def test_control_pairs_are_new_to_a_person(store: Store) -> None:
    ann, ben, cat = (account(store, name, Role.REVIEWER) for name in ("ann", "ben", "cat"))
    listed, found = desk(store)

    def control(acting: Acting, start: int = 1) -> Task | None:
        with store.read() as reading:
            return reading.tasks.control_for(acting.id, TaskState.CONFIRMED, start)

    assert control(ann) is None
    with store.write() as tx:
        pair = pair_of(tx, found[0], state=TaskState.CONFIRMED)
        held = claim(pair, ann.id, truth=Truth.SAME)
        tx.claims.add(held)
        on_list = claim(listed, ben.id)
        tx.claims.add(on_list)
        tx.verdicts.add_answer(answer(on_list))
        assert tx.claims.holders(pair, NOW) == frozenset(), "a control pair takes nobody's seat"
    assert (control(ann), control(ben), control(cat)) == (None, None, pair)
    assert control(cat, pair.id) == control(cat, pair.id + 1) == pair, "it goes on from the smallest id"
    with store.write() as tx:
        tx.recusals.from_both("cat", pair, RecusedBy.REVEAL, NOW)
    assert control(cat) is None


def test_notices(store: Store) -> None:
    ann, boss = account(store, "ann", Role.OFFICER), account(store, "boss", Role.SUPERVISOR, Role.OFFICER)
    account(store, "ben", Role.REVIEWER)
    listed, _ = desk(store)
    with store.write() as tx:
        assert tx.notices.tell(Role.OFFICER, "escalated", listed.id, NOW) == sorted([ann.id, boss.id])
        assert tx.notices.tell(Role.ADMIN, "escalated", listed.id, NOW) == []
    with store.write() as tx:
        (mine,), (other,) = tx.notices.of(ann.id), tx.notices.of(boss.id)
        assert (mine.kind, mine.task_id, mine.created_at, mine.read_at) == ("escalated", listed.id, NOW, None)
        tx.notices.read(ann.id, [mine.id, other.id], LATER)
    with store.read() as reading:
        assert reading.notices.of(ann.id)[0].read_at == LATER
        assert reading.notices.of(boss.id)[0].read_at is None


def test_a_task_that_is_gone_is_said_so(store: Store) -> None:
    with store.write() as tx:
        with pytest.raises(NotFound):
            tx.tasks.update(task())
        assert tx.tasks.get(task().id) is None
        assert tx.cases.get("A-1") is None


def test_threads_that_claim_at_once_never_share_a_seat(store: Store) -> None:
    people = [account(store, f"p{number}", Role.REVIEWER) for number in range(6)]
    _, found = desk(store, 4)
    with store.write() as tx:
        pairs = [pair_of(tx, one) for one in found]
    start = threading.Barrier(len(people))

    def work(acting: Acting) -> list[int]:
        start.wait()
        got = []
        for _ in pairs:
            with store.write() as tx:
                wanted = next(iter(tx.tasks.free_for(acting.id, NOW, TaskKind.PAIR)), None)
                if wanted is not None:
                    tx.claims.add(claim(wanted, acting.id))
                    got.append(wanted.id)
        return got

    with ThreadPoolExecutor(len(people)) as pool:
        taken = [number for got in pool.map(work, people) for number in got]
    assert sorted(taken) == sorted([pair.id for pair in pairs] * 2)
    with store.read() as reading:
        assert [len(reading.claims.holders(pair, NOW)) for pair in pairs] == [2] * 4
        assert reading.cases.by_id(case().id) is None


def test_tasks_come_by_day_and_within_a_day_by_id(store: Store) -> None:
    """More of them than are read at a time, a day's end among them."""
    ann = account(store, "ann", Role.REVIEWER)
    with store.write() as tx:
        hits = [enrol(tx, "A-1")]
        made = []
        for number in range(130):
            seen, probe = report(tx)
            listed, _ = list_of(tx, seen, probe, hits)
            made.append(replace(listed, day=3 + number % 3))
            tx.tasks.update(made[-1])
    found = free(store, ann, TaskKind.LIST)
    assert found == sorted(made, key=lambda one: (one.day, one.id))
    with store.read() as reading:
        assert reading.tasks.oldest(TaskKind.LIST, 50) == found[:50]
        assert reading.tasks.is_free(found[0], ann.id, NOW)


def test_a_control_that_is_proved_comes_before_one_that_two_people_excluded(store: Store) -> None:
    ann = account(store, "ann", Role.REVIEWER)
    _, found = desk(store, 8)
    with store.write() as tx:
        excluded = [pair_of(tx, one, state=TaskState.EXCLUDED, round=2) for one in found]
        tx.verdicts.decide([decision(DecisionKind.REFUTED, task_id=excluded[2].id, round=1)])

    def drawn() -> set[int]:
        with store.read() as reading:
            found = (reading.tasks.control_for(ann.id, TaskState.EXCLUDED, pair.id) for pair in excluded)
            return {pair.id for pair in found if pair is not None}

    assert drawn() == {pair.id for pair in excluded}, "what was refuted in another round proves nothing now"
    with store.write() as tx:
        tx.verdicts.decide([decision(DecisionKind.REFUTED, task_id=excluded[5].id, round=2)])
    assert drawn() == {excluded[5].id}
    with store.write() as tx:
        tx.tasks.update(replace(excluded[0], state=TaskState.CONFIRMED))
    assert drawn() == {pair.id for pair in excluded[1:]}, "the face is that of another child"


def test_who_is_no_more_to_be_asked(store: Store) -> None:
    ann, ben, cat, _ = (account(store, name, Role.REVIEWER) for name in ("ann", "ben", "cat", "dan"))
    listed, found = desk(store)
    with store.write() as tx:
        pair = pair_of(tx, found[0])
        held, on_list = claim(pair, ann.id), claim(listed, ann.id)
        tx.claims.add(held)
        tx.claims.add(on_list)
        tx.verdicts.add(verdict(ann.id, task_id=pair.id, claim_id=held.id, candidate_id=found[0].id))
        tx.verdicts.add_answer(answer(on_list))
        tx.recusals.from_sightings("ben", [listed.sighting_id], RecusedBy.SIGHTING, NOW)
        tx.recusals.from_cases("cat", [found[0].case_id], RecusedBy.CASE, NOW)
    with store.read() as reading:
        for kind, of in ((TaskKind.PAIR, pair.id), (TaskKind.LIST, listed.id)):
            assert reading.tasks.closed_to(kind, [of]) == ({of: {ann.id}}, {of: {ben.id, cat.id}})
            assert reading.tasks.closed_to(kind, []) == ({}, {})


def test_what_is_old_is_forgotten(store: Store) -> None:
    ann, boss = account(store, "ann", Role.REVIEWER), account(store, "boss", Role.OFFICER)
    listed, found = desk(store)
    with store.write() as tx:
        tx.notices.tell(Role.OFFICER, "escalated", listed.id, NOW)
        tx.notices.tell(Role.OFFICER, "disputed", listed.id, NOW)
        tx.notices.read(boss.id, [one.id for one in tx.notices.of(boss.id) if one.kind == "disputed"], NOW)
        pair = pair_of(tx, found[0])
        for of, end in ((listed, NOW), (pair, LATER)):
            tx.claims.add(claim(of, ann.id, claimed_at=NOW - timedelta(hours=1), expires_at=end, draft={"note": "x"}))
        first = tx.claims.last_of(listed.id, ann.id)
        messages = [
            Message(
                id=MessageId(number), channel=Channel.WEBHOOK, kind="pair.escalated", about=listed.id, state=state,
                created_at=NOW, due_at=NOW,
            )
            for number, state in enumerate(MessageState, 1)
        ]  # fmt: skip
        tx.outbox.add(messages)
    with store.write() as tx:
        # Of messages those that were sent, and those that nobody is to hear any more.
        forgetting = ((tx.notices.forget_read, 1), (tx.outbox.forget_sent, 2), (tx.claims.forget_drafts, 1))
        for forget, count in forgetting:
            assert forget(NOW) == 0, "not yet"
            assert forget(NOW + timedelta(seconds=1)) == count
        assert [one.kind for one in tx.notices.of(boss.id)] == ["escalated"], "who has not read it still finds it"
        assert MessageState.SENT not in {one.state for one in tx.outbox.list(list(MessageState))}
        assert tx.claims.get(first.id) == replace(first, draft=None, released_at=NOW)
        assert tx.claims.last_of(pair.id, ann.id).draft == {"note": "x"}
