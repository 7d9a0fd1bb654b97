"""The ad hoc search: a photo against the gallery, now. Nothing is kept but the audit entry."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

from matcher.domain.faces import PhotoFaces
from matcher.domain.ids import id_text
from matcher.domain.quality import explain, weaknesses
from matcher.domain.reviews import RecusedBy
from matcher.errors import WrongUse
from matcher.images.decode import open_image
from matcher.matching.plausibility import Observation
from matcher.matching.sentences import sentence
from matcher.services.auditing import Trace, record
from matcher.services.candidates import CandidateList, Ranked, Search, describe, search, still_true
from matcher.services.context import Context
from matcher.services.inputs import PhotoInput, ReasonCode, Who, photo_name, read_photo
from matcher.services.photos import original_digest
from matcher.services.views import CandidateView, FaceCandidates, MatchView
from matcher.wording import Wording


def match(
    context: Context,
    photo: PhotoInput,
    who: Who,
    *,
    top: int | None = None,
    thorough: bool = False,
    shown_to: str | None = None,
) -> MatchView:
    """Rank the open cases for every face of a photo. The search is audited before its result is given out.

    An account that searches is recused from reviewing the cases that it is shown, as is the one that it is `shown_to`.
    """
    if who.code is ReasonCode.AD_HOC and not (who.note or "").strip():
        raise WrongUse(Wording("Why do you search? Give a reason: every search is recorded with one."))
    data = read_photo(photo)
    found = context.pipeline.find(open_image(data, photo_name(photo)), thorough=thorough)
    top = context.settings.top if top is None else top
    result = search(context, found.faces, top)
    with context.store.write() as transaction:
        result = still_true(context, transaction, found.faces, top, result)
        lists = describe(context, transaction, result, repeat(Observation(), len(found.faces)))
        shown_cases = sorted({ranked.case.id for one in lists for ranked in one.places})
        for account in sorted({who.actor, shown_to or who.actor}):
            transaction.recusals.from_cases(account, shown_cases, RecusedBy.SEARCH, context.clock())
        trace = Trace(
            "search.match",
            space=context.space.name,
            snapshot=result.snapshot,
            probe_digests=(original_digest(context, data),),
            candidates=shown_cases,
            details={"faces": len(found.faces), "top": top, "cut": sum(one.cut for one in lists)},
        )
        record(context, transaction, who, trace)
    return _view(context, found, lists, result)


def _view(context: Context, found: PhotoFaces, lists: Sequence[CandidateList], result: Search) -> MatchView:
    return MatchView(
        faces=tuple(
            FaceCandidates(
                number,
                face.box,
                face.turn,
                face.quality,
                shown(one.places),
                cut=one.cut,
                weaknesses=weaknesses(face.quality),
            )
            for number, (face, one) in enumerate(zip(found.faces, lists, strict=True), start=1)
        ),
        reason=found.reason,
        gallery_size=result.gallery_size,
        space=context.space.name,
        snapshot=result.snapshot,
        advice=None if found.reason is None else explain(found.reason, found.shortfall),
    )


def shown(places: Sequence[Ranked]) -> tuple[CandidateView, ...]:
    """A ranked list as callers see it."""
    return tuple(
        CandidateView(
            case_id=ranked.case.number,
            similarity=ranked.place.hit.similarity,
            rank=ranked.place.rank,
            flags=ranked.flags,
            photo=id_text(ranked.photo.id),
            photo_face=id_text(ranked.place.hit.face_id),
            meaning=ranked.meaning,
            sentence=sentence(ranked.meaning),
        )
        for ranked in places
    )
