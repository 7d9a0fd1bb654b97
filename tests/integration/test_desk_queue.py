"""What is asked when, of whom, and what is counted of it, with drawn faces and real models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from offices import ME, START, Office, again, excluded, opened
from pictures import child
from reviews import Clock, account

from matcher.accounts.rights import Acting
from matcher.domain.ids import id_text, parse_id
from matcher.domain.people import Role
from matcher.domain.reviews import ReopenedBy, Task, TaskKind, TaskState, Truth
from matcher.errors import Conflict, NotPermitted
from matcher.services import desk_quality
from matcher.services.desk_tasks import reopen_of_other_spaces
from matcher.services.doctor import examine
from matcher.services.inputs import ReasonCode, Who
from matcher.services.oversight import figures
from matcher.store.database import Store


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    """No control pairs and no second looks, which are drawn by a random key."""
    yield from opened(home, Clock(START), "control_rate = 0\nsecond_look_rate = 0\n")


def asked(office: Office, claim: str) -> Task:
    """The task that a claim is on."""
    with office.matcher.context.store.read() as reading:
        return reading.tasks.get(reading.claims.get(parse_id(claim)).task_id)


def waiting(office: Office, acting: Acting, part: str = "all") -> list[str]:
    return [one.task for one in office.matcher.desk.queue(acting, part).waiting]


def seal(office: Office, acting: Acting, claim: str, outcome: str) -> None:
    office.matcher.desk.pair_sheet(acting, claim)
    office.matcher.desk.seal_pair(acting, claim, outcome)


def test_nothing_starves(office: Office) -> None:
    """Eleven lists come in a day later; the first one is not behind any of them, and nor are they behind its pairs."""
    office.register(1, 2)
    office.submit(1, place="first")
    (first,) = waiting(office, office.ann)
    office.clock.forward(days=1)
    for number in range(11):
        office.submit(1, place=f"{number}")
    assert waiting(office, office.ann)[0] == first, "one chance in twelve by the order of ids alone"
    office.clock.forward(days=3)
    office.submit(2)
    office.pick(office.cat, "A-1", "A-2")
    kinds = [one.kind for one in office.matcher.desk.queue(office.ann).waiting]
    assert kinds == [TaskKind.PAIR] * 2 + [TaskKind.LIST] * 12, "pairs are as old as their sighting"
    newest = office.matcher.desk.queue(office.ann, "lists").waiting[-1]
    assert newest.waiting_since.day == START.day + 4
    for _ in range(11):
        office.pick(office.cat)
    office.pick(office.cat, "A-2")
    for acting in (office.ann, office.ben):
        for _ in range(2):
            office.judge(acting, "no_candidate")
    pair = next(one.task for one in office.matcher.desk.pairs(office.boss, "excluded"))
    office.clock.forward(days=2)
    office.matcher.desk.reopen(office.boss, pair, note="look again")
    assert waiting(office, office.ann)[-1] == pair, "it waits since it is asked again"


def test_what_was_given_back_comes_last(office: Office) -> None:
    office.register(1, 2)
    office.submit(1)
    office.submit(2)
    desk = office.matcher.desk
    office.pick(office.cat, "A-1")
    office.pick(office.cat, "A-2")
    first = desk.next(office.ann)
    desk.give_back(office.ann, first.claim)
    second = desk.next(office.ann)
    assert asked(office, second.claim) != asked(office, first.claim)
    assert waiting(office, office.ann) == [id_text(asked(office, first.claim).id)], "by hand it can be claimed"
    desk.give_back(office.ann, second.claim)
    third = desk.next(office.ann)
    assert asked(office, third.claim) == asked(office, first.claim), "there is nothing else"
    other = desk.next(office.ben)
    assert asked(office, other.claim) == asked(office, first.claim), "who gave nothing back is asked in turn"


def test_a_control_pair_is_given_back_and_lapses_like_any_other(home: Path) -> None:
    for office in opened(home, Clock(START), "control_rate = 0\nsecond_look_rate = 0\n"):
        office.register(1, 2, 3)
        office.submit(1)
        office.pick(office.cat, "A-1", "A-3")
        for _ in range(2):
            office.judge(office.ann, "no_candidate")
            office.judge(office.ben, "no_candidate")
        office.submit(2)
        office.pick(office.cat, "A-1", "A-2", "A-3")
    seen = {}
    for rate in (1, 0):
        for office in again(home, Clock(START + timedelta(hours=1)), f"control_rate = {rate}\n"):
            desk, acting = office.matcher.desk, account(office.matcher.context.store, f"new{rate}", Role.REVIEWER)
            log, shown, kinds = [waiting(office, acting)], [], []
            for step in range(5):
                claim = desk.next(acting)
                desk.pair_sheet(acting, claim.claim)
                faces = desk.faces(acting, claim.claim).places
                shown.append(faces)
                log.append((shown.index(faces), claim.urgent, waiting(office, acting)))
                with office.matcher.context.store.read() as reading:
                    kinds.append(reading.claims.get(parse_id(claim.claim)).truth)
                if step < 3:
                    desk.give_back(acting, claim.claim)
                else:
                    desk.save_draft(acting, claim.claim, "inconclusive")
                    office.clock.forward(minutes=31)
                log.append(waiting(office, acting))
            again_by_hand = desk.claim(acting, log[0][1])
            desk.pair_sheet(acting, again_by_hand.claim)
            log.append(shown.index(desk.faces(acting, again_by_hand.claim).places))
            seen[rate] = log
            assert kinds[0] == kinds[3] == kinds[4] == (Truth.DIFFERENT if rate else None)
    assert seen[1] == seen[0]
    assert [one[0] for one in seen[0] if isinstance(one, tuple)] == [0, 1, 2, 0, 0]


def test_nobody_holds_the_whole_queue(office: Office) -> None:
    office.register(1)
    for number in range(7):
        office.submit(1, place=f"{number}")
    desk = office.matcher.desk
    for task in waiting(office, office.ann)[:5]:
        desk.claim(office.ann, task)
    more = waiting(office, office.ann)[0]
    with pytest.raises(Conflict, match="hold 5 tasks.*give one back"):
        desk.claim(office.ann, more)
    with pytest.raises(Conflict, match="hold 5 tasks"):
        office.pick(office.cat, "A-1")
        desk.next(office.ann, "pair")
    held = desk.queue(office.ann, "mine").mine
    assert len(held) == 5
    assert desk.next(office.ann) == held[0]
    desk.give_back(office.ann, held[0].claim)
    assert desk.next(office.ann, "pair") is not None


def test_what_was_begun_comes_back_first(office: Office) -> None:
    office.register(1, 2)
    for seed in (1, 2):
        office.submit(seed)
    desk = office.matcher.desk
    office.pick(office.cat, "A-1")
    office.pick(office.cat, "A-2")
    begun = desk.claim(office.ann, waiting(office, office.ann)[1])
    desk.pair_sheet(office.ann, begun.claim)
    desk.save_draft(office.ann, begun.claim, note="half done")
    office.clock.forward(minutes=30)
    with pytest.raises(Conflict, match="comes back with the task if you ask for the next"):
        desk.seal_pair(office.ann, begun.claim, "potential")
    back = desk.next(office.ann)
    assert asked(office, back.claim) == asked(office, begun.claim)
    assert desk.pair_sheet(office.ann, back.claim).draft.note == "half done"
    office.clock.forward(minutes=30)
    desk.claim(office.ben, id_text(asked(office, begun.claim).id))
    desk.claim(office.boss, id_text(asked(office, begun.claim).id))
    assert asked(office, desk.next(office.ann).claim) != asked(office, begun.claim), "others have it"


def test_a_control_that_is_asked_again_is_not_claimed_twice(home: Path) -> None:
    for office in opened(home, Clock(START), "control_rate = 1\nsecond_look_rate = 0\n"):
        known = excluded(office)
        office.submit(2)
        office.pick(office.cat, "A-2")
        desk, dan = office.matcher.desk, account(office.matcher.context.store, "dan", Role.REVIEWER)
        assert id_text(asked(office, desk.next(dan).claim).id) == known
        desk.reopen(office.boss, known, note="a letter came")
        with pytest.raises(Conflict, match="enough others are at work on it"):
            desk.claim(dan, known)


def test_what_is_known_of_a_control_pair_is_what_is_known_now(home: Path) -> None:
    for office in opened(home, Clock(START), "control_rate = 1\nsecond_look_rate = 0\n"):
        known = excluded(office)
        office.submit(2)
        office.pick(office.cat, "A-2")
        desk = office.matcher.desk
        dan, eve, fay = (account(office.matcher.context.store, name, Role.REVIEWER) for name in ("dan", "eve", "fay"))
        seal(office, dan, desk.next(dan).claim, "potential")
        errors = desk.own_quality(dan).errors
        assert (errors.false_alarms.count, errors.false_alarms.total) == (1, 1)
        desk.reopen(office.boss, known, note="a letter came")
        assert desk.own_quality(dan).errors.false_alarms.total == 0, "nobody knows"
        for acting in (eve, fay):
            seal(office, acting, desk.claim(acting, known).claim, "potential")
        desk.confirm(office.officer, known, ("dna", "lab 3"))
        errors = desk.own_quality(dan).errors
        assert (errors.missed.count, errors.missed.total, errors.false_alarms.total) == (0, 1, 0)


def test_pairs_of_ended_cases_wait_for_nobody(office: Office) -> None:
    office.register(1, 2)
    office.submit(1)
    context = office.matcher.context
    office.pick(office.cat, "A-1")
    office.submit(2)
    assert [one.all for one in figures(context, office.boss).waiting.values()] == [1, 1]
    office.matcher.close_case("A-1", status="returned", actor=ME)
    assert [one.all for one in figures(context, office.boss).waiting.values()] == [1, 0]
    office.matcher.close_case("A-2", status="returned", actor=ME)
    assert [one.all for one in figures(context, office.boss).waiting.values()] == [0, 0]


@pytest.mark.parametrize("why", ["model", "photo", "nothing"])
def test_an_exclusion_is_asked_again_when_its_case_is(office: Office, why: str) -> None:
    task = excluded(office)
    context = office.matcher.context
    office.matcher.close_case("A-1", status="returned", actor=ME)
    office.clock.forward(hours=1)
    if why == "photo":
        office.matcher.update_case("A-1", [child(1, 4)], actor="intake")
    if why == "model":
        with context.store.write() as tx:
            assert reopen_of_other_spaces(context, tx, "another", Who("admin", ReasonCode.MAINTENANCE)) == 0
            (known,) = tx.tasks.standing(TaskState.EXCLUDED, TaskKind.PAIR)
            tx.tasks.update(replace(known, space="what was in use before"))
    assert office.states() == {TaskState.EXCLUDED: 1}, "it stays a control pair, and is seen"
    office.matcher.reopen_case("A-1", actor="officer", reason="a mistake")
    with context.store.read() as reading:
        found = reading.tasks.get(parse_id(task))
    expected = {"photo": ReopenedBy.NEW_PHOTO, "model": ReopenedBy.NEW_MODEL, "nothing": None}[why]
    state = TaskState.EXCLUDED if why == "nothing" else TaskState.WAITING
    assert (found.state, found.reopened_by, found.space) == (state, expected, context.space.name)


def test_supervisors_hear_of_what_nobody_may_judge(office: Office) -> None:
    office.register(1)
    sighting = office.submit(1)
    desk, context = office.matcher.desk, office.matcher.context

    def stuck() -> tuple[int, ...]:
        (told,) = (one for one in examine(context) if one.subject == "reviewers")
        counts = desk.stuck(office.boss)
        assert figures(context, office.boss).stuck == counts
        assert (told.ok is True) is not any(counts.values())
        return counts[TaskKind.LIST], counts[TaskKind.PAIR]

    office.matcher.close_case("A-1", status="returned", actor=ME)
    office.matcher.reopen_case("A-1", actor=ME, reason="a mistake")
    for name in ("ann", "ben", "boss"):
        assert stuck() == (0, 0)
        office.matcher.sighting(sighting, actor=name)
    assert stuck() == (0, 0), "one is enough for a list"
    office.pick(office.cat, "A-1")
    assert stuck() == (0, 1), "but not for a pair"
    office.judge(office.cat, "potential")
    assert stuck() == (0, 1)
    account(context.store, "dan", Role.REVIEWER)
    assert stuck() == (0, 0)
    with pytest.raises(NotPermitted):
        desk.stuck(office.ann)
    office.submit(1, place="another")
    for name in ("ann", "ben", "boss", "cat", "dan"):
        office.matcher.match(child(1, 2), actor=name, reason="a call")
    assert stuck() == (1, 1)
    office.matcher.close_case("A-1", status="returned", actor=ME)
    assert stuck() == (0, 0), "nothing is asked any more"


def test_figures_are_counted_without_the_lock(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    excluded(office)
    with Store.open(office.matcher.context.home.database, wait=0.2) as other:

        def written_meanwhile(pairs: object) -> float:
            with other.write():  # Busy, if somebody held the lock
                return 0.5

        monkeypatch.setattr(desk_quality, "kappa", written_meanwhile)
        found = office.matcher.desk.quality(office.boss)
    assert [(one.name, one.lists, one.pairs, one.kappa) for one in found] == [
        ("ann", 0, 1, 0.5),
        ("ben", 0, 1, 0.5),
        ("cat", 1, 0, 0.5),
    ]
    assert office.matcher.audit()[-1].entry.action == "review.quality"


def test_a_reindex_forgets_what_nobody_needs(office: Office) -> None:
    office.register(1)
    office.submit(1)
    desk = office.matcher.desk
    office.pick(office.cat, "A-1")
    held = desk.next(office.ben).claim
    desk.pair_sheet(office.ben, held)
    desk.save_draft(office.ben, held, note="about a child")
    office.clock.forward(days=14)
    office.matcher.reindex(actor="night")
    with office.matcher.context.store.read() as reading:
        assert reading.claims.get(parse_id(held)).draft is not None, "not yet"
    office.clock.forward(hours=1)
    office.matcher.reindex(actor="night")
    with office.matcher.context.store.read() as reading:
        claim = reading.claims.get(parse_id(held))
    assert (claim.draft, claim.released_at) == (None, claim.expires_at)
    assert office.matcher.audit()[-1].entry.details["drafts"] == 1
    assert desk.next(office.ben) is not None
