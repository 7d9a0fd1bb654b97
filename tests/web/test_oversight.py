"""Health, request ids, and the pages of those who watch over a home."""

from __future__ import annotations

import re

import pytest
from desks import SECRETS, Desk

from matcher.errors import StoreProblem
from matcher.web.console import oversight


def test_health_is_told_to_everybody_and_says_nothing_of_the_inside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = desk.browser()
    assert nobody.get("/healthz").text == "ok\n"
    assert nobody.get("/readyz").text == "ready\n"

    def broken() -> int:
        raise StoreProblem("postgresql://secret@db is gone")

    monkeypatch.setattr(desk.matcher.context.store, "change_counter", broken, raising=True)
    assert nobody.get("/readyz", 503).text == "not ready\n"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("proxy-1.A_b", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("<b>", False), ("", False)],
)
def test_an_answer_carries_the_id_of_its_request_if_it_is_one(desk: Desk, given: str, kept: bool) -> None:
    answer = desk.browser().client.get("/healthz", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) is kept
    assert kept or re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"])


def test_the_audit_log_is_read_page_by_page_and_names_no_child(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oversight, "_PAGE", 3)
    with desk.matcher.context.store.read() as reading:
        numbers = [record.number for record in reading.audit.records()]
    sun, address, seen = desk.browser("sun"), "/audit", []
    while address:
        text = sun.get(address).text
        assert not any(secret in text for secret in SECRETS)
        seen += [int(number) for number in re.findall(r'<th scope="row">(\d+)</th>', text)]
        following = re.search(r'href="(/audit\?before=\d+)"', text)
        address = following.group(1) if following else ""
    assert seen[-len(numbers) :] == numbers[::-1]
    assert "<td>session</td>" in sun.get("/audit").text
    sun.get("/audit?before=-1", 422)
    sun.get(f"/audit?before={2**63}", 422)
    desk.browser("chen").get("/audit", 403)


def test_the_status_tells_what_searches_run_on(desk: Desk) -> None:
    text = desk.browser("root").get("/status").text
    assert re.search(r"Faces that can be found in the space \S+ 3;", text)
    assert '<th scope="row">machine</th><td>good</td>' in text
    desk.browser("li").get("/status", 403)


def test_an_unexpected_error_is_as_protected_as_other_answers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> int:
        raise RuntimeError("inside")

    monkeypatch.setattr(desk.matcher.context.store, "change_counter", broken)
    nobody = desk.browser()
    usual = nobody.get("/healthz").headers
    answer = nobody.get("/readyz", 500)
    assert "inside" not in answer.text
    assert {name for name in usual if name not in {"x-request-id"}} <= set(answer.headers)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Security-Policy"] == usual["Content-Security-Policy"]
    assert answer.headers["X-Request-Id"]
