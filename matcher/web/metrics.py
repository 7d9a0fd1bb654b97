"""What Prometheus reads: requests, and how much work waits. No label holds an id or the name of anybody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matcher.accounts.rights import Right
from matcher.services.oversight import Figures, figures
from matcher.web.api.caller import Route, allowed
from matcher.web.signed_in import SignedIn

router = APIRouter(route_class=Route, include_in_schema=False)

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Requests:
    """Counters of one application's requests, by the pattern of their address: the address itself names things."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count = Counter(
            "matcher_requests_total", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "matcher_request_seconds", "From request to answer.", ("method", "route"), registry=self.registry
        )

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "other")
        self._count.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class Measure:
    """Notes every request with the status of its answer; one that failed before it had any counts as 500."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._requests.note(scope, status, time.perf_counter() - begun)


@router.get("/metrics")
def metrics(request: Request, caller: Annotated[SignedIn, Depends(allowed(Right.STATUS))]) -> Response:
    """All figures in Prometheus's text format."""
    now = CollectorRegistry()
    now.register(_Now(figures(caller.context, caller.acting)))
    requests: Requests = request.app.state.requests
    return Response(generate_latest(requests.registry) + generate_latest(now), media_type=_FORMAT)


class _Now(Collector):
    """Figures of this moment; what is not known is left out."""

    def __init__(self, found: Figures) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = self._found
        waiting = GaugeMetricFamily("matcher_tasks", "Tasks that wait for reviewers.", labels=("kind", "part"))
        for kind, counts in found.waiting.items():
            for part in ("all", "urgent", "overdue"):
                waiting.add_metric((kind.value, part), getattr(counts, part))
        yield waiting
        stuck = GaugeMetricFamily(
            "matcher_tasks_without_reviewer", "Of the tasks that wait longest: nobody may judge them.", labels=("kind",)
        )
        for kind, count in found.stuck.items():
            stuck.add_metric((kind.value,), count)
        yield stuck
        yield GaugeMetricFamily("matcher_claims", "Claims that people hold.", value=found.claims)
        yield GaugeMetricFamily("matcher_gallery_faces", "Faces that searches find.", value=found.faces)
        yield GaugeMetricFamily("matcher_gallery_tail", "Faces newer than the snapshot.", value=found.tail)
        messages = GaugeMetricFamily("matcher_messages", "Messages that wait or were given up.", labels=("state",))
        for state, count in found.messages.items():
            messages.add_metric((state.value,), count)
        yield messages
        if found.snapshot_age is not None:
            age = found.snapshot_age
            yield GaugeMetricFamily("matcher_snapshot_age_seconds", "Time since the last reindex.", value=age)
