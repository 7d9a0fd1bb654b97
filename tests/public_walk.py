"""All that the public reads, page by page, with all that it can be refused."""

from __future__ import annotations

import re
from typing import Protocol

from desks import SECRETS, Desk
from fastapi.testclient import TestClient
from pictures import child, group, nobody
from public_desk import CASE, carded

from matcher.services.report_work import look_at_all
from matcher.web.public.app import create_public_app

_CODE = re.compile(r'class="code" translate="no">([0-9A-Z-]+)<')
_FACE = re.compile(r'name="face" value="(\w+)"')
_WRONG = (
    {"lat": "91", "lon": "0"},
    {"lat": "30"},
    {"seen_day": "x"},
    {"seen_day": "2024-03-01", "seen_time": "x"},
    {"seen_time": "18:30"},
    {"seen_day": "2999-01-01"},
    {"seen_day": "1066-01-01"},
    {"note": "x" * 2001},
    {"place": "x" * 201},
    {"contact": "a\0b"},
    {"apparent_age": "x"},
    {"how_seen": "x"},
)


class Walk(Protocol):
    """Where pages are kept."""

    desk: Desk

    def keep(self, name: str, page: str) -> str: ...


class Reporter:
    """Somebody with a Chinese browser."""

    def __init__(self, walk: Walk) -> None:
        app = create_public_app(walk.desk.matcher.context, secure=False)
        app.state.templates = walk.desk.app.state.templates
        self.browser = TestClient(app, raise_server_exceptions=False, headers={"accept-language": "zh-CN"})
        self._walk = walk

    def see(self, path: str, status: int = 200) -> None:
        answer = self.browser.get(path)
        assert answer.status_code == status, path
        self._walk.keep(path, answer.text)

    def send(self, path: str, status: int, *photos: bytes, **entered: str) -> str:
        files = [("photo", ("p.jpg", photo, "image/jpeg")) for photo in photos]
        answer = self.browser.post(path, data=entered, files=files or None)
        assert answer.status_code == status, f"{path} {entered}: {answer.status_code}"
        return self._walk.keep(f"{path} {entered}", answer.text)


def reporting(walk: Walk) -> None:
    """Every page of the public."""
    card, person = carded(walk.desk).code, Reporter(walk)
    for path in ("/report", f"/report?card={card}", "/report/status", f"/dispute?card={card}", "/dispute/answer"):
        person.see(path)
    for path, status in (
        ("/c/00000000", 404),
        ("/nowhere", 404),
        ("/report/mark", 405),
        ("/alerts.atom?before=x", 422),
    ):
        person.see(path, status)
    _refused(person, card)
    _received(person, card, walk.desk)
    _disputed(person, card)
    walk.desk.matcher.close_case(CASE, status="returned", actor="chen")
    person.send("/report", 201, child(9), card=card)
    _unread(person, walk)


def _refused(person: Reporter, card: str) -> None:
    for wrong in _WRONG:
        person.send("/report", 400, child(8), card=card, **wrong)
    for photo in (b"no photo", child(8)[:1500], b""):
        person.send("/report", 422, photo)
    person.send("/report", 400)
    person.send("/report", 422, *(child(seed) for seed in range(10, 16)))


def _received(person: Reporter, card: str, desk: Desk) -> None:
    code = _found(_CODE, person.send("/report", 201, group(7, 8), nobody(), card=card))
    person.send("/report/status", 200, code=code)
    look_at_all(desk.matcher.context)
    face = _found(_FACE, person.send("/report/status", 200, code=code))
    person.send("/report/mark", 200, code=code, face=face)
    person.send("/report/mark", 404, code=code, face="0000000000001")
    person.send("/report/add", 200, child(7, 4), code=code, note=SECRETS[2])
    person.send("/report/add", 422, b"no photo", code=code)
    person.send("/report/withdraw", 200, code=code)
    person.send("/report/status", 404, code="AAAA")


def _disputed(person: Reporter, card: str) -> None:
    said = {"card": card, "relation": "self", "note": SECRETS[2], "contact": SECRETS[4]}
    for name in said:
        person.send("/dispute", 400, **{**said, name: ""})
    person.send("/dispute", 404, **{**said, "card": "ZZZZZZZZ"})
    code = _found(_CODE, person.send("/dispute", 201, **said))
    person.send("/dispute/answer", 200, code=code)
    person.send("/dispute/answer", 404, code="AAAA")


def _unread(person: Reporter, walk: Walk) -> None:
    """Forms of which nothing is read."""
    for headers, status in (
        ({"origin": "https://evil.example"}, 403),
        ({"content-length": "70000000"}, 413),
        ({"content-type": "multipart/form-data; boundary=x"}, 400),
    ):
        answer = person.browser.post("/report", content=b"x", headers=headers)
        assert answer.status_code == status
        walk.keep(f"{status}", answer.text)


def _found(pattern: re.Pattern[str], page: str) -> str:
    found = pattern.search(page)
    assert found is not None
    return found[1]
