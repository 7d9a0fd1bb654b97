"""A mail server and a receiver of webhooks on this machine, as small as they can be, that keep what they are given."""

from __future__ import annotations

import base64
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Letter:
    """What one DATA brought, with its envelope."""

    sender: str
    to: list[str]
    raw: bytes
    over_tls: bool
    signed_in: str | None

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class _Smtp(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.over_tls, self.user, self.sender, self.to = False, None, "", []  # type: ignore[var-annotated]
        if self.server.tls and self.server.tls_at_once:
            self._secure()
        self._say("220 here")
        with suppress(OSError):
            while line := self.rfile.readline().decode("latin-1"):
                self.server.lines.append(line.rstrip("\r\n"))
                word, _, rest = line.strip().partition(" ")
                if not self._answer(word.upper(), rest):
                    return

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # the one over TLS is not the one that the server closes

    def _answer(self, word: str, rest: str) -> bool:
        if word == "EHLO":
            offered = ["STARTTLS"] if self.server.tls and not self.over_tls else []
            lines = ["here", *offered, "AUTH PLAIN"]
            self._say("\r\n".join(f"250{'-' if line != lines[-1] else ' '}{line}" for line in lines))
        elif word == "STARTTLS" and self.server.tls:
            self._say("220 go")
            self._secure()
        elif word == "AUTH":
            self.user = base64.b64decode(rest.split(" ")[1]).decode().replace("\0", " ").strip()
            self._say("235 welcome")
        elif word == "MAIL":
            self.sender, self.to = rest.partition("<")[2].partition(">")[0], []
            self._say("250 ok")
        elif word == "RCPT":
            self.to.append(rest.partition("<")[2].partition(">")[0])
            self._say(self.server.at_recipient)
        elif word == "DATA":
            self._say("354 go on")
            self._take()
            if not self.server.answers_data:
                return False
            self._say("250 taken")
        elif word == "QUIT" and not self.server.answers_quit:
            return False
        else:
            self._say("221 bye" if word == "QUIT" else "250 ok")
            return word != "QUIT"
        return True

    def _secure(self) -> None:
        assert self.server.tls is not None
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.over_tls = self.connection.makefile("rb"), True

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.letters.append(Letter(self.sender, self.to, b"".join(lines), self.over_tls, self.user))

    def _say(self, line: str) -> None:
        self.connection.sendall(f"{line}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """`letters` are what it took, `lines` everything that was said to it outside of letters."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Smtp)
        self.letters: list[Letter] = []
        self.lines: list[str] = []
        self.tls: ssl.SSLContext | None = None
        self.tls_at_once = False  # or after STARTTLS
        self.at_recipient = "250 ok"
        self.answers_data = True
        self.answers_quit = True

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


@dataclass
class Event:
    """One POST."""

    path: str
    headers: dict[str, str]
    body: bytes


class _Http(BaseHTTPRequestHandler):
    server: HookServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.events.append(Event(self.path, dict(self.headers.items()), body))
        self.close_connection = True
        with suppress(OSError):
            self._respond(self.server.answer)

    def do_GET(self) -> None:
        self.server.events.append(Event(self.path, {}, b""))
        self.send_response(200)
        self.end_headers()

    def _respond(self, answer: int | str) -> None:
        if answer == "never":
            self.server.done.wait(10)
        elif answer == "halfway":
            self.wfile.write(b"HTTP/1.1 2")
        elif answer == "drip":
            while not self.server.done.wait(0.05):
                self.wfile.write(b"H")
        else:
            self.server.done.wait(self.server.seconds)
            self.send_response(int(answer))
            self.send_header("Location", f"{self.server.url}elsewhere")
            self.end_headers()
            self.wfile.write(b"these words are read by nobody")

    def log_message(self, *_args: Any) -> None:
        pass


class HookServer(ThreadingHTTPServer):
    """A receiver of webhooks: `answer` is a status, or a word for misbehaviour; `events` is all that it was asked."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Http)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.answer: int | str = 200
        self.seconds = 0.0  # until a status is answered
        self.events: list[Event] = []
        self.done = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server that runs for the time of the block."""
    with MailServer() as server, running(server):
        yield server


@contextmanager
def hook_server(tls: ssl.SSLContext | None = None) -> Iterator[HookServer]:
    """A receiver that runs for the time of the block."""
    with HookServer(tls) as server, running(server):
        try:
            yield server
        finally:
            server.done.set()


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    """A server that answers for the time of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for 127.0.0.1, and the file that a client has to trust for it."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert
