"""The desk in a real browser: the way of a pair, by mouse and by keyboard alone, on a telephone, light and dark."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
uvicorn = pytest.importorskip("uvicorn")

from accounts import PASSWORD  # noqa: E402
from axe_playwright_python.sync_playwright import Axe  # noqa: E402
from desks import Desk, acting_of, fill  # noqa: E402

from matcher import Matcher  # noqa: E402
from matcher.domain.people import Language  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# Playwright's own event loop leaves a socket to the collector, and axe's package opens its file so, too.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium: the gate installs it")
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        yield browser
        browser.close()


class Served:
    """A desk that is served, and the pages of the people at it."""

    def __init__(self, desk: Desk, browser: playwright.Browser) -> None:
        self.desk, self._browser = desk, browser
        config = uvicorn.Config(desk.app, port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.troubles: list[str] = []

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    def page(self, *, dark: bool = False, phone: bool = False) -> playwright.Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        context = self._browser.new_context(color_scheme="dark" if dark else "light", viewport=size)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" else None)
        return page

    def signed_in(self, name: str, **how: bool) -> playwright.Page:
        page = self.page(**how)
        page.goto(f"{self.url}/sign-in")
        page.fill("[name=name]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_selector("header.bar")
        return page


@pytest.fixture
def served(home: Path, monkeypatch: pytest.MonkeyPatch, chromium: playwright.Browser) -> Iterator[Served]:
    monkeypatch.setenv("MATCHER_CONTROL_RATE", "0")
    with Matcher.open(home) as matcher:
        fill(matcher)
        one = Served(Desk(matcher), chromium)
        yield one
        one.stop()


def accessible(page: playwright.Page) -> None:
    """No finding of axe, and nothing that only scrolling sideways shows."""
    page.wait_for_load_state("networkidle")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def pick(served: Served, **how: bool) -> None:
    page = served.signed_in("li", **how)
    accessible(page)
    page.click("text=Next task")
    page.wait_for_url("**/review/lists/*")
    accessible(page)
    with page.expect_response("**/draft") as saved:
        page.check("[name=pick] >> nth=0")
    assert saved.value.status == 204
    page.reload()
    assert page.is_checked("[name=pick] >> nth=0")
    page.click("text=Seal the marked faces")
    page.wait_for_url("**/queue*")


def judge(served: Served, name: str, outcome: str, **how: bool) -> playwright.Page:
    page = served.signed_in(name, **how)
    page.click("text=Next task")
    page.wait_for_url("**/review/pairs/*")
    page.click("summary")
    with page.expect_response("**/draft"):
        page.select_option("[name='ears.likeness']", "similar")
    accessible(page)
    page.check(f"[value={outcome}]")
    page.click("button:text-is('Seal')")
    page.wait_for_url("**/sealed")
    accessible(page)
    return page


def test_two_agree_and_an_officer_confirms(served: Served) -> None:
    pick(served)
    judge(served, "wang", "potential")
    page = judge(served, "zhao", "potential", phone=True, dark=True)
    page.click("button:text-is('Reveal')")
    page.wait_for_selector("text=Wang-Fang-Secret")
    accessible(page)
    officer = served.signed_in("chen")
    officer.goto(f"{served.url}/inbox")
    accessible(officer)
    officer.click("tbody a")
    officer.wait_for_selector("text=Confirm by a proof")
    accessible(officer)
    officer.fill("[name=reference]", "L-7")
    officer.click("text=Confirm and end the case")
    officer.wait_for_selector("text=No pair stands here")
    accessible(officer)
    assert sorted(case.status.value for case in served.desk.matcher.cases()) == ["located_alive", "open", "open"]
    assert served.troubles == []


def test_a_disagreement_reaches_the_supervisor_on_a_telephone(served: Served) -> None:
    pick(served, phone=True, dark=True)
    judge(served, "wang", "potential")
    judge(served, "zhao", "no_candidate")
    page = served.signed_in("zhou", phone=True)
    page.goto(f"{served.url}/decisions")
    page.click("tbody a")
    page.fill("[name=note]", "ears differ")
    accessible(page)
    page.click("button:text-is('Exclude')")
    page.wait_for_selector("text=No pair stands here")
    for path in ("/reviewers", "/quality"):
        page.goto(served.url + path)
        accessible(page)
    page = served.signed_in("sun")
    for path in ("/audit", "/status"):
        page.goto(served.url + path)
        accessible(page)
    assert served.troubles == []


def test_both_faces_zoom_together_and_are_swiped(served: Served) -> None:
    pick(served)
    page = served.signed_in("wang")
    page.click("text=Next task")
    page.wait_for_url("**/review/pairs/*")
    page.focus("[data-stage]")
    for key in ("+", "+", "ArrowRight"):
        page.keyboard.press(key)
    transforms = page.eval_on_selector_all(".stage img", "all => all.map(one => one.style.transform)")
    assert len(set(transforms)) == 1
    assert "scale(1.5625)" in transforms[0]
    page.keyboard.press("0")
    assert page.input_value("[data-zoom]") == "1"
    page.click("text=Swipe >> nth=0")
    assert page.get_attribute("[data-compare]", "data-mode") == "swipe"
    boxes = page.eval_on_selector_all(".stage figure", "all => all.map(one => one.getBoundingClientRect().x)")
    assert boxes[0] == boxes[1]
    page.click("text=Blink")
    hidden = "all => all.filter(one => one.classList.contains('is-hidden')).length"
    assert page.eval_on_selector_all(".stage figure", hidden) == 1
    assert served.troubles == []


def test_by_keyboard_alone(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.url}/queue")  # leads to the sign-in, and back
    page.keyboard.type("li")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    page.keyboard.press("n")
    page.wait_for_url("**/review/lists/*")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name === 'pick'"):
            break
    page.keyboard.press("Space")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value === 'picks'"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue*")
    page.keyboard.press("n")
    page.wait_for_url("**/review/pairs/*")
    assert served.troubles == []


def test_a_wrong_password_and_a_wrong_role_are_told(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.url}/sign-in")
    accessible(page)
    page.fill("[name=name]", "li")
    page.fill("[name=password]", "wrong")
    page.click("main button")
    page.wait_for_selector("[role=alert]")
    accessible(page)
    page = served.signed_in("chen")
    page.goto(f"{served.url}/queue")
    assert "may not do this" in page.inner_text("[role=alert]")
    accessible(page)


def test_in_chinese_from_the_queue_to_a_sealed_pair(served: Served) -> None:
    for name in ("li", "wang"):
        served.desk.matcher.accounts.set_language(acting_of(served.desk, name), Language.CHINESE)
    page = served.signed_in("li", dark=True)
    assert page.get_attribute("html", "lang") == "zh-Hans"
    accessible(page)
    page.click("text=下一项任务")
    page.wait_for_url("**/review/lists/*")
    accessible(page)
    page.check("[name=pick] >> nth=0")
    page.click("text=封存所标记的脸")
    page.wait_for_selector("text=已封存。")
    page = served.signed_in("wang", phone=True)
    page.click("text=下一项任务")
    page.wait_for_url("**/review/pairs/*")
    page.click("summary")
    page.select_option("[name='nose.likeness']", label="相似")
    page.check("text=可能相似")
    accessible(page)
    page.click("form.verdict button")
    page.wait_for_url("**/sealed")
    accessible(page)
    page.click("button:text-is('揭示')")
    page.wait_for_selector("text=相似度")
    assert "鼻子：相似" in page.inner_text("main")
    accessible(page)
    assert served.troubles == []
