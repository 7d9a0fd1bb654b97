"""The blind steps: the queue, claims, lists and pairs. What is given out before sealing names no child and no order."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from starlette.responses import Response

from matcher.domain.reviews import Feature, Observed, TaskKind
from matcher.services.desk_views import ClaimView, ListSheet, PairSheet, QueueFilter, QueueView, RevealView, SealedView
from matcher.web import apart
from matcher.web.api.bodies import Draft, Observation, Picks, Verdict
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import CasePlace, ClaimId, FacePlace, Limit, Reviewer, TaskId
from matcher.web.faces import FaceKind, Jpeg, of_face

router = router_of("Reviews")


class PrintFormat(str, Enum):
    """What a comparison is printed as."""

    PDF = "pdf"
    HTML = "html"


_PRINTED = {PrintFormat.PDF: "application/pdf", PrintFormat.HTML: "text/html; charset=utf-8"}


@router.get("/queue", summary="The queue")
def queue(caller: Reviewer, filter: QueueFilter = QueueFilter.ALL, limit: Limit = 50) -> QueueView:  # noqa: A002
    """What one holds, and what one may claim."""
    return caller.desk.queue(caller.acting, filter, limit)


@router.post("/queue/next", summary="Claim the next task", responses={204: {"description": "Nothing waits."}})
def claim_next(caller: Reviewer, kind: TaskKind | None = None) -> ClaimView:
    """Claim what comes next, or get again what one holds."""
    found = caller.desk.next(caller.acting, kind)
    return Response(status_code=204) if found is None else found  # type: ignore[return-value]


@router.post("/queue/{task}/claim", summary="Claim a task")
def claim(caller: Reviewer, task: TaskId) -> ClaimView:
    """Claim one task of the queue."""
    return caller.desk.claim(caller.acting, task)


@router.post("/claims/{claim}/extend", summary="Extend a claim")
def extend(caller: Reviewer, claim: ClaimId) -> ClaimView:
    """Begin the lease of a claim anew, as long as it was, for whoever needs more time; not after its end."""
    return caller.desk.extend(caller.acting, claim)


@router.delete("/claims/{claim}", status_code=204, summary="Give a claim back")
def give_back(caller: Reviewer, claim: ClaimId) -> Response:
    """Return a task unanswered."""
    caller.desk.give_back(caller.acting, claim)
    return Response(status_code=204)


@router.get("/claims/{claim}/faces/{place}/{kind}.jpg", response_class=Jpeg, summary="A face of a claim")
@apart.pictures
def claim_face(caller: Reviewer, claim: ClaimId, place: FacePlace, kind: FaceKind) -> Response:
    """The picture at a place of one's own claim, whose list or pair was opened before."""
    return of_face(caller.context, caller.desk.face(caller.acting, claim, place), kind)


@router.get("/claims/{claim}/list", summary="Open a list")
def open_list(caller: Reviewer, claim: ClaimId) -> ListSheet:
    """How many faces stand beside the sighting's, in an order of one's own; that they were given out is recorded."""
    return caller.desk.list_sheet(caller.acting, claim)


@router.put("/claims/{claim}/list/draft", status_code=204, summary="Keep picks")
def save_picks(caller: Reviewer, claim: ClaimId, given: Picks) -> Response:
    """Keep picked places without sealing them."""
    caller.desk.save_picks(caller.acting, claim, given.picks)
    return Response(status_code=204)


@router.post("/claims/{claim}/list/seal", summary="Seal a list")
def seal_list(caller: Reviewer, claim: ClaimId, given: Picks) -> SealedView:
    """Seal which places resemble the face, or that none does; the same again is the same."""
    return caller.desk.seal_list(caller.acting, claim, given.picks)


@router.get("/claims/{claim}/pair", summary="Open a pair")
def open_pair(caller: Reviewer, claim: ClaimId) -> PairSheet:
    """How many photos of the child there are, its marks, the list of features, and one's draft."""
    return caller.desk.pair_sheet(caller.acting, claim)


@router.put("/claims/{claim}/pair/draft", status_code=204, summary="Keep a draft")
def save_draft(caller: Reviewer, claim: ClaimId, given: Draft) -> Response:
    """Keep what was entered about a pair without sealing it."""
    caller.desk.save_draft(caller.acting, claim, given.outcome, _observed(given.features), given.note)
    return Response(status_code=204)


@router.post("/claims/{claim}/pair/seal", summary="Seal a pair")
def seal_pair(caller: Reviewer, claim: ClaimId, given: Verdict) -> SealedView:
    """Seal a verdict; the same again is the same."""
    return caller.desk.seal_pair(caller.acting, claim, given.outcome, _observed(given.features), given.note)


@router.post("/claims/{claim}/pair/reveal", summary="Reveal a pair")
def reveal(caller: Reviewer, claim: ClaimId) -> RevealView:
    """What a sealed pair was about; whoever asks judges nothing near it any more."""
    return caller.desk.reveal(caller.acting, claim)


@router.post("/claims/{claim}/pair/revise", summary="Revise a verdict")
def revise(caller: Reviewer, claim: ClaimId, given: Verdict) -> SealedView:
    """Follow a revealed verdict by another; both stay on record."""
    return caller.desk.revise(caller.acting, claim, given.outcome, _observed(given.features), given.note)


@router.get(
    "/claims/{claim}/pair/printed",
    response_class=Response,
    summary="Print a pair",
    responses={
        200: {"content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in _PRINTED.values()}}
    },
)
@apart.pictures
def printed(
    caller: Reviewer,
    claim: ClaimId,
    format: PrintFormat = PrintFormat.PDF,  # noqa: A002 - the name in the address
    place: CasePlace = 1,
    whole: bool = False,
) -> Response:
    """One's comparison on paper with the photo at a place: redacted, unless it is asked for whole after the reveal."""
    pdf = format is PrintFormat.PDF
    data = caller.desk.printed(caller.acting, claim, pdf=pdf, place=place, whole=whole)
    named = {"Content-Disposition": f'attachment; filename="comparison.{format.value}"'}
    return Response(data, media_type=_PRINTED[format], headers=named)


def _observed(features: Mapping[Feature, Observation]) -> dict[Feature, Observed]:
    return {feature: Observed(one.likeness, one.note) for feature, one in features.items()}
