"""All operations of the interface, in the order in which its document lists them."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from matcher.web.api import (
    cases,
    inbox,
    pairs,
    partners,
    people,
    pictures,
    publication,
    reports,
    review,
    sessions,
    sightings,
    watch,
)
from matcher.web.api.document import describe

_PARTS = (
    sessions, review, pairs, inbox, cases, publication, sightings, reports, pictures, people, partners, watch,
)  # fmt: skip


def install(app: FastAPI) -> None:
    """Serve the interface, and its description."""
    for part in _PARTS:
        app.include_router(part.router)
    app.state.api_description = description


@cache
def description() -> dict[str, Any]:
    """The document, which is the same for every home; made when it is asked for first, since that takes a while."""
    return describe([route for part in _PARTS for route in part.router.routes if isinstance(route, APIRoute)])
