"""Who is kept from judging a list or a pair blind, and from deciding about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from accounts import sign_in_here, staff
from click.testing import CliRunner
from offices import ME, START, Office, again, excluded, opened
from pictures import child, group, saved
from reviews import Clock, account

from matcher import Matcher
from matcher.accounts.rights import Acting
from matcher.cli.root import root
from matcher.domain.cases import Confirmation, ConfirmationKind
from matcher.domain.people import Role
from matcher.domain.reviews import Outcome, TaskKind, TaskState
from matcher.errors import Conflict
from matcher.services import desk_print
from matcher.services.desk_tasks import reopen_of_other_spaces
from matcher.services.inputs import CasePhoto, ReasonCode, Who
from matcher.wording import ENGLISH


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), "control_rate = 0\nsecond_look_rate = 0\n")


def judged(office: Office, first: str, second: str, case: str = "A-1") -> str:
    """A pair that two people have judged."""
    office.register(1)
    sighting = office.submit(1)
    office.pick(office.cat, case)
    office.judge(office.ann, first)
    office.judge(office.ben, second)
    return office.pair(sighting, case)


# What was seen before there was anything to be asked


def test_what_was_seen_before_the_sighting_counts(office: Office) -> None:
    office.register(1, 2)
    matcher, desk = office.matcher, office.matcher.desk
    looks: list[Callable[[Acting], object]] = [
        lambda who: matcher.match(child(1, 1), actor=who.name, reason="a call"),
        lambda who: matcher.match(child(1, 1), actor="switchboard", reason="a call", shown_to=who.name),
        lambda who: matcher.casework.case(who, "A-1"),
        lambda who: matcher.case("A-1", actor=who.name),
        lambda who: matcher.photo_sheet(matcher.case("A-1").photos[0].id, actor=who.name),
        lambda who: matcher.casework.picture(who, "photo", matcher.case("A-1").photos[0].id),
    ]
    people = [account(matcher.context.store, f"p{number}", Role.SUPERVISOR) for number in range(len(looks))]
    for acting, look in zip(people, looks, strict=True):
        look(acting)
    office.submit(1)
    assert [desk.next(acting) for acting in people] == [None] * len(looks), "the list"
    office.pick(office.cat, "A-1")
    assert [desk.next(acting) for acting in people] == [None] * len(looks), "the pair"
    assert desk.next(office.ann) is not None


def test_lists_of_cases_keep_nobody_from_judging(office: Office) -> None:
    office.register(1)
    office.matcher.casework.cases(office.boss)
    office.matcher.casework.weak_cases(office.boss)
    office.matcher.case("A-1")
    office.submit(1)
    office.matcher.casework.sightings(office.boss)
    assert office.matcher.desk.next(office.boss) is not None


def test_whoever_registers_a_child_knows_it(office: Office) -> None:
    both = account(office.matcher.context.store, "both", Role.INTAKE, Role.REVIEWER)
    office.matcher.casework.add_case(both, "A-1", [CasePhoto(child(1))], name="Child 1")
    office.submit(1)
    assert office.matcher.desk.next(both) is None


def test_whoever_reads_the_candidates_of_a_case_knows_their_sightings(office: Office) -> None:
    office.register(1, 2)
    office.submit(1)
    office.matcher.casework.candidates_of(office.boss, "A-1")
    office.pick(office.cat, "A-2")
    assert office.matcher.desk.next(office.boss) is None, "of another case, but where it was seen is known"


# Reveals


def test_a_reveal_recuses_from_what_is_near_and_from_nothing_else(office: Office) -> None:
    office.register(1, 2, 3)
    desk = office.matcher.desk
    first = office.submit(1)
    office.pick(office.cat, "A-1", "A-2")
    second = office.submit(3)
    office.pick(office.cat, "A-2", "A-3")
    claim = desk.claim(office.ann, office.pair(first, "A-2")).claim
    desk.pair_sheet(office.ann, claim)
    desk.seal_pair(office.ann, claim, "inconclusive")

    def left() -> set[str]:
        return {one.task for one in desk.queue(office.ann, "pairs").waiting}

    near = {office.pair(first, "A-1"), office.pair(second, "A-2")}
    far = {office.pair(second, "A-3")}
    assert left() == near | far
    desk.reveal(office.ann, claim)
    assert left() == far
    for task in near:
        with pytest.raises(Conflict, match="more of it than its photos"):
            desk.claim(office.ann, task)
    assert desk.claim(office.ann, *far)


def test_a_reveal_counts_for_pairs_and_lists_that_come_later(office: Office) -> None:
    office.register(1, 2, 3)
    desk = office.matcher.desk
    office.matcher.submit_sighting([group(1, 2)], actor=ME, note="by the river")
    office.pick(office.cat, "A-1")
    claim = office.judge(office.ann, "potential")
    assert len(desk.queue(office.ann, "lists").waiting) == 1, "of the other face"
    desk.reveal(office.ann, claim)
    assert desk.queue(office.ann, "lists").waiting == (), "where it was seen is known"
    office.submit(3)
    assert len(desk.queue(office.ann, "lists").waiting) == 1, "names are on no list: reviewers would run out of them"
    for _ in range(2):
        claimed = desk.next(office.cat, "list")
        desk.list_sheet(office.cat, claimed.claim)
        desk.seal_list(office.cat, claimed.claim, [1, 2, 3])
    with office.matcher.context.store.read() as reading:
        known = reading.cases.get("A-1").id
        asked = list(reading.tasks.free_for(office.ann.id, START, TaskKind.PAIR))
    assert asked, "of other cases and another sighting"
    assert known not in {task.case_id for task in asked}


def test_only_a_reveal_lets_revise_and_print_whole(office: Office) -> None:
    """To know the case from another pair is not to have revealed this one."""
    office.register(1)
    desk = office.matcher.desk
    for place in ("here", "there"):
        office.submit(1, place=place)
        office.pick(office.cat, "A-1")
    one, two = office.judge(office.ann, "potential"), office.judge(office.ann, "potential", note="Child 1 it is")
    desk.reveal(office.ann, one)
    with pytest.raises(Conflict, match="not revealed yet"):
        desk.revise(office.ann, two, "no_candidate")
    with pytest.raises(Conflict, match="Before the reveal"):
        desk.printed(office.ann, two, pdf=False, whole=True)
    sheet = desk_print.sheet(office.matcher.context, office.ann, two, ENGLISH)
    assert "Child 1" not in (sheet.note or ""), "the name is known, so the redacted one leaves it out"
    desk.reveal(office.ann, two)
    desk.revise(office.ann, two, "no_candidate")
    assert "Child 1" in desk.printed(office.ann, two, pdf=False, whole=True).decode()


# Those who decide


def test_a_line_of_a_list_tells_reviewers_no_outcome(office: Office) -> None:
    task = judged(office, "potential", "potential")
    desk = office.matcher.desk
    told = {who.name: desk.pairs(who, "escalated")[0].outcomes for who in (office.boss, office.officer)}
    assert told == {"boss": None, "officer": (Outcome.POTENTIAL, Outcome.POTENTIAL)}
    assert len(desk.pair(office.boss, task).verdicts) == 2


def look(office: Office, task: str) -> None:
    office.matcher.desk.pair(office.boss, task)


def look_at_a_face(office: Office, task: str) -> None:
    office.matcher.desk.face_of(office.boss, task, 1)


def decide(office: Office, task: str) -> None:
    office.matcher.desk.settle(office.boss, task, "excluded", note="other ears")


@pytest.mark.parametrize("know", [look, look_at_a_face, decide])
def test_whoever_knows_a_round_judges_no_other(office: Office, know: Callable[[Office, str], None]) -> None:
    task = judged(office, "potential", "no_candidate")
    desk = office.matcher.desk
    know(office, task)
    other = account(office.matcher.context.store, "other", Role.SUPERVISOR)
    if know is not decide:
        desk.settle(other, task, "excluded", note="other ears")
    office.matcher.update_case("A-1", [child(1, 4)], actor="intake")
    with pytest.raises(Conflict, match="more of it than its photos"):
        desk.claim(office.boss, task)
    assert desk.next(office.boss) is None
    assert desk.next(office.cat) is not None


def test_whoever_reopens_a_pair_does_not_judge_it(office: Office) -> None:
    task = excluded(office)
    other = account(office.matcher.context.store, "other", Role.SUPERVISOR)
    office.matcher.desk.reopen(office.boss, task, note="a letter came")
    assert office.matcher.desk.next(office.boss) is None
    assert office.matcher.desk.next(other) is not None


def test_a_new_round_needs_somebody_new(office: Office) -> None:
    task = excluded(office)
    desk = office.matcher.desk
    desk.reopen(office.boss, task, note="a letter came")
    office.judge(office.ann, "no_candidate")
    for before in (office.ben, office.cat):  # judged, picked
        assert desk.next(before) is None
        with pytest.raises(Conflict, match="picked or judged it before"):
            desk.claim(before, task)
    office.judge(account(office.matcher.context.store, "new", Role.REVIEWER), "no_candidate")
    assert office.states() == {TaskState.EXCLUDED: 1}


def settle(office: Office, task: str, acting: Acting) -> None:
    office.matcher.desk.settle(acting, task, "escalated", note="look again")


def confirm(office: Office, task: str, acting: Acting) -> None:
    office.matcher.desk.confirm(acting, task, ("dna", "lab 17"))


def refute(office: Office, task: str, acting: Acting) -> None:
    office.matcher.desk.refute(acting, task, note="the family says no")


@pytest.mark.parametrize(
    ("call", "second", "part"),
    [
        (settle, "no_candidate", "picked"),
        (settle, "no_candidate", "judged before"),
        (confirm, "potential", "picked"),
        (refute, "potential", "judged"),
    ],
)
def test_nobody_decides_about_an_own_view(
    office: Office, call: Callable[[Office, str, Acting], None], second: str, part: str
) -> None:
    store = office.matcher.context.store
    own = account(store, "own", Role.REVIEWER, Role.SUPERVISOR, Role.OFFICER)
    impartial = account(store, "impartial", Role.SUPERVISOR, Role.OFFICER)
    office.register(1)
    sighting = office.submit(1)
    office.pick(own if part == "picked" else office.cat, "A-1")
    task = office.pair(sighting, "A-1")
    if part == "judged before":
        for acting in (own, office.ben):
            office.judge(acting, "no_candidate")
        office.matcher.update_case("A-1", [child(1, 4)], actor="intake")
        office.ben = account(store, "new", Role.REVIEWER)
    office.judge(own if part == "judged" else office.ann, "potential")
    office.judge(office.ben, second)
    with pytest.raises(Conflict, match="You picked or judged this pair: another"):
        call(office, task, own)
    assert office.matcher.case("A-1").status.searched, "nothing has happened"
    call(office, task, impartial)


# Proofs


def test_each_confirmation_keeps_its_own_proof(office: Office) -> None:
    office.register(1)
    desk = office.matcher.desk
    tasks = []
    for place in ("here", "there"):
        sighting = office.submit(1, place=place)
        office.pick(office.cat, "A-1")
        tasks.append(office.pair(sighting, "A-1"))
    for _ in tasks:
        office.judge(office.ann, "potential")
        office.judge(office.ben, "potential")
    proofs = [("dna", "laboratory 1"), ("family", "visit 2")]
    for task, proof in zip(tasks, proofs, strict=True):
        desk.confirm(office.officer, task, proof)
        office.clock.forward(seconds=1)
    kept = [desk.pair(office.officer, task).decisions[-1].confirmation for task in tasks]
    assert kept == [Confirmation(ConfirmationKind(kind), reference) for kind, reference in proofs]
    (closing,) = [move for move in office.matcher.case("A-1").history if move.confirmation]
    assert closing.confirmation == kept[0]


def test_what_was_refuted_comes_back_by_a_person_only(office: Office) -> None:
    task = judged(office, "potential", "potential")
    desk, context = office.matcher.desk, office.matcher.context
    desk.refute(office.officer, task, note="the laboratory says no")
    office.matcher.update_case("A-1", [child(1, 4)], actor="intake")
    with context.store.write() as tx:
        assert reopen_of_other_spaces(context, tx, "another", Who("admin", ReasonCode.MAINTENANCE)) == 0
    assert office.states() == {TaskState.EXCLUDED: 1}
    desk.reopen(office.boss, task, note="the laboratory erred")
    assert office.states() == {}
    office.judge(office.ann, "no_candidate")
    office.judge(account(context.store, "new", Role.REVIEWER), "no_candidate")
    office.matcher.update_case("A-1", [child(1, 6)], actor="intake")
    assert office.states() == {}, "this round was ended by looking"


# Control pairs


def test_a_control_pair_that_is_reopened_is_not_told(home: Path) -> None:
    for office in opened(home, Clock(START), "control_rate = 0\nsecond_look_rate = 0\n"):
        task = excluded(office)
        office.submit(2)
        office.pick(office.cat, "A-2")
    for office in again(home, Clock(START), "control_rate = 1\n"):
        desk = office.matcher.desk
        claim = desk.next(office.boss)
        other = account(office.matcher.context.store, "other", Role.SUPERVISOR)
        desk.reopen(other, task, note="a letter came")
        assert task not in {one.task for one in desk.queue(office.boss).waiting}
        with pytest.raises(Conflict, match="enough others are at work on it"):
            desk.claim(office.boss, task)
        desk.pair_sheet(office.boss, claim.claim)
        desk.seal_pair(office.boss, claim.claim, "no_candidate")


# The command line


def run(*arguments: object) -> str:
    result = CliRunner().invoke(root, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_a_command_shows_the_signed_in_account_has_seen(home: Path, tmp_path: Path) -> None:
    with Matcher.open(home) as matcher:
        photo = matcher.add_case("A-1", [child(1)], actor=ME).photos[0].id
        sighting = matcher.submit_sighting([child(1, 1)], actor=ME).id
        staff(matcher.context, "other", Role.REVIEWER)
    probe = saved(tmp_path, "probe.jpg", child(1, 2))
    looks = [
        ["sighting", "show", sighting],
        ["case", "show", "A-1"],
        ["match", probe, "--reason", "a call"],
        ["match", probe, "--reason", "a call", "--actor", "other"],
        ["case", "update", "A-1", "--clothing", "red", "--actor", "other"],
        ["case", "choose-face", photo, 1, "--actor", "other"],
        ["case", "choose-face", photo, "--sheet", tmp_path / "faces.png"],
    ]
    for number, look in enumerate(looks):
        sign_in_here(home, f"li{number}", Role.REVIEWER)
        run("case", "list")
        run("sighting", "list")
        assert len(waiting()) == 1
        run(*look)
        assert waiting() == [], look
    with Matcher.open(home) as matcher:
        entries = [one.entry for one in matcher.audit()]
    shown = {"sighting.view", "case.view", "search.match", "photo.view"}
    who = [one.actor for one in entries if one.action in shown]
    assert who == ["li0", "li1", "li2", "other", "li4", "li5", "li6"]


def test_whoever_submits_for_another_has_seen_the_candidates(home: Path, tmp_path: Path) -> None:
    with Matcher.open(home) as matcher:
        matcher.add_case("A-1", [child(1)], actor=ME)
    sign_in_here(home, "li", Role.REVIEWER)
    run("sighting", "submit", saved(tmp_path, "seen.jpg", child(1, 1)), "--actor", "hotline")
    assert waiting() == []


def test_nobody_signed_in_is_recorded_by_the_login_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "night")
    with Matcher.open(home) as matcher:
        matcher.add_case("A-1", [child(1)], actor=ME)
    run("case", "show", "A-1")
    with Matcher.open(home) as matcher:
        last = matcher.audit()[-1].entry
    assert (last.action, last.actor) == ("case.view", "night")


def waiting() -> list[Any]:
    found: list[Any] = json.loads(run("review", "list", "--json"))["waiting"]
    return found
