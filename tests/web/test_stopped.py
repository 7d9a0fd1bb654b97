"""A stopped home on the desk and over HTTP: a clear page, and what can be read goes on."""

from __future__ import annotations

from datetime import timedelta

from desks import Desk
from pictures import child
from pytest import MonkeyPatch

from matcher import Matcher


def test_pages_can_be_read_and_forms_say_why_they_are_refused(desk: Desk) -> None:
    officer, auditor = desk.browser("chen"), desk.browser("sun")
    with Matcher.open(desk.matcher.context.home.root) as another:
        another.stop_switch.stop(actor="boss", reason="a court's order")
    for browser, path in ((officer, "/cases"), (auditor, "/audit"), (auditor, "/status")):
        browser.get(path)
    for path, fields in (("/cases", {"case_id": "A-9"}), ("/search", {"reason": "a tip"})):
        answer = officer.post(path, 503, photos=[child(1)], **fields)
        assert "stopped this home at" in answer.text
        assert "court" not in answer.text  # why is in the audit log, for those who may read it
    assert "stopped this home at" in officer.get("/case?number=CASE-77-1", 503).text
    desk.matcher.stop_switch.start(actor="boss", reason="the order is lifted")
    officer.get("/case?number=CASE-77-1")


def test_whoever_is_signed_in_goes_on_reading_however_long(desk: Desk, monkeypatch: MonkeyPatch) -> None:
    officer = desk.browser("chen")
    desk.matcher.stop_switch.stop(actor="boss", reason="a court's order")
    clock = desk.matcher.context.clock
    monkeypatch.setattr(desk.matcher.context, "clock", lambda: clock() + timedelta(hours=1))
    assert "CASE-77-1" in officer.get("/cases").text


def test_programs_are_told_by_a_word(desk: Desk) -> None:
    program = desk.program("chen")
    desk.matcher.stop_switch.stop(actor="boss", reason="a court's order")
    assert program.get("/cases")
    problem = program.get("/cases/CASE-77-1", 503)
    assert (problem["code"], problem["status"]) == ("stopped", 503)


def test_chinese_readers_are_told_in_their_language(desk: Desk) -> None:
    officer = desk.browser("chen")
    officer.post("/account/language", language="zh-Hans")
    desk.matcher.stop_switch.stop(actor="boss", reason="a court's order")
    told = officer.get("/case?number=CASE-77-1", 503).text
    assert "已被停用" in told
    assert "boss" in told
