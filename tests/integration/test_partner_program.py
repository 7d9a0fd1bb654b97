"""The partner program: it understands before it answers, catches up, and sends the very same report again."""

from __future__ import annotations

import argparse
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from receivers import running

from matcher.crypto.signatures import sign

SECRET = "only the app knows"  # noqa: S105
CARD = {"code": "K7QF9M2P", "name": "Wang Xiaoming", "place": "West Lake", "phone": "110"}


def told(number: int, alert: str = "a", kind: str = "alert", **changes: object) -> dict[str, Any]:
    if kind == "cancel":
        return {"number": number, "alert": alert, "kind": kind, "meant": "actual"}
    shown = {
        "meant": "actual",
        "expires_at": "2999-01-01T00:00:00+00:00",
        "area": {"lat": 30.25, "lon": 120.16, "radius_km": 100.0},
        "card": CARD,
    }
    return {"number": number, "alert": alert, "kind": kind, **shown, **changes}


def event(data: dict[str, Any], kind: str = "alert.issued") -> dict[str, Any]:
    return {"id": f"event {data.get('number')}", "type": f"sighting-matcher.{kind}", "data": data}


class _Feed(BaseHTTPRequestHandler):
    server: Public

    def do_GET(self) -> None:
        asked = {name: int(values[0]) for name, values in parse_qs(urlsplit(self.path).query).items()}
        after = [one for one in self.server.told if one["number"] > asked["since"]]
        page = after[:2]
        following = page[-1]["number"] if page else asked["since"]
        self._say({"alerts": page, "next": following, "more": len(after) > len(page)})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        start = body.index(b'name="report"\r\n\r\n') + len(b'name="report"\r\n\r\n')
        report = json.loads(body[start : body.index(b"\r\n--", start)])
        self.server.reports.append((self.headers["Idempotency-Key"], report))
        self._say({"receipt": "77YG", "report": "r", "repeated": False})

    def _say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Public(ThreadingHTTPServer):
    """A public side that says what it is to say."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Feed)
        self.told: list[dict[str, Any]] = []
        self.reports: list[tuple[str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    with server, running(server):
        yield


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = spec_from_file_location("partner_program", Path(__file__).parents[2] / "scripts" / "partner.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(__import__("sys").modules, "partner_program", module)
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def public() -> Iterator[Public]:
    server = Public()
    with serving(server):
        yield server


@pytest.fixture
def started(program: ModuleType) -> Iterator[Callable[..., Any]]:
    """Starts the app with these options; its server."""
    running = []

    def start(server: str | None = None, key: str | None = None) -> Any:
        users = [program.User.of(text) for text in ("Li:30.26,120.15", "Zhou:30.24,120.17")]
        app = program.Partner(
            argparse.Namespace(port=0, user=users, secret=SECRET, tolerance=300, server=server, key=key)
        )
        context = serving(app)
        context.__enter__()
        running.append(context)
        return app

    yield start
    for context in running:
        context.__exit__(None, None, None)


def post(app: Any, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"http://127.0.0.1:{app.server_address[1]}{path}", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read() or "{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or "{}")


def tell(app: Any, given: dict[str, Any]) -> int:
    body = json.dumps(given).encode()
    return post(app, "/events", body, **{"Matcher-Signature": sign(SECRET, body, time.time())})[0]


def shown(app: Any, user: str = "Li") -> list[int]:
    return [one["number"] for one in app.app.boxes()[user]]


def test_what_is_not_understood_is_refused_each_time_until_it_is(started: Callable[..., Any]) -> None:
    app = started()
    broken = event(told(1, area={"lat": 30.25}))
    assert [tell(app, broken), tell(app, broken)] == [400, 400]
    assert shown(app) == []
    assert tell(app, event(told(1))) == 204, "the same id"
    assert (tell(app, event(told(1))), shown(app)) == (204, [1])


@pytest.mark.parametrize(
    "broken", [{"number": "x"}, {"expires_at": 7}, {"card": ["x"]}, {"card": None}, {"kind": None}]
)
def test_no_part_of_an_event_is_kept_that_could_not_be_shown(
    started: Callable[..., Any], broken: dict[str, object]
) -> None:
    app = started()
    given = {name: value for name, value in {**told(2), **broken}.items() if value is not None}
    assert tell(app, event(given)) == 400
    assert tell(app, event(told(1))) == 204
    assert shown(app) == [1]


def test_the_higher_number_is_right_and_a_test_is_shown_to_nobody(started: Callable[..., Any]) -> None:
    app = started()
    for one in (told(2), told(1), told(3, "b", meant="test"), told(4, "c", expires_at="2020-01-01T00:00:00+00:00")):
        assert tell(app, event(one)) == 204
    assert shown(app) == [2]
    tell(app, event(told(5, kind="cancel"), "alert.cancelled"))
    tell(app, event(told(2)))
    assert shown(app) == []


def test_what_was_told_before_it_began_is_asked_for_page_by_page(started: Callable[..., Any], public: Public) -> None:
    public.told = [told(1), told(2, "b"), told(3, "b", "cancel"), told(4, "c"), {"number": 5, "new": True}]
    app = started(public.url)
    tell(app, event(told(2, "b")))
    assert shown(app) == [2]
    app.catch_up()
    assert shown(app) == [1, 4]


def test_a_feed_that_is_away_is_asked_again(
    started: Callable[..., Any], public: Public, program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = started("http://127.0.0.1:1")
    monkeypatch.setattr(program.time, "sleep", lambda _seconds: setattr(app, "server_url", public.url))
    public.told = [told(1)]
    app.catch_up()
    assert shown(app) == [1]


def test_an_app_that_was_told_that_nothing_more_comes_shows_nothing_more(
    started: Callable[..., Any], public: Public
) -> None:
    public.told = [told(1)]
    app = started(public.url)
    app.catch_up()
    assert tell(app, event({"version": 1}, "partner.ended")) == 204
    tell(app, event(told(9, "z")))
    app.catch_up()
    assert shown(app) == []


def test_a_report_that_is_sent_again_is_the_very_same(
    started: Callable[..., Any], public: Public, program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = started(public.url, "key")
    tell(app, event(told(1)))
    for hour in (7, 8):
        monkeypatch.setattr(program.time, "gmtime", lambda hour=hour: (2026, 3, 14, hour, 0, 0, 5, 73, 0))
        assert post(app, "/seen?user=Li&alert=a&word=one", b"photo")[0] == 200
    first, again = public.reports
    assert first == again
    assert first[1]["seen_at"] == "2026-03-14T07:00:00+00:00"
    post(app, "/seen?user=Zhou&alert=a&word=one", b"photo")
    assert public.reports[2][0] != first[0], "another user's word is another one"
    assert public.reports[2][1]["position"] == {"lat": 30.24, "lon": 120.17}


@pytest.mark.parametrize(("server", "key"), [(None, "key"), ("http://127.0.0.1:1", None)])
def test_an_app_that_can_hand_nothing_in_says_so(
    started: Callable[..., Any], server: str | None, key: str | None
) -> None:
    app = started(server, key)
    tell(app, event(told(1)))
    status, answer = post(app, "/seen?user=Li&alert=a&word=one", b"photo")
    assert (status, "--server and --key" in answer["detail"]) == (503, True)


def test_what_cannot_be_handed_in_is_told_with_what_to_do(started: Callable[..., Any]) -> None:
    app = started("http://127.0.0.1:1", "key")
    tell(app, event(told(1)))
    assert post(app, "/seen?user=Li&alert=a", b"photo")[0] == 400
    assert post(app, "/seen?user=Nobody&alert=a&word=one", b"photo")[0] == 404
    assert post(app, "/seen?user=Li&alert=b&word=one", b"photo")[0] == 404
    status, answer = post(app, "/seen?user=Li&alert=a&word=one", b"photo")
    assert (status, "the same word" in answer["detail"]) == (502, True)
