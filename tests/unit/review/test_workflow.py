"""The rules of the two steps, counted by hand and tried in every order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reviews import answer, claim, decision, task, verdict

from matcher.domain.ids import CandidateId
from matcher.domain.people import PersonId
from matcher.domain.reviews import Decision, DecisionKind, Outcome, TaskKind, TaskState, Verdict
from matcher.errors import Conflict
from matcher.review.workflow import Seats, list_needs, list_state, pair_state, refusal, require_possible

YES, NO, UNSURE = Outcome.POTENTIAL, Outcome.NO_CANDIDATE, Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([], TaskState.WAITING),
        ([YES], TaskState.WAITING),
        ([YES, YES], TaskState.ESCALATED),
        ([NO, NO], TaskState.EXCLUDED),
        ([YES, NO], TaskState.DISPUTED),
        ([UNSURE, UNSURE], TaskState.DISPUTED),
        ([UNSURE, NO], TaskState.DISPUTED),
    ],
)
def test_two_blind_verdicts(said: list[Outcome], state: TaskState) -> None:
    verdicts = [verdict(person, outcome) for person, outcome in enumerate(said, start=1)]
    assert pair_state(verdicts, [], needed=2) is state


def test_three_may_be_needed() -> None:
    assert pair_state([verdict(1), verdict(2)], [], needed=3) is TaskState.WAITING
    assert pair_state([verdict(1), verdict(2), verdict(3)], [], needed=3) is TaskState.ESCALATED


def test_the_same_person_twice_is_not_two() -> None:
    assert pair_state([verdict(1), verdict(1)], [], needed=2) is TaskState.WAITING


def revised(old: Verdict, outcome: Outcome) -> list[Verdict]:
    return [replace(old, superseded=True), verdict(old.person_id, outcome, revises=old.id)]


def test_a_revision_that_changes_the_outcome_makes_agreement_impossible() -> None:
    assert pair_state([*revised(verdict(1, NO), YES), verdict(2, YES)], [], needed=2) is TaskState.DISPUTED
    again = revised(verdict(1, YES), YES)
    assert pair_state([*again, verdict(2, YES)], [], needed=2) is TaskState.ESCALATED, "only the note was changed"


def test_back_and_forth_is_no_agreement() -> None:
    first = verdict(1, YES)
    second = verdict(1, NO, revises=first.id, superseded=True)
    third = verdict(1, YES, revises=second.id)
    rest = [verdict(2, YES)]
    assert pair_state([replace(first, superseded=True), second, third, *rest], [], needed=2) is TaskState.DISPUTED


def test_an_officers_decision_counts_before_a_supervisors() -> None:
    differing = [verdict(1, YES), verdict(2, NO)]
    escalated = decision(DecisionKind.ESCALATED)
    assert pair_state(differing, [escalated], needed=2) is TaskState.ESCALATED
    assert pair_state(differing, [decision(DecisionKind.EXCLUDED)], needed=2) is TaskState.EXCLUDED
    assert pair_state(differing, [decision(DecisionKind.CONFIRMED), escalated], needed=2) is TaskState.CONFIRMED
    assert pair_state(differing, [escalated, decision(DecisionKind.REFUTED)], needed=2) is TaskState.EXCLUDED
    assert pair_state([], [decision(DecisionKind.REOPENED)], needed=2) is TaskState.WAITING


@pytest.mark.parametrize("kind", DecisionKind)
@pytest.mark.parametrize("state", TaskState)
def test_which_decisions_are_possible(state: TaskState, kind: DecisionKind) -> None:
    table = {
        (TaskState.DISPUTED, DecisionKind.ESCALATED),
        (TaskState.DISPUTED, DecisionKind.EXCLUDED),
        (TaskState.ESCALATED, DecisionKind.CONFIRMED),
        (TaskState.ESCALATED, DecisionKind.REFUTED),
        (TaskState.EXCLUDED, DecisionKind.REOPENED),
        (TaskState.CONFIRMED, DecisionKind.REOPENED),
        (TaskState.WAITING, DecisionKind.CLOSED),
        (TaskState.DISPUTED, DecisionKind.CLOSED),
        (TaskState.ESCALATED, DecisionKind.CLOSED),
        (TaskState.CLOSED, DecisionKind.RESUMED),
    }
    if (state, kind) in table:
        require_possible(state, kind)
    else:
        with pytest.raises(Conflict, match=state.value):
            require_possible(state, kind)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("seal"), st.integers(1, 4), st.sampled_from(Outcome)),
        st.tuples(st.just("revise"), st.integers(1, 4), st.sampled_from(Outcome)),
        st.tuples(st.just("decide"), st.sampled_from(DecisionKind), st.none()),
    ),
    max_size=14,
)


def played(steps: list[tuple[str, object, object]], needed: int) -> tuple[TaskState, list[Verdict], list[Decision]]:
    """Take steps as the services do: seats while it waits, revisions before decisions, decisions by the table."""
    verdicts: list[Verdict] = []
    decisions: list[Decision] = []
    state = TaskState.WAITING
    for kind, who, outcome in steps:
        live = {one.person_id: one for one in verdicts if not one.superseded}
        if kind == "seal" and state is TaskState.WAITING and who not in live:
            verdicts.append(verdict(who, outcome))
        elif kind == "revise" and who in live and not decisions:
            verdicts = [replace(one, superseded=True) if one is live[who] else one for one in verdicts]
            verdicts.append(verdict(who, outcome, revises=live[who].id))
        elif kind == "decide":
            try:
                require_possible(state, who)
            except Conflict:
                continue
            if who is DecisionKind.REOPENED:  # another round begins
                verdicts, decisions = [], []
            else:
                decisions.append(decision(who))
        state = pair_state(verdicts, decisions, needed)
    return state, verdicts, decisions


@given(STEPS, st.integers(2, 3))
def test_no_way_leads_around_the_rules(steps: list[tuple[str, object, object]], needed: int) -> None:
    state, verdicts, decisions = played(steps, needed)
    ends = [one.kind for one in decisions if one.kind in (DecisionKind.CLOSED, DecisionKind.RESUMED)]
    assert (state is TaskState.CLOSED) == (ends[-1:] == [DecisionKind.CLOSED])
    made = [one.kind for one in decisions if one.kind not in ends]
    first = {one.person_id: one.outcome for one in reversed(verdicts)}  # what was said blind
    live = {one.person_id: one.outcome for one in verdicts if not one.superseded}
    blind = {outcome for person, outcome in live.items() if first[person] is outcome}
    agreed = blind.pop() if len(live) >= needed and len(blind) == 1 and first == live else None
    if state is TaskState.CONFIRMED:
        assert made[-1] is DecisionKind.CONFIRMED
        assert DecisionKind.ESCALATED in made or agreed is YES
    if state is TaskState.ESCALATED:
        assert agreed is YES or made[-1:] == [DecisionKind.ESCALATED]
    if state is TaskState.EXCLUDED:
        assert agreed is NO or made[-1] in (DecisionKind.EXCLUDED, DecisionKind.REFUTED)
    if state is TaskState.WAITING:
        assert len(live) < needed


def test_a_pair_is_closed_with_its_case_and_resumes_where_it_stood() -> None:
    close, resume = decision(DecisionKind.CLOSED), decision(DecisionKind.RESUMED)
    for verdicts, made in (
        ([], []),
        ([verdict(1, YES)], []),
        ([verdict(1, YES), verdict(2, YES)], []),
        ([verdict(1, YES), verdict(2, NO)], []),
        ([verdict(1, YES), verdict(2, NO)], [decision(DecisionKind.ESCALATED)]),
    ):
        before = pair_state(verdicts, made, needed=2)
        assert pair_state(verdicts, [*made, close], needed=2) is TaskState.CLOSED
        assert pair_state(verdicts, [*made, close, resume], needed=2) is before
        assert pair_state(verdicts, [*made, close, resume, close], needed=2) is TaskState.CLOSED
    proved = [decision(DecisionKind.CONFIRMED), close]
    assert pair_state([], proved, needed=2) is TaskState.CONFIRMED


def test_lists() -> None:
    under = claim(task(), PersonId(1))
    none, some = answer(under), answer(under, [CandidateId(7)])
    other = answer(claim(task(), PersonId(2)))
    assert list_state([], 1) is TaskState.WAITING
    assert [list_needs([], True), list_needs([none], False), list_needs([none], True), list_needs([some], True)] == [
        1,
        1,
        2,
        1,
    ]
    assert list_state([none], 1) is TaskState.DONE
    assert list_state([none], 2) is TaskState.WAITING
    assert list_state([some], 2) is TaskState.DONE
    assert list_state([none, other], 2) is TaskState.DONE
    assert list_state([none, none], 2) is TaskState.WAITING, "one person twice is one"


def persons(*numbers: int) -> frozenset[PersonId]:
    return frozenset(map(PersonId, numbers))


@pytest.mark.parametrize(
    ("seats", "words"),
    [
        (Seats(needed=2), None),
        (Seats(needed=2, holders=persons(2)), None),
        (Seats(needed=2, holders=persons(2), answered=persons(3)), "enough others"),
        (Seats(needed=2, holders=persons(2), answered=persons(2)), None),
        (Seats(needed=2, holders=persons(1)), "hold it already"),
        (Seats(needed=2, answered=persons(1)), "have answered"),
        (Seats(needed=2, recused=persons(1)), "more of it than its photos"),
        (Seats(needed=2, earlier=persons(1)), None),
        (Seats(needed=2, earlier=persons(1, 2), holders=persons(2)), "somebody else who picked or judged it before"),
        (Seats(needed=2, earlier=persons(1, 2), answered=persons(3)), None),
        (Seats(needed=2, earlier=persons(2), answered=persons(2)), None),
    ],
)
def test_who_may_be_asked(seats: Seats, words: str | None) -> None:
    said = refusal(TaskKind.PAIR, TaskState.WAITING, seats, PersonId(1))
    assert said is None if words is None else said is not None and words in said
    assert refusal(TaskKind.PAIR, TaskState.ESCALATED, seats, PersonId(1)) is not None
