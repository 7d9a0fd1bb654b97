"""Uploads: nothing is read for those who may not, long ones never fill the memory, and half of one leaves nothing."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import tempfile
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import pytest
from desks import SECRETS, Desk
from pictures import child
from requests_raw import post, send
from starlette.datastructures import UploadFile
from starlette.requests import Request

from matcher.errors import PhotoRefused
from matcher.images import decode
from matcher.web import uploads
from matcher.web.forms import whole_form
from matcher.web.limits import FORM_BYTES, UPLOAD_BYTES, most_bytes

HEAD = (
    b'--edge\r\nContent-Disposition: form-data; name="report"\r\n\r\n{"place": "x"}\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="../../../etc/passwd"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n"
)
TAIL = b"\r\n--edge--\r\n"


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


def test_a_form_that_trickles_in_reaches_its_parser_in_lots(desk: Desk) -> None:
    body = HEAD + bytes(1_200_000) + TAIL
    scope = {"type": "http", "headers": [(b"content-type", b"multipart/form-data; boundary=edge")]}

    async def lots(sent: list[dict[str, object]]) -> list[dict[str, object]]:
        waiting, found = iter(sent), []

        async def receive() -> dict[str, object]:
            return next(waiting)

        take = whole_form(Request(scope, receive))
        while not found or found[-1].get("more_body"):
            found.append(await take())
        return found

    parts = [body[start : start + 10_000] for start in range(0, len(body), 10_000)]
    come = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    found = asyncio.run(lots([*come, {"type": "http.request"}]))
    assert b"".join(one["body"] for one in found) == body
    assert len(found) == 3
    gone = asyncio.run(lots([*come[:70], {"type": "http.disconnect"}]))
    assert [one["type"] for one in gone] == ["http.request", "http.disconnect"]


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
    (HEAD + child(2) + TAIL[:2] + HEAD[60:], "Multipart/Form-Data; boundary=edge", 400),
    (HEAD + child(2) + TAIL[:2] + HEAD[60:], "multipart/form-data; Boundary=edge", 400),
    (HEAD + child(2) + TAIL[:2] + HEAD[60:], 'MULTIPART/FORM-DATA; x=";"; BOUNDARY="edge"', 400),
    (b"--edge--", "Multipart/Form-Data; Boundary=edge", 422),
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


def plain(width: int, height: int) -> bytes:
    """A photo of few bytes and many pixels."""
    out = io.BytesIO()
    PIL.Image.new("1", (width, height)).save(out, "PNG")
    return out.getvalue()


def test_the_pixels_of_one_upload_are_counted_before_any_is_decoded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "_load", None)  # nothing could be decoded
    large = plain(9990, 9990)
    ma, chen = desk.program("ma"), desk.browser("chen")
    said = "photo 4 has 9990 × 9990 pixels: with it, this upload has more than the 300 megapixels"
    assert ma.upload("/sightings", [large] * 4, 422)["detail"].startswith(said)
    answer = chen.post("/cases", 422, photos=[large] * 4, case_id="N-1")
    assert said in answer.text
    assert 'value="N-1"' in answer.text
    assert said in chen.post("/search", 422, photos=[large] * 4, reason="x").text
    monkeypatch.setattr(uploads, "MEGAPIXELS", 2)
    assert len(uploads.photos_of(UploadFile(io.BytesIO(plain(1000, 1000))) for _ in range(2))) == 2  # just as many
    with pytest.raises(PhotoRefused, match="photo 2 has 1000 × 1001 pixels"):
        uploads.photos_of(UploadFile(io.BytesIO(plain(1000, 1000 + number))) for number in range(2))
    assert len(desk.matcher.cases()) == 3


def test_heavy_work_holds_nobody_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, done = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> None:
        begun.set()
        assert done.wait(20), "nobody else was answered meanwhile"
        raise PhotoRefused("seen enough")

    monkeypatch.setattr("matcher.services.casework.Casework.search", slow)
    token = desk.program("chen").token
    form = HEAD.replace(b"report", b"search").replace(b"place", b"reason") + child(2) + TAIL

    async def both() -> tuple[set[int], int]:
        searches = [asyncio.create_task(post(desk, "/v1/search", [form], token)) for _ in range(60)]
        while not begun.is_set():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)  # more than the forty threads that all others share would be taken
        other = await post(desk, "/v1/queue/next", [], desk_token)
        done.set()
        return {answer.status for answer in await asyncio.gather(*searches)}, other.status

    desk_token = desk.program("li").token
    assert asyncio.run(both()) == ({422}, 200)


def test_pictures_hold_nobody_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def slow(*_: object, **__: object) -> bytes:
        assert done.wait(20), "nobody else was answered meanwhile"
        return b""

    monkeypatch.setattr("matcher.services.casework.Casework.picture", slow)
    officer, reviewer = desk.program("chen").token, desk.program("li").token

    async def both() -> tuple[set[int], int]:
        path = "/v1/pictures/photo/0000000000000.jpg"
        looks = [asyncio.create_task(post(desk, path, [], officer, "GET")) for _ in range(60)]
        await asyncio.sleep(0.5)
        other = await post(desk, "/v1/queue/next", [], reviewer)
        done.set()
        return {answer.status for answer in await asyncio.gather(*looks)}, other.status

    assert asyncio.run(both()) == ({200}, 200)


FILES = b"Multipart/Form-Data; boundary=edge"


def test_only_uploads_may_be_long() -> None:
    for path in ("/cases", "/case/photos", "/sightings", "/search", "/v1/sightings", "/v1/cases/x/photos"):
        assert most_bytes("POST", path, FILES) == UPLOAD_BYTES
        assert most_bytes("PUT", path, FILES) == FORM_BYTES
        for kind in (
            b"application/x-www-form-urlencoded",
            b"application/json",
            b"",
            b"multipart/form-dat",
            b"text/plain",
        ):
            assert most_bytes("POST", path, kind) == FORM_BYTES, kind
    for path in ("/sign-in", "/cases/x/photos/y", "/cases/x/close", "/v1/v1/sightings", "/sightings/", "/v1/sessions"):
        assert most_bytes("POST", path, FILES) == FORM_BYTES
