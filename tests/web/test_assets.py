"""Scripts and styles: pages name the bytes that they want, and only those are kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from desks import Desk

from matcher.web import assets
from matcher.web.pages import TEMPLATES

FOREVER, ASKED_AGAIN, NEVER = "private, max-age=31536000, immutable", "private, no-cache", "private, no-store"


def test_pages_name_their_files_by_their_bytes(desk: Desk) -> None:
    page = desk.browser().get("/sign-in").text
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert sorted(one.partition("?")[0] for one in found) == [
        f"/static/{name}" for name in ("desk.css", "desk.js", "htmx.min.js", "icon.svg")
    ]
    for address in found:
        answer = desk.browser().get(address)
        assert answer.headers["cache-control"] == FOREVER
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_other_bytes_have_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    seen = set()
    for text in (b"one", b"two", b"one"):
        assets.version.cache_clear()
        (tmp_path / "some.js").write_bytes(text)
        seen.add(assets.address("some.js"))
    assets.version.cache_clear()
    assert len(seen) == 2


@pytest.mark.parametrize("query", ["", "?v=", "?v=0123456789abcdef", "?w=1"])
def test_an_address_of_no_certain_bytes_is_compared_before_each_use(desk: Desk, query: str) -> None:
    client = desk.browser().client
    answer = client.get(f"/static/desk.js{query}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, ASKED_AGAIN)
    again = client.get(f"/static/desk.js{query}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, ASKED_AGAIN)


@pytest.mark.parametrize("path", ["nothing.js", "nothing.js?v=1", "", "../pages.py", "%2e%2e/pages.py"])
def test_what_is_not_there_is_not_kept(desk: Desk, path: str) -> None:
    answer = desk.browser().client.get(f"/static/{path}")
    assert (answer.status_code, answer.headers["cache-control"]) == (404, NEVER)


def test_no_page_names_a_file_without_its_bytes() -> None:
    for template in TEMPLATES.glob("*.html"):
        assert "/static/" not in template.read_text(encoding="utf-8"), template.name
