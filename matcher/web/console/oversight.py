"""The audit log and the state of the installation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from matcher.accounts.rights import Right
from matcher.services.oversight import installation, latest_audit
from matcher.web.api.parameters import LAST
from matcher.web.identity import Visit, allowed
from matcher.web.pages import page

router = APIRouter()

_PAGE = 100  # entries on one page


@router.get("/audit")
def audit(
    request: Request,
    visited: Annotated[Visit, Depends(allowed(Right.AUDIT_READ))],
    before: Annotated[int | None, Query(ge=0, le=LAST)] = None,
) -> Response:
    """Who did what: one page of entries, the newest first. Notes stay out: they may tell of a child."""
    records, following = latest_audit(visited.context, visited.acting, before, _PAGE)
    return page(request, "audit.html", visited, records=records, following=following)


@router.get("/status")
def status(request: Request, visited: Annotated[Visit, Depends(allowed(Right.STATUS))]) -> Response:
    """What searches run on, and the check-up."""
    gallery, findings = installation(visited.context, visited.acting)
    return page(request, "status.html", visited, gallery=gallery, findings=findings)
