"""What sealed answers and decisions lead to, and who may be asked: the rules of the two steps, without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

from matcher.domain.people import PersonId
from matcher.domain.reviews import Decision, DecisionKind, ListAnswer, Outcome, TaskKind, TaskState, Verdict
from matcher.errors import Conflict
from matcher.wording import Wording

# In the order in which a round may see them, which unlike the time of a machine never stands still or goes back.
_DECIDED = {
    DecisionKind.EXCLUDED: TaskState.EXCLUDED,
    DecisionKind.ESCALATED: TaskState.ESCALATED,
    DecisionKind.REFUTED: TaskState.EXCLUDED,
    DecisionKind.CONFIRMED: TaskState.CONFIRMED,
}

# Pairs of which something is still asked, of reviewers or of those who decide.
OPEN = frozenset({TaskState.WAITING, TaskState.DISPUTED, TaskState.ESCALATED})

# What follows from the end of a case or its reopening, and is nobody's view of a pair.
ENDINGS = frozenset({DecisionKind.CLOSED, DecisionKind.RESUMED})

# Why a task cannot be had where there is no seat.
TAKEN = Wording("enough others are at work on it")

# From which states a decision may be made; a reopened pair is asked again in a new round.
_POSSIBLE = {
    DecisionKind.ESCALATED: frozenset({TaskState.DISPUTED}),
    DecisionKind.EXCLUDED: frozenset({TaskState.DISPUTED}),
    DecisionKind.REFUTED: frozenset({TaskState.ESCALATED}),
    DecisionKind.CONFIRMED: frozenset({TaskState.ESCALATED}),
    DecisionKind.REOPENED: frozenset({TaskState.EXCLUDED, TaskState.CONFIRMED}),
    DecisionKind.CLOSED: OPEN,
    DecisionKind.RESUMED: frozenset({TaskState.CLOSED}),
}


def pair_state(verdicts: Sequence[Verdict], decisions: Sequence[Decision], needed: int) -> TaskState:
    """Where a pair stands after the verdicts and decisions of its present round, in any order.

    `verdicts` are all of the round, superseded ones too. What was open when the case ended is closed until it resumes.
    An officer's decision counts, else a supervisor's, else
    `needed` live verdicts of different persons: all `potential` escalate, all `no_candidate` exclude, anything else is
    disputed. Agreement counts only while it is blind: whoever changed the outcome after the reveal makes the round a
    dispute.
    """
    made = Counter(decision.kind for decision in decisions)
    state = judged(verdicts, made.keys(), needed)
    closed = made[DecisionKind.CLOSED] > made[DecisionKind.RESUMED]
    return TaskState.CLOSED if closed and state in OPEN else state


def judged(verdicts: Sequence[Verdict], made: Set[DecisionKind], needed: int) -> TaskState:
    """The same, whether or not the case has ended; `made` are the kinds of the decisions."""
    for kind in reversed(_DECIDED):
        if kind in made:
            return _DECIDED[kind]
    live = {verdict.person_id: verdict.outcome for verdict in verdicts if not verdict.superseded}
    if len(live) < needed:
        return TaskState.WAITING
    said = {(verdict.person_id, verdict.outcome) for verdict in verdicts}
    agreed = set(live.values())
    if len(said) > len(live) or len(agreed) > 1:
        return TaskState.DISPUTED
    return {Outcome.POTENTIAL: TaskState.ESCALATED, Outcome.NO_CANDIDATE: TaskState.EXCLUDED}.get(
        agreed.pop(), TaskState.DISPUTED
    )


def list_needs(answers: Sequence[ListAnswer], second_look: bool) -> int:
    """How many answers complete a list: one, or two where nobody has picked yet and a second look was drawn."""
    return 2 if second_look and answers and not any(answer.picks for answer in answers) else 1


def list_state(answers: Sequence[ListAnswer], needed: int) -> TaskState:
    """Where a list stands: done with the first picks, or when `needed` persons have answered."""
    done = any(answer.picks for answer in answers) or len({answer.person_id for answer in answers}) >= needed
    return TaskState.DONE if answers and done else TaskState.WAITING


def require_possible(state: TaskState, kind: DecisionKind) -> None:
    """`Conflict` unless a pair in this state may be decided so."""
    if state not in _POSSIBLE[kind]:
        possible = " or ".join(sorted(one.value for one in _POSSIBLE[kind]))
        raise Conflict(
            Wording(
                "This pair is '{state}': only one that is {possible} can be {kind}. Load it anew.",
                state=state.value,
                possible=possible,
                kind=kind.value,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """Who has to do with the present round of a task.

    `holders` have a live claim, `answered` a sealed answer, `earlier` picked the pair or judged it in an earlier round,
    `recused` were shown more of it than its photos.
    """

    needed: int
    holders: Set[PersonId] = frozenset()
    answered: Set[PersonId] = frozenset()
    earlier: Set[PersonId] = frozenset()
    recused: Set[PersonId] = frozenset()

    @property
    def free(self) -> int:
        """How many more persons may be asked now."""
        return max(self.needed - len(self.holders | self.answered), 0)


def refusal(kind: TaskKind, state: TaskState, seats: Seats, person: PersonId) -> str | None:
    """Why a person may not be asked, in words for that person; `None` if nothing speaks against it.

    At most one of a pair's reviewers may be somebody who picked it or judged it before: a pair is asked again so that
    it is looked at anew, which those who know what they said cannot do alone.
    """
    taken = seats.holders | seats.answered
    rules = (
        (state is TaskState.CLOSED, Wording("the case has ended")),
        (state is not TaskState.WAITING, Wording("it does not wait for reviewers any more")),
        (person in seats.recused, Wording("you have seen more of it than its photos")),
        (person in seats.answered, Wording("you have answered it")),
        (person in seats.holders, Wording("you hold it already")),
        (not seats.free, TAKEN),
        (
            kind is TaskKind.PAIR and person in seats.earlier and bool(seats.earlier & taken),
            Wording("somebody else who picked or judged it before is one of its reviewers"),
        ),
    )
    return next((words for speaks, words in rules if speaks), None)
