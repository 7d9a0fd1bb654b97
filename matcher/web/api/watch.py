"""The audit log and the state of the installation."""

from __future__ import annotations

from matcher.services.oversight import audit_page, installation
from matcher.web.api.answers import AuditView, InstallationView, of_record
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import AfterNumber, Auditor, Limit, Watcher
from matcher.web.parts import Page

router = router_of("Oversight")


@router.get("/audit", summary="The audit log")
def audit(caller: Auditor, after: AfterNumber = 0, limit: Limit = 50) -> Page[AuditView]:
    """Who did what, oldest first, without the notes: they may tell of a child."""
    records, following = audit_page(caller.context, caller.acting, after, limit)
    return Page(tuple(map(of_record, records)), None if following is None else str(following))


@router.get("/status", summary="State of the installation")
def status(caller: Watcher) -> InstallationView:
    """What searches run on, and the check-up."""
    gallery, findings = installation(caller.context, caller.acting)
    return InstallationView(gallery, tuple(findings))
