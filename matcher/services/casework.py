"""`Casework`: cases, sightings and searches for people who are signed in, as `Matcher.casework` gives it.

Every method is one use case and asks for its right first. Pages and the REST interface work through it; commands and
the library's `Matcher` take an actor's word for who acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from matcher.accounts.rights import Acting, Right
from matcher.domain.cases import CaseDetails, CaseStatus, Confirmation, ConfirmationKind
from matcher.domain.ids import PhotoId, SightingId, parse_id
from matcher.domain.records import Report
from matcher.domain.relations import RelationKind
from matcher.errors import WrongUse
from matcher.interchange.cells import one_of
from matcher.services import (
    case_candidates,
    case_map,
    case_photos,
    case_pictures,
    case_views,
    cases,
    disputes,
    relations,
    search,
    sighting_views,
    sightings,
    triage,
    weak_cases,
)
from matcher.services.case_map import CaseMap
from matcher.services.case_pictures import Picture
from matcher.services.context import Context
from matcher.services.details import case_fields, confirmation, sighting_fields
from matcher.services.inputs import CasePhoto, OnSeveral, PhotoInput, ReasonCode, Who, several
from matcher.services.views import (
    CaseCandidate,
    CaseSummary,
    CaseView,
    MatchView,
    PhotoView,
    SightingReceipt,
    SightingSummary,
    SightingView,
    WeakCase,
)
from matcher.wording import ENGLISH, Reader, Wording

LONGEST_PAGE = 500


class Casework:
    """The work on cases and sightings of one home. `acting` is who is signed in."""

    def __init__(self, context: Context) -> None:
        self._context = context

    # Cases

    def cases(
        self, acting: Acting, *, status: CaseStatus | str | None = None, after: str | None = None, limit: int = 50
    ) -> list[CaseSummary]:
        """Cases by rising number, from the one after `after`."""
        acting.require(Right.CASE_READ)
        if after is not None:
            cases.check_number(after)
        wanted = None if status is None else one_of(CaseStatus)(status)
        return case_views.listed(self._context, wanted, after, _page(limit))

    def case(self, acting: Acting, case_id: str) -> CaseView:
        """Everything about one case; whoever looks is recused from it."""
        acting.require(Right.CASE_READ)
        return cases.shown(self._context, case_id, _who(acting, ReasonCode.REVIEW))

    def candidates_of(self, acting: Acting, case_id: str, limit: int = 50) -> list[CaseCandidate]:
        """The sightings that a case is a candidate for, picked ones first; whoever looks is recused from them."""
        acting.require(Right.SIGHTING_READ)
        return case_candidates.of_case(self._context, case_id, _who(acting, ReasonCode.REVIEW), _page(limit))

    def case_map(self, acting: Acting, case_id: str, reader: Reader = ENGLISH) -> CaseMap:
        """Where and when: last seen, sightings that people hold for possible, alerts; whoever looks is recused."""
        return case_map.case_map(self._context, acting, case_id, reader)

    def awaiting_choice(
        self, acting: Acting, *, after: str | None = None, limit: int = 50
    ) -> list[tuple[str, PhotoView]]:
        """Case photos with several faces of which none is chosen yet, with their case numbers, behind photo `after`."""
        acting.require(Right.CASE_READ)
        return case_views.awaiting_choice(self._context, after, _page(limit))

    def weak_cases(self, acting: Acting, limit: int = 50) -> list[WeakCase]:
        """Open cases whose best photo is weak or that no search finds, with what would help."""
        acting.require(Right.CASE_READ)
        return weak_cases.weak_cases(self._context, _page(limit))

    def add_case(
        self,
        acting: Acting,
        case_id: str,
        photos: Iterable[CasePhoto] = (),
        *,
        on_several: OnSeveral | str = OnSeveral.ASK,
        **details: Any,
    ) -> CaseView:
        """Register a missing child; all of it or nothing."""
        acting.require(Right.CASE_WRITE)
        fields = CaseDetails(**case_fields(details))
        cases.require_free(self._context, case_id)
        prepared = case_photos.prepare_photos(self._context, several(photos), one_of(OnSeveral)(on_several))
        view = cases.add(self._context, case_id, fields, prepared, _who(acting, ReasonCode.REGISTRATION))
        return self._seen(acting, view)

    def update_case(
        self,
        acting: Acting,
        case_id: str,
        photos: Iterable[CasePhoto] = (),
        *,
        on_several: OnSeveral | str = OnSeveral.ASK,
        seen: datetime | None = None,
        **changes: Any,
    ) -> CaseView:
        """Change details of a case (`None` erases one) and add photos; a photo that it has is not added again.

        `seen` is the `updated_at` of the case as one looked at it: `Conflict` if it was changed since.
        """
        acting.require(Right.CASE_WRITE)
        cases.check_number(case_id)
        fields = case_fields(changes)
        prepared = case_photos.prepare_photos(self._context, several(photos), one_of(OnSeveral)(on_several))
        new = cases.Update(fields, prepared, seen)
        view = cases.update(self._context, case_id, new, _who(acting, ReasonCode.CORRECTION))
        return self._seen(acting, view)

    def choose_face(self, acting: Acting, photo_id: str, number: int) -> CaseView:
        """Say which face of a case photo (counted from 1, largest first) is the child's."""
        acting.require(Right.CASE_WRITE)
        photo = PhotoId(parse_id(photo_id))
        view = case_photos.choose_face(self._context, photo, number, _who(acting, ReasonCode.CORRECTION))
        return self._seen(acting, view)

    def relate(self, acting: Acting, case_id: str, other: str, kind: RelationKind | str | None) -> CaseView:
        """Declare how two cases are related; `None` withdraws it."""
        acting.require(Right.CASE_WRITE)
        who = _who(acting, ReasonCode.CORRECTION)
        if kind is None:
            return self._seen(acting, relations.unrelate(self._context, case_id, other, who))
        return self._seen(acting, relations.relate(self._context, case_id, other, one_of(RelationKind)(kind), who))

    def close_case(
        self,
        acting: Acting,
        case_id: str,
        status: CaseStatus | str,
        confirmed: Confirmation | tuple[ConfirmationKind | str, str] | None = None,
        *,
        note: str | None = None,
    ) -> CaseView:
        """End a case: no search finds it from now on. `located_*` needs a confirmation from outside."""
        acting.require(Right.CASE_CLOSE)
        cases.check_number(case_id)
        target = one_of(CaseStatus)(status)
        if not target.is_end:
            raise WrongUse(
                Wording("'{status}' does not end a case: reopen it instead, or dispute it.", status=target.value)
            )
        who = _who(acting, ReasonCode.CLOSURE, note)
        return self._seen(acting, cases.move(self._context, case_id, target, confirmation(confirmed), who))

    def reopen_case(self, acting: Acting, case_id: str, *, note: str) -> CaseView:
        """Search for the child of an ended case again."""
        acting.require(Right.CASE_CLOSE)
        cases.check_number(case_id)
        if not note.strip():
            raise WrongUse(Wording("Why is the case opened again? Give a reason."))
        who = _who(acting, ReasonCode.CORRECTION, note)
        return self._seen(acting, cases.move(self._context, case_id, CaseStatus.OPEN, None, who))

    def dispute_case(self, acting: Acting, case_id: str, *, note: str) -> CaseView:
        """Hide an open case of which somebody says that it is about them or their child, until an officer has decided:
        by closing, erasing or reopening it.
        """
        acting.require(Right.CASE_WRITE)
        cases.check_number(case_id)
        return self._seen(acting, disputes.dispute_case(self._context, case_id, _who(acting, ReasonCode.CLOSURE, note)))

    # Sightings

    def sightings(
        self, acting: Acting, *, needs_triage: bool | None = None, after: str | None = None, limit: int = 50
    ) -> list[SightingSummary]:
        """Sightings, newest first, from the one after `after`; `needs_triage`: with a photo without a usable face."""
        acting.require_one_of(Right.SIGHTING_READ, Right.TRIAGE)
        return sighting_views.listed(self._context, needs_triage=needs_triage, after=after, limit=_page(limit))

    def sighting(self, acting: Acting, sighting_id: str) -> SightingView:
        """Everything about one sighting; whoever looks is recused from it."""
        acting.require(Right.SIGHTING_READ)
        return sighting_views.shown(self._context, sighting_id, _who(acting, ReasonCode.SIGHTING))

    def triage_sheet(self, acting: Acting, sighting_id: str) -> SightingView:
        """A sighting without its candidates, for those who look after its photos; whoever looks is recused."""
        acting.require(Right.TRIAGE)
        return triage.sheet(self._context, sighting_id, _who(acting, ReasonCode.SIGHTING))

    def submit_sighting(
        self, acting: Acting, photos: Iterable[PhotoInput], *, idempotency_key: str | None = None, **report: Any
    ) -> SightingReceipt:
        """Store a sighting with its candidates; the receipt tells nothing of them.

        Handing in the same content with the same `idempotency_key` of an account again gives the sighting that exists.
        """
        acting.require(Right.SIGHTING_SUBMIT)
        told = Report(**sighting_fields(report))
        key = sightings.SubmissionKey.of(idempotency_key, acting.id)
        new = sightings.prepare_sighting(self._context, told, several(photos), key)
        sighting_id, repeated = sightings.submit(self._context, new, _who(acting, ReasonCode.SIGHTING))
        return sighting_views.receipt(self._context, sighting_id, repeated)

    def receipt(self, acting: Acting, sighting_id: str) -> SightingReceipt:
        """Which photos of a sighting can be used, and nothing of what was told or found."""
        acting.require(Right.SIGHTING_SUBMIT)
        return sighting_views.receipt(self._context, SightingId(parse_id(sighting_id)), repeated=True)

    def handed_in_before(self, acting: Acting, sighting_id: str) -> list[str]:
        """The other sightings that hold one of a sighting's photos; nothing is told to those who only hand in."""
        if Right.TRIAGE not in acting.rights:
            return []
        return sighting_views.handed_in_before(self._context, SightingId(parse_id(sighting_id)))

    def set_photo_aside(self, acting: Acting, photo_id: str, *, note: str) -> None:
        """Say, having looked, that no face of a sighting's photo can be used."""
        acting.require(Right.TRIAGE)
        triage.set_aside(self._context, photo_id, _who(acting, ReasonCode.SIGHTING, note))

    def bring_photo_back(self, acting: Acting, photo_id: str) -> None:
        """Let people look again at a photo that was set aside."""
        acting.require(Right.TRIAGE)
        triage.bring_back(self._context, photo_id, _who(acting, ReasonCode.SIGHTING))

    def dispute_sighting(self, acting: Acting, sighting_id: str, *, note: str) -> None:
        """Hide a sighting of which somebody says that it shows them or their child, until an officer has decided."""
        acting.require(Right.CASE_WRITE)
        disputes.dispute(self._context, sighting_id, _who(acting, ReasonCode.SIGHTING, note))

    def dismiss_dispute(self, acting: Acting, sighting_id: str, *, note: str) -> None:
        """Show a disputed sighting again; who agrees with the dispute erases it."""
        acting.require(Right.CASE_CLOSE)
        disputes.dismiss(self._context, sighting_id, _who(acting, ReasonCode.SIGHTING, note))

    # Searches and pictures

    def search(
        self, acting: Acting, photo: PhotoInput, *, reason: str, top: int | None = None, thorough: bool = True
    ) -> MatchView:
        """Rank the open cases for every face of a photo that is not kept; whoever searches is recused from them."""
        acting.require(Right.SEARCH)
        who = _who(acting, ReasonCode.AD_HOC, reason)
        return search.match(self._context, photo, who, top=None if top is None else _page(top), thorough=thorough)

    def probe_faces(self, photo: PhotoInput, found: MatchView) -> list[bytes]:
        """The faces that were searched, as JPEG: the photo is with the caller, so nothing is recorded."""
        return case_pictures.probe_faces(photo, found)

    def picture(self, acting: Acting, kind: Picture | str, shown_id: str) -> bytes:
        """A photo or a face of a case or sighting that one may see, as JPEG; each look is recorded, and recuses."""
        return case_pictures.picture(self._context, acting, one_of(Picture)(kind), shown_id)

    def _seen(self, acting: Acting, view: CaseView) -> CaseView:
        """A view of a case for somebody who registered, changed or ended it, and who is not asked about its pairs."""
        case_views.recuse(self._context, view.case_id, _who(acting, ReasonCode.REVIEW))
        return view


def _who(acting: Acting, code: ReasonCode, note: str | None = None) -> Who:
    return Who.of(acting, code, (note or "").strip() or None)


def _page(limit: int) -> int:
    if not 1 <= limit <= LONGEST_PAGE:
        raise WrongUse(f"limit is {limit}: a page has 1 … {LONGEST_PAGE} lines.")
    return limit
