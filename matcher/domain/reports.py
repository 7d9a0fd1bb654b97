"""Reports of the public: how one came in, where it stands, and what speaks for or against a look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NewType

from matcher.domain.ids import CaseId, SightingId
from matcher.domain.people import Language, PersonId
from matcher.domain.records import HowSeen
from matcher.wording import Wording

DisputeId = NewType("DisputeId", int)

RECEIPT_LETTERS = 16  # 80 bits: whoever holds the code needs nothing else
LEASE = timedelta(minutes=10)  # for as long at most a process looks at a report without anybody else doing so


class Via(str, Enum):
    """Which way a report came."""

    FORM = "form"
    PARTNER = "partner"
    INSTITUTION = "institution"


class ReportState(str, Enum):
    """Where a report stands. Only people refuse one; what looks like spam waits for them."""

    QUEUED = "queued"  # taken in, its photos not looked at yet
    HELD = "held"  # waits for a person before anything is searched
    TAKEN = "taken"  # its faces are searched for as those of any sighting
    DUPLICATE = "duplicate"  # of the photos of another one: kept beside it, and not searched again
    REFUSED = "refused"  # a person saw that it is spam or abuse
    WITHDRAWN = "withdrawn"  # its reporter took it back, and somebody has to decide about pairs that wait


class Witness(str, Enum):
    """Who saw the child, as a report tells it: what somebody else showed or said is looked at apart."""

    FIRST_HAND = "first_hand"  # the reporter
    SECOND_HAND = "second_hand"  # somebody else, or a picture that went round
    UNTOLD = "not_told"


def witness_of(first_hand: bool | None, how_seen: HowSeen) -> Witness:
    """Who saw the child, by what was told of it."""
    if first_hand is False or how_seen is HowSeen.SOCIAL_MEDIA:
        return Witness.SECOND_HAND
    return Witness.FIRST_HAND if first_hand else Witness.UNTOLD


class Doubt(str, Enum):
    """One reason why a report may be spam or a mistake. None refuses anything by itself."""

    TRAP = "trap"  # the field that people do not see was filled in
    HASTE = "haste"  # the form was sent sooner than anybody can fill it in
    LINKS = "links"  # the note holds addresses
    REPEATED_WORDS = "repeated_words"  # the very note came before
    MANY = "many"  # more came from there within the hour than the settings say
    CARD_PHOTO = "card_photo"  # the photo is one of a child's own, as it was handed in or as a card shows it
    CASE_CLOSED = "case_closed"  # the child is not looked for any more
    EMPTY = "empty"  # neither when nor where
    FAR_FUTURE = "far_future"  # seen at a time that is to come
    SAME_REFUSED = "same_refused"  # people refused its very photos before
    SAME_DISPUTED = "same_disputed"  # somebody said of its very photos that they show them or their child
    UNREADABLE = "unreadable"  # the models came to no end with its photos


# What speaks against a report, for whoever has to look at it.
WORDS = {
    Doubt.TRAP: Wording("A field that people do not see was filled in: a program may have sent it."),
    Doubt.HASTE: Wording("It was sent faster than a form can be filled in."),
    Doubt.LINKS: Wording("The words hold addresses of other sites."),
    Doubt.REPEATED_WORDS: Wording("The very same words came in before."),
    Doubt.MANY: Wording("Many came from there within an hour; but people on one mobile network share an address."),
    Doubt.CARD_PHOTO: Wording("The photo is one of the child's own, as we published it."),
    Doubt.CASE_CLOSED: Wording("The child of the card is not looked for any more."),
    Doubt.EMPTY: Wording("It says neither when nor where."),
    Doubt.FAR_FUTURE: Wording("The child was seen at a time that is to come."),
    Doubt.SAME_REFUSED: Wording("People refused a report of the very same photos before."),
    Doubt.SAME_DISPUTED: Wording("Somebody said of the very same photos that they show them or their child."),
    Doubt.UNREADABLE: Wording("The program came to no end with its photos."),
}


# What a doubt weighs; a report of `HELD_FROM` and more waits for a person. Chosen so that one strong sign or several
# weak ones do it, and a report in a hurry with a photo and nothing else does not.
WEIGHTS = {
    Doubt.TRAP: 100,
    Doubt.CARD_PHOTO: 60,
    Doubt.CASE_CLOSED: 60,
    Doubt.LINKS: 40,
    Doubt.REPEATED_WORDS: 40,
    Doubt.MANY: 60,
    Doubt.UNREADABLE: 60,
    Doubt.SAME_REFUSED: 60,
    Doubt.SAME_DISPUTED: 60,
    Doubt.FAR_FUTURE: 40,
    Doubt.HASTE: 30,
    Doubt.EMPTY: 10,
}
HELD_FROM = 60


def score(doubts: frozenset[Doubt]) -> int:
    """How much speaks against a report, 0 … 100."""
    return min(100, sum(WEIGHTS[doubt] for doubt in doubts))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicReport:
    """What is kept of a report beside its sighting, which has the same id.

    `receipt` is the keyed digest of the reporter's code, `sender` that of where it came from, which is forgotten after
    a day; `contact` is sealed. `about` is the case on whose card it was written; `adds_to` the first report of
    its reporter, to whose code it belongs. `leased_until`: a process looks at its photos until then; `attempts` counts
    how often one began to. `withdrawn_at`: its reporter took it back, and it was not erased at once.
    """

    sighting_id: SightingId
    receipt: str
    state: ReportState
    via: Via
    account: PersonId | None = None
    about: CaseId | None = None
    adds_to: SightingId | None = None
    language: Language | None = None
    sender: str | None = None
    contact: bytes | None = None
    words: str | None = None
    doubts: frozenset[Doubt] = frozenset()
    received_at: datetime
    looked_at: datetime | None = None
    leased_until: datetime | None = None
    attempts: int = 0
    decided_by: str | None = None
    decided_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def score(self) -> int:
        """How much speaks against it, 0 … 100."""
        return score(self.doubts)


class Relation(str, Enum):
    """Who says that a card should not be shown."""

    SELF = "self"  # "this is me"
    GUARDIAN = "guardian"  # "this is my child"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDispute:
    """Somebody says that a card shows them or their child; an officer decides. `contact` and `note` are sealed, and
    empty once they are erased.

    `sender` and `submission` are keyed digests: of where it came from, which is forgotten after a day, and of the word
    by which a form that is sent again is known, with what it says.
    """

    id: DisputeId
    case_id: CaseId
    relation: Relation
    contact: bytes
    note: bytes
    receipt: str
    received_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    upheld: bool | None = None
    sender: str | None = None
    submission: str | None = None
