"""The review desk in a browser and for programs, over one home."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware import Middleware

from matcher.services.context import Context
from matcher.web import health, metrics, problems
from matcher.web.api import routes
from matcher.web.api.segments import Segments
from matcher.web.assets import Assets
from matcher.web.console import (
    account,
    alerts,
    case_map,
    cases,
    decisions,
    disputes,
    lists,
    oversight,
    pairs,
    partners,
    people,
    pictures,
    publication,
    queue,
    reports,
    search,
    sightings,
    sign_in,
)
from matcher.web.head import Head
from matcher.web.limits import BodyLimit
from matcher.web.metrics import Measure, Requests
from matcher.web.pages import environments
from matcher.web.security import Guard

CONSOLE = (
    sign_in,
    account,
    queue,
    lists,
    pairs,
    decisions,
    cases,
    publication,
    alerts,
    reports,
    disputes,
    case_map,
    sightings,
    search,
    pictures,
    people,
    partners,
    oversight,
)


def create_app(context: Context, *, secure: bool) -> FastAPI:
    """The application. `secure`: browsers reach it over TLS, so cookies are given over TLS only."""
    requests = Requests()
    app = FastAPI(
        title="sighting-matcher",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # the interface describes itself
        redirect_slashes=False,  # where to would be told by a header of the request
        middleware=[
            Middleware(Guard, secure=secure),
            Middleware(Segments),
            Middleware(Measure, requests=requests),
            Middleware(Head),
            Middleware(BodyLimit, refused=problems.refused),
        ],
    )
    app.state.context, app.state.secure, app.state.templates = context, secure, environments()
    app.state.requests = requests
    for part in (health, metrics, *CONSOLE):
        app.include_router(part.router)
    routes.install(app)
    app.mount("/static", Assets(), name="static")
    problems.install(app)
    return app
