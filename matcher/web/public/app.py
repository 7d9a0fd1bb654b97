"""What the public reaches: cards, alerts and the form for sightings, and the same for partners' programs.

It is an application of its own, so that whoever serves it to the world serves no page of the desk with it.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware import Middleware

from matcher.services.alert_map import AlertMap
from matcher.services.context import Context
from matcher.web import health, problems
from matcher.web.api.document import serve
from matcher.web.api.segments import Segments
from matcher.web.assets import Assets
from matcher.web.head import Head
from matcher.web.limits import BodyLimit
from matcher.web.pages import environments
from matcher.web.public import api, cards, disputes, feeds, form, receipts
from matcher.web.public.cards import Rendered
from matcher.web.public.description import description
from matcher.web.public.visitor import problem_page
from matcher.web.security import Guard

PARTS = (form, receipts, disputes, cards, feeds, api)


def create_public_app(context: Context, *, secure: bool) -> FastAPI:
    """The application. `secure`: it is reached over TLS."""
    app = FastAPI(
        title="sighting-matcher, public side",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # what programs may ask describes itself
        redirect_slashes=False,  # where to would be told by a header of the request
        middleware=[
            Middleware(Guard, secure=secure, asks_position=True),
            Middleware(Segments),
            Middleware(Head),
            Middleware(BodyLimit, refused=problems.refused),
        ],
    )
    app.state.context, app.state.secure, app.state.templates = context, secure, environments()
    app.state.alert_map, app.state.rendered = AlertMap(context), Rendered()
    app.state.public = problem_page
    app.include_router(health.router)
    for part in PARTS:
        app.include_router(part.router)
    serve(app, description)
    app.mount("/static", Assets(), name="static")
    problems.install(app)
    return app
