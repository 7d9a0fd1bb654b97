"""Sealed answers, decisions and recusals: written once, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, insert, literal, select, text, update

from matcher.domain.ids import CandidateId, CaseId, FaceId, SightingId
from matcher.domain.people import PersonId
from matcher.domain.reviews import (
    ClaimId,
    Decision,
    Feature,
    Likeness,
    ListAnswer,
    Observed,
    RecusedBy,
    Task,
    TaskId,
    Verdict,
)
from matcher.store.columns import Choices, Id, Time
from matcher.store.desk_tables import decisions, list_answers, people, recusals, tasks, verdicts
from matcher.store.part import Part, batches
from matcher.store.tables import candidates

# Written out, so that SQLite uses the index over these rows only.
_LIVE = text("NOT verdicts.superseded")


class VerdictReading(Part):
    """Answers about lists and pairs, decisions about pairs, and who is recused."""

    __slots__ = ()

    def answers(self, task: TaskId) -> list[ListAnswer]:
        """The sealed answers about a list, in the order of time."""
        return self._answers(list_answers.c.task_id == task)

    def answer_of(self, claim: ClaimId) -> ListAnswer | None:
        """The answer that was sealed under a claim."""
        return next(iter(self._answers(list_answers.c.claim_id == claim)), None)

    def of_round(self, task: TaskId, number: int) -> list[Verdict]:
        """All verdicts of a round, superseded ones too, in the order of time."""
        live = self._verdicts(select(verdicts).where(_LIVE, verdicts.c.task_id == task, verdicts.c.round == number))
        sealed = [verdict.claim_id for verdict in live]  # a revision keeps the claim of what it revises
        return self._verdicts(select(verdicts).where(verdicts.c.claim_id.in_(sealed)))

    def under(self, claim: ClaimId) -> list[Verdict]:
        """The verdict that was sealed under a claim, and its revisions, in the order of time."""
        return self._verdicts(select(verdicts).where(verdicts.c.claim_id == claim))

    def decisions(self, task: TaskId, number: int | None = None) -> list[Decision]:
        """Decisions about a pair in the order of time: all, or those of a round."""
        query = select(decisions).where(decisions.c.task_id == task).order_by(decisions.c.at, decisions.c.id)
        if number is not None:
            query = query.where(decisions.c.round == number)
        return [Decision(**row) for row in self._connection.execute(query).mappings()]

    def pickers(self, face: FaceId, case: CaseId) -> frozenset[PersonId]:
        """Who picked a case for a face, in whatever embedding space."""
        query = (
            select(list_answers.c.person_id, list_answers.c.picks)
            .join(tasks, tasks.c.id == list_answers.c.task_id)
            .where(text("tasks.kind = 'list'"), tasks.c.face_id == face)
        )
        meant = set(
            self._connection.execute(
                select(candidates.c.id).where(candidates.c.face_id == face, candidates.c.case_id == case)
            ).scalars()
        )
        return frozenset(row.person_id for row in self._connection.execute(query) if meant & set(row.picks))

    def recused(self, person: PersonId, of: Iterable[CandidateId]) -> frozenset[CandidateId]:
        """Those of the candidates from which a person is recused."""
        found: set[CandidateId] = set()
        for some in batches(sorted(set(of))):
            query = select(recusals.c.candidate_id)
            query = query.where(recusals.c.person_id == person, recusals.c.candidate_id.in_(some))
            found |= set(self._connection.execute(query).scalars())
        return frozenset(found)

    def recused_from_list(self, person: PersonId, face: FaceId, space: str) -> bool:
        """Whether a person is recused from a candidate of a face's list."""
        on_list = and_(candidates.c.face_id == face, candidates.c.space == space)
        seen = and_(on_list, recusals.c.candidate_id == candidates.c.id, recusals.c.person_id == person)
        return bool(self._connection.scalar(select(exists().where(seen))))

    def recused_from(self, candidate: CandidateId) -> frozenset[PersonId]:
        """Everybody who is recused from a candidate."""
        query = select(recusals.c.person_id).where(recusals.c.candidate_id == candidate)
        return frozenset(self._connection.execute(query).scalars())

    def _answers(self, condition: ColumnElement[bool]) -> list[ListAnswer]:
        query = select(list_answers).where(condition).order_by(list_answers.c.sealed_at, list_answers.c.id)
        rows = self._connection.execute(query).mappings()
        return [ListAnswer(**{**row, "picks": tuple(row["picks"]), "shown": tuple(row["shown"])}) for row in rows]

    def _verdicts(self, query: Select[Any]) -> list[Verdict]:
        rows = self._connection.execute(query.order_by(verdicts.c.sealed_at, verdicts.c.id)).mappings()
        return [Verdict(**{**row, "features": _features(row["features"])}) for row in rows]


class VerdictWriting(VerdictReading):
    """The same, with adding."""

    __slots__ = ()

    def add_answer(self, answer: ListAnswer) -> None:
        """Keep a sealed answer about a list."""
        values = asdict(answer) | {"picks": list(answer.picks), "shown": list(answer.shown)}
        self._connection.execute(insert(list_answers), values)

    def add(self, verdict: Verdict) -> None:
        """Keep a sealed verdict; the one that it revises is marked as superseded and stays."""
        if verdict.revises is not None:
            old = verdicts.c.id == verdict.revises
            self._connection.execute(update(verdicts).where(old).values(superseded=True))
        values = asdict(verdict) | {"features": _kept(verdict.features)}
        self._connection.execute(insert(verdicts), values)

    def decide(self, made: Sequence[Decision]) -> None:
        """Keep decisions."""
        if made:
            self._connection.execute(insert(decisions), [asdict(decision) for decision in made])

    def recuse(self, actor: str, because: RecusedBy, at: datetime, condition: ColumnElement[bool]) -> None:
        """Recuse the account that `actor` names from all candidates that meet a condition.

        Nothing happens for a name without an account.
        """
        person = self._connection.scalar(select(people.c.id).where(people.c.name == actor))
        if person is None:
            return
        known = exists().where(recusals.c.candidate_id == candidates.c.id, recusals.c.person_id == person)
        values = literal(person, Id()), literal(because, Choices(RecusedBy)), literal(at, Time())
        shown = select(candidates.c.id, *values).where(condition, ~known)
        columns = ["candidate_id", "person_id", "because", "at"]
        self._connection.execute(insert(recusals).from_select(columns, shown))

    def recuse_from_cases(self, actor: str, case_ids: Iterable[CaseId], because: RecusedBy, at: datetime) -> None:
        """Recuse somebody from all candidates of cases."""
        for some in batches(sorted(set(case_ids))):
            self.recuse(actor, because, at, candidates.c.case_id.in_(some))

    def recuse_from_sighting(self, actor: str, sighting_id: SightingId, because: RecusedBy, at: datetime) -> None:
        """Recuse somebody from all candidates of a sighting."""
        self.recuse(actor, because, at, candidates.c.sighting_id == sighting_id)

    def recuse_from_pairs(self, actor: str, of: Task, because: RecusedBy, at: datetime) -> None:
        """Recuse somebody from a pair and from all others of its sighting or case."""
        pairs = select(tasks.c.candidate_id).where(tasks.c.candidate_id.is_not(None))
        for near in (tasks.c.sighting_id == of.sighting_id, tasks.c.case_id == of.case_id):
            self.recuse(actor, because, at, candidates.c.id.in_(pairs.where(near)))


def _features(kept: Mapping[str, Mapping[str, str | None]]) -> dict[Feature, Observed]:
    return {
        Feature(name): Observed(None if one["likeness"] is None else Likeness(one["likeness"]), one["note"])
        for name, one in kept.items()
    }


def _kept(features: Mapping[Feature, Observed]) -> dict[str, dict[str, str | None]]:
    return {
        feature.value: {"likeness": one.likeness and one.likeness.value, "note": one.note}
        for feature, one in features.items()
    }
