"""How the desk is reached: by balancers, through proxies, while it is busy, and by people who are not signed in."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
import uvicorn
from accounts import PASSWORD
from click.testing import CliRunner
from desks import Desk
from requests_raw import post
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from matcher.cli.root import root
from matcher.config import Home
from matcher.web.app import create_app


def test_health_is_told_while_all_threads_are_taken(desk: Desk) -> None:
    done = threading.Event()

    async def asked() -> str:
        taken = [asyncio.create_task(anyio.to_thread.run_sync(done.wait, 20)) for _ in range(40)]
        await asyncio.sleep(0.2)
        try:
            answer = await asyncio.wait_for(post(desk, "/healthz", [], None, "GET"), 5)
        finally:
            done.set()
        await asyncio.gather(*taken)
        return answer.body.decode()

    assert asyncio.run(asked()) == "ok\n"


def test_head_tells_what_get_would_without_its_body(desk: Desk) -> None:
    chen = desk.browser("chen").client
    for path in ("/healthz", "/readyz", "/sign-in", "/static/desk.css", "/cases", "/v1/openapi.json", "/v1/me", "/no"):
        told, asked = chen.get(path), chen.head(path)
        assert (asked.status_code, asked.content) == (told.status_code, b""), path
        apart = {"x-request-id"}
        assert {k: v for k, v in asked.headers.items() if k not in apart} == {
            k: v for k, v in told.headers.items() if k not in apart
        }
    assert int(chen.head("/healthz").headers["content-length"]) == 3
    assert chen.head("/sign-out").status_code == 405
    root = {"Authorization": f"Bearer {desk.program('root').token}"}
    counted = 'matcher_requests_total{method="HEAD",route="/healthz",status="200"} 2.0'
    assert counted in chen.get("/metrics", headers=root).text


def test_head_over_a_real_connection(desk: Desk) -> None:
    """A server is told the length of a body that never comes, and the connection goes on to be used."""
    import httpx2

    server = uvicorn.Server(uvicorn.Config(desk.app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            answers = [client.head("/healthz"), client.get("/healthz"), client.head("/static/desk.css")]
    finally:
        server.should_exit = True
        thread.join(10)
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [len(answer.content) for answer in answers] == [0, 3, 0]


@pytest.mark.parametrize(
    "wanted", ["/case?number=CASE-77-1", "/sightings?triage=true&after=x%26y", "/queue", "/cases?a=%E5"]
)
def test_after_signing_in_people_are_where_they_wanted_to_be(desk: Desk, wanted: str) -> None:
    client = desk.browser().client
    form = client.get(wanted)
    assert form.url.path == "/sign-in"
    shown = re.search(r'name="next" value="([^"]*)"', form.text)
    assert shown is not None
    data = {"name": "chen", "password": PASSWORD, "next": shown[1].replace("&amp;", "&")}
    answer = client.post("/sign-in", data=data, follow_redirects=False)
    assert answer.headers["location"] == wanted


@pytest.mark.parametrize("path", ["//evil.example/x?y=1", "/%5cevil.example?y", "/\\evil.example?y"])
def test_no_address_leads_elsewhere_after_signing_in(desk: Desk, path: str) -> None:
    client = desk.browser().client
    answer = client.get(f"http://testserver{path}", follow_redirects=False)
    assert "evil" not in answer.headers.get("location", "") or answer.headers["location"].startswith("/sign-in?")


def test_pages_of_errors_lead_on_for_whoever_is_signed_in(desk: Desk) -> None:
    chen, nobody = desk.browser("chen"), desk.browser()
    for path, status in (("/queue", 403), ("/no-such-page", 404), ("/cases?status=zz", 422), ("/case?number=nix", 404)):
        text = chen.get(path, status).text
        assert '<a href="/cases"' in text
        assert '<a href="/queue"' not in text  # no right is lent
        assert ">chen</a>" in text
    assert "<nav" not in nobody.get("/no-such-page", 404).text
    token = re.search(r'form_token" value="(\w+)"', chen.get("/queue", 403).text)
    assert token is not None
    assert chen.client.post("/sign-out", data={"form_token": token[1]}).url.path == "/sign-in"


def test_too_large_an_upload_gets_a_page_in_the_readers_language(desk: Desk) -> None:
    chen = desk.browser("chen")
    chen.post("/account/language", language="zh-Hans")
    sent = {"content": b"x" * 64_000_001, "headers": {"content-type": "multipart/form-data; boundary=x"}}
    for answer in (chen.client.post("/sightings", **sent), chen.client.post("/case/details", content=b"x" * 1_000_001)):
        assert answer.status_code == 413
        assert answer.headers["content-type"].startswith("text/html")
        assert "一次发送的内容过大：最多" in answer.text
        assert '<a href="/cases"' in answer.text
    answer = desk.browser().client.post("/sign-in", content=b"x" * 1_000_001)
    assert "Too much was sent at once: at most 1 MB are possible." in answer.text

    def flood() -> Any:
        for _ in range(70):
            yield b"x" * 1_000_000

    unannounced = chen.client.post("/sightings", content=flood(), headers=sent["headers"])
    assert "最多 64 MB" in unannounced.text


def served(monkeypatch: pytest.MonkeyPatch, home: object, *options: str) -> tuple[dict[str, Any], str]:
    """What the server would be told, and what the terminal says."""
    told: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda application, **how: told.update(how, app=application))
    monkeypatch.setattr(import_module("matcher.cli.serve"), "_require_free", lambda _host, _port: None)
    result = CliRunner().invoke(root, ["serve", "--home", str(home), *options])
    return told, result.output


def test_an_address_is_printed_so_that_it_can_be_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    home = desk.matcher.context.home.root
    assert "http://[::1]:8300 until" in served(monkeypatch, home, "--host", "::1")[1]
    assert "http://127.0.0.1:8300 until" in served(monkeypatch, home)[1]


def test_a_port_that_is_taken_is_told_before_the_desk_is_announced(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        home = str(desk.matcher.context.home.root)
        result = CliRunner().invoke(root, ["serve", "--home", home, "--port", port])
    assert (result.exit_code, "The desk is at" in result.output) == (2, False)
    assert f"Nothing can listen at 127.0.0.1, port {port} (Address already in use)" in result.output


def test_only_a_proxy_that_was_named_says_where_people_come_from(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    home = desk.matcher.context.home.root
    assert served(monkeypatch, home)[0]["proxy_headers"] is False
    here, _ = served(monkeypatch, home, "--behind-tls")
    assert (here["proxy_headers"], here["forwarded_allow_ips"]) == (True, ["127.0.0.1", "::1"])
    there = ("--host", "10.0.0.5", "--behind-tls", "--trusted-proxy", "10.0.0.4", "--trusted-proxy", "10.1.0.0/24")
    told, _ = served(monkeypatch, home, *there)
    assert told["forwarded_allow_ips"] == ["127.0.0.1", "::1", "10.0.0.4", "10.1.0.0/24"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "10.0.0.5"), "say --behind-tls"),
        (("--host", "10.0.0.5", "--behind-tls"), "locks all others out"),
        (("--host", "0.0.0.0", "--behind-tls"), "locks all others out"),  # noqa: S104 - it is refused
        (("--trusted-proxy", "10.0.0.4"), "give both"),
        (("--behind-tls", "--trusted-proxy", "*"), "no address like 10.0.0.4"),
        (("--behind-tls", "--trusted-proxy", "proxy.example"), "no address like 10.0.0.4"),
    ],
)
def test_a_reach_that_gives_the_desk_away_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    told, output = served(monkeypatch, desk.matcher.context.home.root, *options)
    assert told == {}
    assert said in " ".join(output.split())


def test_behind_a_proxy_each_browser_is_counted_for_itself(desk: Desk) -> None:
    """As the README's proxy forwards: its own Host and where a browser comes from."""
    app = ProxyHeadersMiddleware(create_app(desk.matcher.context, secure=True), ["127.0.0.1", "10.0.0.4"])  # type: ignore[arg-type]
    desk.app = app  # type: ignore[assignment]

    def tried(name: str, password: str, origin: str) -> int:
        forwarded = {"x_forwarded_for": origin, "x_forwarded_proto": "https", "host": "desk.example.org"}
        form = {"content-type": "application/x-www-form-urlencoded", "origin": "https://desk.example.org"}
        sent = [f"name={name}&password={password.replace(' ', '+')}".encode()]
        return asyncio.run(post(desk, "/sign-in", sent, None, **form, **forwarded)).status

    codes = [tried(f"guess-{number}", "x", "198.51.100.9") for number in range(32)]
    assert codes == [401] * 30 + [429] * 2
    assert tried("li", PASSWORD, "203.0.113.7") == 303


def test_the_public_side_says_at_its_start_that_it_does_not_know_its_address(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[object] = []
    monkeypatch.setattr(uvicorn, "run", lambda application, **_how: served.append(application))
    for said, expected in (("", True), ('public_url = "https://find.example"\n', False)):
        with Home(home).settings_file.open("a", encoding="utf-8") as file:
            file.write(said)
        result = CliRunner().invoke(root, ["serve", "--public", "--home", str(home), "--port", "8399"])
        assert (result.exit_code, "set 'public_url'" in result.output) == (0, expected), result.output
    assert len(served) == 2
