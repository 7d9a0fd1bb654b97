"""Leases of persons on tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from matcher.domain.people import PersonId
from matcher.domain.reviews import Claim, ClaimId, Task, TaskId
from matcher.store.desk_tables import claims
from matcher.store.part import Part


class ClaimReading(Part):
    """Claims, by id, person or task."""

    __slots__ = ()

    def get(self, claim_id: ClaimId) -> Claim | None:
        """The claim of this id, whatever became of it."""
        found = self._where(claims.c.id == claim_id)
        return found[0] if found else None

    def live_of(self, person: PersonId, now: datetime) -> Sequence[Claim]:
        """What a person holds now, oldest first."""
        return self._where(and_(claims.c.person_id == person, live(now)))

    def holders(self, task: Task, now: datetime) -> frozenset[PersonId]:
        """Who holds the present round of a task; a control pair takes nobody's place."""
        asked = and_(claims.c.task_id == task.id, claims.c.round == task.round, claims.c.truth.is_(None), live(now))
        return frozenset(claim.person_id for claim in self._where(asked))

    def lapsed_of(self, person: PersonId, now: datetime) -> Sequence[Claim]:
        """What a person entered something for and let run out, the latest first."""
        open_claims = and_(claims.c.person_id == person, claims.c.released_at.is_(None))
        return self._where(and_(open_claims, claims.c.expires_at <= now, claims.c.draft.is_not(None)))[::-1]

    def last_of(self, task: TaskId, person: PersonId) -> Claim | None:
        """A person's latest claim on a task, or on a control pair in its place."""
        own = and_(claims.c.task_id == task, claims.c.truth.is_(None))
        found = self._where(and_(claims.c.person_id == person, or_(own, claims.c.instead_of == task)))
        return found[-1] if found else None

    def count_live(self, now: datetime) -> int:
        """How many claims people hold now."""
        return self._connection.scalar(select(func.count()).select_from(claims).where(live(now))) or 0

    def count_lapsed(self, before: datetime) -> int:
        """How many claims ran out before a time, and were never given back, sealed or tidied up."""
        old = and_(claims.c.released_at.is_(None), claims.c.expires_at < before)
        return self._connection.scalar(select(func.count()).select_from(claims).where(old)) or 0

    def _where(self, condition: ColumnElement[bool]) -> list[Claim]:
        query = select(claims).where(condition).order_by(claims.c.claimed_at, claims.c.id)
        return [Claim(**row) for row in self._connection.execute(query).mappings()]


class ClaimWriting(ClaimReading):
    """Claims, with their changes."""

    __slots__ = ()

    def add(self, claim: Claim) -> None:
        """Keep a new claim; one of the same person on the same task that ran out unnoticed is released first."""
        stale = and_(
            claims.c.task_id == claim.task_id,
            claims.c.person_id == claim.person_id,
            claims.c.released_at.is_(None),
            claims.c.expires_at <= claim.claimed_at,
        )
        self._connection.execute(update(claims).where(stale).values(released_at=claims.c.expires_at))
        self._connection.execute(insert(claims), asdict(claim))

    def open(self, claim_id: ClaimId, at: datetime, draft: Mapping[str, Any] | None) -> None:
        """Note when the faces of a claim were first given out."""
        self._change([claim_id], opened_at=at, draft=draft)

    def draft(self, claim_id: ClaimId, draft: Mapping[str, Any]) -> None:
        """Keep what was entered so far."""
        self._change([claim_id], draft=draft)

    def extend(self, claim_id: ClaimId, at: datetime, until: datetime) -> None:
        """Begin the lease of a claim anew."""
        self._change([claim_id], claimed_at=at, expires_at=until)

    def release(self, claim_id: ClaimId, at: datetime) -> None:
        """End a claim: it was sealed or given back. The draft is not needed any more."""
        self._change([claim_id], released_at=at, draft=None)

    def forget_drafts(self, before: datetime) -> int:
        """End the claims that ran out before a time, with what was entered in them; how many there were."""
        old = and_(claims.c.released_at.is_(None), claims.c.expires_at < before)
        values = {"released_at": claims.c.expires_at, "draft": None}
        return self._connection.execute(update(claims).where(old).values(values)).rowcount

    def reveal(self, claim_id: ClaimId, at: datetime) -> None:
        """Note when a person was first told what its sealed pair was about."""
        told = and_(claims.c.id == claim_id, claims.c.revealed_at.is_(None))
        self._connection.execute(update(claims).where(told).values(revealed_at=at))

    def _change(self, claim_ids: Iterable[ClaimId], **values: Any) -> None:
        self._connection.execute(update(claims).where(claims.c.id.in_(list(claim_ids))).values(**values))


def live(now: datetime) -> ColumnElement[bool]:
    """Claims that were not released and have not run out: a lease ends *at* its end."""
    return and_(claims.c.released_at.is_(None), claims.c.expires_at > now)
