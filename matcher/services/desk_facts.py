"""What a pair is about: for reviewers after sealing, and for those who decide."""

from __future__ import annotations

from collections.abc import Mapping

from matcher.domain.ids import id_text
from matcher.domain.people import Person, PersonId
from matcher.domain.reviews import Decision, Task, Verdict
from matcher.errors import NotFound
from matcher.matching.sentences import sentence
from matcher.services.desk_views import DecisionView, PairFacts, PairItem, VerdictView
from matcher.store.database import Reading
from matcher.wording import Wording


def facts_of(reading: Reading, task: Task) -> PairFacts:
    """Case, sighting and candidate of a pair; `NotFound` if one of them is gone."""
    candidate = None if task.candidate_id is None else reading.candidates.get(task.candidate_id)
    case = None if task.case_id is None else reading.cases.by_id(task.case_id)
    sighting = reading.sightings.get(task.sighting_id)
    if candidate is None or case is None or sighting is None:
        raise NotFound(Wording("What task '{task}' was about is gone.", task=id_text(task.id)))
    return PairFacts(
        case_id=case.number,
        name=case.details.name,
        status=case.status,
        sighting=id_text(sighting.id),
        seen_at=sighting.seen_at,
        place=sighting.place,
        note=sighting.note,
        similarity=candidate.similarity,
        rank=candidate.rank,
        flags=candidate.flags,
        meaning=candidate.meaning,
        sentence=None if candidate.meaning is None else sentence(candidate.meaning),
    )


def of_verdict(verdict: Verdict, people: Mapping[PersonId, Person] | None = None) -> VerdictView:
    """A verdict, with its person's account where `people` are given."""
    return VerdictView(
        by=None if people is None else people[verdict.person_id].name,
        outcome=verdict.outcome,
        features=verdict.features,
        note=verdict.note,
        revised=verdict.revises is not None,
        sealed_at=verdict.sealed_at,
    )


def of_pair(reading: Reading, task: Task) -> PairItem:
    """One line about a pair: the live outcomes of its present round, sorted, so that their order names nobody."""
    live = [one.outcome for one in reading.verdicts.of_round(task.id, task.round) if not one.superseded]
    return PairItem(id_text(task.id), task.state, task.round, task.updated_at, task.reopened_by, tuple(sorted(live)))


def of_decision(decision: Decision) -> DecisionView:
    """A decision as those who decide see it."""
    return DecisionView(
        decision.kind.value,
        decision.actor,
        decision.note,
        decision.reopened_by,
        decision.round,
        decision.at,
        decision.confirmation,
    )
