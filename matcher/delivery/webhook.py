"""Webhooks: one signed CloudEvents 1.0 event in JSON by one POST."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from matcher.config import Settings
from matcher.crypto.signatures import HEADER, sign
from matcher.delivery.words import words_of
from matcher.domain.ids import id_text
from matcher.domain.messages import Message

TIMEOUT = 10.0  # seconds without a byte; twice as many for a whole answer
_PORTS = {"https": 443, "http": 80}


def event(message: Message, settings: Settings) -> bytes:
    """The event's body; `source` and `id` together are the same at each attempt, and of no other event."""
    said = words_of(message, settings)
    data = {"text": said.sentence, said.about: said.id}
    return envelope(message, said.id, data if said.address is None else {**data, said.page: said.address})


def envelope(message: Message, subject: str, data: Mapping[str, Any]) -> bytes:
    """An event about a subject, by a message."""
    told = {
        "specversion": "1.0",
        "id": id_text(message.id),
        "source": "sighting-matcher",
        "type": f"sighting-matcher.{message.kind}",
        "subject": subject,
        "time": message.created_at.isoformat(),
        "datacontenttype": "application/json",
        "data": dict(data),
    }
    return json.dumps(told, ensure_ascii=False).encode()


def post(body: bytes, url: str, secret: str, at: float) -> int:
    """The status that the receiver answers; its words are not read, and no redirect is followed.

    `at` is the time of the signature in seconds since 1970. `OSError` or `http.client.HTTPException` without an answer.
    """
    to = urlsplit(url)
    headers = {
        "Host": to.netloc,
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "sighting-matcher",
        "Connection": "close",
        HEADER: sign(secret, body, at),
    }
    host, port = to.hostname or "", to.port or _PORTS[to.scheme]
    with closing(http.client.HTTPConnection(host, port)) as connection:
        connection.sock = _connected(to.scheme, host, port)
        # Each byte may take as long as the timeout allows: what drips, a handshake too, would hold up all others.
        end = Timer(2 * TIMEOUT, _cut, [connection.sock])
        end.daemon = True
        end.start()
        try:
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            connection.request("POST", f"{to.path or '/'}{'?' if to.query else ''}{to.query}", body, headers)
            return connection.getresponse().status
        finally:
            end.cancel()


def _connected(scheme: str, host: str, port: int) -> socket.socket:
    """A connection; with https one that has still to shake hands, when the certificate is checked."""
    plain = socket.create_connection((host, port), TIMEOUT)
    if scheme != "https":
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # below TLS, whose farewell another thread may be reading
