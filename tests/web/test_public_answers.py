"""What the public is told and where it leads: languages, errors at their fields, what others may show, odd bytes."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import PIL.Image
import pytest
from desks import Desk
from lxml import etree
from offices import START, Office, opened
from pictures import child, group, nobody
from public_desk import carded
from publishing import admin, alerted, missing, published, second_officer
from reviews import Clock
from starlette.testclient import TestClient

from matcher.accounts.rights import Right
from matcher.domain.alerts import Growth
from matcher.domain.people import Role
from matcher.domain.positions import _to_gcj02
from matcher.services.accounts import NewKey, NewPerson
from matcher.services.alerts import grow_due
from matcher.services.report_work import look_at_all
from matcher.web.public import feeds
from matcher.web.public.app import create_public_app
from matcher.web.public.visitor import Visitor

URL = "https://find.example"
SETTINGS = f'control_rate = 0.0\nreports_per_hour = 1000\npublic_url = "{URL}"\npublic_phone = "110"\n'
CHINESE = {"accept-language": "zh-CN,zh;q=0.9"}


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), SETTINGS)


@pytest.fixture
def browser(office: Office) -> TestClient:
    app = create_public_app(office.matcher.context, secure=False)
    return TestClient(app, base_url=URL, raise_server_exceptions=False)


def send(browser: TestClient, *photos: bytes, **entered: str) -> Any:
    return browser.post("/report", data=entered, files=[("photo", ("p.jpg", photo, "image/jpeg")) for photo in photos])


def code_of(html: str) -> str:
    return re.search(r'class="code" translate="no">([0-9A-Z-]+)<', html)[1]


def links(html: str) -> dict[str, str]:
    """Addresses of the languages by their tags."""
    return {tag: one.replace("&amp;", "&") for one, tag in re.findall(r'href="([^"]*)" lang="([^"]+)"', html)}


# Languages


def test_another_language_of_a_page_keeps_what_it_is_about(browser: TestClient, office: Office) -> None:
    missing(office)
    code = published(office).code
    for path in (f"/report?card={code}", f"/dispute?card={code}&lang=en"):
        page = browser.get(path).text
        assert set(links(page)) == {"en", "zh-Hans"}
        chinese = browser.get(path.partition("?")[0] + links(page)["zh-Hans"]).text
        assert '<html lang="zh-Hans">' in chinese
        assert re.search(rf'name="card"[^>]* value="{code}"', chinese), "it is still about the child"


def test_a_chosen_language_goes_along_and_one_that_was_not_chosen_does_not(browser: TestClient, office: Office) -> None:
    missing(office)
    code = published(office).code

    def elsewhere(html: str) -> list[str]:
        return [one for one in re.findall(r'<a [^>]*href="(/[^"]*)"', html) if "static" not in one]

    for path in (f"/report?card={code}", "/report/status", f"/dispute?card={code}", "/c/00000000", "/nowhere"):
        asked = elsewhere(browser.get(path, headers=CHINESE).text)
        assert len(asked) >= 2
        assert not any("lang=" in one for one in asked), path
        chosen = browser.get(path, params={**parse_qs(urlsplit(path).query), "lang": "zh-Hans"}).text
        assert '<html lang="zh-Hans">' in chosen, path
        there = elsewhere(chosen)
        assert len(there) == len(asked)
        assert all("lang=zh-Hans" in one for one in there), path
    assert f"/c/{code}?lang=zh-Hans" in browser.get(f"/report?card={code}&lang=zh-Hans").text


def test_no_link_leads_away_from_a_code_that_is_given_once(browser: TestClient, office: Office) -> None:
    sent = send(browser, group(1, 2), lang="zh-Hans")
    code = code_of(sent.text)
    look_at_all(office.matcher.context)
    status = browser.post("/report/status", data={"code": code, "lang": "zh-Hans"})
    face = re.search(r'name="face" value="(\w+)"', status.text)[1]
    marked = browser.post("/report/mark", data={"code": code, "face": face})
    wrong = browser.post("/report", data={"apparent_age": "x"})
    gone = browser.post("/report/withdraw", data={"code": code})
    for answer in (sent, status, marked, wrong, gone):
        assert answer.headers["content-type"].startswith("text/html")
        assert links(answer.text) == {}
    assert links(browser.get("/report/status").text) != {}


def test_a_page_that_is_not_there_leads_to_no_other_host(browser: TestClient) -> None:
    page = browser.get(f"{URL}//evil.example/x")
    assert page.status_code == 404
    assert "evil.example" not in "".join(re.findall(r'href="([^"]*)"', page.text))


def test_feeds_go_on_in_the_language_they_were_asked_in(
    browser: TestClient, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "PAGE", 1)
    other = second_officer(office)
    for number, seed in (("A-1", 1), ("A-2", 2)):
        missing(office, number, seed)
        published(office, number)
        alerted(office, other, number)
    assert following(browser.get("/alerts.atom?lang=zh-Hans").content).endswith("?before=2&lang=zh-Hans")
    assert following(browser.get("/alerts.atom", headers=CHINESE).content).endswith("?before=2")
    assert browser.get("/alerts.geojson?lang=zh-Hans").json()["next"].endswith("?before=2&lang=zh-Hans")


ATOM = {"a": "http://www.w3.org/2005/Atom"}


def following(feed: bytes) -> str:
    (address,) = etree.fromstring(feed).xpath("/a:feed/a:link[@rel='next']/@href", namespaces=ATOM)
    return str(address)


# Feeds


def test_who_reads_a_feed_page_by_page_misses_no_alert_that_grows_meanwhile(
    browser: TestClient, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "PAGE", 1)
    other, wanted = second_officer(office), set()
    for number, seed in (("A-1", 1), ("A-2", 2), ("A-3", 3)):
        missing(office, number, seed)
        published(office, number)
        wanted.add(alerted(office, other, number).id)
    for path, read in (("/alerts.atom", _entries), ("/alerts.geojson", _features)):
        found, address = [], path
        while address:
            ids, following_one = read(browser.get(address).content)
            found += ids
            office.clock.forward(hours=1)
            grow_due(office.matcher.context)
            address = (following_one or "").removeprefix(URL)
        assert len(found) == len(set(found)) == 3, path
        assert set(found) == wanted, path


def _entries(feed: bytes) -> tuple[list[str], str | None]:
    read = etree.fromstring(feed)
    ids = [one.rpartition("/")[2] for one in read.xpath("//a:entry/a:id/text()", namespaces=ATOM)]
    return ids, next(iter(read.xpath("/a:feed/a:link[@rel='next']/@href", namespaces=ATOM)), None)


def _features(areas: bytes) -> tuple[list[str], str | None]:
    read = json.loads(areas)
    return [one["id"] for one in read["features"]], read["next"]


@pytest.mark.parametrize("before", ["-1", str(2**63), "99999999999999999999", "x"])
def test_pages_that_there_cannot_be_are_refused_before_anything_is_asked(browser: TestClient, before: str) -> None:
    for path in ("/alerts.atom", "/alerts.geojson"):
        assert browser.get(path, params={"before": before}).status_code == 422
        assert browser.get(path, params={"before": str(2**63 - 1)}).status_code == 200


# What others may show


def test_pages_of_others_may_show_what_is_handed_out_as_a_link_and_nothing_else(
    browser: TestClient, office: Office
) -> None:
    missing(office)
    code = published(office).code
    alerted(office, second_officer(office))
    shown = [f"/c/{code}/{name}" for name in ("photo.jpg", "message.png", "square.png", "poster.pdf", "card.json")]
    shown += ["/alerts.atom", "/alerts.geojson", "/alerts/1.cap", "/v1/alerts"]
    read = {f"/c/{code}/card.json", "/alerts.geojson", "/v1/alerts"}
    own = ["/report", f"/c/{code}", "/report/status", "/dispute", "/static/public.css", "/healthz", "/nowhere"]
    for path in shown + own:
        answer = browser.get(path, headers={"origin": "https://shop.example"})
        assert answer.status_code == (404 if path == "/nowhere" else 200), path
        wanted = "cross-origin" if path in shown else "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == wanted, path
        assert answer.headers.get("access-control-allow-origin") == ("*" if path in read else None), path
        assert "access-control-allow-credentials" not in answer.headers
    for path in ("/report", "/dispute", "/report/status", "/v1/reports"):
        answer = browser.post(path)
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers


def test_the_desk_shows_nothing_to_pages_of_others(desk: Desk) -> None:
    card = carded(desk)
    chen = desk.browser("chen")
    for path in ("/cards", "/alerts", f"/pictures/card/{card.id}.jpg", "/v1/alerts"):
        answer = chen.client.get(path)
        assert answer.headers["cross-origin-resource-policy"] == "same-origin", path
        assert "access-control-allow-origin" not in answer.headers


# Where a visitor is


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("::ffff:9.9.9.9", "9.9.9.9"),
        ("64:ff9b::1.2.3.4", "1.2.3.4"),
        ("64:ff9b::9.9.9.9", "9.9.9.9"),
        ("2001:db8:1:2::5", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("testclient", "testclient"),
    ],
)
def test_addresses_that_stand_for_others_are_those(host: str, address: str) -> None:
    app = SimpleNamespace(state=SimpleNamespace(context=None))
    assert Visitor(SimpleNamespace(app=app, client=SimpleNamespace(host=host))).address == address  # type: ignore[arg-type]


# Forms


def part(name: str, data: bytes = b"x", file: str | None = None) -> bytes:
    called = "" if file is None else f'; filename="{file}"'
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"{called}\r\n\r\n'.encode() + data + b"\r\n"


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "bogus", "idna", "utf-8; charset=utf-7"])
def test_a_form_is_read_as_browsers_send_it_whatever_its_header_says(
    browser: TestClient, office: Office, charset: str
) -> None:
    body = part("note", "+2AA- 红衣服".encode()) + part("photo", child(1), "p.jpg") + b"--edge--\r\n"
    kind = {"content-type": f"multipart/form-data; boundary=edge; charset={charset}"}
    assert browser.post("/report", content=body, headers=kind).status_code == 201
    (one,) = office.matcher.sightings()
    assert office.matcher.sighting(one.id).note == "+2AA- 红衣服"


@pytest.mark.parametrize("field", ["card", "note", "lang", "started", "submission", "website"])
def test_a_file_in_the_place_of_words_loses_no_report_that_was_kept(
    browser: TestClient, office: Office, field: str
) -> None:
    body = part(field, b"x", "x.txt") + part("photo", child(1), "p.jpg") + b"--edge--\r\n"
    sent = browser.post("/report", content=body, headers={"content-type": "multipart/form-data; boundary=edge"})
    kept = office.matcher.sightings()
    assert (sent.status_code, len(kept)) in {(201, 1), (400, 0)}
    assert sent.status_code != 201 or code_of(sent.text)


def test_long_bodies_that_are_no_files_are_refused_before_they_are_read(browser: TestClient, office: Office) -> None:
    for path in ("/report", "/report/add"):
        sent = browser.post(
            path, content=b"a&" * 600_000, headers={"content-type": "application/x-www-form-urlencoded"}
        )
        assert (sent.status_code, "at most 1 MB" in sent.text) == (413, True)
    assert office.matcher.sightings() == []


def test_a_photo_that_this_server_cannot_read_costs_nobody_what_they_typed(
    browser: TestClient, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    coded = io.BytesIO()
    PIL.Image.open(io.BytesIO(child(1))).convert("RGB").save(coded, "HEIF")
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    code = code_of(send(browser, child(1)).text)
    files = {"photo": ("p.heic", coded.getvalue(), "image/heic")}
    for path, told in (("/report", {}), ("/report/add", {"code": code})):
        sent = browser.post(path, data={**told, "place": "THE STATION"}, files=files)
        assert (sent.status_code, "THE STATION" in sent.text) == (422, True)
        assert "send it as JPEG" in sent.text
        assert "pip" not in sent.text
        assert re.search(r'name="photo"[^>]* aria-invalid="true"', sent.text)


def test_what_was_typed_beside_a_bad_photo_that_is_added_comes_back(browser: TestClient, office: Office) -> None:
    code = code_of(send(browser, child(1)).text)
    told = {"code": code, "note": "he limps", "place": "the <b>bridge</b>"}
    sent = browser.post("/report/add", data=told, files={"photo": ("p.jpg", b"garbage", "image/jpeg")})
    assert sent.status_code == 422
    assert "<title>Error: " in sent.text
    assert ">he limps</textarea>" in sent.text
    assert 'value="the &lt;b&gt;bridge&lt;/b&gt;"' in sent.text
    assert re.search(
        r'name="photo"[^>]* aria-invalid="true" aria-describedby="problem photo-hint" autofocus', sent.text
    )


def test_what_is_wrong_with_a_code_or_a_limit_is_told_where_the_eyes_are(browser: TestClient) -> None:
    for path in ("/report/status", "/dispute/answer"):
        lost = browser.post(path, data={"code": "AAAA"})
        assert lost.status_code == 404
        assert re.search(r'name="code" aria-invalid="true" aria-describedby="problem" autofocus', lost.text)
        assert "<title>Error: " in lost.text


@pytest.mark.parametrize(
    ("left_out", "field", "said"),
    [
        ("relation", "relation", "Who are you? Please choose one of the answers."),
        ("note", "note", "What is wrong?"),
        ("contact", "contact", "How can we reach you? An officer has to ask back."),
        ("card", "card", "Give the case code that stands on it"),
    ],
)
def test_a_dispute_that_lacks_something_says_what(
    browser: TestClient, office: Office, left_out: str, field: str, said: str
) -> None:
    missing(office)
    told = {"card": published(office).code, "relation": "self", "note": "it is me", "contact": "139"}
    sent = browser.post("/dispute", data={**told, left_out: ""})
    assert (sent.status_code, said in sent.text) == (400, True)
    assert "self, guardian" not in sent.text
    (focused,) = re.findall(r"<[^>]* autofocus[^>]*>", sent.text)
    assert f'name="{field}"' in focused
    assert office.matcher.public.disputes.waiting(office.officer) == []


def test_a_dispute_shows_the_child_it_is_about(browser: TestClient, office: Office) -> None:
    missing(office)
    code = published(office).code
    page = browser.get(f"/dispute?card={code}").text
    assert "Wang Xiaoming" in page
    assert f'src="/c/{code}/photo.jpg"' in page
    again = browser.post("/dispute", data={"card": code}).text
    assert f'src="/c/{code}/photo.jpg"' in again
    assert "photo.jpg" not in browser.get("/dispute?card=ZZZZZZZZ").text


# Photos


def test_nobody_is_sent_closer_to_a_child(browser: TestClient, office: Office) -> None:
    code = code_of(send(browser, nobody()).text)
    look_at_all(office.matcher.context)
    for language, closer in (("en", r"\bask for|pixels"), ("zh-Hans", "索取|像素")):
        page = browser.post("/report/status", data={"code": code, "lang": language}).text
        assert not re.search(closer, page), page
    assert "如果您手头已有脸更大或正面的照片，请补充那一张；请不要为此靠近" in page


def test_faces_of_several_photos_are_told_apart(browser: TestClient, office: Office) -> None:
    code = code_of(send(browser, child(5), group(1, 2), group(3, 4)).text)
    look_at_all(office.matcher.context)
    page = browser.post("/report/status", data={"code": code}).text
    assert re.findall(r"<legend>(.*?)</legend>", page) == [
        f"Photo {number}: Which face do you mean?" for number in (2, 3)
    ]
    says = re.findall(r'alt="([^"]*)"', page)
    assert says == [f"Face {face} on photo {photo}" for photo in (2, 3) for face in (1, 2)]


# Times


def test_times_are_written_as_they_are_read(browser: TestClient, office: Office) -> None:
    assert "In China time." in browser.get("/report").text
    chinese = browser.get("/report", headers=CHINESE).text
    assert "请按北京时间填写" in chinese
    assert "Asia/" not in chinese
    code = code_of(send(browser, child(1)).text)
    assert "14 March 2026, 17:30" in browser.post("/report/status", data={"code": code}).text
    assert "2026年3月14日 17:30" in browser.post("/report/status", data={"code": code, "lang": "zh-Hans"}).text


# Partners


def test_partners_may_say_which_map_a_position_is_of(browser: TestClient, office: Office) -> None:
    acting = admin(office)
    office.matcher.accounts.add(acting, NewPerson(name="app", roles=frozenset({Role.SERVICE})))
    order = NewKey(name="app", label="test", scopes=frozenset({Right.SIGHTING_SUBMIT}), days=1)
    headers = {"authorization": f"Bearer {office.matcher.accounts.add_key(acting, order)[0]}"}
    found = []
    for seed, datum in enumerate((None, "wgs84", "gcj02"), start=1):
        where = {"lat": 30.2741, "lon": 120.1551} | ({} if datum is None else {"datum": datum})
        sent = browser.post(
            "/v1/reports",
            data={"report": json.dumps({"position": where})},
            files={"photo": ("p.jpg", child(seed), "image/jpeg")},
            headers=headers,
        )
        assert sent.status_code == 202, sent.text
        found.append(office.matcher.sighting(sent.json()["report"]).position)
    assert (found[0].lat, found[0].lon) == (30.2741, 120.1551) == (found[1].lat, found[1].lon)
    assert 0.3 < found[0].distance_km(found[2]) < 1
    wrong = {"report": json.dumps({"position": {"lat": 1, "lon": 1, "datum": "mars"}})}
    refused = browser.post("/v1/reports", data=wrong, files={"photo": ("p", child(5), "x")}, headers=headers)
    assert refused.status_code == 422


def test_who_asks_what_is_near_may_say_which_map_the_place_is_of(browser: TestClient, office: Office) -> None:
    missing(office)
    published(office)
    alerted(office, second_officer(office), growth=Growth(((0, 0.2),)))
    lat, lon = _to_gcj02(30.25, 120.16)  # as a map app in China calls the centre, which lies half a kilometre off
    for datum, heard in (("gcj02", 1), ("wgs84", 0), (None, 0)):
        asked = {"near": f"{lat},{lon}"} | ({} if datum is None else {"datum": datum})
        assert len(browser.get("/v1/alerts", params=asked).json()["alerts"]) == heard, datum
    assert browser.get("/v1/alerts?near=1,1&datum=mars").status_code == 422
