"""What reviewers could not settle, for supervisors; what they agree on, for officers."""

from __future__ import annotations

from starlette.responses import Response

from matcher.domain.reviews import TaskState
from matcher.services.desk_views import PairItem, PairView
from matcher.web import apart
from matcher.web.api.bodies import ConfirmedPair, Reason, Settlement
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import After, Decider, FacePlace, Limit, Officer, Supervisor, TaskId
from matcher.web.faces import FaceKind, Jpeg, of_face
from matcher.web.parts import Page, page

router = router_of("Decisions")


@router.get("/pairs", summary="Pairs in a state")
def pairs(caller: Decider, state: TaskState, after: After = None, limit: Limit = 50) -> Page[PairItem]:
    """Pairs that are disputed, escalated, excluded, confirmed or closed; nothing of a line names a child."""
    found = caller.desk.pairs(caller.acting, state, after=after, limit=limit + 1)
    return page(found, limit, lambda one: one.task)


@router.get("/pairs/{task}", summary="A pair")
def pair(caller: Decider, task: TaskId) -> PairView:
    """Everything about a pair that reviewers are done with; whoever looks judges nothing near it blind any more."""
    return caller.desk.pair(caller.acting, task)


@router.get("/pairs/{task}/faces/{place}/{kind}.jpg", response_class=Jpeg, summary="A face of a pair")
@apart.pictures
def pair_face(caller: Decider, task: TaskId, place: FacePlace, kind: FaceKind) -> Response:
    """The picture at a place of a pair that one decides about; each look is recorded."""
    return of_face(caller.context, caller.desk.face_of(caller.acting, task, place), kind)


@router.post("/pairs/{task}/settle", status_code=204, summary="Settle a dispute")
def settle(caller: Supervisor, task: TaskId, given: Settlement) -> Response:
    """End a dispute between reviewers."""
    caller.desk.settle(caller.acting, task, given.decision, note=given.note)
    return Response(status_code=204)


@router.post("/pairs/{task}/confirm", status_code=204, summary="Confirm a pair")
def confirm(caller: Officer, task: TaskId, given: ConfirmedPair) -> Response:
    """Confirm an escalated pair by a proof from outside, and close its case."""
    proof = given.kind, given.reference
    caller.desk.confirm(caller.acting, task, proof, given.status, note=given.note)
    return Response(status_code=204)


@router.post("/pairs/{task}/refute", status_code=204, summary="Refute a pair")
def refute(caller: Officer, task: TaskId, given: Reason) -> Response:
    """Exclude an escalated pair that turned out not to be the same child."""
    caller.desk.refute(caller.acting, task, note=given.note)
    return Response(status_code=204)


@router.post("/pairs/{task}/exclude", status_code=204, summary="Exclude a pair")
def exclude(caller: Decider, task: TaskId, given: Reason) -> Response:
    """Exclude a pair: as a supervisor one that is disputed, as an officer one that is escalated."""
    caller.desk.exclude(caller.acting, task, note=given.note)
    return Response(status_code=204)


@router.post("/pairs/{task}/reopen", status_code=204, summary="Reopen a pair")
def reopen_pair(caller: Supervisor, task: TaskId, given: Reason) -> Response:
    """Ask reviewers about a decided pair again."""
    caller.desk.reopen(caller.acting, task, note=given.note)
    return Response(status_code=204)
