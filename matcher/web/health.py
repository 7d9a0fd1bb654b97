"""What a supervisor process or a load balancer asks: does the server run, and can it work?"""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import PlainTextResponse

from matcher.errors import MatcherError
from matcher.services.context import Context
from matcher.web.identity import public

router = APIRouter(dependencies=[Depends(public)])


@router.get("/healthz")
async def healthy() -> PlainTextResponse:
    """The server runs, whatever its threads are at."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(request: Request) -> PlainTextResponse:
    """The database answers; 503 when it does not, without saying why: nobody needs to be signed in here."""
    context: Context = request.app.state.context
    try:
        context.store.change_counter()
    except MatcherError:
        return PlainTextResponse("not ready\n", status_code=503)
    return PlainTextResponse("ready\n")
