"""The pages of the public: the form without a script, codes, cards, feeds, and what others send there."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from caps import parse_cap, require_valid
from lxml import etree
from offices import START, Office, opened
from pictures import child, group, nobody
from publishing import PHONE, alerted, missing, published, second_officer
from reviews import Clock, account
from sqlalchemy import text
from starlette.testclient import TestClient

from matcher.accounts.rights import Right
from matcher.domain.codes import spoken
from matcher.domain.ids import id_text
from matcher.domain.people import Role
from matcher.interchange.cap import CapKind, CapStatus
from matcher.services import public_disputes
from matcher.services.accounts import NewKey
from matcher.services.alerts import grow_due
from matcher.services.cards import NewCard
from matcher.services.context import Context
from matcher.services.report_work import look_at_all
from matcher.web.public.app import create_public_app

URL = "https://find.example"
SETTINGS = f'control_rate = 0.0\nreports_per_hour = 50\npublic_url = "{URL}"\npublic_phone = "110"\nclosed_days = 10\n'


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    yield from opened(home, Clock(START), SETTINGS)


@pytest.fixture
def browser(office: Office) -> Iterator[TestClient]:
    with TestClient(create_public_app(office.matcher.context, secure=True), base_url=URL) as client:
        yield client


def fields(html: str) -> dict[str, str]:
    """The hidden fields of a page's first form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html.partition("</form>")[0]))


def send(browser: TestClient, *photos: bytes, page: str = "/report", **entered: str):
    form = fields(browser.get(page).text) | entered
    files = [("photo", (f"{number}.jpg", photo, "image/jpeg")) for number, photo in enumerate(photos)]
    return browser.post("/report", data=form, files=files or None)


def code_of(html: str) -> str:
    return re.search(r'class="code" translate="no">([0-9A-Z-]+)<', html)[1]


def test_the_form_takes_a_report_without_a_script_and_gives_its_code(browser: TestClient, office: Office) -> None:
    office.register(1, 2)
    office.clock.forward(minutes=1)
    sent = send(browser, child(1, 1), place="the station", how_seen="in_person", first_hand="yes", note="a red coat")
    assert sent.status_code == 201, sent.text
    look_at_all(office.matcher.context)
    (summary,) = office.matcher.sightings()
    view = office.matcher.sighting(summary.id)
    assert (view.place, view.first_hand, view.note) == ("the station", True, "a red coat")
    assert view.photos[0].faces[0].candidates[0].case_id == "A-1"
    status = browser.post("/report/status", data={"code": code_of(sent.text)})
    assert "People work on it" in status.text
    assert "A-1" not in (status.text + sent.text).replace(code_of(sent.text), ""), "by chance it may stand in a code"
    assert "Child 1" not in status.text + sent.text


def test_sending_the_same_form_twice_is_one_report(browser: TestClient, office: Office) -> None:
    form = fields(browser.get("/report").text)
    sent = [browser.post("/report", data=form, files={"photo": ("p.jpg", child(1), "image/jpeg")}) for _ in range(2)]
    assert code_of(sent[0].text) == code_of(sent[1].text)
    assert len(office.matcher.sightings()) == 1


def test_day_and_time_are_those_of_the_place_and_positions_those_of_its_maps(
    browser: TestClient, office: Office
) -> None:
    send(browser, child(1), seen_day="2026-03-01", seen_time="18:30", lat="30.2741", lon="120.1551", datum="gcj02")
    view = office.matcher.sighting(office.matcher.sightings()[0].id)
    assert view.seen_at == datetime(2026, 3, 1, 10, 30, tzinfo=timezone.utc)
    assert abs(view.position.lat - 30.2741) > 0.001, "it was shifted back"


@pytest.mark.parametrize(
    ("entered", "field", "problem"),
    [
        ({"lat": "91", "lon": "0"}, "lat", "Latitude: write degrees as a number from −90 to 90"),
        ({"lat": "1", "lon": "east"}, "lon", "Longitude: write degrees as a number from −180 to 180"),
        ({"lat": "30"}, "lon", "belong together"),
        ({"lon": "30"}, "lat", "belong together"),
        ({"seen_day": "yesterday"}, "seen_day", "“yesterday” is no day. Write it as 2026-05-01"),
        ({"seen_day": "2026-03-01", "seen_time": "noon"}, "seen_time", "“noon” is no time. Write it as 18:30"),
        ({"seen_time": "18:30"}, "seen_day", "On which day"),
        ({"seen_day": "2027-03-20"}, "seen_day", "still to come"),
        ({"seen_day": "2026-03-15"}, "seen_day", "still to come"),
        ({"seen_day": "0001-01-01"}, "seen_day", "too long ago"),
        ({"note": "x" * 2001}, "note", "What you noticed: 2001 characters are too many. Write at most 2000"),
        ({"contact": "x" * 201}, "contact", "How we can reach you: 201 characters"),
        ({"place": "a\0b"}, "place", "The place: some characters cannot be kept"),
        ({"apparent_age": "old"}, "apparent_age", "Write the years as a number, such as 6"),
        ({"apparent_age": "8 months"}, "apparent_age", "Write the years as a number"),
        ({"apparent_age": "121"}, "apparent_age", "Write the years as a number"),
        ({"how_seen": "dreamt"}, "how_seen", "choose one of the answers"),
        ({"lat": "1", "lon": "1", "datum": "mars"}, "datum", "choose one of the answers"),
    ],
)
def test_what_cannot_be_meant_comes_back_with_what_was_entered(
    browser: TestClient, office: Office, entered: dict[str, str], field: str, problem: str
) -> None:
    sent = send(browser, child(1), **{"place": "the <b>market</b>", **entered})
    assert sent.status_code == 400
    assert problem in sent.text
    assert "the &lt;b&gt;market&lt;/b&gt;" in sent.text or field == "place"
    assert office.matcher.sightings() == []
    assert "<title>Error: " in sent.text
    (wrong,) = re.findall(r'<(?:input|select|textarea|fieldset)[^>]* aria-invalid="true"[^>]*>', sent.text)
    assert 'aria-describedby="problem"' in wrong
    assert f'name="{field}"' in wrong or (field, "radiogroup" in wrong) == ("how_seen", True)
    (focused,) = re.findall(r"<[^>]* autofocus[^>]*>", sent.text)
    assert f'name="{field}"' in focused
    assert ("<details open>" in sent.text) == bool({"lat", "lon"} & set(entered)), "its fields are seen"


@pytest.mark.parametrize("written", ["6", "about 6", "6 years old", "6岁", "６", "约6岁左右", "6,0", "Around 6 years"])
def test_an_age_may_stand_in_words(browser: TestClient, office: Office, written: str) -> None:
    assert send(browser, child(1), apparent_age=written).status_code == 201
    assert office.matcher.sighting(office.matcher.sightings()[0].id).apparent_age == 6


def test_what_was_seen_on_the_internet_may_be_told_as_seen_oneself(browser: TestClient, office: Office) -> None:
    """Whoever found a video did see it: who decides is shown both answers, and counts it as told by somebody else."""
    assert send(browser, child(1), how_seen="social_media", first_hand="yes").status_code == 201
    (line,) = office.matcher.public.reports.listed(office.boss)
    assert line.witness.value == "second_hand"


def test_most_mistakes_are_stopped_by_the_form_itself(browser: TestClient) -> None:
    page = browser.get("/report").text
    assert re.search(r'name="seen_day"[^>]* min="1900-01-01" max="2026-03-14"', page)
    pattern = re.search(r'name="lat"[^>]* pattern="([^"]+)"', page)[1]
    for number, fits in (("30.2741", True), ("-120,5", True), ("30.2741°", True), ("north", False), ("1234", False)):
        assert bool(re.fullmatch(pattern, number)) == fits, number
    assert re.search(r'name="place"[^>]* maxlength="200"', page)
    assert re.search(r'name="note"[^>]* maxlength="2000"', page)


def test_without_a_photo_or_with_something_else_the_form_says_so(browser: TestClient, office: Office) -> None:
    assert "at least one photo" in send(browser).text
    sent = send(browser, b"<script>alert(1)</script>", place="the market")
    assert sent.status_code == 422
    assert "photo 1" in sent.text
    assert re.search(
        r'name="photo"[^>]* aria-invalid="true" aria-describedby="problem photo-hint" autofocus', sent.text
    )
    cut = send(browser, child(1)[:1500], lang="zh-Hans")
    assert "第 1 个文件" in cut.text
    assert "truncated" not in cut.text
    assert "photo 1" not in cut.text
    assert office.matcher.sightings() == []


def test_too_much_at_once_is_refused_before_it_is_read(browser: TestClient) -> None:
    sent = browser.post(
        "/report",
        content=b"x",
        headers={"content-length": "70000000", "content-type": "multipart/form-data; boundary=b"},
    )
    assert sent.status_code == 413
    assert "64 MB" in sent.text


def test_a_trap_and_haste_hold_a_report_without_saying_so(browser: TestClient, office: Office) -> None:
    sent = send(browser, child(1), website="http://buy.example")
    assert sent.status_code == 201
    look_at_all(office.matcher.context)
    (line,) = office.matcher.public.reports.waiting(office.boss)
    assert {one.value for one in line.doubts} >= {"trap", "haste"}


def test_a_form_of_another_site_is_refused(browser: TestClient, office: Office) -> None:
    form = fields(browser.get("/report").text)
    sent = browser.post(
        "/report",
        data=form,
        files={"photo": ("p.jpg", child(1), "image/jpeg")},
        headers={"origin": "https://evil.example"},
    )
    assert sent.status_code == 403
    assert office.matcher.sightings() == []


def test_the_reporter_marks_a_face_adds_a_photo_and_takes_it_back(browser: TestClient, office: Office) -> None:
    code = code_of(send(browser, group(1, 2)).text)
    look_at_all(office.matcher.context)
    page = browser.post("/report/status", data={"code": code}).text
    faces = re.findall(r'name="face" value="(\w+)"', page)
    assert len(faces) == 2
    assert page.count("data:image/jpeg;base64,") == 2
    assert "that face is meant" in browser.post("/report/mark", data={"code": code, "face": faces[1]}).text
    form = added_to(page, code, note="he limps")
    for _ in range(2):  # a double click
        added = browser.post("/report/add", data=form, files={"photo": ("p.jpg", group(3, 4), "image/jpeg")})
        assert "added to your report" in added.text, added.text
    assert len(office.matcher.sightings()) == 2
    look_at_all(office.matcher.context)
    page = browser.post("/report/status", data={"code": code}).text
    assert page.count("data:image/jpeg;base64,") == 4, "faces of what was added, too"
    gone = browser.post("/report/withdraw", data={"code": code})
    assert "was erased" in gone.text
    assert office.matcher.sightings() == []
    assert browser.post("/report/status", data={"code": code}).status_code == 404


def added_to(page: str, code: str, **entered: str) -> dict[str, str]:
    """What the form for additions on a status page sends."""
    form = page.partition('action="/report/add"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)) | {"code": code} | entered


def without_photo(browser: TestClient, form: dict[str, str]) -> Any:
    """Sends additions as a browser does for whom no photo was chosen."""
    part = '--edge\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    said = "".join(part.format(name, value) for name, value in form.items())
    photo = '--edge\r\nContent-Disposition: form-data; name="photo"; filename=""\r\n'
    body = f"{said}{photo}Content-Type: application/octet-stream\r\n\r\n\r\n--edge--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=edge"}
    return browser.post("/report/add", content=body.encode(), headers=headers)


def test_a_better_photo_or_words_alone_can_be_added(browser: TestClient, office: Office) -> None:
    code = code_of(send(browser, nobody()).text)
    look_at_all(office.matcher.context)
    page = browser.post("/report/status", data={"code": code}).text
    assert "No face on it can be used" in page
    empty = without_photo(browser, added_to(page, code))
    assert (empty.status_code, "Add a photo or some words" in empty.text) == (400, True)
    words = without_photo(browser, added_to(page, code, note="he limps"))
    assert (words.status_code, "added to your report" in words.text) == (200, True)
    assert "No face on it can be used" in words.text
    form = added_to(words.text, code, note="a red <b>coat", place="the market")
    bad = browser.post("/report/add", data=form, files={"photo": ("p.jpg", b"no photo", "image/jpeg")})
    assert ("a red &lt;b&gt;coat" in bad.text, 'value="the market"' in bad.text) == (True, True), "typed once"
    files = {"photo": ("p.jpg", child(1, 2), "image/jpeg")}
    assert "Nobody has looked" in browser.post("/report/add", data=added_to(words.text, code), files=files).text
    look_at_all(office.matcher.context)
    page = browser.post("/report/status", data={"code": code}).text
    assert "No face on it can be used" not in page
    assert "People work on it" in page
    assert len(office.matcher.sightings()) == 3


def test_who_was_refused_is_told_the_truth_and_what_is_taken_back_of_it(browser: TestClient, office: Office) -> None:
    code = code_of(send(browser, child(1), website="x").text)
    look_at_all(office.matcher.context)
    (line,) = office.matcher.public.reports.waiting(office.boss)
    office.matcher.public.reports.refuse(office.boss, line.id, reason="advertising")
    page = browser.post("/report/status", data={"code": code}).text
    assert "do not follow it up" in page
    assert "People work" not in page
    assert 'action="/report/add"' not in page
    for _ in range(2):
        told = browser.post("/report/withdraw", data={"code": code}).text
        assert "do not follow it up" in told
        assert "was erased" not in told
    assert 'action="/report/withdraw"' not in browser.post("/report/status", data={"code": code}).text


def test_how_to_reach_somebody_that_is_told_with_the_form_sent_again_is_kept(
    browser: TestClient, office: Office
) -> None:
    """Who goes back in the browser and fills in what was left out."""
    form = fields(browser.get("/report").text)
    for contact in ({}, {"contact": "139"}, {"contact": "139"}):
        sent = browser.post("/report", data=form | contact, files={"photo": ("p.jpg", child(1), "image/jpeg")})
        assert sent.status_code == 201
    contacts = [one.has_contact for one in office.matcher.public.reports.listed(office.boss)]
    assert sorted(contacts) == [False, True]


def test_a_dispute_that_is_sent_twice_is_one_and_a_filled_field_drops_none(
    browser: TestClient, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_disputes, "_PER_HOUR", 5)
    missing(office)
    card = published(office)
    page = browser.get(f"/dispute?card={card.code}").text
    assert 'name="website"' not in page
    form = fields(page) | {"card": card.code, "relation": "self", "note": "it is me", "contact": "139"}
    assert len({code_of(browser.post("/dispute", data=form | {"website": "x"}).text) for _ in range(2)}) == 1
    (view,) = office.matcher.public.disputes.waiting(office.officer)
    assert (view.note, view.contact) == ("it is me", "139")
    for number in range(4):
        assert browser.post("/dispute", data=form | {"note": f"again {number}"}).status_code == 201
    refused = browser.post("/dispute", data=form | {"note": "and again"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1800")
    assert "and again" in refused.text, "what was typed stays"


def test_no_usable_face_is_answered_with_how_to_take_a_better_photo(browser: TestClient, office: Office) -> None:
    code = code_of(send(browser, nobody()).text)
    assert "Nobody has looked" in browser.post("/report/status", data={"code": code}).text
    look_at_all(office.matcher.context)
    page = browser.post("/report/status", data={"code": code}).text
    assert "No face on it can be used" in page
    assert "face the camera" in page or "nearer" in page or "no face" in page.lower()


def test_pages_speak_chinese_to_whoever_asks_for_it(browser: TestClient) -> None:
    page = browser.get("/report", headers={"accept-language": "zh-CN,zh;q=0.9"}).text
    assert '<html lang="zh-Hans">' in page
    assert "Report a sighting" not in page
    assert '<html lang="en">' in browser.get("/report?lang=en", headers={"accept-language": "zh-CN"}).text
    form = fields(page)
    sent = browser.post("/report", data=form, files={"photo": ("p.jpg", child(1), "image/jpeg")})
    assert '<html lang="zh-Hans">' in sent.text, "the language goes with the form"


def test_every_page_says_who_it_is_of_and_whom_to_call(browser: TestClient, office: Office) -> None:
    office.matcher.context.home.write_setting("public_name", "Hangzhou <Office>")
    with TestClient(create_public_app(Context(office.matcher.context.home), secure=True), base_url=URL) as named:
        for path in ("/report", "/report/status", "/dispute", "/c/00000000", "/nothing"):
            page = named.get(path).text
            assert ("Hangzhou &lt;Office&gt;" in page, 'href="tel:110"' in page) == (True, True), path
    assert "You have no photo? Call 110" in browser.get("/report").text
    assert "你" not in browser.get("/report?lang=zh-Hans").text, "people are addressed politely"
    assert "No card with this code" in browser.get("/report?card=00000000").text
    assert "No card with this code" not in browser.get("/report").text


def test_the_form_is_light_and_every_page_forbids_what_it_does_not_need(browser: TestClient, office: Office) -> None:
    missing(office)
    card = published(office)
    page = browser.get(f"/report?card={card.code}")
    assert "Wang Xiaoming" in page.text
    extra = sum(
        len(browser.get(address).content) for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    )
    assert len(page.content) + extra < 60_000
    assert "geolocation=(self)" in page.headers["permissions-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "private, no-store"
    for hidden in ("/queue", "/cases", "/sign-in", "/people", "/v1/cases", "/metrics"):
        assert browser.get(hidden).status_code == 404, hidden


def test_a_card_is_given_out_in_every_form_while_it_is_shown(browser: TestClient, office: Office) -> None:
    missing(office, police_reference="POLICE-77", consent="CONSENT-77", other_names=["OTHER-77"])
    card = published(office)
    root = f"/c/{card.code}"
    page = browser.get(root)
    assert "Wang Xiaoming" in page.text
    assert browser.get(f"{root}/photo.jpg").content[:2] == b"\xff\xd8"
    for shape in ("message", "square"):
        assert browser.get(f"{root}/{shape}.png").content[:4] == b"\x89PNG"
    assert browser.get(f"{root}/poster.pdf").content[:4] == b"%PDF"
    data = browser.get(f"{root}/card.json").text
    told = json.loads(data)
    assert told["child"]["name"] == "Wang Xiaoming"
    assert set(told["words"]) == {"en", "zh-Hans"}
    for secret in ("POLICE-77", "CONSENT-77", "OTHER-77", "30.25", "A-1"):
        assert secret not in data + page.text
    office.matcher.close_case("A-1", status="returned", actor="me")
    for path in (root, f"{root}/photo.jpg", f"{root}/message.png", f"{root}/poster.pdf", f"{root}/card.json"):
        assert browser.get(path).status_code == 404, path
    assert browser.get("/c/00000000").status_code == 404


def test_an_alert_is_a_cap_document_and_stands_in_both_feeds_until_it_ends(browser: TestClient, office: Office) -> None:
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office))
    office.clock.forward(hours=1)
    grow_due(office.matcher.context)
    feed = etree.fromstring(browser.get("/alerts.atom").content)
    (link,) = feed.xpath(
        "//a:entry/a:link[@type='application/cap+xml']/@href", namespaces={"a": "http://www.w3.org/2005/Atom"}
    )
    document = browser.get(link.removeprefix(URL))
    assert document.headers["content-type"].startswith("application/cap+xml")
    require_valid(document.content)
    cap = parse_cap(document.content)
    assert (cap.kind, cap.status, cap.references[0].identifier) == (CapKind.UPDATE, CapStatus.ACTUAL, f"{alert.id}-1")
    assert {info.language for info in cap.infos} == {"en", "zh-Hans"}
    assert cap.infos[0].circle.radius_km == 200
    (resource,) = cap.infos[0].resources
    photo = browser.get(resource.uri.removeprefix(URL)).content
    assert (hashlib.sha1(photo, usedforsecurity=False).hexdigest(), len(photo)) == (resource.sha1, resource.size)
    (area,) = browser.get("/alerts.geojson").json()["features"]
    assert (area["id"], area["geometry"]["type"], area["properties"]["radius_km"]) == (alert.id, "Polygon", 200)
    assert browser.get("/alerts/1.cap").status_code == 404, "it says what was true before"
    office.matcher.close_case("A-1", status="returned", actor="me")
    assert [browser.get(f"/alerts/{number}.cap").status_code for number in (1, 2)] == [404, 404]
    assert b"<entry" not in browser.get("/alerts.atom").content
    assert browser.get("/alerts.geojson").json()["features"] == []
    over = browser.get("/alerts/3.cap").content
    require_valid(over)
    cancelled = parse_cap(over)
    assert (cancelled.kind, len(cancelled.references), cancelled.infos) == (CapKind.CANCEL, 2, ())
    assert b"Wang" not in over
    with office.matcher.context.store.write() as transaction:  # as after a year
        transaction.alerts._connection.execute(text("DELETE FROM bulletins WHERE number < 3"))
    assert browser.get("/alerts/3.cap").status_code == 404


def test_a_test_alert_is_seen_by_nobody(browser: TestClient, office: Office) -> None:
    missing(office)
    published(office)
    alerts = office.matcher.public.alerts
    alerts.issue(office.officer, alerts.draft(office.officer, "A-1").id, "test")
    assert browser.get("/v1/alerts").json() == {"alerts": [], "next": 1, "more": False}
    assert browser.get("/alerts/1.cap").status_code == 404
    assert browser.get("/alerts.geojson").json()["features"] == []


def test_what_must_not_be_said_any_more_is_told_to_nobody(browser: TestClient, office: Office) -> None:
    cards, other = office.matcher.public.cards, second_officer(office)
    missing(office)
    published(office)
    alert = alerted(office, other)
    draft = cards.draft(office.officer, "A-1", NewCard(policy="hidden", phone=PHONE))
    old = cards.listed(office.officer, "live")[0].code
    assert "Wang" in browser.get("/v1/alerts").text
    cards.approve(other, draft.id)
    told = browser.get("/v1/alerts").json()
    assert [(one["kind"], one["card"]["name"]) for one in told["alerts"]] == [("update", None)]
    assert (browser.get("/alerts/1.cap").status_code, browser.get("/alerts/2.cap").status_code) == (404, 200)
    page = browser.get(f"/c/{old}")
    assert (page.status_code, "Wang" in page.text, spoken(draft.code) in page.text) == (200, False, True)
    assert draft.code in browser.get(f"/report?card={old}").text
    short = alerted(office, other, expires_at=office.clock() + timedelta(hours=1), note="at the pier")
    for near in ("", "&near=30.25,120.16"):
        assert "at the pier" in browser.get(f"/v1/alerts?since=2{near}").text
    office.clock.forward(hours=2)
    for near in ("", "&near=30.25,120.16"):
        assert browser.get(f"/v1/alerts?since=2{near}").json()["alerts"] == []
    assert browser.get("/alerts/3.cap").status_code == 404
    with office.matcher.context.store.read() as reading:
        consent = reading.consents.of_case(reading.cases.get("A-1").id)[0]
    office.matcher.consents.withdraw(office.officer, id_text(consent.id), "publication")
    told = browser.get("/v1/alerts").json()["alerts"]
    assert {(one["alert"], one["kind"], "card" in one) for one in told} == {
        (alert.id, "cancel", False),
        (short.id, "cancel", False),
    }
    assert browser.get("/alerts/2.cap").status_code == 404
    assert browser.get(f"/c/{old}").status_code == browser.get(f"/c/{draft.code}").status_code == 404


def test_whoever_asks_hears_what_is_new_and_what_is_near(browser: TestClient, office: Office) -> None:
    missing(office)
    published(office)
    alert = alerted(office, second_officer(office), growth="near")
    first = browser.get("/v1/alerts").json()
    (told,) = first["alerts"]
    assert (told["alert"], told["kind"], told["card"]["name"]) == (alert.id, "alert", "Wang Xiaoming")
    assert browser.get(f"/v1/alerts?since={first['next']}").json()["alerts"] == []
    near = browser.get("/v1/alerts?near=30.25,120.17").json()
    assert [one["alert"] for one in near["alerts"]] == [alert.id]
    assert browser.get("/v1/alerts?near=31.2,121.5").json()["alerts"] == []
    office.matcher.close_case("A-1", status="returned", actor="me")
    (over,) = browser.get(f"/v1/alerts?near=30.25,120.17&since={near['next']}").json()["alerts"]
    assert (over["kind"], "card" in over) == ("cancel", False)
    assert browser.get("/v1/alerts?near=30.25,120.17").json()["alerts"] == [], "who begins hears of no ends"
    far = browser.get(f"/v1/alerts?near=-30,-60&since={near['next']}").json()["alerts"]
    assert far == [over], "else by asking here and there anybody finds where the child was missed"
    for wrong in ("near=x", "near=91,0", "near=1,181", "since=-1", "limit=0", "since=x"):
        assert browser.get(f"/v1/alerts?{wrong}").status_code in {400, 422}, wrong


def key(office: Office) -> dict[str, str]:
    admin = account(office.matcher.context.store, "root", Role.ADMIN)
    account(office.matcher.context.store, "app", Role.SERVICE)
    text, _ = office.matcher.accounts.add_key(
        admin, NewKey(name="app", label="shop", scopes=frozenset({Right.SIGHTING_SUBMIT}), days=30)
    )
    return {"authorization": f"Bearer {text}"}


def test_a_partner_hands_in_what_its_users_tell(browser: TestClient, office: Office) -> None:
    missing(office)
    card = published(office)
    headers = key(office)
    report = {"report": json.dumps({"place": "the station", "card": card.code, "contact": "139", "first_hand": True})}
    files = {"photo": ("p.jpg", child(1, 1), "image/jpeg")}
    assert browser.post("/v1/reports", data=report, files=files).status_code == 401
    sent = browser.post("/v1/reports", data=report, files=files, headers={**headers, "idempotency-key": "u1"})
    assert sent.status_code == 202, sent.text
    again = browser.post("/v1/reports", data=report, files=files, headers={**headers, "idempotency-key": "u1"}).json()
    assert again == {**sent.json(), "repeated": True}
    other = {"report": report["report"].replace("139", "138")}
    refused = browser.post("/v1/reports", data=other, files=files, headers={**headers, "idempotency-key": "u1"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    line = office.matcher.public.reports.line(office.boss, sent.json()["report"])
    assert (line.via.value, line.about, line.has_contact) == ("partner", "A-1", True)


def test_a_batch_takes_each_report_by_itself(browser: TestClient, office: Office) -> None:
    headers = key(office)
    reports = [
        {"place": "a", "key": "1"},
        {"position": {"lat": 99, "lon": 0}, "key": "2"},
        {"place": "c", "photos": 2, "key": "3"},
    ]
    files = [("photo", (f"{seed}.jpg", child(seed), "image/jpeg")) for seed in (1, 2, 3, 4)]
    sent = browser.post("/v1/reports/batch", data={"reports": json.dumps(reports)}, files=files, headers=headers)
    assert sent.status_code == 207, sent.text
    assert [one["status"] for one in sent.json()["reports"]] == [202, 400, 202]
    assert len(office.matcher.sightings()) == 2
    again = browser.post(
        "/v1/reports/batch", data={"reports": json.dumps(reports)}, files=files, headers=headers
    ).json()
    assert [one.get("repeated") for one in again["reports"]] == [True, None, True]
    wrong = browser.post("/v1/reports/batch", data={"reports": json.dumps(reports[:1])}, files=files, headers=headers)
    assert wrong.status_code == 400


def test_a_dispute_reaches_the_officers_and_its_answer_the_one_who_has_the_code(
    browser: TestClient, office: Office
) -> None:
    missing(office)
    card = published(office)
    page = browser.get(f"/dispute?card={card.code}").text
    form = fields(page) | {"card": card.code, "relation": "self", "note": "it is me", "contact": "139"}
    sent = browser.post("/dispute", data=form)
    assert sent.status_code == 201
    code = code_of(sent.text)
    assert "not decided yet" in browser.post("/dispute/answer", data={"code": code}).text
    (view,) = office.matcher.public.disputes.waiting(office.officer)
    office.matcher.public.disputes.decide(office.officer, view.id, upheld=True, reason="her papers")
    assert "not shown any more" in browser.post("/dispute/answer", data={"code": code}).text
    assert browser.get(f"/c/{card.code}").status_code == 404
    assert browser.post("/dispute", data=form | {"card": "xx"}).status_code == 404
    assert office.matcher.public.disputes.waiting(office.officer) == []


@pytest.mark.parametrize(
    "path", ["/alerts/0.cap", f"/alerts/{2**63}.cap", "/alerts/x.cap", "/c/%00", "/c/../x", "/report/x"]
)
def test_addresses_that_lead_nowhere_are_answered_as_such(browser: TestClient, path: str) -> None:
    assert browser.get(path).status_code in {404, 422}
