"""Reading cases: views and lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from matcher.domain.alerts import AlertState
from matcher.domain.cases import Case, CaseStatus, Photo, PhotoState, StatusChange
from matcher.domain.codes import spoken
from matcher.domain.consents import GUARDED_UNTIL, Consent, lacks_guardian
from matcher.domain.ids import PhotoId, id_text, parse_id
from matcher.domain.quality import explain, weaknesses
from matcher.domain.records import StoredFace
from matcher.domain.reviews import RecusedBy
from matcher.matching.plausibility import age_at
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.views import (
    CaseSummary,
    CaseView,
    ConsentView,
    FaceView,
    PhotoView,
    PublishedView,
    RelationView,
    StatusView,
)
from matcher.store.database import Reading
from matcher.wording import Wording


def shown(context: Context, case: Case, who: Who) -> CaseView:
    """A case page: the look is audited, and an account is recused from the case."""
    with context.store.write() as transaction:
        now = transaction.cases.by_id(case.id) or case
        transaction.recusals.from_cases(who.actor, [case.id], RecusedBy.CASE, context.clock())
        record(context, transaction, who, Trace("case.view", [case.id]))
        return of_case(transaction, now, guardian_notice(transaction, now, context.clock().date()))


def recuse(context: Context, number: str, who: Who) -> None:
    """Note that an account has seen a case otherwise than blind."""
    with context.store.write() as transaction:
        case = transaction.cases.get(number)
        if case is not None:
            transaction.recusals.from_cases(who.actor, [case.id], RecusedBy.CASE, context.clock())


def of_case(reading: Reading, case: Case, warnings: Sequence[str] = ()) -> CaseView:
    """Everything about one case."""
    photos = reading.photos.of_case(case.id)
    faces = reading.faces.of_photos([photo.id for photo in photos])
    return CaseView(
        case_id=case.number,
        status=case.status,
        details=case.details,
        photos=tuple(of_photo(photo, faces.get(photo.id, ())) for photo in photos),
        history=tuple(_of_move(change) for change in reading.cases.status_changes(case.id)),
        created_at=case.created_at,
        updated_at=case.updated_at,
        warnings=tuple(warnings),
        relations=_relations(reading, case),
        consents=tuple(_of_consent(one) for one in reading.consents.of_case(case.id)),
        id=id_text(case.id),
        card=_card(reading, case),
        alerts=tuple(
            PublishedView(id_text(one.id), one.terms.expires_at, one.meant)
            for one in reading.alerts.of_case(case.id)
            if one.state is AlertState.ISSUED
        ),
    )


def _card(reading: Reading, case: Case) -> PublishedView | None:
    card = reading.cards.live_of(case.id)
    return None if card is None else PublishedView(spoken(card.code), card.expires_at)


def guardian_notice(reading: Reading, case: Case, today: date) -> list[str]:
    """What to say of a child under 14 whom nobody who decides for it allowed to search for, nor any other basis."""
    age = age_at(case.details, today)
    if not lacks_guardian(age, case.details.legal_basis, reading.consents.of_case(case.id)):
        return []
    return [
        Wording(
            "The child of case '{case}' is under {age}: record a parent's or guardian's consent to the search, or "
            "another legal basis.",
            case=case.number,
            age=GUARDED_UNTIL,
        )
    ]


def _of_consent(one: Consent) -> ConsentView:
    told = {name: getattr(one, name) for name in ConsentView.__dataclass_fields__ if name != "id"}
    return ConsentView(id=id_text(one.id), **told)


def of_photo(photo: Photo, faces: Iterable[StoredFace]) -> PhotoView:
    """One photo with its faces."""
    return PhotoView(
        id=id_text(photo.id),
        state=photo.state,
        reason=photo.reason,
        width=photo.width,
        height=photo.height,
        taken=photo.taken,
        age=photo.age,
        faces=tuple(
            FaceView(face.number, id_text(face.id), face.box, face.quality, face.choice, weaknesses(face.quality))
            for face in sorted(faces, key=lambda face: face.number)
        ),
        added_at=photo.created_at,
        advice=None if photo.reason is None else explain(photo.reason, photo.shortfall),
    )


def _relations(reading: Reading, case: Case) -> tuple[RelationView, ...]:
    relations = reading.relations.of_case(case.id)
    others = reading.cases.by_ids(relation.other(case.id) for relation in relations)
    return tuple(
        RelationView(relation.kind, other.number, other.status, relation.actor, relation.at)
        for relation in relations
        for other in [others[relation.other(case.id)]]
    )


def _of_move(change: StatusChange) -> StatusView:
    return StatusView(change.old, change.new, change.confirmation, change.actor, change.reason, change.at)


def listed(
    context: Context, status: CaseStatus | None = None, after: str | None = None, limit: int | None = None
) -> list[CaseSummary]:
    """Cases by rising number, from the one after `after`."""
    with context.store.read() as reading:
        cases = reading.cases.list(status=status, after=after, limit=limit)
        photos = reading.photos.of_cases([case.id for case in cases])
    return [_summary(case, photos.get(case.id, ())) for case in cases]


def _summary(case: Case, photos: Sequence[Photo]) -> CaseSummary:
    waiting = sum(photo.state is PhotoState.AWAITING_CHOICE for photo in photos)
    details = case.details
    return CaseSummary(
        case.number, case.status, details.name, details.missing_since, len(photos), waiting, case.updated_at
    )


def awaiting_choice(
    context: Context, after: str | None = None, limit: int | None = None
) -> list[tuple[str, PhotoView]]:
    """Case photos that show several faces of which none is chosen yet, with their case numbers, by rising id."""
    behind = None if after is None else PhotoId(parse_id(after))
    with context.store.read() as reading:
        photos = reading.photos.list_case_photos(PhotoState.AWAITING_CHOICE, behind, limit)
        faces = reading.faces.of_photos([PhotoId(photo.id) for photo in photos])
        cases = reading.cases.by_ids([photo.case_id for photo in photos if photo.case_id is not None])
    return [
        (cases[photo.case_id].number, of_photo(photo, faces.get(photo.id, ())))
        for photo in photos
        if photo.case_id is not None
    ]
