#!/usr/bin/env python3
"""An app's side of the alerts: python scripts/partner.py --secret SECRET --user 'Li:30.26,120.15' …

It receives signed events, shows each of its users the cards of the alerts that are heard where that user is, takes them
away when an alert is over, and hands in what users report. It is written with the standard library alone, as a guide
for those who build such a thing into an app. Where its users are, only this program knows.

    POST /events            what is told: answered with 204 once it is kept, 401 if it is not signed with our secret
    GET  /boxes             the message box of each user, as JSON
    GET  /                  the same as a page
    POST /seen?user=Li&alert=ID   a user saw the child; the body is the photo, the answer the receipt

An event may come twice, with the same id; and an older one may come after a newer one: the higher number is right.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import math
import re
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_EARTH_KM = 6371.0
_TOLERANCE = 300  # seconds by which a signature may be old
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
_LARGEST_EVENT, _LARGEST_PHOTO = 1_000_000, 60_000_000


def verified(secret: str, header: str, body: bytes, now: float, tolerance: float = _TOLERANCE) -> bool:
    """Whether a body was signed with our secret just now: the signature covers the time and every byte."""
    found = _SIGNATURE.fullmatch(header)
    if found is None:
        return False
    signed = found[1].encode() + b"." + body
    mac = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(mac, found[2]) and abs(now - int(found[1])) <= tolerance


@dataclass(frozen=True)
class User:
    """Somebody who uses the app, and where."""

    name: str
    lat: float
    lon: float

    @classmethod
    def of(cls, text: str) -> User:
        """A user as the command line names one: NAME:LAT,LON."""
        name, _, place = text.partition(":")
        lat, _, lon = place.partition(",")
        return cls(name, float(lat), float(lon))

    def within(self, area: dict[str, float]) -> bool:
        """Whether an area reaches to where this user is; on a sphere, which is near enough for a message."""
        north, south = math.radians(self.lat), math.radians(area["lat"])
        east = math.radians(self.lon - area["lon"])
        across = math.sin((north - south) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
        return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, across))) <= area["radius_km"]


@dataclass
class App:
    """What the app knows: its users, and of each alert the newest that it was told."""

    users: list[User]
    alerts: dict[str, dict] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, event: dict) -> None:
        """Take an event in; one that came before, or that is older than what is known, changes nothing."""
        told = event["data"]
        with self.lock:
            if event["id"] in self.seen:
                return
            if event["type"] == "sighting-matcher.partner.ended":  # nothing more will come, no end of an alert either
                self.alerts.clear()
                return
            self.seen.add(event["id"])
            known = self.alerts.get(told["alert"])
            if known is None or known["number"] < told["number"]:
                self.alerts[told["alert"]] = told

    def boxes(self) -> dict[str, list[dict]]:
        """The cards that each user is shown: of alerts that are neither over nor tests, and heard where the user is."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        with self.lock:
            active = [
                told for told in self.alerts.values() if told["kind"] != "cancel" and told["expires_at"][:19] > now
            ]
        return {
            user.name: [
                {
                    "alert": told["alert"],
                    "number": told["number"],
                    "radius_km": told["area"]["radius_km"],
                    **told["card"],
                }
                for told in active
                if user.within(told["area"]) and told["meant"] == "actual"
            ]
            for user in self.users
        }


class Partner(ThreadingHTTPServer):
    """The app's server."""

    daemon_threads = True

    def __init__(self, given: argparse.Namespace) -> None:
        super().__init__(("127.0.0.1", given.port), Handler)
        self.app, self.secret, self.tolerance = App(given.user), given.secret, given.tolerance
        self.server_url, self.key = given.server, given.key


class Handler(BaseHTTPRequestHandler):
    """What the app is asked."""

    server: Partner

    def do_GET(self) -> None:
        """The message boxes."""
        boxes = self.server.app.boxes()
        if self.path == "/boxes":
            self._answer(200, json.dumps(boxes, ensure_ascii=False).encode(), "application/json")
        elif self.path == "/":
            self._answer(200, _page(boxes).encode(), "text/html; charset=utf-8")
        else:
            self._answer(404)

    def do_POST(self) -> None:
        """An event, or a user who saw a child."""
        asked = urlsplit(self.path)
        if asked.path == "/events":
            self._event()
        elif asked.path == "/seen":
            self._seen({name: values[0] for name, values in parse_qs(asked.query).items()})
        else:
            self._answer(404)

    def _event(self) -> None:
        body = self._body(_LARGEST_EVENT)
        if body is None:
            return
        if not verified(
            self.server.secret, self.headers.get("Matcher-Signature", ""), body, time.time(), self.server.tolerance
        ):
            self._answer(401)
            return
        try:
            self.server.app.hear(json.loads(body))
        except (ValueError, KeyError, TypeError):
            self._answer(400)
            return
        self._answer(204)

    def _seen(self, given: dict[str, str]) -> None:
        """Hand in what a user saw, where the user is; the word of the report makes it safe to send it again."""
        photo = self._body(_LARGEST_PHOTO)
        user = next((one for one in self.server.app.users if one.name == given.get("user")), None)
        told = self.server.app.alerts.get(given.get("alert", ""))
        if photo is None or user is None or told is None or "card" not in told:
            self._answer(404)
            return
        report = {
            "card": told["card"]["code"],
            "how_seen": "in_person",
            "first_hand": True,
            "seen_at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
            "position": {"lat": user.lat, "lon": user.lon},
        }
        status, answer = self._hand_in(report, photo, given.get("word") or uuid.uuid4().hex)
        self._answer(status, answer, "application/json")

    def _hand_in(self, report: dict, photo: bytes, word: str) -> tuple[int, bytes]:
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="report"\r\n\r\n{json.dumps(report)}\r\n'.encode(),
            f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="photo.jpg"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode(),
            photo,
            f"\r\n--{boundary}--\r\n".encode(),
        ]
        address = f"{self.server.server_url}/v1/reports"
        request = urllib.request.Request(address, b"".join(parts), method="POST")  # noqa: S310 - ours
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        request.add_header("Authorization", f"Bearer {self.server.key}")
        request.add_header("Idempotency-Key", word)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 502, b'{"detail": "the server cannot be reached: send it again with the same word"}'

    def _body(self, most: int) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > most:
            self._answer(413)
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is logged: addresses would tell who is where."""


def _page(boxes: dict[str, list[dict]]) -> str:
    told = "".join(
        f"<h2>{escape(name)}</h2>"
        + (
            "".join(
                f"<p><b>{escape(card['name'] or '?')}</b> {escape(card['place'] or '')} · {escape(card['code'])}</p>"
                for card in cards
            )
            or "<p>–</p>"
        )
        for name, cards in boxes.items()
    )
    return f"<!doctype html><meta charset=utf-8><title>Message boxes</title>{told}"


def main() -> int:
    """Serve until the process is ended; the first line printed is the address."""
    parser = argparse.ArgumentParser(description="An app that shows alerts to its users and hands in their reports.")
    parser.add_argument("--port", type=int, default=8400, help="0: any free one")
    parser.add_argument("--secret", required=True, help="as `matcher partner add` has shown it")
    parser.add_argument("--tolerance", type=float, default=_TOLERANCE, help="seconds by which a signature may be old")
    parser.add_argument("--user", type=User.of, action="append", default=[], metavar="NAME:LAT,LON")
    parser.add_argument("--server", metavar="URL", help="public side to hand reports in to")
    parser.add_argument("--key", help="API key of this app for that")
    given = parser.parse_args()
    partner = Partner(given)
    print(f"http://127.0.0.1:{partner.server_address[1]}", flush=True)
    try:
        partner.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
