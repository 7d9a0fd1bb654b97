"""A desk that is served to a real browser, and the people at it."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import PIL.Image
from accounts import PASSWORD
from desks import Desk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# The shell is the same engine without the windows around it, which take most of the time that a page takes to open.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# Where pictures of pages and what axe found are written, as the README's pictures are; nowhere unless it is set.
REPORT = os.environ.get("MATCHER_BROWSER_REPORT")


_judged: set[tuple[str, str | None, int, bool]] = set()


class Served:
    """A desk that is served, and the pages of the people at it."""

    def __init__(self, desk: Desk, browser: Browser) -> None:
        import uvicorn

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

    def picture(self, page: Page, name: str) -> None:
        """Keep a picture of a page, where pictures are wanted."""
        if REPORT:
            settled(page)
            path = Path(REPORT) / f"{name}.png"
            page.screenshot(path=path, full_page=True)
            PIL.Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)  # a third of the bytes

    def page(self, *, dark: bool = False, phone: bool = False) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        context = self._browser.new_context(color_scheme="dark" if dark else "light", viewport=size)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" else None)
        return page

    def signed_in(self, name: str, **how: bool) -> Page:
        page = self.page(**how)
        page.goto(f"{self.url}/sign-in")
        page.fill("[name=name]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_selector("header.bar")
        return page


def settled(page: Page) -> None:
    """Wait until the page is there with its pictures, but for those so far down that the browser leaves them for later.

    Rather than for a network that has been idle for half a second.
    """
    page.wait_for_load_state("load")
    page.wait_for_function(PICTURES)


PICTURES = """() => [...document.images].every((one) =>
    one.complete || !one.checkVisibility() || one.getBoundingClientRect().top > window.innerHeight + 1000)"""
NARROWEST = 320  # CSS pixels: WCAG 1.4.10


def fits(page: Page) -> None:
    """Nothing that only scrolling sideways shows, as wide as the page is and as narrow as pages get."""
    size = page.viewport_size
    assert size is not None
    for width in (size["width"], NARROWEST):
        page.set_viewport_size({"width": width, "height": size["height"]})
        found = page.evaluate(WIDER)
        assert found == [], f"{page.url}, {width} px"
    page.set_viewport_size(size)


# The innermost elements that reach beyond the page, outside of what scrolls by itself.
WIDER = """() => {
    if (document.documentElement.scrollWidth <= window.innerWidth) return [];
    const beyond = (one) => one.getBoundingClientRect().right > window.innerWidth + 0.5;
    const all = [...document.querySelectorAll("body *")].filter((one) => beyond(one) && !one.closest(".wide"));
    const innermost = all.filter((one) => !all.some((two) => one !== two && one.contains(two)));
    return ["too wide", ...innermost.map((one) => one.outerHTML)];
}"""


def accessible(page: Page) -> None:
    """No finding of axe, and nothing that only scrolling sideways shows."""
    from axe_playwright_python.sync_playwright import Axe

    settled(page)
    found = Axe().run(page).response["violations"]
    if REPORT:
        width = page.evaluate("window.innerWidth")
        theme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        language, path = page.get_attribute("html", "lang"), re.sub(r"[0-9a-z]{13}", "…", urlsplit(page.url).path)
        with (Path(REPORT) / "axe.txt").open("a", encoding="utf-8") as file:
            file.write(f"{path} {language} {theme} {width} px: {len(found)} findings\n")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    fits(page)


def glance(page: Page) -> None:
    """`accessible`, once for each kind of page in each look: every test begins with the same few."""
    kind = re.sub(r"[0-9a-z]{13}", "…", urlsplit(page.url).path)
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    look = (kind, page.get_attribute("html", "lang"), page.evaluate("innerWidth"), dark)
    if look not in _judged:
        accessible(page)
        _judged.add(look)


def pick(served: Served, **how: bool) -> None:
    page = served.signed_in("li", **how)
    glance(page)
    page.click("text=Next task")
    page.wait_for_url("**/review/lists/*")
    glance(page)
    with page.expect_response("**/draft") as saved:
        page.check("[name=pick] >> nth=0")
    assert saved.value.status == 204
    page.reload()
    assert page.is_checked("[name=pick] >> nth=0")
    page.click("text=Seal the marked faces")
    page.wait_for_url("**/queue*")


def judge(served: Served, name: str, outcome: str, **how: bool) -> Page:
    page = served.signed_in(name, **how)
    page.click("text=Next task")
    page.wait_for_url("**/review/pairs/*")
    page.click("summary")
    with page.expect_response("**/draft"):
        page.select_option("[name='ears.likeness']", "similar")
    glance(page)
    page.check(f"[value={outcome}]")
    page.click("button:text-is('Seal')")
    page.wait_for_url("**/sealed")
    glance(page)
    return page
