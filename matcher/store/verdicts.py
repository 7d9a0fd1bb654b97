"""Sealed answers and decisions: written once, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, insert, select, text, update

from matcher.domain.cases import Confirmation
from matcher.domain.ids import CaseId, FaceId
from matcher.domain.people import PersonId
from matcher.domain.reviews import (
    ClaimId,
    Decision,
    Feature,
    Likeness,
    ListAnswer,
    Observed,
    Task,
    TaskId,
    Verdict,
)
from matcher.store.desk_tables import decisions, list_answers, tasks, verdicts
from matcher.store.part import Part
from matcher.store.tables import candidates

# Written out, so that SQLite uses the index over these rows only.
_LIVE = text("NOT verdicts.superseded")


class VerdictReading(Part):
    """Answers about lists and pairs, and decisions about pairs."""

    __slots__ = ()

    def answers(self, task: TaskId, number: int) -> list[ListAnswer]:
        """The sealed answers about a round of a list, in the order of time."""
        return self._answers(and_(list_answers.c.task_id == task, list_answers.c.round == number))

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
        return [_decision(row) for row in self._connection.execute(query).mappings()]

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

    def judged_before(self, task: Task) -> frozenset[PersonId]:
        """Who answered an earlier round of a pair, or had it as a control pair."""
        query = select(verdicts.c.person_id).where(verdicts.c.task_id == task.id, verdicts.c.round < task.round, _LIVE)
        return frozenset(self._connection.execute(query).scalars())

    def had_to_do_with(self, task: Task) -> frozenset[PersonId]:
        """Who picked a pair, or answered it in whatever round."""
        query = select(verdicts.c.person_id).where(verdicts.c.task_id == task.id, _LIVE)
        judged = frozenset(self._connection.execute(query).scalars())
        return judged if task.case_id is None else judged | self.pickers(task.face_id, task.case_id)

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
            self._connection.execute(insert(decisions), [_columns(decision) for decision in made])


def _columns(decision: Decision) -> dict[str, Any]:
    values, proof = asdict(decision), decision.confirmation
    del values["confirmation"]
    kind, reference = (None, None) if proof is None else (proof.kind, proof.reference)
    return {**values, "confirmation_kind": kind, "confirmation_reference": reference}


def _decision(row: Mapping[Any, Any]) -> Decision:
    values = dict(row)
    kind, reference = values.pop("confirmation_kind"), values.pop("confirmation_reference")
    return Decision(**values, confirmation=None if kind is None else Confirmation(kind, reference))


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
