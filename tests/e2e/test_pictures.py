"""The README's pictures: MATCHER_BROWSER_REPORT=docs python -m pytest tests/e2e/test_pictures.py"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsers import REPORT, Served
from desks import Desk, acting_of, fill
from pictures import child, group, saved

from matcher import Matcher
from matcher.services.inputs import CasePhoto

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [
    pytest.mark.skipif(not REPORT, reason="set MATCHER_BROWSER_REPORT to the folder in which pictures are wanted"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def shown(home: Path, monkeypatch: pytest.MonkeyPatch, chromium: Browser) -> Iterator[Served]:
    """A desk with twelve children in several photos each, and a sighting of one of them."""
    monkeypatch.setenv("MATCHER_CONTROL_RATE", "0")
    with Matcher.open(home) as matcher:
        for seed in range(21, 33):
            photos = [CasePhoto(child(seed, variant), age=6 + variant) for variant in range(3)]
            matcher.add_case(f"HZ-{seed}", photos, actor="x", name=f"Child {seed}", marks="mole on the left cheek")
        fill(matcher)
        for case in matcher.cases():
            matcher.update_case(case.case_id, actor="x", marks="mole on the left cheek")
        one = Served(Desk(matcher), chromium)
        yield one
        one.stop()


def test_pictures_of_the_readme(shown: Served, tmp_path: Path) -> None:
    page = shown.signed_in("li")
    page.click("text=Next task")
    page.wait_for_url("**/review/lists/*")
    page.wait_for_selector("ol.grid img")
    page.check("[name=pick] >> nth=1")
    shown.picture(page, "desk-list")
    page.check("[name=pick] >> nth=4")
    page.click("text=Seal the marked faces")
    shown.desk.matcher.accounts.set_language(acting_of(shown.desk, "zhao"), "zh-Hans")
    for name, how, kept in (("wang", {}, "desk-pair"), ("zhao", {"phone": True, "dark": True}, "desk-pair-zh")):
        page = shown.signed_in(name, **how)
        page.click("main form button")
        page.wait_for_url("**/review/pairs/*")
        shown.picture(page, kept)
    page = shown.signed_in("chen")
    page.goto(f"{shown.url}/cases/new")
    page.fill("[name=case_id]", "HZ-40")
    page.fill("[name=name]", "Child 40")
    page.set_input_files("[name=photo]", saved(tmp_path, "two.jpg", group(40, 41)))
    page.click("text=Register")
    page.wait_for_selector("text=Several faces")
    shown.picture(page, "desk-case")
