"""A real Chromium, and a desk that is served to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsers import CHROMIUM, QUIET, Served
from desks import Desk, fill

from matcher import Matcher

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    pytest.importorskip("uvicorn", reason="the browser tests need the extra 'web'")
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium: the gate installs it")
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def served(home: Path, monkeypatch: pytest.MonkeyPatch, chromium: Browser) -> Iterator[Served]:
    monkeypatch.setenv("MATCHER_CONTROL_RATE", "0")
    with Matcher.open(home) as matcher:
        fill(matcher)
        one = Served(Desk(matcher), chromium)
        yield one
        one.stop()
