"""`Desk`: the reviewers' work as `Matcher.desk` gives it. Every method is one use case and asks for its right first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from matcher.accounts.rights import Acting
from matcher.domain.cases import CaseStatus, Confirmation, ConfirmationKind
from matcher.domain.reviews import DecisionKind, Outcome, TaskKind, TaskState
from matcher.errors import WrongUse
from matcher.interchange.cells import one_of
from matcher.interchange.review_page import review_page
from matcher.interchange.review_pdf import require_reportlab, review_pdf
from matcher.services import (
    desk_decisions,
    desk_faces,
    desk_lists,
    desk_notices,
    desk_pairs,
    desk_print,
    desk_quality,
    desk_queue,
    desk_triage,
    sheets,
)
from matcher.services.context import Context
from matcher.services.desk_views import (
    ClaimFace,
    ClaimFaces,
    ClaimView,
    ListSheet,
    NoticeView,
    PairItem,
    PairSheet,
    PairView,
    QueueFilter,
    QueueView,
    RevealView,
    ReviewerView,
    SealedView,
)
from matcher.services.details import confirmation as confirmed_by
from matcher.wording import ENGLISH, Reader


class Desk:
    """Reviews of one home. `acting` is who is signed in; claims and tasks are named by their shown ids."""

    def __init__(self, context: Context) -> None:
        self._context = context

    # Reviewers

    def queue(self, acting: Acting, wanted: QueueFilter | str = QueueFilter.ALL, limit: int = 50) -> QueueView:
        """What a person holds and may claim."""
        return desk_queue.queue(self._context, acting, one_of(QueueFilter)(wanted), limit)

    def next(self, acting: Acting, kind: TaskKind | str | None = None) -> ClaimView | None:
        """Claim what a person does next, or give again what it holds; `None`: nothing waits."""
        return desk_queue.next_task(self._context, acting, None if kind is None else one_of(TaskKind)(kind))

    def claim(self, acting: Acting, task: str) -> ClaimView:
        """Claim a task of the queue; `Conflict` says why it cannot be had."""
        return desk_queue.claim(self._context, acting, task)

    def extend(self, acting: Acting, claim: str) -> ClaimView:
        """Begin the lease of a claim anew, as long as it was."""
        return desk_queue.extend(self._context, acting, claim)

    def give_back(self, acting: Acting, claim: str) -> None:
        """Return a task unanswered."""
        desk_queue.give_back(self._context, acting, claim)

    def list_sheet(self, acting: Acting, claim: str) -> ListSheet:
        """Open the list of a claim."""
        return desk_lists.list_sheet(self._context, acting, claim)

    def save_picks(self, acting: Acting, claim: str, picks: Iterable[int]) -> None:
        """Keep picked places without sealing them."""
        desk_lists.save_picks(self._context, acting, claim, picks)

    def seal_list(self, acting: Acting, claim: str, picks: Iterable[int]) -> SealedView:
        """Seal the places that resemble the face; none: nobody does."""
        return desk_lists.seal_list(self._context, acting, claim, picks)

    def pair_sheet(self, acting: Acting, claim: str) -> PairSheet:
        """Open the comparison sheet of a claim."""
        return desk_pairs.pair_sheet(self._context, acting, claim)

    def save_draft(
        self,
        acting: Acting,
        claim: str,
        outcome: Outcome | str | None = None,
        features: Mapping[Any, Any] | None = None,
        note: str | None = None,
    ) -> None:
        """Keep what was entered without sealing it."""
        desk_pairs.save_draft(self._context, acting, claim, desk_pairs.judgement(outcome, features, note))

    def seal_pair(
        self,
        acting: Acting,
        claim: str,
        outcome: Outcome | str,
        features: Mapping[Any, Any] | None = None,
        note: str | None = None,
    ) -> SealedView:
        """Seal a verdict; `features` are (likeness, note) by feature."""
        return desk_pairs.seal_pair(self._context, acting, claim, desk_pairs.judgement(outcome, features, note))

    def require_sealed(self, acting: Acting, claim: str) -> None:
        """Raise unless one sealed a verdict under this claim."""
        desk_pairs.require_sealed(self._context, acting, claim)

    def reveal(self, acting: Acting, claim: str) -> RevealView:
        """What a sealed pair was about."""
        return desk_pairs.reveal(self._context, acting, claim)

    def revise(
        self,
        acting: Acting,
        claim: str,
        outcome: Outcome | str,
        features: Mapping[Any, Any] | None = None,
        note: str | None = None,
    ) -> SealedView:
        """Follow a revealed verdict by another; both stay on record."""
        return desk_pairs.revise(self._context, acting, claim, desk_pairs.judgement(outcome, features, note))

    def faces(self, acting: Acting, claim: str) -> ClaimFaces:
        """Faces and photos of a claim by place, for the picture code: never to be given out."""
        return desk_faces.faces_of_claim(self._context, acting, claim)

    def sheet(self, acting: Acting, claim: str) -> ListSheet | PairSheet:
        """Open a claim, whichever of the two it is."""
        if desk_queue.kind_of(self._context, acting, claim) is TaskKind.LIST:
            return self.list_sheet(acting, claim)
        return self.pair_sheet(acting, claim)

    def picture(self, acting: Acting, claim: str) -> bytes:
        """A PNG with all faces of an opened claim, each with its place."""
        return sheets.claim_sheet(self._context, self.faces(acting, claim))

    def printed(
        self,
        acting: Acting,
        claim: str,
        reader: Reader = ENGLISH,
        *,
        pdf: bool,
        place: int = 1,
        whole: bool = False,
    ) -> bytes:
        """One's comparison on paper, as PDF or as one HTML page: redacted, unless it is asked for whole."""
        if pdf:
            require_reportlab()  # before anything is recorded
        sheet = desk_print.sheet(self._context, acting, claim, reader, place=place, whole=whole)
        return review_pdf(sheet) if pdf else review_page(sheet).encode()

    def face(self, acting: Acting, claim: str, place: int) -> ClaimFace:
        """The face at one place of a claim, for the picture code: never to be given out."""
        return desk_faces.face_of_claim(self._context, acting, claim, place)

    # Supervisors and officers

    def stuck(self, acting: Acting) -> dict[TaskKind, int]:
        """How many lists and pairs wait that nobody may judge any more."""
        return desk_queue.stuck(self._context, acting)

    def pairs(
        self, acting: Acting, state: TaskState | str, *, after: str | None = None, limit: int = 50
    ) -> list[PairItem]:
        """Pairs that are disputed, escalated, excluded or confirmed."""
        return desk_decisions.pairs(self._context, acting, one_of(TaskState)(state), after=after, limit=limit)

    def pair(self, acting: Acting, task: str) -> PairView:
        """Everything about a pair that reviewers are done with; whoever looks is recused from its sighting and case."""
        return desk_decisions.pair(self._context, acting, task)

    def face_of(self, acting: Acting, task: str, place: int) -> ClaimFace:
        """A face of a pair that one decides about, for the picture code."""
        return desk_decisions.face_of(self._context, acting, task, place)

    def settle(self, acting: Acting, task: str, kind: DecisionKind | str, *, note: str) -> None:
        """End a dispute as `escalated` or `excluded`."""
        desk_decisions.settle(self._context, acting, task, kind, note)

    def confirm(
        self,
        acting: Acting,
        task: str,
        confirmation: Confirmation | tuple[ConfirmationKind | str, str],
        status: CaseStatus | str = CaseStatus.LOCATED_ALIVE,
        *,
        note: str | None = None,
    ) -> None:
        """Confirm an escalated pair by a proof from outside, and close its case."""
        proof = confirmed_by(confirmation)
        if proof is None:
            raise WrongUse("A confirmation needs its kind and the reference of its proof.")
        desk_decisions.confirm(self._context, acting, task, proof, one_of(CaseStatus)(status), note)

    def refute(self, acting: Acting, task: str, *, note: str) -> None:
        """Exclude an escalated pair, until a person reopens it."""
        desk_decisions.refute(self._context, acting, task, note)

    def exclude(self, acting: Acting, task: str, *, note: str) -> DecisionKind:
        """Exclude a disputed pair as a supervisor, or refute an escalated one as an officer; which it was."""
        if desk_decisions.state_of(self._context, acting, task) is TaskState.ESCALATED:
            self.refute(acting, task, note=note)
            return DecisionKind.REFUTED
        self.settle(acting, task, DecisionKind.EXCLUDED, note=note)
        return DecisionKind.EXCLUDED

    def reopen(self, acting: Acting, task: str, *, note: str) -> None:
        """Ask about a decided pair again."""
        desk_decisions.reopen(self._context, acting, task, note)

    # Everybody

    def mark_face(self, acting: Acting, face: str) -> int:
        """Say which face of a sighting's photo is meant; how many lists of other faces are set aside."""
        return desk_triage.mark_face(self._context, acting, face)

    def notices(self, acting: Acting, limit: int = 50) -> list[NoticeView]:
        """One's inbox, newest first."""
        return desk_notices.notices(self._context, acting, limit)

    def mark_read(self, acting: Acting, notices: Iterable[str]) -> None:
        """Note that one has read notices."""
        desk_notices.mark_read(self._context, acting, notices)

    def break_due(self, acting: Acting) -> bool:
        """Whether one has judged too long without a break."""
        return desk_quality.break_due(self._context, acting)

    def own_quality(self, acting: Acting) -> ReviewerView:
        """One's own figures."""
        return desk_quality.own_quality(self._context, acting)

    def quality(self, acting: Acting) -> list[ReviewerView]:
        """The figures of everybody who has answered something."""
        return desk_quality.all_quality(self._context, acting)
