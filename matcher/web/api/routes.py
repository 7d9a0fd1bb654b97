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
from matcher.web.api.document import describe, serve
from matcher.web.api.examples import EXAMPLES

_ABOUT = (
    "Everything that the desk does, for programs. Sign in with `POST /v1/sessions` or have an administrator make a "
    "key, and send it as `Authorization: Bearer …`. Lists come in parts: send the `next` of one as the `after` of the "
    "following. What people named, such as the number of a case, is encoded as one part of an address. Uploads are "
    "multipart/form-data with photos and a part of JSON. Errors are application/problem+json "
    "(RFC 9457), and `instance` names the request as the server's log does. A similarity is no probability, and no "
    "answer identifies anybody: possible resemblances are for people to review."
)
_PARTS = (
    sessions, review, pairs, inbox, cases, publication, sightings, reports, pictures, people, partners, watch,
)  # fmt: skip


def install(app: FastAPI) -> None:
    """Serve the interface, and its description."""
    for part in _PARTS:
        app.include_router(part.router)
    serve(app, description)


@cache
def description() -> dict[str, Any]:
    """The document, which is the same for every home; made when it is asked for first, since that takes a while."""
    routes = [route for part in _PARTS for route in part.router.routes if isinstance(route, APIRoute)]
    return describe(routes, title="sighting-matcher", about=_ABOUT, examples=EXAMPLES)
