"""Uploads: nothing is read for those who may not, long ones never fill the memory, and half of one leaves nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import threading
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from desks import SECRETS, Desk
from pictures import child

from matcher.errors import PhotoRefused
from matcher.web.limits import FORM_BYTES, UPLOAD_BYTES, most_bytes

HEAD = (
    b'--edge\r\nContent-Disposition: form-data; name="report"\r\n\r\n{"place": "x"}\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="../../../etc/passwd"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n"
)
TAIL = b"\r\n--edge--\r\n"


@dataclass
class Answer:
    """What came back, and how much of the body was read for it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    read: int = 0


def send(desk: Desk, path: str, chunks: Iterable[bytes | None], token: str | None = None, **headers: str) -> Answer:
    """A POST without a server in between; `None` among the chunks: the sender is gone."""
    return asyncio.run(post(desk, path, chunks, token, **headers))


async def post(desk: Desk, path: str, chunks: Iterable[bytes | None], token: str | None, **headers: str) -> Answer:
    """The same, among others at the same time."""
    answer, waiting = Answer(), iter(chunks)
    given = {"content-type": "multipart/form-data; boundary=edge", "host": "desk", **headers}
    if token is not None:
        given["authorization"] = f"Bearer {token}"
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1), "server": ("desk", 80),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        try:
            chunk = next(waiting)
        except StopIteration:
            return {"type": "http.request", "body": b"", "more_body": False}
        if chunk is None:
            return {"type": "http.disconnect"}
        answer.read += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def sent(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await desk.app(scope, receive, sent)
    return answer


def flood(megabytes: int) -> Iterator[bytes]:
    """A form with one photo of so many megabytes of nothing."""
    yield HEAD
    for _ in range(megabytes):
        yield bytes(1_000_000)
    yield TAIL


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_nothing_is_read_for_those_who_may_not(desk: Desk) -> None:
    auditor = desk.program("sun").token
    for path in ("/v1/sightings", "/v1/cases", "/v1/search", "/v1/cases/x/photos"):
        for token, status in ((None, 401), ("ms_wrong", 401), (auditor, 403)):
            answer = send(desk, path, flood(5), token)
            assert (answer.status, answer.read) == (status, 0), path
            assert answer.headers["content-type"] == "application/problem+json"


def test_too_much_is_refused_by_its_length_or_as_soon_as_it_has_come(desk: Desk, spool: Path) -> None:
    ma = desk.program("ma").token
    announced = send(desk, "/v1/sightings", flood(70), ma, content_length="70000000")
    assert (announced.status, announced.read) == (413, 0)
    assert json.loads(announced.body)["code"] == "too_large"
    chunked = send(desk, "/v1/sightings", flood(200), ma)
    assert chunked.status == 413
    assert UPLOAD_BYTES < chunked.read <= UPLOAD_BYTES + 1_000_000
    one = send(desk, "/v1/sightings", flood(61), ma)
    assert one.status == 422
    assert json.loads(one.body)["detail"].startswith("photo 1 is larger than 60 MB")
    elsewhere = send(desk, "/v1/queue/next", flood(2), desk.program("li").token, content_length="2000000")
    assert elsewhere.status == 413
    assert list(spool.iterdir()) == []


def test_a_long_upload_does_not_fill_the_memory(desk: Desk, spool: Path) -> None:
    ma = desk.program("ma").token
    send(desk, "/v1/sightings", flood(1), ma)
    tracemalloc.start()
    try:
        answer = send(desk, "/v1/sightings", flood(61), ma)  # one more than a photo may have: it is never read back
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.read > 61_000_000
    assert peak < 12_000_000


def test_an_upload_that_stops_halfway_leaves_nothing(desk: Desk, spool: Path, caplog: pytest.LogCaptureFixture) -> None:
    ma, before = desk.program("ma").token, len(desk.matcher.sightings())
    entries = len(list(desk.matcher.audit()))
    photos = sorted(desk.matcher.context.home.photos.rglob("*"))
    for stop in ([HEAD[:60], None], [HEAD, None], [*list(flood(3))[:-1], None]):
        with caplog.at_level(logging.INFO):
            answer = send(desk, "/v1/sightings", stop, ma)
        assert answer.status == 400
    assert caplog.records == []
    assert len(desk.matcher.sightings()) == before
    assert len(list(desk.matcher.audit())) == entries
    assert sorted(desk.matcher.context.home.photos.rglob("*")) == photos
    assert list(spool.iterdir()) == []


def test_a_name_of_a_file_is_never_looked_at(desk: Desk) -> None:
    ma = desk.program("ma")
    for name in ("../../../etc/passwd", "C:\\x.jpg", "a\r\nSet-Cookie: x=y", "<b>", "\0", "x" * 3000):
        parts = [("photo", (name, b"no photo", "image/jpeg"))]
        answer = ma.send("POST", "/sightings", 422, files=parts)
        assert answer.json()["detail"].startswith("'photo 1' is not a photo")
        assert "x=y" not in str(answer.headers)
    body = HEAD + child(2, 7) + TAIL
    assert send(desk, "/v1/sightings", [body], ma.token).status == 201


NO_FORMS = [
    (b"{}", "application/json", 415),
    (child(2), "image/jpeg", 415),
    (b"photo=x", "application/x-www-form-urlencoded", 415),
    (b"", "", 415),
    (b"", "multipart/form-data", 400),
    (b"--edge\r\nnonsense", "multipart/form-data; boundary=edge", 400),
    (HEAD + child(2) + TAIL[:8], "multipart/form-data; boundary=edge", 400),
    (HEAD + child(2) + TAIL.replace(b"edge--", b"edge") + HEAD[60:], "multipart/form-data; boundary=edge", 400),
    (b"--edge--", 'multipart/form-data; charset=utf-8; boundary="edge"; x=y', 422),
    (b"--edge--\r\n", "multipart/form-data; boundary=edge", 422),
    (b"--other--\r\n", "multipart/form-data; boundary=edge", 400),
]


def test_what_is_no_form_is_refused(desk: Desk) -> None:
    ma = desk.program("ma").token
    for body, kind, status in NO_FORMS:
        answer = send(desk, "/v1/sightings", [body], ma, **{"content-type": kind})
        assert (answer.status, json.loads(answer.body)["status"]) == (status, status), (kind, body[-30:])


def test_the_part_of_json_has_to_be_meant(desk: Desk) -> None:
    ma = desk.program("ma")
    for told in ('{"plaice": "x"}', "[]", "{", '{"place": 1}', '"x"', '{"seen_at": "soon"}', "[" * 100_000):
        parts = [("photo", ("x.jpg", child(2), "image/jpeg"))]
        answer = ma.send("POST", "/sightings", 422, files=parts, data={"report": told})
        assert answer.json()["errors"][0]["where"][:2] == ["body", "report"]
    assert not any(secret in answer.text for secret in SECRETS)


def test_many_photos_are_refused_before_a_model_looks(desk: Desk) -> None:
    many = desk.program("ma").upload("/sightings", [b"x"] * 51, 422)
    assert many["errors"][0]["where"] == ["body", "photo"]


def test_heavy_work_holds_nobody_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, done = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> None:
        begun.set()
        assert done.wait(20), "nobody else was answered meanwhile"
        raise PhotoRefused("seen enough")

    monkeypatch.setattr("matcher.services.casework.Casework.search", slow)
    token = desk.program("chen").token
    form = HEAD.replace(b"report", b"search").replace(b"place", b"reason") + child(2) + TAIL

    async def both() -> tuple[int, int]:
        searching = asyncio.create_task(post(desk, "/v1/search", [form], token))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        other = await post(desk, "/v1/queue/next", [], desk_token)
        done.set()
        return (await searching).status, other.status

    desk_token = desk.program("li").token
    assert asyncio.run(both()) == (422, 200)


def test_only_uploads_may_be_long() -> None:
    for path in ("/cases", "/case/photos", "/sightings", "/search", "/v1/sightings", "/v1/cases/x/photos"):
        assert most_bytes("POST", path) == UPLOAD_BYTES
        assert most_bytes("PUT", path) == FORM_BYTES
    for path in ("/sign-in", "/cases/x/photos/y", "/cases/x/close", "/v1/v1/sightings", "/sightings/", "/v1/sessions"):
        assert most_bytes("POST", path) == FORM_BYTES
