"""Candidates: the questions that wait for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Select, insert, select

from matcher.domain.ages import AgeBand
from matcher.domain.chances import Chance, Insufficient, Meaning
from matcher.domain.ids import CandidateId, CaseId, FaceId, SightingId
from matcher.domain.records import Candidate, Flag
from matcher.errors import Conflict
from matcher.store.part import Part, batches
from matcher.store.sightings import in_dispute
from matcher.store.tables import candidates

_FIELDS, _MEANING, _CHANCE = (tuple(field.name for field in fields(kind)) for kind in (Candidate, Meaning, Chance))


class CandidateReading(Part):
    """Candidates. No order but one's own rank within a face says how good they are: ids are random."""

    __slots__ = ()

    def get(self, candidate_id: CandidateId) -> Candidate | None:
        """The candidate of this id."""
        found = self._listed(select(candidates).where(candidates.c.id == candidate_id))
        return found[0] if found else None

    def by_ids(self, ids: Sequence[CandidateId]) -> dict[CandidateId, Candidate]:
        """Those of the candidates that exist."""
        found = [
            one for some in batches(ids) for one in self._listed(select(candidates).where(candidates.c.id.in_(some)))
        ]
        return {one.id: one for one in found}

    def of_sighting(self, sighting_id: SightingId) -> list[Candidate]:
        """A sighting's candidates by face and rank."""
        order = candidates.c.face_id, candidates.c.space, candidates.c.rank, candidates.c.id
        return self._listed(select(candidates).where(candidates.c.sighting_id == sighting_id).order_by(*order))

    def of_case(self, case_id: CaseId, limit: int) -> list[Candidate]:
        """A case's candidates, newest first; none of a disputed sighting."""
        wanted = candidates.c.case_id == case_id, ~in_dispute(candidates.c.sighting_id)
        order = candidates.c.created_at.desc(), candidates.c.id
        return self._listed(select(candidates).where(*wanted).order_by(*order).limit(limit))

    def of_list(self, face_id: FaceId, space: str, since: int = 1) -> list[Candidate]:
        """The candidates of one face in one space by rank; those that no round of its list before `since` has shown."""
        wanted = candidates.c.face_id == face_id, candidates.c.space == space, candidates.c.round >= since
        return self._listed(select(candidates).where(*wanted).order_by(candidates.c.rank, candidates.c.id))

    def cases_of(self, face_ids: Iterable[FaceId], space: str) -> dict[tuple[FaceId, CaseId], int]:
        """The (face, case) of all candidates of these faces in a space, with the round of each."""
        found: dict[tuple[FaceId, CaseId], int] = {}
        for some in batches(sorted(set(face_ids))):
            query = select(candidates.c.face_id, candidates.c.case_id, candidates.c.round)
            rows = self._connection.execute(query.where(candidates.c.face_id.in_(some), candidates.c.space == space))
            found.update(((row[0], row[1]), row[2]) for row in rows)
        return found

    def _listed(self, query: Select[Any]) -> list[Candidate]:
        rows = self._connection.execute(query).mappings()
        return [_candidate(row) for row in rows]


class CandidateWriting(CandidateReading):
    """Candidates, with their changes."""

    __slots__ = ()

    def add(self, new: Sequence[Candidate]) -> None:
        """Keep candidates, in the order of their random ids; `Conflict` for a (face, case, space) asked before."""
        wanted = {(one.face_id, one.case_id, one.space) for one in new}
        for some in batches(sorted({one.face_id for one in new})):
            query = select(candidates.c.face_id, candidates.c.case_id, candidates.c.space)
            asked = self._connection.execute(query.where(candidates.c.face_id.in_(some)))
            if any(tuple(row) in wanted for row in asked):
                raise Conflict(
                    "A case is already a candidate for this face in this embedding space: nothing was added."
                )
        if len(wanted) < len(new):
            raise Conflict("A case is named twice as a candidate for the same face: give its best photo only.")
        if new:
            rows = [_columns(one) for one in sorted(new, key=lambda one: one.id)]
            self._connection.execute(insert(candidates), rows)


def _columns(candidate: Candidate) -> dict[str, Any]:
    values = {name: getattr(candidate, name) for name in _FIELDS}
    flags = [flag.value for flag in candidate.flags]
    return values | {"flags": flags, "meaning": None if candidate.meaning is None else _told(candidate.meaning)}


def _told(meaning: Meaning) -> dict[str, Any]:
    """As `asdict` has it, which takes five times as long, since it copies what cannot be changed."""
    told = {name: getattr(meaning, name) for name in _MEANING}
    chance = meaning.chance
    return told | {"chance": None if chance is None else {name: getattr(chance, name) for name in _CHANCE}}


def _candidate(row: Mapping[Any, Any]) -> Candidate:
    return Candidate(**{**row, "flags": tuple(map(Flag, row["flags"])), "meaning": _meaning(row["meaning"])})


def _meaning(kept: Mapping[str, Any] | None) -> Meaning | None:
    if kept is None:
        return None
    chance, reason = kept["chance"], kept["insufficient"]
    told = {
        "band": AgeBand(kept["band"]),
        "chance": None if chance is None else Chance(**chance),
        "insufficient": None if reason is None else Insufficient(reason),
    }
    return Meaning(**{**kept, **told})
