"""A comparison of one's own on paper: faces, features, verdict, and never a score."""

from __future__ import annotations

from typing import Any

from matcher.accounts.rights import Acting
from matcher.domain.reviews import Feature, Observed, TaskKind
from matcher.errors import Conflict
from matcher.interchange.review_sheet import Compared, FeatureLine, Headings, ReviewSheet, redacted
from matcher.services import pictures
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.desk_claims import Held, own, reviewer
from matcher.services.desk_faces import face_at, faces_of_claim
from matcher.services.desk_facts import facts_of
from matcher.services.desk_pairs import judgement
from matcher.services.desk_views import ClaimFace, Judgement
from matcher.services.views import NOTICE
from matcher.store.database import Reading
from matcher.wording import Reader, Wording


def sheet(
    context: Context, acting: Acting, claim: str, reader: Reader, *, place: int = 1, whole: bool = False
) -> ReviewSheet:
    """The comparison of an opened claim with the case photo at a place, for paper; that it was printed is recorded.

    Without `whole`, names, number, place and time are left out and other people's faces are a few blocks. `Conflict`
    for a whole one before the verdict was sealed and revealed, and after the lease.
    """
    with context.store.read() as reading:
        held = own(reading, acting, claim, TaskKind.PAIR)
        told = _told(reading, acting, held, reader, whole)
    faces = faces_of_claim(context, acting, claim)
    pair = faces.places[0], face_at(faces, place)
    sides = [_compared(context, face, whole) for face in pair]
    with context.store.write() as transaction:
        objects = [held.claim.id, held.task.id, *(face.face_id for face in pair)]
        record(context, transaction, reviewer(acting), Trace("review.print", objects, details={"whole": whole}))
    made = ReviewSheet(
        language=reader.language,
        headings=Headings().said(reader.say),
        notice=reader.say(NOTICE),
        sighting=sides[0],
        case=sides[1],
        **told,
    )
    return made if whole else redacted(made, *sides)


def _compared(context: Context, face: ClaimFace, whole: bool) -> Compared:
    if whole:
        return Compared(pictures.aligned(context, face.face_id), pictures.original(context, face.photo_id))
    return Compared(*pictures.redacted(context, face.face_id))


def _told(reading: Reading, acting: Acting, held: Held, reader: Reader, whole: bool) -> dict[str, Any]:
    """The words of the sheet. Names are given for a redacted one too if its person knows them: notes may hold them."""
    verdicts = reading.verdicts.under(held.claim.id)
    live = next((one for one in verdicts if not one.superseded), None)
    entered = Judgement() if live is None else Judgement(live.outcome, live.features, live.note)
    if live is None and held.claim.draft is not None:
        draft = held.claim.draft
        entered = judgement(draft["outcome"], draft["features"], draft["note"])
    told: dict[str, Any] = {
        "features": tuple(_line(feature, entered.features.get(feature), reader) for feature in Feature),
        "verdict": None if live is None else reader.words(live.outcome),
        "note": entered.note,
    }
    revealed = held.claim.revealed_at is not None
    if whole and not revealed:
        raise Conflict(
            Wording("Before the reveal a comparison is printed without names only: seal and reveal it first.")
        )
    known = revealed or (live is not None and reading.recusals.from_task(acting.id, held.task))
    return told | (_about(reading, held) if known else {})


def _about(reading: Reading, held: Held) -> dict[str, Any]:
    facts = facts_of(reading, held.task)
    case = None if held.task.case_id is None else reading.cases.by_id(held.task.case_id)
    others = () if case is None else case.details.other_names
    return {
        "case_number": facts.case_id,
        "people": tuple(name for name in (facts.name, *others) if name),
        "place": facts.place,
        "time": None if facts.seen_at is None else f"{facts.seen_at:%Y-%m-%d %H:%M} UTC",
    }


def _line(feature: Feature, seen: Observed | None, reader: Reader) -> FeatureLine:
    likeness = None if seen is None or seen.likeness is None else reader.words(seen.likeness)
    return FeatureLine(reader.words(feature), likeness, None if seen is None else seen.note)
