"""Cards of missing children as they are approved, shown and withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType

from matcher.domain.cards import CardFacts, NamePolicy
from matcher.domain.ids import CaseId, FaceId

CardId = NewType("CardId", int)

CODE_LETTERS = 8  # 40 bits: a card is public, its code only has to be of no other one


class CardState(str, Enum):
    """Where a card stands. Whether a live one has run out is a question of the clock."""

    DRAFT = "draft"  # waits for an officer
    LIVE = "live"
    WITHDRAWN = "withdrawn"


class CardEnd(str, Enum):
    """Why a card was withdrawn."""

    OFFICER = "officer"
    CASE = "case"  # it ended or is disputed
    FACE = "face"  # another face of the photo is the child's
    CONSENT = "consent"  # nobody allows publication any more
    REPLACED = "replaced"  # another card of the same child was approved
    RESTORED = "restored"  # whether it was taken back after the backup that was restored is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One card. `facts` are what an officer saw and approved: a change of the case changes no card.

    `code` is what people say on the telephone, and part of addresses; it tells nothing. `likeness` is that of its photo
    as the public sees it, 8 bytes, once it was approved.
    """

    id: CardId
    case_id: CaseId
    code: str
    state: CardState
    policy: NamePolicy
    facts: CardFacts
    face_id: FaceId
    phone: str
    expires_at: datetime
    drafted_by: str
    drafted_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    ended_at: datetime | None = None
    ended_because: CardEnd | None = None
    ended_by: str | None = None
    likeness: bytes | None = None

    def shown(self, now: datetime) -> bool:
        """Whether the public may see it at a time."""
        return self.state is CardState.LIVE and now < self.expires_at
