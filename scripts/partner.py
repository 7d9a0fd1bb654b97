#!/usr/bin/env python3
"""An app's side of the alerts: python scripts/partner.py --secret SECRET --user 'Li:30.26,120.15' …

It receives signed events, shows each of its users the cards of the alerts that are heard where that user is, takes them
away when an alert is over, and hands in what users report. It is written with the standard library alone, as a guide
for those who build such a thing into an app. Where its users are, only this program knows.

    POST /events            what is told: answered with 204 once it is kept, 401 if it is not signed with our secret
    GET  /boxes             the message box of each user, as JSON
    GET  /                  the same as a page
    POST /seen?user=Li&alert=ID&word=W   a user saw the child; the body is the photo, the answer the receipt; safe to
                            send again with the same word

An event may come twice, with the same id; and an older one may come after a newer one: the higher number is right. What
was told while the app was down is asked for when it starts: the feed of --server has the same data.

All is kept in memory here. A real app keeps, before it answers 204: the newest of each alert, whether it was told
`partner.ended`, and the number behind which it asks the feed. And of each report, until its receipt has come, all its
fields under its word: only the very same report may be sent again under it.
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
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_EARTH_KM = 6371.0
_TOLERANCE = 300  # seconds by which a signature may be old
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
_LARGEST_EVENT, _LARGEST_PHOTO = 1_000_000, 60_000_000
_AGAIN = 5  # seconds until the feed is asked again that could not be reached


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


@dataclass(frozen=True)
class Alert:
    """The newest that is known of an alert; no card: it is over, or a test, and nothing is shown."""

    number: int
    card: dict | None = None
    expires_at: str = ""
    area: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, told: dict) -> Alert:
        """The alert as it is told; `KeyError`, `TypeError` or `ValueError` for what is not understood."""
        number = int(told["number"])
        if told["kind"] == "cancel":
            return cls(number)
        area = {name: float(told["area"][name]) for name in ("lat", "lon", "radius_km")}
        return cls(number, {**told["card"]} if told["meant"] == "actual" else None, told["expires_at"][:19], area)


@dataclass
class App:
    """What the app knows: its users, and of each alert the newest that it was told."""

    users: list[User]
    alerts: dict[str, Alert] = field(default_factory=dict)
    reports: dict[str, dict] = field(default_factory=dict)
    ended: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, event: dict) -> None:
        """Take an event in; one that came before changes nothing, one that is not understood is an error."""
        if event["type"] == "sighting-matcher.partner.ended":  # nothing more will come, no end of an alert either
            with self.lock:
                self.ended = True
                self.alerts.clear()
            return
        self.take(event["data"])

    def take(self, told: dict) -> None:
        """Keep what is told of an alert, unless something newer of it is known."""
        name, alert = str(told["alert"]), Alert.of(told)
        with self.lock:
            known = self.alerts.get(name)
            if not self.ended and (known is None or known.number < alert.number):
                self.alerts[name] = alert

    def report(self, word: str, report: dict) -> dict:
        """The report that a word stands for: the first one, however often it is sent."""
        with self.lock:
            return self.reports.setdefault(word, report)

    def boxes(self) -> dict[str, list[dict]]:
        """The cards that each user is shown: of alerts that are neither over nor tests, and heard where the user is."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        with self.lock:
            shown = {name: one for name, one in self.alerts.items() if one.card is not None and one.expires_at > now}
        return {
            user.name: [
                {"alert": name, "number": one.number, "radius_km": one.area["radius_km"], **(one.card or {})}
                for name, one in shown.items()
                if user.within(one.area)
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

    def catch_up(self) -> None:
        """Ask for all that was told before this program began, page by page, until it is here."""
        since, more = 0, True
        while more:
            try:
                with urllib.request.urlopen(f"{self.server_url}/v1/alerts?since={since}", timeout=30) as answer:  # noqa: S310
                    page = json.load(answer)
            except (OSError, ValueError):
                time.sleep(_AGAIN)
                continue
            for told in page["alerts"]:
                with suppress(KeyError, TypeError, ValueError):  # what is not understood hides nothing else
                    self.app.take(told)
            since, more = page["next"], page["more"]


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
        if photo is None:
            return
        if self.server.server_url is None or self.server.key is None:
            self._refuse(503, "this app was started without --server and --key: it can hand nothing in")
            return
        if not given.get("word"):
            self._refuse(400, "give each report a word of its own, and the same one whenever it is sent again")
            return
        user = next((one for one in self.server.app.users if one.name == given.get("user")), None)
        told = self.server.app.alerts.get(given.get("alert", ""))
        if user is None or told is None or told.card is None:
            self._refuse(404, "there is no such user here, or the alert is over")
            return
        report = {
            "card": told.card["code"],
            "how_seen": "in_person",
            "first_hand": True,
            "seen_at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
            "position": {"lat": user.lat, "lon": user.lon},
        }
        # A user's word is that user's alone: another one may say the same.
        word = hashlib.sha256(f"{user.name}\n{given['word']}".encode()).hexdigest()
        status, answer = self._hand_in(self.server.app.report(word, report), photo, word)
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

    def _refuse(self, status: int, why: str) -> None:
        self._answer(status, json.dumps({"detail": why}).encode(), "application/json")

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
    parser.add_argument("--server", metavar="URL", help="public side to ask for alerts and to hand reports in to")
    parser.add_argument("--key", help="API key of this app to hand reports in")
    given = parser.parse_args()
    partner = Partner(given)
    if given.server is not None:
        threading.Thread(target=partner.catch_up, daemon=True).start()
    print(f"http://127.0.0.1:{partner.server_address[1]}", flush=True)
    try:
        partner.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
