"""Cards: drafted, live, withdrawn. A case has one live card at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, func, insert, select, update

from matcher.domain.cards import CardFacts
from matcher.domain.cases import Sex
from matcher.domain.ids import CaseId, FaceId
from matcher.domain.publications import CardEnd, CardId, CardState, Publication
from matcher.store.part import Part, batches
from matcher.store.public_tables import cards

_FIELDS = tuple(field.name for field in fields(Publication))


class CardReading(Part):
    """Cards, by id, code or case."""

    __slots__ = ()

    def get(self, card_id: CardId) -> Publication | None:
        """The card of this id."""
        return self._one(cards.c.id == card_id)

    def by_code(self, code: str) -> Publication | None:
        """The card of this code, live or not."""
        return self._one(cards.c.code == code)

    def live_of(self, case_id: CaseId) -> Publication | None:
        """The live card of a case; it may have run out."""
        return self._one((cards.c.case_id == case_id) & (cards.c.state == CardState.LIVE))

    def of_case(self, case_id: CaseId) -> list[Publication]:
        """All cards of a case, newest first."""
        return self._where(cards.c.case_id == case_id)

    def of_faces(self, faces: Iterable[FaceId]) -> list[Publication]:
        """All cards that show one of some faces."""
        return [card for some in batches(list(faces)) for card in self._where(cards.c.face_id.in_(some))]

    def in_state(self, state: CardState | None = None, limit: int | None = None) -> list[Publication]:
        """Cards, newest first; all, or those of one state."""
        return self._where(cards.c.id > 0 if state is None else cards.c.state == state, limit)

    def likenesses(self) -> NDArray[np.uint64]:
        """What the photos of all cards look like that were ever shown, (n,), of those of which it is kept."""
        found = list(self._connection.scalars(select(cards.c.likeness).where(cards.c.likeness.is_not(None))))
        return np.frombuffer(b"".join(found), ">u8").astype(np.uint64)

    def count(self, state: CardState) -> int:
        """How many are in a state."""
        return self._connection.scalar(select(func.count()).select_from(cards).where(cards.c.state == state)) or 0

    def _one(self, condition: ColumnElement[bool]) -> Publication | None:
        return next(iter(self._where(condition, 1)), None)

    def _where(self, condition: ColumnElement[bool], limit: int | None = None) -> list[Publication]:
        query = select(cards).where(condition).order_by(cards.c.drafted_at.desc(), cards.c.id).limit(limit)
        return [_card(row) for row in self._connection.execute(query).mappings()]


class CardWriting(CardReading):
    """Cards, with their changes."""

    __slots__ = ()

    def add(self, card: Publication) -> None:
        """Keep a new card of a kept case."""
        self._connection.execute(insert(cards), _columns(card))

    def approve(self, card_id: CardId, by: str, at: datetime, expires_at: datetime) -> None:
        """Make a draft the live card of its case, which has none."""
        values = {"state": CardState.LIVE, "approved_by": by, "approved_at": at, "expires_at": expires_at}
        self._connection.execute(update(cards).where(cards.c.id == card_id).values(**values))

    def note_likeness(self, card_id: CardId, likeness: bytes) -> None:
        """Keep what the photo of a card looks like as the public sees it."""
        self._connection.execute(update(cards).where(cards.c.id == card_id).values(likeness=likeness))

    def withdraw(self, card_id: CardId, at: datetime, because: CardEnd, by: str) -> None:
        """End a card, for good."""
        values = {"state": CardState.WITHDRAWN, "ended_at": at, "ended_because": because, "ended_by": by}
        self._connection.execute(update(cards).where(cards.c.id == card_id).values(**values))


def facts_document(facts: CardFacts) -> dict[str, Any]:
    """Facts as JSON."""
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}
    since = facts.missing_since
    return values | {"sex": facts.sex.value, "missing_since": None if since is None else since.isoformat()}


def facts_of_document(document: Mapping[str, Any]) -> CardFacts:
    """The facts that were written so."""
    since = document["missing_since"]
    told = {"sex": Sex(document["sex"]), "missing_since": None if since is None else date.fromisoformat(since)}
    return CardFacts(**{**document, **told})


def _columns(card: Publication) -> dict[str, Any]:
    return {name: getattr(card, name) for name in _FIELDS} | {"facts": facts_document(card.facts)}


def _card(row: Mapping[Any, Any]) -> Publication:
    return Publication(**{**row, "facts": facts_of_document(row["facts"])})
