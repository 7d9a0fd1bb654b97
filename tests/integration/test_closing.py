"""What closing a case does to the work on it, and reopening it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from offices import START, Office, excluded, opened
from pictures import child
from reviews import Clock

from matcher import Matcher
from matcher.domain.reviews import TaskState
from matcher.errors import Conflict
from matcher.services.desk_decisions import state_of

PROOF = ("police", "77")


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0.0\nsecond_look_rate = 0.0\n")


def state(office: Office, task: str) -> TaskState:
    return state_of(office.matcher.context, office.boss, task)


def picked(office: Office) -> str:
    """A sighting of the first child, picked."""
    sighting = office.submit(1)
    office.pick(office.cat, "A-1")
    return sighting


@pytest.mark.parametrize("said", [(), ("potential",), ("potential", "potential"), ("potential", "no_candidate")])
def test_open_pairs_close_with_their_case_and_resume_with_it(office: Office, said: tuple[str, ...]) -> None:
    office.register(1, 2)
    task = office.pair(picked(office), "A-1")
    for outcome, who in zip(said, (office.ann, office.ben), strict=False):
        office.judge(who, outcome)
    before = state(office, task)
    office.matcher.close_case("A-1", status="returned", actor="x")
    assert state(office, task) is TaskState.CLOSED
    (item,) = office.matcher.desk.pairs(office.boss, "closed")
    assert item.task == task
    assert office.states() == {}, "nobody has to decide about it any more"
    told = office.matcher.desk.pair(office.boss, task)
    assert ([one.kind for one in told.decisions], len(told.verdicts)) == (["closed"], len(said))
    office.clock.forward(days=1)
    office.matcher.reopen_case("A-1", actor="x", reason="gone again")
    assert state(office, task) is before
    office.clock.forward(days=1)
    office.matcher.close_case("A-1", status="hoax", actor="x")
    told = office.matcher.desk.pair(office.boss, task)
    assert [one.kind for one in told.decisions] == ["closed", "resumed", "closed"]


def test_what_was_excluded_stays_excluded(office: Office) -> None:
    task = excluded(office)
    office.matcher.close_case("A-1", status="returned", actor="x")
    assert state(office, task) is TaskState.EXCLUDED
    assert [one.kind for one in office.matcher.desk.pair(office.boss, task).decisions] == []


def test_the_pair_that_ended_a_case_is_confirmed_and_the_others_closed(office: Office) -> None:
    office.register(1, 2)
    first = picked(office)
    second = picked(office)
    for who in (office.ann, office.ben):
        office.judge(who, "potential")
    (escalated,) = office.matcher.desk.pairs(office.officer, "escalated")
    office.matcher.desk.confirm(office.officer, escalated.task, PROOF, "located_alive")
    both = {office.pair(sighting, "A-1") for sighting in (first, second)}
    assert state(office, escalated.task) is TaskState.CONFIRMED
    assert {state(office, task) for task in both - {escalated.task}} == {TaskState.CLOSED}
    last = [record.entry for record in office.matcher.audit() if record.entry.action == "case.status"][-1]
    assert last.details["pairs"] == 1


def test_what_was_escalated_can_still_be_proved_or_refuted_and_what_was_not_cannot(office: Office) -> None:
    office.register(1, 2)
    sightings = [picked(office), picked(office), picked(office)]
    for _ in sightings[:2]:
        for who in (office.ann, office.ben):
            office.judge(who, "potential")
    proved, refuted = (one.task for one in office.matcher.desk.pairs(office.officer, "escalated"))
    office.matcher.close_case("A-1", status="located_alive", confirmation=PROOF, actor="x")
    office.matcher.desk.confirm(office.officer, proved, ("family", "visit 2"), "located_alive")
    office.matcher.desk.refute(office.officer, refuted, note="another child")
    assert [state(office, task) for task in (proved, refuted)] == [TaskState.CONFIRMED, TaskState.EXCLUDED]
    (waited,) = office.matcher.desk.pairs(office.officer, "closed")
    with pytest.raises(Conflict, match="'closed'"):
        office.matcher.desk.confirm(office.officer, waited.task, PROOF, "located_alive")


def test_a_claim_on_a_closed_pair_says_that_the_case_has_ended(office: Office) -> None:
    office.register(1, 2)
    task = office.pair(picked(office), "A-1")
    claim = office.matcher.desk.next(office.ann, "pair")
    assert claim is not None
    office.matcher.close_case("A-1", status="returned", actor="x")
    with pytest.raises(Conflict, match="the case has ended"):
        office.matcher.desk.pair_sheet(office.ann, claim.claim)
    with pytest.raises(Conflict, match="the case has ended"):
        office.matcher.desk.claim(office.ben, task)
    assert office.matcher.desk.next(office.ben, "pair") is None


def test_a_close_is_effective_in_another_running_process_within_a_second(matcher: Matcher, home: Path) -> None:
    for seed in (1, 2):
        matcher.add_case(f"A-{seed}", [child(seed)], actor="x")
    matcher.reindex(actor="x")
    script = (
        "import time, sys\nfrom matcher import Matcher\n"
        f"m = Matcher.open({str(home)!r})\nm.space\n"
        "while True:\n"
        "    print(m.gallery_status().size, time.time(), flush=True)\n"
        "    time.sleep(0.02)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("2 ")
        matcher.close_case("A-1", status="returned", actor="x")
        closed = time.time()
        for line in process.stdout:
            size, at = line.split()
            if size == "1":
                break
        process.kill()
    assert float(at) - closed < 1
