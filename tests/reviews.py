"""Small valid records of the reviewers' desk, and accounts without the code that makes real ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from records import NOW, SPACE, Enrolled, candidate

from matcher.accounts.rights import SESSION, Acting, rights_of
from matcher.domain.ids import CandidateId, FaceId, SightingId, new_id
from matcher.domain.people import Person, PersonId, Role
from matcher.domain.records import Candidate, Sighting, StoredFace
from matcher.domain.reviews import (
    AnswerId,
    Claim,
    ClaimId,
    Decision,
    DecisionId,
    DecisionKind,
    ListAnswer,
    Outcome,
    Task,
    TaskId,
    TaskKind,
    TaskState,
    Verdict,
    VerdictId,
    day_of,
)
from matcher.store.database import Reading, Store, Transaction


def account(store: Store, name: str, *roles: Role, trained: date | None = None) -> Acting:
    """An account of these roles, signed in."""
    person = Person(
        id=PersonId(new_id()),
        name=name,
        shown_name=name.title(),
        roles=frozenset(roles),
        trained=trained,
        created_at=NOW,
    )
    with store.write() as tx:
        tx.people.add(person, None)
    return Acting(id=person.id, name=name, rights=rights_of(roles), signed_in=SESSION)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


def task(**changes: object) -> Task:
    values = {
        "id": TaskId(new_id()),
        "kind": TaskKind.LIST,
        "state": TaskState.WAITING,
        "sighting_id": SightingId(1),
        "face_id": FaceId(1),
        "space": SPACE,
        "needed": 1,
        "day": day_of(NOW),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Task(**{**values, **changes})


def list_of(
    tx: Transaction, seen: Sighting, probe: StoredFace, cases: Iterable[Enrolled]
) -> tuple[Task, list[Candidate]]:
    """A face's list with a candidate per case."""
    found = [candidate(probe, seen, one, rank=rank) for rank, one in enumerate(cases, start=1)]
    tx.candidates.add(found)
    new = task(sighting_id=seen.id, face_id=probe.id)
    tx.tasks.add([new])
    return new, found


def pair_of(tx: Transaction, found: Candidate, **changes: object) -> Task:
    """The pair of a candidate."""
    new = task(
        **{
            "kind": TaskKind.PAIR,
            "sighting_id": found.sighting_id,
            "face_id": found.face_id,
            "case_id": found.case_id,
            "candidate_id": found.id,
            "needed": 2,
            **changes,
        }
    )
    tx.tasks.add([new])
    return new


def recused(reading: Reading, person: PersonId, found: Iterable[Candidate]) -> int:
    """From the pairs of how many candidates a person is recused."""
    pairs = [task(kind=TaskKind.PAIR, sighting_id=one.sighting_id, case_id=one.case_id) for one in found]
    return sum(reading.recusals.from_task(person, pair) for pair in pairs)


def claim(of: Task, person: PersonId, **changes: object) -> Claim:
    values = {
        "id": ClaimId(new_id()),
        "task_id": of.id,
        "person_id": person,
        "round": of.round,
        "claimed_at": NOW,
        "expires_at": NOW + timedelta(minutes=30),
    }
    return Claim(**{**values, **changes})


def answer(under: Claim, picks: Iterable[CandidateId] = (), shown: Iterable[CandidateId] = ()) -> ListAnswer:
    return ListAnswer(
        id=AnswerId(new_id()),
        claim_id=under.id,
        task_id=under.task_id,
        person_id=under.person_id,
        picks=tuple(picks),
        shown=tuple(shown),
        opened_at=NOW,
        sealed_at=NOW,
    )


def verdict(person: int, outcome: Outcome = Outcome.POTENTIAL, **changes: object) -> Verdict:
    values = {
        "id": VerdictId(new_id()),
        "claim_id": ClaimId(new_id()),
        "task_id": TaskId(1),
        "candidate_id": CandidateId(1),
        "person_id": PersonId(person),
        "round": 1,
        "outcome": outcome,
        "opened_at": NOW,
        "sealed_at": NOW,
        "similarity": 0.75,
        "space": SPACE,
        "snapshot": "20260314-abc",
        "software": "0.1.0",
    }
    return Verdict(**{**values, **changes})


def decision(kind: DecisionKind, **changes: object) -> Decision:
    values = {"id": DecisionId(new_id()), "task_id": TaskId(1), "round": 1, "kind": kind, "actor": "boss", "at": NOW}
    return Decision(**{**values, **changes})
