"""Whatever is done to the pages of the public: a clear answer, nothing lost, nothing leaked."""

from __future__ import annotations

import io
import json
import re
import socket
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import PIL.Image
import pytest
import uvicorn
from desks import Desk, acting_of
from offices import START, Office, opened
from pictures import child, group
from public_desk import carded, key_of_app
from publishing import admin, missing, published
from reviews import Clock
from starlette.testclient import TestClient

from matcher.accounts.rights import Right
from matcher.domain.people import Role
from matcher.domain.reports import ReportState
from matcher.errors import StoreProblem
from matcher.images.crops import to_jpeg
from matcher.services.accounts import NewKey, NewPerson
from matcher.services.erasing import erase_case
from matcher.services.inputs import ReasonCode, Who
from matcher.services.report_work import look_at_all
from matcher.services.reports import REFUSED_FROM
from matcher.web.public.app import create_public_app

SETTINGS = 'control_rate = 0.0\nreports_per_hour = 1000\npublic_url = "http://find.example"\npublic_phone = "110"\n'
SCRIPT = "\"><script>alert(1)</script>'; DROP TABLE reports; --"
FORM = {"content-type": "multipart/form-data; boundary=edge"}
END = b"--edge--\r\n"


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), SETTINGS)


@pytest.fixture
def browser(office: Office) -> Iterator[TestClient]:
    app = create_public_app(office.matcher.context, secure=False)
    with TestClient(app, base_url="http://find.example", raise_server_exceptions=False) as client:
        yield client


def send(browser: TestClient, photo: bytes | None = None, **entered: str):
    return browser.post("/report", data=entered, files={"photo": ("p.jpg", photo or child(1, 1), "image/jpeg")})


def code_of(html: str) -> str:
    return re.search(r'class="code" translate="no">([0-9A-Z-]+)<', html)[1]


def part(name: str, data: bytes = b"x", file: str | None = None) -> bytes:
    called = "" if file is None else f'; filename="{file}"'
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"{called}\r\n\r\n'.encode() + data + b"\r\n"


PHOTO = part("photo", b"\xff\xd8 no photo", "p.jpg")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "ends in the middle"),
        (b"garbage", "ends in the middle"),
        (part("place") + PHOTO, "ends in the middle"),
        (PHOTO + END[:-4], "ends in the middle"),
        (b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END, "must be provided"),
        (b"--edge\r\nX: y\r\n\r\nx\r\n" + END, "must be provided"),
        (b"".join(part(f"f{number}") for number in range(1001)) + END, "Too many fields"),
        (PHOTO * 1001 + END, "Too many files"),
        (part("note", bytes(1_100_000)) + END, "exceeded maximum size"),
        (part("n" * 200_000) + END, "Invalid multipart"),
        (part("photo", b"words") + END, "holds words, where a photo is expected"),
        (part("place", b"a\0b") + part("photo", child(1), "p.jpg") + END, "cannot be kept"),
        (PHOTO + END, "not a photo"),
        (PHOTO * 51 + END, "51 photos were sent at once"),
    ],
)
def test_forms_that_are_none_are_answered_and_leave_nothing(
    browser: TestClient, office: Office, body: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    sent = browser.post("/report", content=body, headers=FORM)
    assert 400 <= sent.status_code < 500
    assert said in sent.text
    assert "Traceback" not in sent.text
    assert_nothing_kept(office)
    assert list(spool.iterdir()) == []


def assert_nothing_kept(office: Office) -> None:
    assert office.matcher.sightings() == []
    photos = office.matcher.context.home.photos
    assert not photos.exists() or list(photos.rglob("*")) == []


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", "", "é;;="])
def test_another_content_type_is_a_form_without_a_photo(browser: TestClient, office: Office, kind: str) -> None:
    sent = browser.post("/report", content=b'{"place": "x"}', headers={"content-type": kind.encode("latin-1")})
    assert (sent.status_code, "at least one photo" in sent.text) == (400, True)
    assert browser.post("/v1/reports", content=b"{}", headers={"content-type": "application/json"}).status_code == 401
    assert_nothing_kept(office)


def flood(megabytes: int) -> Iterator[bytes]:
    yield part("photo", b"", "p.jpg")[:-2]
    for _ in range(megabytes):
        yield bytes(1_000_000)
    yield b"\r\n" + END


def test_seventy_megabytes_are_refused_however_they_come(browser: TestClient, office: Office) -> None:
    for path in ("/report", "/report/add"):
        chunked = browser.post(path, content=flood(70), headers=FORM)
        assert (chunked.status_code, "at most 64 MB are possible" in chunked.text) == (413, True)
    one = browser.post("/report", content=flood(61), headers=FORM)
    assert (one.status_code, "larger than 60 MB" in one.text) == (422, True)
    for path in ("/report/status", "/dispute"):
        short = browser.post(path, content=b"code=" + b"x" * 1_000_001, headers={"content-type": "a/b"})
        assert (short.status_code, "at most 1 MB" in short.text) == (413, True)
    assert_nothing_kept(office)


def bare(width: int, height: int, form: str = "PNG", **how: object) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("1" if form in {"PNG", "TIFF"} else "L", (width, height)).save(out, form, **how)
    return out.getvalue()


def with_chunk(kind: bytes, data: bytes) -> bytes:
    """A small PNG with one more chunk behind its header."""
    plain, at = bare(64, 64), 33
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return plain[:at] + chunk + plain[at:]


BOMB = zlib.compress(bytes(50_000_000))


@pytest.mark.parametrize(
    ("photo", "said"),
    [
        (bare(20_000, 20_000), "400 megapixels"),
        (bare(30_000, 30_000, "TIFF", compression="group4"), "900 megapixels"),
        (bare(16_000, 16_000, "GIF"), "256 megapixels"),
        (with_chunk(b"iCCP", b"x\0\0" + BOMB), "damaged"),
        (with_chunk(b"zTXt", b"x\0\0" + BOMB), "damaged"),
        (with_chunk(b"iTXt", b"x\0\1\0\0\0" + BOMB), "damaged"),
        (child(1)[:2000], "damaged or cut short"),
        (b"\xff\xd8\xff" + bytes(5000), "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not a photo"),
        (b"GIF89a" + bytes(3), "damaged"),
        (b"PK\x03\x04" + bytes(100), "not a photo"),
    ],
)
def test_bombs_and_files_that_are_no_photos_are_refused_by_name(
    browser: TestClient, office: Office, photo: bytes, said: str
) -> None:
    began = time.monotonic()
    sent = send(browser, photo)
    assert (sent.status_code, said in sent.text, "photo 1" in sent.text) == (422, True, True)
    assert time.monotonic() - began < 20
    assert_nothing_kept(office)


def test_many_small_files_with_many_pixels_are_counted_before_any_is_decoded(
    browser: TestClient, office: Office
) -> None:
    large = bare(9990, 9990)
    sent = browser.post("/report", files=[("photo", ("p.png", large, "image/png"))] * 4)
    assert (sent.status_code, "300 megapixels" in sent.text) == (422, True)
    assert_nothing_kept(office)


@pytest.mark.parametrize("field", ["place", "note", "card", "lat", "seen_day", "seen_time", "submission", "started"])
def test_what_is_typed_comes_back_as_text(browser: TestClient, field: str) -> None:
    entered = {"lat": "91", "lon": "0"} | {field: SCRIPT}
    sent = send(browser, **entered)
    assert sent.status_code == 400
    assert "<script>alert" not in sent.text
    form = browser.get("/report", params={field: SCRIPT, "lang": SCRIPT})
    assert (form.status_code, "<script>alert" in form.text) == (200, False)
    disputed = browser.post("/dispute", data={"card": "x", "relation": "self", "note": SCRIPT, field: SCRIPT})
    assert (disputed.status_code, "<script>alert" in disputed.text) in {(400, False), (404, False)}
    asked = browser.post("/report/status", data={"code": SCRIPT, field: SCRIPT})
    assert (asked.status_code, "<script>alert" in asked.text) == (404, False)
    assert "<script>" not in browser.get(f"/c/{quote(SCRIPT, safe='')}").text


def test_script_and_sql_in_every_field_are_words_on_every_page_of_the_desk(desk: Desk) -> None:
    card = carded(desk)
    key = key_of_app(desk)
    public = TestClient(create_public_app(desk.matcher.context, secure=False), raise_server_exceptions=False)
    entered = {"place": SCRIPT, "note": SCRIPT, "contact": SCRIPT, "card": card.code, "website": SCRIPT}
    receipt = send(public, child(2, 7), **entered)
    assert receipt.status_code == 201, receipt.text
    told = {"place": SCRIPT, "note": SCRIPT, "contact": SCRIPT, "card": card.code}
    handed = public.post(
        "/v1/reports",
        data={"report": json.dumps(told)},
        files={"photo": (SCRIPT, child(3, 7), SCRIPT)},
        headers={"authorization": f"Bearer {key}", "idempotency-key": SCRIPT},
    )
    assert handed.status_code == 202, handed.text
    said = {"card": card.code, "relation": "other", "note": SCRIPT, "contact": SCRIPT}
    assert public.post("/dispute", data=said).status_code == 201
    look_at_all(desk.matcher.context)
    reports = [one.id for one in desk.matcher.public.reports.listed(acting_of(desk, "ma"))]
    assert len(reports) == 2
    chen = desk.browser("chen")
    pages = [
        chen.get(path).text
        for path in ["/reports", "/reports?state=taken", "/disputes", "/sightings", "/cases"]
        + [f"/reports/{one}" for one in reports]
        + [f"/sightings/{one}" for one in reports]
    ]
    pages += [chen.post(f"/reports/{one}/contact", note=SCRIPT).text for one in reports]
    pages.append(public.post("/report/status", data={"code": code_of(receipt.text)}).text)
    assert sum("&lt;script&gt;alert(1)&lt;/script&gt;" in page for page in pages) >= 5
    assert not any("<script>alert" in page for page in pages)
    assert len(desk.matcher.sightings()) == 3, "the one of the desk is still there, too"


def test_codes_faces_and_keys_of_others_open_nothing(browser: TestClient, office: Office) -> None:
    mine, other = (code_of(send(browser, photo).text) for photo in (group(1, 2), group(3, 4)))
    look_at_all(office.matcher.context)
    page = browser.post("/report/status", data={"code": other}).text
    foreign = re.findall(r'name="face" value="(\w+)"', page)
    assert len(foreign) == 2
    for face in (*foreign, "0000000000001", "x", "", SCRIPT):
        marked = browser.post("/report/mark", data={"code": mine, "face": face})
        assert marked.status_code in {400, 404}, face
    view = office.matcher.public.reports.receipt(other)
    assert [photo.marked for photo in view.photos] == [None]
    ids = [one.id for one in office.matcher.sightings()]
    wrong = [*ids, "", "0" * 16, mine[:-1], mine + "0", mine.replace("-", "") + "\0", "%", "' OR '1'='1"]
    for code in wrong:
        for path in ("/report/status", "/report/withdraw", "/report/mark", "/report/add"):
            files = {"photo": ("p.jpg", child(5), "image/jpeg")} if path == "/report/add" and code in ids else None
            answer = browser.post(path, data={"code": code, "face": foreign[0]}, files=files)
            assert answer.status_code in {400, 404}, (path, code)
            assert other not in answer.text
    for nothing in ({"code": ""}, {}):
        lost = browser.post("/report/add", data=nothing, files={"photo": ("p.jpg", child(5), "image/jpeg")})
        assert lost.status_code == 404, "a report that nobody is given a code of"
    assert len(office.matcher.sightings()) == 2, "nothing was taken back or added"
    assert browser.post("/dispute/answer", data={"code": mine}).status_code == 404


def test_two_partners_may_use_one_key_and_neither_gets_the_others_receipt(browser: TestClient, office: Office) -> None:
    acting = admin(office)
    headers = []
    for name in ("app-one", "app-two"):
        office.matcher.accounts.add(acting, NewPerson(name=name, roles=frozenset({Role.SERVICE})))
        order = NewKey(name=name, label="test", scopes=frozenset({Right.SIGHTING_SUBMIT}), days=1)
        headers.append({"authorization": f"Bearer {office.matcher.accounts.add_key(acting, order)[0]}"})
    photo = {"photo": ("p.jpg", child(1, 1), "image/jpeg")}
    answers = [
        browser.post("/v1/reports", files=photo, headers={**one, "idempotency-key": "same"}).json() for one in headers
    ]
    assert answers[0]["receipt"] != answers[1]["receipt"]
    assert [one["repeated"] for one in answers] == [False, False]
    other = browser.post(
        "/v1/reports", files={"photo": ("p", child(2), "x")}, headers={**headers[0], "idempotency-key": "same"}
    )
    assert (other.status_code, answers[0]["receipt"] in other.text) == (409, False)
    for wrong in ("Bearer x", "Basic eDp4", "", "Bearer " + "a" * 5000, headers[0]["authorization"][:-1]):
        assert browser.post("/v1/reports", files=photo, headers={"authorization": wrong}).status_code == 401
    for path in ("/v1/sightings", "/v1/cases", "/v1/alerts/1", "/v1/reports", "/metrics"):
        assert browser.get(path, headers=headers[0]).status_code in {404, 405}, path


@pytest.mark.parametrize(
    "near",
    ["nan,nan", "inf,0", "1e999,1", "90.0001,0", "0,-180.0001", "30;120", "30,120,1", "--1,0", "0x10,1", ",", SCRIPT],
)
def test_places_that_are_nowhere_are_refused_and_said_again_as_text(browser: TestClient, near: str) -> None:
    answer = browser.get("/v1/alerts", params={"near": near})
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_use")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("position", [(91, 0), (0, 181), (1e308, 0), (float("nan"), 0), ("x", 0), (True, [])])
def test_positions_of_partners_that_are_off_the_globe_are_refused(
    browser: TestClient, office: Office, position: tuple[object, object]
) -> None:
    acting = admin(office)
    office.matcher.accounts.add(acting, NewPerson(name="app", roles=frozenset({Role.SERVICE})))
    order = NewKey(name="app", label="test", scopes=frozenset({Right.SIGHTING_SUBMIT}), days=1)
    headers = {"authorization": f"Bearer {office.matcher.accounts.add_key(acting, order)[0]}"}
    told = json.dumps({"position": dict(zip(("lat", "lon"), position, strict=True))})
    files = {"photo": ("p.jpg", child(1, 1), "image/jpeg")}
    sent = browser.post("/v1/reports", data={"report": told}, files=files, headers=headers)
    assert sent.status_code in {400, 422}, sent.text
    assert_nothing_kept(office)


def test_a_report_on_a_closed_or_erased_case_is_taken_in_and_tells_nothing(browser: TestClient, office: Office) -> None:
    missing(office)
    card = published(office)
    office.matcher.close_case("A-1", status="returned", actor="me")
    closed = send(browser, child(2, 1), card=card.code)
    look_at_all(office.matcher.context)
    erase_case(office.matcher.context, office.matcher.case("A-1").id, Who("me", ReasonCode.CLOSURE))
    erased = send(browser, child(3, 1), card=card.code)
    unknown = send(browser, child(4, 1), card="ZZZZZZZZ")
    for sent in (closed, erased, unknown):
        assert sent.status_code == 201
        told = sent.text.partition("</main>")[0].replace(code_of(sent.text), "")  # in which A-1 stands at times
        assert not re.search("Wang|A-1|clos|eras|return", told)
    look_at_all(office.matcher.context)
    states = {line.id: line.state for line in office.matcher.public.reports.listed(office.boss)}
    assert sorted(states.values()) == [ReportState.HELD, ReportState.TAKEN, ReportState.TAKEN]


def test_many_reports_of_one_photo_are_searched_once_or_asked_to_wait(
    browser: TestClient, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand of them: `integration/test_report_faults.py`."""
    office.register(1)
    answers = [send(browser, place=f"place {number}").status_code for number in range(20)]
    assert answers == [201] * 20
    searched, find = [], office.matcher.context.pipeline.find
    monkeypatch.setattr(office.matcher.context.pipeline, "find", lambda *a, **k: searched.append(1) or find(*a, **k))
    assert look_at_all(office.matcher.context) == 20
    states = [line.state for line in office.matcher.public.reports.listed(office.boss)]
    assert sorted(states) == [ReportState.DUPLICATE] * 19 + [ReportState.TAKEN]
    assert len(searched) == 1


def test_too_many_from_one_address_are_asked_to_wait_and_keep_what_they_typed(home: Path) -> None:
    few = SETTINGS.replace("1000", "1")
    for office in opened(home, Clock(START), few):
        with TestClient(create_public_app(office.matcher.context, secure=False)) as browser:
            answers = [send(browser, place="the station") for _ in range(REFUSED_FROM + 1)]
            assert [one.status_code for one in answers] == [201] * REFUSED_FROM + [429]
            assert int(answers[-1].headers["retry-after"]) == 30 * 60
            assert ("if it is urgent, call" in answers[-1].text, "the station" in answers[-1].text) == (True, True)
            assert browser.get("/report").status_code == 200


def screen(photo: bytes) -> bytes:
    """A photo of a screen that shows a photo: larger, with the beat of two grids, a tilt and a glare."""
    shown = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)
    large = cv2.resize(shown, (700, 700), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    y, x = np.mgrid[0:700, 0:700]
    moire = np.stack([np.sin(x / (4.1 + 0.3 * channel) + y / 9.0) for channel in range(3)], axis=-1)
    glare = np.exp(-((x - 560) ** 2 + (y - 90) ** 2) / 9000)[..., None]
    seen = np.clip(large * 0.85 + 14 * moire + 70 * glare + 8, 0, 255).astype(np.uint8)
    turned = cv2.warpAffine(seen, cv2.getRotationMatrix2D((350, 350), 4, 0.9), (760, 760), borderValue=(25, 25, 25))
    return to_jpeg(cv2.cvtColor(turned, cv2.COLOR_BGR2RGB))


def test_a_photo_of_a_screen_is_taken_in_and_matched_or_answered(browser: TestClient, office: Office) -> None:
    office.register(1, 2, 3)
    code = code_of(send(browser, screen(child(1, 1))).text)
    look_at_all(office.matcher.context)
    view = office.matcher.public.reports.receipt(code)
    (photo,) = view.photos
    (line,) = office.matcher.public.reports.listed(office.boss)
    assert line.state is ReportState.TAKEN
    found = office.matcher.sighting(line.id).photos[0]
    assert found.faces[0].candidates[0].case_id == "A-1" if photo.faces else photo.advice is not None


def test_many_forms_that_are_opened_and_never_sent_leave_nothing(browser: TestClient, office: Office) -> None:
    home = office.matcher.context.home
    entries = len(office.matcher.audit())
    submissions = set()
    for number in range(100):
        page = browser.get("/report", params={"card": f"{number:08}", "lang": "en" if number % 2 else "zh-Hans"})
        submissions.add(re.search(r'name="submission" value="(\w+)"', page.text)[1])
    assert len(submissions) == 100
    assert len(office.matcher.audit()) == entries
    assert office.matcher.sightings() == []
    assert not home.photos.exists() or list(home.photos.iterdir()) == []


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_other_methods_are_told_that_they_are_none(browser: TestClient, method: str) -> None:
    for path in ("/report", "/v1/alerts", "/c/00000000", "/alerts.atom", "/alerts.geojson", "/dispute"):
        answer = browser.request(method, path)
        assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (405, False), path
    assert browser.head("/report").status_code == 200
    assert browser.head("/report").content == b""


def test_what_is_wrong_inside_is_not_told_outside(
    browser: TestClient, office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_arguments: object, **_more: object) -> None:
        raise StoreProblem("The database '/secret/place/matcher.db' cannot be used: disk I/O error.")

    monkeypatch.setattr(office.matcher.context.store, "write", away)
    sent = send(browser)
    assert sent.status_code == 503
    assert ("secret" in sent.text, "Try again in a few minutes" in sent.text) == (False, True)
    chinese = browser.post(
        "/report",
        data={"lang": "zh-Hans"},
        files={"photo": ("p.jpg", child(1, 1), "image/jpeg")},
    )
    assert "请几分钟后再试" in chinese.text
    assert "/secret/place" in caplog.text
    monkeypatch.setattr(office.matcher.context.store, "read", away)
    told = browser.get("/v1/alerts")
    assert (told.status_code, told.json()["code"], "secret" in told.text) == (503, "store_problem", False)


# Over real connections


@contextmanager
def serving(office: Office) -> Iterator[tuple[str, int]]:
    app = create_public_app(office.matcher.context, secure=False)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield "127.0.0.1", server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


def exchanged(address: tuple[str, int], sent: bytes, seconds: float = 10) -> bytes:
    """What a server answers to some bytes until it closes, or says nothing more."""
    with socket.create_connection(address, seconds) as connection:
        connection.sendall(sent)
        connection.settimeout(seconds)
        answer = b""
        try:
            while more := connection.recv(65536):
                answer += more
                head, _, body = answer.partition(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                if length and len(body) >= int(length[1]):
                    break
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


HEAD = b"POST /report HTTP/1.1\r\nHost: find.example\r\n" + b"Content-Type: multipart/form-data; boundary=edge\r\n"


def test_bytes_that_are_no_request_are_answered_and_the_server_goes_on(office: Office) -> None:
    with serving(office) as address:
        for sent in (
            b"GET /report HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 200_000 + b"\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n",
            HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            HEAD + b"Content-Length: -1\r\n\r\n",
            HEAD + b"Content-Length: 1e3\r\n\r\n",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ):
            answer = exchanged(address, sent)
            assert re.match(rb"HTTP/1.1 (400|413|431) ", answer), (sent[:80], answer[:200])
            assert b"Traceback" not in answer
        lost = exchanged(address, b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert re.match(rb"HTTP/1.1 (400|404|414) ", lost)
        assert exchanged(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").endswith(b"ok\n")
        long = exchanged(address, HEAD + b"Content-Length: 70000000\r\n\r\n" + bytes(1000))
        assert re.match(rb"HTTP/1.1 413 ", long)
        assert b"at most 64 MB are possible" in long
    assert_nothing_kept(office)


def test_senders_that_never_come_to_an_end_hold_up_nobody_and_leave_nothing(office: Office) -> None:
    """They hold a connection each, and no thread: to let them go is the work of the proxy in front."""
    form = part("photo", child(1, 1), "p.jpg") + END
    with serving(office) as address:
        slow = []
        for number in range(60):
            connection = socket.create_connection(address, 10)
            head = HEAD + f"Content-Length: {len(form)}\r\n\r\n".encode()
            connection.sendall((b"GET /report HT", head[:-1], head + form[:100], head + form[:-20])[number % 4])
            slow.append(connection)
        time.sleep(0.2)
        began = time.monotonic()
        whole = HEAD + f"Content-Length: {len(form)}\r\n\r\n".encode() + form
        assert b"201 Created" in exchanged(address, whole)
        assert b"200 OK" in exchanged(address, b"GET /report HTTP/1.1\r\nHost: x\r\n\r\n")
        assert time.monotonic() - began < 5
        for connection in slow:
            connection.close()
        time.sleep(0.2)
        assert exchanged(address, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").endswith(b"ready\n")
    assert len(office.matcher.sightings()) == 1
