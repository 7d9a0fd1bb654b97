"""The whole way once, with a real partner program and a real browser: a card, an alert that grows, a report, a match,
two reviewers, a proof, the end, and on its day nothing left, neither of the child nor of who reported it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from browsers import Served, accessible, fits
from offices import Office, opened
from pictures import child, group, saved
from public_records import every_bulletin
from publishing import admin, alerted, missing, published, second_officer
from reviews import Clock, account

from matcher.accounts.rights import Right
from matcher.delivery.sending import send_due
from matcher.domain.erasures import Because
from matcher.domain.messages import MessageState
from matcher.domain.people import Role
from matcher.domain.reports import ReportState
from matcher.jobs import nightly
from matcher.services.accounts import NewKey
from matcher.services.alerts import grow_due
from matcher.services.erasing import ErasureView
from matcher.services.inputs import ReasonCode, Who
from matcher.services.report_work import look_at_all
from matcher.web.public.app import create_public_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
PROGRAM = Path(__file__).parents[2] / "scripts" / "partner.py"
SETTINGS = 'control_rate = 0.0\nsecond_look_rate = 0.0\nlocated_days = 30\npublic_url = "https://find.example"\n'


@contextmanager
def partner(secret: str, server: str, key: str, *users: str) -> Iterator[str]:
    """The partner program in a process of its own, by its address."""
    named = [part for user in users for part in ("--user", user)]
    command = [
        sys.executable,
        str(PROGRAM),
        "--port",
        "0",
        "--tolerance",
        "1e9",  # the office's clock is moved on
        "--secret",
        secret,
        "--server",
        server,
        "--key",
        key,
        *named,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def boxes(url: str) -> dict[str, list[dict]]:
    with urllib.request.urlopen(f"{url}/boxes", timeout=5) as answer:  # noqa: S310
        return json.load(answer)


def seen(url: str, user: str, alert: str, photo: bytes, word: str) -> dict:
    asked = urllib.request.Request(f"{url}/seen?user={user}&alert={alert}&word={word}", photo, method="POST")  # noqa: S310
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def until(happened: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    # From now on: the partner program has a clock of its own.
    yield from opened(home, Clock(datetime.now(timezone.utc).replace(microsecond=0)), SETTINGS)


def test_from_an_approved_card_to_the_proof_that_nothing_is_left(
    office: Office, chromium: Browser, tmp_path: Path
) -> None:
    context, public = office.matcher.context, office.matcher.public
    root, second = admin(office), second_officer(office)
    missing(office)
    office.register(2, 3)
    account(context.store, "shop", Role.SERVICE)
    order = NewKey(name="shop", label="app", scopes=frozenset({Right.SIGHTING_SUBMIT}), days=30)
    key, _ = office.matcher.accounts.add_key(root, order)
    served = Served(SimpleNamespace(app=create_public_app(context, secure=False)), chromium)  # type: ignore[arg-type]
    receiver, secret = "http://127.0.0.1:1/events", ""
    secret, _ = public.partners.add(root, "shop", receiver)
    try:
        with partner(secret, served.url, key, "Li:30.26,120.15", "Zhou:31.23,121.47", "Wu:30.58,114.30") as app:
            _told_at(office, app)
            card = published(office)
            alert = alerted(office, second)

            assert send_due(context) == {MessageState.SENT: 1}
            heard = boxes(app)
            assert {name: len(box) for name, box in heard.items()} == {"Li": 1, "Zhou": 0, "Wu": 0}, "100 km"
            assert (heard["Li"][0]["name"], heard["Li"][0]["code"]) == ("Wang Xiaoming", card.code)

            office.clock.forward(hours=1)
            assert grow_due(context) == 1
            send_due(context)
            assert {name: len(box) for name, box in boxes(app).items()} == {"Li": 1, "Zhou": 1, "Wu": 0}, "200 km"

            with partner(secret, served.url, key, "Zhou:31.23,121.47") as begun_anew:
                until(lambda: len(boxes(begun_anew)["Zhou"]) == 1)

            _report_on_a_phone(served, card.code, tmp_path)
            receipt = seen(app, "Li", alert.id, child(1, 2), "li-1")
            assert seen(app, "Li", alert.id, child(1, 2), "li-1") == {**receipt, "repeated": True}
            assert look_at_all(context) == 2
            lines = public.reports.listed(office.boss)
            assert [line.state for line in lines] == [ReportState.TAKEN] * 2
            assert {line.about for line in lines} == {"A-1"}

            _confirmed(office)
            send_due(context)
            assert boxes(app) == {"Li": [], "Zhou": [], "Wu": []}, "the alert is over for everybody"
            page = served.page(phone=True)
            assert page.goto(f"{served.url}/c/{card.code}").status == 404
            assert "not shown any more" in page.inner_text("main")
    finally:
        served.stop()
    assert [one for one in served.troubles if "404" not in one] == []

    _nothing_is_left(office, card.code)


def _told_at(office: Office, app: str) -> None:
    """The partner program chooses its port, so that its address is known after its secret."""
    with office.matcher.context.store.write() as transaction:
        known = transaction.partners.by_name("shop")
        transaction.partners.change(replace(known, url=f"{app}/events"))


def test_a_partner_that_is_ended_shows_no_card_any_more(office: Office) -> None:
    partners, root = office.matcher.public.partners, admin(office)
    missing(office)
    secret, _ = partners.add(root, "shop", "http://127.0.0.1:1/events")
    with partner(secret, "http://127.0.0.1:1", "no key", "Li:30.26,120.15") as app:
        _told_at(office, app)
        published(office)
        alerted(office, second_officer(office))
        send_due(office.matcher.context)
        assert len(boxes(app)["Li"]) == 1
        partners.end(root, "shop")
        send_due(office.matcher.context)
        assert boxes(app) == {"Li": []}


def _confirmed(office: Office) -> None:
    """A list, a pair, two reviewers, and a proof from outside."""
    office.pick(office.cat, "A-1")
    office.judge(office.ann, "potential")
    office.judge(office.ben, "potential")
    (pair,) = office.matcher.desk.pairs(office.officer, "escalated")
    office.matcher.desk.confirm(office.officer, pair.task, ("dna", "laboratory 17"), "located_alive")
    assert office.matcher.case("A-1").status.value == "located_alive"


def _nothing_is_left(office: Office, code: str) -> None:
    """On its day the night erases the case, and on theirs the reports of the child, and proves it."""
    context, case = office.matcher.context, office.matcher.case("A-1")
    reports = {one.id for one in office.matcher.sightings()}
    assert len(reports) == 2
    erased = _after_days(office, 31)
    assert (erased.keys(), erased[case.id].because) == ({case.id}, Because.LOCATED_CASE)
    with context.store.read() as reading:
        assert reading.cards.by_code(code) is None
        assert {one.content for one in every_bulletin(reading)} == {None}
    assert {one.id for one in office.matcher.sightings()} == reports, "they may show another child"
    erased = _after_days(office, context.settings.sighting_days - 30)
    assert erased.keys() == {case.id, *reports}
    assert {erased[one].because for one in reports} == {Because.UNMATCHED_SIGHTING}
    assert {one.proved_at is not None for one in erased.values()} == {True}
    assert office.matcher.sightings() == []
    others = {office.matcher.case(number).id for number in ("A-2", "A-3")}
    assert {key.partition("/")[0] for key in context.blobs.list()} == others, "no file but of other children"


def _after_days(office: Office, days: float) -> dict[str, ErasureView]:
    """What is erased once the night after so many days is over."""
    office.clock.forward(days=days)
    who = Who("night", ReasonCode.MAINTENANCE)
    report = nightly.run(office.matcher.context, who, accept_retention=True, accept_clock=True)
    assert report.problems == ()
    return {one.id: one for one in office.matcher.endings.erasures()}


def _report_on_a_phone(served: Served, code: str, folder: Path) -> None:
    """Somebody with a telephone on which no script runs."""
    phone = served._browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = phone.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{served.url}/report?card={code}")
    assert "Wang Xiaoming" in page.inner_text("main")
    page.set_input_files("[name=photo]", saved(folder, "seen.jpg", child(1, 1)))
    page.check("[name=how_seen][value=in_person]")
    page.check("[name=first_hand][value=yes]")
    page.fill("[name=place]", "the market in Yuhang")
    page.fill("[name=note]", "a red coat, with a woman in grey")
    page.click("button:text-is('Send the report')")
    page.wait_for_selector("text=Your report has arrived")
    page.click("text=Can the face on my photo be used?")
    page.wait_for_selector("text=Nobody has looked at the photo yet")
    phone.close()


def test_the_pages_of_the_public_are_accessible_and_fit_a_phone(
    office: Office, chromium: Browser, tmp_path: Path
) -> None:
    missing(office)
    card = published(office)
    served = Served(SimpleNamespace(app=create_public_app(office.matcher.context, secure=False)), chromium)  # type: ignore[arg-type]
    try:
        for dark in (False, True):
            page = served.page(phone=True, dark=dark)
            for path in (
                "/report",
                f"/report?card={card.code}",
                "/report/status",
                f"/dispute?card={card.code}",
                "/dispute/answer",
                "/c/00000000",
                f"/c/{card.code}",
            ):
                page.goto(f"{served.url}{path}")
                accessible(page)
                fits(page)
        page = served.page(phone=True)
        page.goto(f"{served.url}/report?lang=zh-Hans")
        page.set_input_files("[name=photo]", saved(tmp_path, "seen.jpg", child(1, 1)))
        page.click("button:text-is('提交线索')")
        page.wait_for_selector(".code")
        accessible(page)
        fits(page)
    finally:
        served.stop()
    assert [one for one in served.troubles if "404" not in one] == []


class Form:
    """Somebody who fills in forms, each of whose answers is judged."""

    def __init__(self, served: Served) -> None:
        self.page, self._url = served.page(phone=True), served.url

    def opens(self, path: str) -> None:
        self.page.goto(f"{self._url}{path}")

    def sends(self, form: str) -> None:
        with self.page.expect_navigation():
            self.page.click(f"form[action='{form}'] button:visible:not([type=button])")

    def judged(self, title: str, focus: str | None = None) -> None:
        assert self.page.title() == title
        assert focus is None or self.page.evaluate("document.activeElement.name") == focus
        for theme in ("dark", "light"):
            self.page.emulate_media(color_scheme=theme)
            accessible(self.page)


@pytest.fixture
def form(office: Office, chromium: Browser) -> Iterator[Form]:
    served = Served(SimpleNamespace(app=create_public_app(office.matcher.context, secure=False)), chromium)  # type: ignore[arg-type]
    try:
        yield Form(served)
    finally:
        served.stop()
    assert [one for one in served.troubles if not re.search("40[04]|422", one)] == []


def test_answers_to_a_report_are_accessible_too(office: Office, form: Form, tmp_path: Path) -> None:
    photo = saved(tmp_path, "seen.jpg", group(1, 2))
    form.opens("/report")
    form.page.set_input_files("[name=photo]", photo)
    form.page.fill("[name=apparent_age]", "old")
    form.sends("/report")
    form.judged("Error: Report a sighting", "apparent_age")
    form.page.fill("[name=apparent_age]", "about 6")
    form.page.set_input_files("[name=photo]", photo)
    form.sends("/report")
    look_at_all(office.matcher.context)
    form.sends("/report/status")
    form.judged("Your report")
    assert form.page.locator(".faces img").count() == 2
    form.page.click("summary:text('Add a photo')")
    form.page.set_input_files("[name=photo]", saved(tmp_path, "none.jpg", b"no photo"))
    form.sends("/report/add")
    form.judged("Error: Your report", "photo")
    form.page.click("summary:text('Take the report back')")
    form.sends("/report/withdraw")
    form.judged("Taken back")


def test_answers_to_a_dispute_are_accessible_too(office: Office, form: Form) -> None:
    missing(office)
    form.opens(f"/dispute?card={published(office).code}")
    form.page.check("[name=relation][value=self]")
    form.page.fill("[name=note]", "it is me")
    form.page.fill("[name=contact]", "139")
    form.sends("/dispute")
    form.judged("An officer was told")
    code = form.page.inner_text(".code")
    form.opens("/dispute/answer")
    form.page.fill("[name=code]", code)
    form.sends("/dispute/answer")
    form.judged("What was decided?")
    form.page.fill("[name=code]", "AAAA")
    form.sends("/dispute/answer")
    form.judged("Error: What was decided?", "code")
    form.opens("/nowhere")
    form.judged("There is nothing here")


def test_the_place_of_a_device_is_filled_in_only_when_asked_for(office: Office, chromium: Browser) -> None:
    from playwright.sync_api import expect

    served = Served(SimpleNamespace(app=create_public_app(office.matcher.context, secure=False)), chromium)  # type: ignore[arg-type]
    try:
        context = chromium.new_context(
            geolocation={"latitude": 30.25, "longitude": 120.16},
            permissions=["geolocation"],
            viewport={"width": 390, "height": 844},
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(f"{served.url}/report")
        assert page.input_value("[name=lat]") == ""
        page.click("[data-locate]")
        expect(page.locator("[name=lat]")).not_to_have_value("")  # nothing that is evaluated: the page forbids it
        assert (page.input_value("[name=lat]"), page.input_value("[name=lon]")) == ("30.25000", "120.16000")
        context.close()
    finally:
        served.stop()
