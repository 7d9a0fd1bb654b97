"""Reports of the public that people look after, and disputes about cards."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from matcher.domain.reports import ReportState, Witness
from matcher.services.public_disputes import PublicDisputeView
from matcher.services.report_desk import WAITING, ReportLine
from matcher.web.api.answers import ContactView
from matcher.web.api.bodies import Reason
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import After, Asker, CaseCloser, DisputeId, Limit, ReportId, Triager
from matcher.web.api.public_bodies import DisputeDecision, Merging, Note
from matcher.web.parts import Page, page

router = router_of("Reports of the public")


@router.get("/reports", summary="Reports")
def reports(
    caller: Triager,
    state: Annotated[
        list[ReportState] | None, Query(description="Where they stand; none: those that wait for somebody.")
    ] = None,
    witness: Witness | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[ReportLine]:
    """Reports of the public, those that came first before the others; `witness`: by who saw the child."""
    found = caller.public.reports.listed(caller.acting, state or WAITING, witness=witness, after=after, limit=limit + 1)
    return page(found, limit, lambda one: one.id)


@router.get("/reports/{report}", summary="A report")
def report(caller: Triager, report: ReportId) -> ReportLine:
    """What is known of a report; its photos and what was told are those of the sighting with the same id."""
    return caller.public.reports.report(caller.acting, report)


@router.post("/reports/{report}/release", summary="Release a report")
def release_report(caller: Triager, report: ReportId, given: Note) -> ReportLine:
    """Let the faces of a report be searched for that waits for a person, or that was taken for a duplicate."""
    return caller.public.reports.release(caller.acting, report, reason=given.note)


@router.post("/reports/{report}/refuse", summary="Refuse a report")
def refuse_report(caller: Triager, report: ReportId, given: Reason) -> ReportLine:
    """Say that a report is spam or abuse: it is not searched for, and erased after some days."""
    return caller.public.reports.refuse(caller.acting, report, reason=given.note)


@router.post("/reports/{report}/keep", summary="Keep a report")
def keep_report(caller: CaseCloser, report: ReportId, given: Reason) -> ReportLine:
    """Keep a report that its reporter took back, since people work with it."""
    return caller.public.reports.keep(caller.acting, report, reason=given.note)


@router.post("/reports/{report}/merge", status_code=204, summary="Show a sighting beside another")
def merge_report(caller: Triager, report: ReportId, given: Merging) -> Response:
    """Show a sighting beside another one of the same happening; both stay what they are."""
    caller.public.reports.merge(caller.acting, report, given.into)
    return Response(status_code=204)


@router.post("/reports/{report}/split", status_code=204, summary="Show a sighting by itself")
def split_report(caller: Triager, report: ReportId) -> Response:
    """Show a sighting by itself again; one that was taken for a duplicate is searched for now."""
    caller.public.reports.split(caller.acting, report)
    return Response(status_code=204)


@router.post("/reports/{report}/contact", summary="How to reach a reporter")
def reporter_contact(caller: Asker, report: ReportId, given: Reason) -> ContactView:
    """How the reporter can be reached, if they told it; the look is recorded with its reason."""
    return ContactView(caller.public.reports.contact(caller.acting, report, reason=given.note))


@router.get("/disputes", summary="Disputes about cards")
def disputes(caller: Asker, after: After = None, limit: Limit = 50) -> Page[PublicDisputeView]:
    """What people say of cards that show them or their child, the longest waiting first; the look is recorded."""
    found = caller.public.disputes.waiting(caller.acting, after=after, limit=limit + 1)
    return page(found, limit, lambda one: one.id)


@router.post("/disputes/{dispute}/decide", summary="Decide a dispute")
def decide_dispute(caller: CaseCloser, dispute: DisputeId, given: DisputeDecision) -> PublicDisputeView:
    """Uphold a dispute, which hides the case and takes away all that the public sees of it, or dismiss it."""
    return caller.public.disputes.decide(caller.acting, dispute, upheld=given.upheld, reason=given.note)
