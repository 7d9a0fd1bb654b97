"""The public side as the world reaches it: through nginx, with the settings that are in `scripts/nginx/`."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import start
from pictures import child
from receivers import certificate

from matcher import Matcher
from matcher.config import Home
from matcher.services.reports import REFUSED_FROM

httpx = pytest.importorskip("httpx2" if sys.version_info >= (3, 11) else "httpx")
pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")

CONF = Path(__file__).parents[2] / "scripts" / "nginx" / "public.conf"
PAUSE, CONNECTIONS, PER_HOUR = 2, 20, 1  # instead of what the file says, so that the test does not take minutes
WHOLE = """
{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/all.log crit;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/public.conf;
}}
"""


@dataclass(frozen=True)
class Reached:
    """A public side behind a proxy."""

    home: Path
    folder: Path
    port: int
    plain_port: int
    trusted: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=ssl.create_default_context(cafile=self.trusted), timeout=30)

    def connect(self) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.port), 30)
        return ssl.create_default_context(cafile=self.trusted).wrap_socket(plain, server_hostname="127.0.0.1")

    def reports(self) -> int:
        with Matcher.open(self.home) as matcher:
            return len(matcher.sightings())


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def settings(folder: Path, port: int, plain: int, behind: int) -> str:
    """The file as it is given out, at other ports, with a certificate of the test and less patience."""
    certificate(folder)
    text = CONF.read_text(encoding="utf-8")
    for given, here in (
        (r"listen \[::\]:\d+( ssl)?;", ""),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        (r"listen 80;", f"listen 127.0.0.1:{plain};"),
        (r"/etc/ssl/find.pem", f"{folder}/cert.pem"),
        (r"/etc/ssl/find.key", f"{folder}/key.pem"),
        (r"/var/log/nginx", str(folder)),
        (r"/\w+/\w+/matcher-uploads", f"{folder}/uploads"),
        (r"127\.0\.0\.1:8301", f"127.0.0.1:{behind}"),
        (r"(client_\w+|send)_timeout \d+s;", rf"\1_timeout {PAUSE}s;"),
        (r"matcher_senders 200;", f"matcher_senders {CONNECTIONS};"),
    ):
        text, changed = re.subn(given, here, text)
        assert changed, f"{given} stands no more in the file"
    return text


def answered(url: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            httpx.get(url, timeout=5, verify=False)
            return
        except httpx.TransportError:
            assert time.monotonic() < until, "nothing answers"
            time.sleep(0.05)


@pytest.fixture
def reached(home: Path, tmp_path: Path) -> Iterator[Reached]:
    with Home(home).settings_file.open("a", encoding="utf-8") as file:
        file.write(f"reports_per_hour = {PER_HOUR}\n")
    folder = tmp_path / "nginx"
    folder.mkdir()
    port, plain, behind = free_port(), free_port(), free_port()
    (folder / "public.conf").write_text(settings(folder, port, plain, behind), encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # others may not enter the test's folder
    (folder / "nginx.conf").write_text(WHOLE.format(folder=folder, user=user), encoding="utf-8")
    served = start("serve", "--public", "--behind-tls", "--home", home, "--port", behind)
    proxy = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"])
    try:
        answered(f"http://127.0.0.1:{behind}/healthz")
        there = Reached(home, folder, port, plain, folder / "cert.pem")
        answered(f"{there.url}/healthz")
        yield there
    finally:
        proxy.terminate()
        proxy.wait(30)
        served.kill()


def sent(browser: httpx.Client, number: int, **headers: str) -> httpx.Response:
    files = {"photo": ("p.jpg", child(number, 1, size=150), "image/jpeg")}
    form = {"submission": f"word{number:020d}", "place": f"place {number}"}
    return browser.post("/report", data=form, files=files, headers={"Origin": str(browser.base_url), **headers})


def test_a_report_comes_through_and_no_file_of_the_proxy_tells_of_it(reached: Reached) -> None:
    with reached.browser() as browser:
        form = browser.get("/report")
        assert (form.status_code, "max-age" in form.headers["strict-transport-security"]) == (200, True)
        assert browser.get("/v1/alerts", params={"near": "30.2587,120.1486"}).status_code == 200
        assert sent(browser, 1).status_code == 201
        away = httpx.get(f"http://127.0.0.1:{reached.plain_port}/report?card=X")
        assert (away.status_code, away.headers["location"]) == (308, "https://find.example.org/report?card=X")
    assert reached.reports() == 1
    assert list((reached.folder / "uploads").iterdir()) == []
    left = {file.name: file.read_bytes() for file in reached.folder.rglob("*") if file.is_file()}
    assert b"".join(text for name, text in left.items() if name.endswith(".log")) == b""


def test_who_sends_is_told_apart_by_the_proxy_and_not_by_the_sender(reached: Reached) -> None:
    """Else whoever floods us needs only to say another address each time."""
    most = REFUSED_FROM * PER_HOUR
    with reached.browser() as browser:
        codes = [
            sent(browser, one, **{"X-Forwarded-For": f"203.0.113.{one}"}).status_code for one in range(1, most + 2)
        ]
    assert codes == [201] * most + [429]
    assert reached.reports() == most


def test_what_is_too_long_is_answered_with_the_page_that_says_so(reached: Reached) -> None:
    with reached.browser() as browser:
        files = {"photo": ("p.jpg", bytes(70_000_000), "image/jpeg")}
        told = browser.post("/report", files=files, headers={"Origin": reached.url})
    assert (told.status_code, "at most 64 MB are possible" in told.text) == (413, True)
    assert reached.reports() == 0


def test_senders_that_never_come_to_an_end_are_let_go(reached: Reached) -> None:
    head = b"POST /report HTTP/1.1\r\nHost: find.example\r\nContent-Length: 9000\r\n"
    began = time.monotonic()
    slow = [reached.connect() for _ in range(CONNECTIONS - 2)]
    for number, connection in enumerate(slow):
        connection.sendall((b"GET /report HT", head + b"\r\n" + bytes(100))[number % 2])
    with reached.browser() as browser:
        assert browser.get("/report").status_code == 200
    for connection in slow:
        with connection:
            connection.settimeout(10 * PAUSE)
            assert re.match(rb"$|HTTP/1.1 (400|408) ", connection.recv(4096))
    assert time.monotonic() - began < 15 * PAUSE
    assert reached.reports() == 0


def test_a_sender_that_pauses_less_than_the_limit_has_all_the_time_it_needs(reached: Reached) -> None:
    """A photo over a bad line: twice as long under way as the longest pause may be."""
    form = (
        b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        + child(1, 1, size=150)
        + b"\r\n--edge--\r\n"
    )
    head = (
        f"POST /report HTTP/1.1\r\nHost: 127.0.0.1:{reached.port}\r\nOrigin: {reached.url}\r\n"
        f"Content-Length: {len(form)}\r\nContent-Type: multipart/form-data; boundary=edge\r\n\r\n"
    )
    with reached.connect() as connection:
        connection.sendall(head.encode())
        step = len(form) // 8 + 1
        for at in range(0, len(form), step):
            time.sleep(PAUSE / 4)
            connection.sendall(form[at : at + step])
        assert connection.recv(4096).startswith(b"HTTP/1.1 201 ")
    assert reached.reports() == 1


def test_one_address_holds_some_connections_and_not_all(reached: Reached) -> None:
    held = [reached.connect() for _ in range(CONNECTIONS)]
    for connection in held:
        connection.sendall(b"POST /report HTTP/1.1\r\nHost: find.example\r\nContent-Length: 9000\r\n\r\n" + bytes(100))
    time.sleep(0.3)
    with reached.browser() as browser:
        assert browser.get("/report").status_code == 429
        for connection in held:
            connection.close()
        time.sleep(0.3)
        assert browser.get("/report").status_code == 200
