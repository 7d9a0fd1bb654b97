"""What pages do by themselves in a real browser: keeping, sealing, keys, looking closely, and room on small screens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from accounts import PASSWORD
from browsers import Served, accessible, judge, pick
from desks import Desk, fill
from pictures import child

from matcher import Matcher

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Playwright's own event loop leaves a socket to the collector, and axe's package opens its file so, too.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

TOLD, OF_TIME = "[data-told]", "[data-told-of-time]"


def said(page: Page, text: str, where: str = TOLD) -> None:
    """Wait until the line says it."""
    page.wait_for_selector(f"{where}:has-text('{text}')")


def at_list(served: Served) -> Page:
    page = served.signed_in("li")
    page.click("text=Next task")
    page.wait_for_url("**/review/lists/*")
    return page


def at_pair(served: Served, **how: bool) -> Page:
    page = served.signed_in("wang", **how)
    page.click("text=Next task")
    page.wait_for_url("**/review/pairs/*")
    return page


def end_session(page: Page) -> None:
    page.context.clear_cookies()


def sign_in_beside(page: Page, served: Served, name: str) -> None:
    """Follow the line's link, sign in in the new tab, and come back."""
    with page.expect_popup() as opened:
        page.click(f"{TOLD} a")
    other = opened.value
    other.fill("[name=name]", name)
    other.fill("[name=password]", PASSWORD)
    other.click("main button")
    other.wait_for_selector("header.bar")
    other.close()
    page.evaluate("window.dispatchEvent(new Event('focus'))")  # a browser without windows gives none


def forward(served: Served, **span: float) -> None:
    """Let time pass for the server."""
    context = served.desk.matcher.context
    before = context.clock
    context.clock = lambda: before() + timedelta(**span)


def note(served: Served) -> str | None:
    """What is kept of the pair's note."""
    with served.desk.matcher.context.store.read() as reading:
        person = reading.people.by_name("wang")
        assert person is not None
        (claim,) = reading.claims.live_of(person.id, served.desk.matcher.context.clock())
    return (claim.draft or {}).get("note")


def test_what_is_kept_is_told(served: Served) -> None:
    page = at_list(served)
    page.check("[name=pick] >> nth=0")
    said(page, "Kept at")
    assert re.fullmatch(r"Kept at \d\d:\d\d UTC\.", page.inner_text(TOLD).strip())
    assert page.get_attribute(TOLD, "role") == "status"
    accessible(page)


def test_a_session_that_ended_loses_nothing(served: Served) -> None:
    pick(served)
    page = at_pair(served)
    end_session(page)
    page.fill("[name=note]", "same mole")
    said(page, "Not kept. You are signed out.")
    accessible(page)
    sign_in_beside(page, served, "wang")
    said(page, "Kept at")
    assert note(served) == "same mole"
    end_session(page)
    page.check("[value=potential]")
    page.click("button:text-is('Seal')")
    said(page, "Not sealed. You are signed out.")
    assert page.input_value("[name=note]") == "same mole"
    assert "/review/pairs/" in page.url
    sign_in_beside(page, served, "wang")
    said(page, "Not sealed.")
    page.click("button:text-is('Seal')")
    page.wait_for_url("**/sealed")


def test_somebody_else_in_the_same_browser_sends_nothing_of_it(served: Served) -> None:
    pick(served)
    page = at_pair(served)
    end_session(page)
    page.fill("[name=note]", "same mole")
    said(page, "Not kept. You are signed out.")
    sign_in_beside(page, served, "zhao")
    said(page, "The server refused it: You hold no claim")
    assert page.input_value("[name=note]") == "same mole"


def test_without_a_connection_it_is_tried_again(served: Served) -> None:
    pick(served)
    page = at_pair(served)
    page.context.set_offline(True)
    page.fill("[name=note]", "same mole")
    said(page, "Not kept. The server does not answer.")
    page.check("[value=potential]")
    page.click("button:text-is('Seal')")
    said(page, "Not sealed. The server does not answer.")
    assert note(served) is None
    page.context.set_offline(False)
    said(page, "Kept at")
    said(page, "Not sealed.")
    assert note(served) == "same mole"
    page.click("button:text-is('Seal')")
    page.wait_for_url("**/sealed")


def test_the_end_of_the_lease_is_told_in_time_and_can_be_put_off(served: Served) -> None:
    page = at_list(served)
    assert page.inner_text(OF_TIME) == ""
    page.evaluate("document.getElementById('lease').dataset.seconds = '179'")
    page.evaluate("document.dispatchEvent(new Event('htmx:afterSwap'))")
    said(page, "ends soon", OF_TIME)
    accessible(page)
    before = page.inner_text("#lease span")
    forward(served, minutes=2)
    page.click(f"{OF_TIME} button")
    page.wait_for_selector(f"#lease span:text-is('{before}')", state="detached")
    assert page.inner_text(OF_TIME) == ""
    assert int(page.get_attribute("#lease", "data-seconds") or 0) > 29 * 60
    page.evaluate("document.getElementById('lease').dataset.seconds = '0'")
    page.evaluate("document.dispatchEvent(new Event('htmx:afterSwap'))")
    said(page, "has ended", OF_TIME)
    forward(served, minutes=30)
    page.check("[name=pick] >> nth=0")
    said(page, "Not kept. This task is not yours any more.")
    page.click("#more-time")
    said(page, "No more time was given.")
    page.click("text=Seal the marked faces")
    said(page, "Not sealed. This task is not yours any more.")
    assert page.is_checked("[name=pick] >> nth=0")


def test_whoever_revises_loses_nothing_either(served: Served) -> None:
    pick(served)
    page = judge(served, "wang", "potential")
    page.click("button:text-is('Reveal')")
    page.click("summary:has-text('Revise')")
    page.check("[value=inconclusive]")
    page.fill("[name=note]", "the scar is on the other side")
    end_session(page)
    page.click("button:text-is('Seal the revision')")
    said(page, "Not sealed. You are signed out.")
    sign_in_beside(page, served, "wang")
    page.wait_for_selector(f"{TOLD}:has-text('signed out')", state="detached")
    said(page, "Not sealed.")
    assert page.input_value("[name=note]") == "the scar is on the other side"
    page.click("button:text-is('Seal the revision')")
    page.wait_for_url("**/queue?sealed=1")


def test_what_the_server_refuses_is_told_on_the_page(served: Served) -> None:
    page = at_list(served)
    page.click("text=Seal the marked faces")
    said(page, "Not sealed. The server refused it: No face is marked")
    page.check("[name=pick] >> nth=0")
    said(page, "Kept at")
    page.click("text=Seal the marked faces")
    page.wait_for_url("**/queue?sealed=1")


def test_one_page_prints_as_often_as_it_is_asked(served: Served) -> None:
    pick(served)
    page = at_pair(served)
    page.click("summary:has-text('Print')")
    for label, ending in (("Web page", "html"), ("PDF", "pdf"), ("Web page", "html")):
        with page.expect_download() as loaded:
            page.click(f"button:text-is('{label}')")
        assert loaded.value.suggested_filename == f"comparison.{ending}"


def test_keys_are_shown_and_can_be_switched_off(served: Served) -> None:
    pick(served)
    page = served.signed_in("wang")
    page.keyboard.press("?")
    assert page.inner_text(".keys li >> nth=0") == "n Next task"
    accessible(page)
    page.uncheck("[data-single-keys]")
    page.reload()
    page.keyboard.press("?")
    assert page.locator(".keys[open]").count() == 0
    page.keyboard.press("n")
    assert page.locator("form[data-sent]").count() == 0
    page.click(".keys summary")
    page.check("[data-single-keys]")
    page.keyboard.press("n")
    page.wait_for_url("**/review/pairs/*")
    assert page.evaluate("JSON.stringify(localStorage)") == "{}"


def test_a_pair_by_keys(served: Served) -> None:
    pick(served)
    page = at_pair(served)
    page.keyboard.press("b")
    assert page.get_attribute("[data-compare]", "data-mode") == "blink"
    page.focus("[data-stage]")
    page.keyboard.press("w")
    assert page.get_attribute("[data-compare]", "data-mode") == "swipe"
    page.focus("[name=note]")
    page.keyboard.type("1 or 2, not s?")
    assert page.input_value("[name=note]") == "1 or 2, not s?"
    assert page.get_attribute("[data-compare]", "data-mode") == "swipe"
    page.focus("[data-stage]")
    page.keyboard.press("2")
    assert page.is_checked("[value=no_candidate]")
    page.keyboard.press("3")
    assert page.is_checked("[value=inconclusive]")
    page.focus("[name=note]")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/sealed")


@pytest.fixture
def crowded(home: Path, monkeypatch: pytest.MonkeyPatch, chromium: Browser) -> Iterator[Served]:
    """A desk whose list is longer than a screen."""
    monkeypatch.setenv("MATCHER_CONTROL_RATE", "0")
    with Matcher.open(home) as matcher:
        for seed in range(21, 33):
            matcher.add_case(f"B-{seed}", [child(seed)], actor="x")
        fill(matcher)
        one = Served(Desk(matcher), chromium)
        yield one
        one.stop()


SEEN = """one => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""


def test_a_pick_with_the_focus_is_seen_on_every_screen(crowded: Served) -> None:
    page = at_list(crowded)
    for width, height in ((320, 256), (320, 568), (390, 844), (844, 390), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
        picks = page.query_selector_all("[name=pick]")
        assert len(picks) > 12
        for one in (*picks, *reversed(picks)):
            one.focus()
            assert one.evaluate(SEEN), (width, height, one.get_attribute("value"))
            picture = one.evaluate_handle("one => one.closest('label').querySelector('img')").as_element()
            assert picture is not None
            assert picture.evaluate(SEEN), (width, height, "picture", one.get_attribute("value"))


def moved(page: Page) -> tuple[float, float]:
    """How far the zoomed faces were moved, in pixels."""
    x, y = re.findall(r"-?[\d.]+px", page.eval_on_selector(".stage img", "one => one.style.transform"))
    return float(x[:-2]), float(y[:-2])


def test_a_finger_moves_zoomed_faces_and_not_the_page(served: Served, chromium: Browser) -> None:
    pick(served)
    page = at_pair(served, phone=True)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    page.eval_on_selector(
        "[data-zoom]", "one => { one.value = 4; one.dispatchEvent(new Event('input', {bubbles: true})) }"
    )
    page.locator(".stage").scroll_into_view_if_needed()
    box, at = page.locator(".stage").bounding_box(), page.evaluate("scrollY")
    assert box is not None
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - 10 * step}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert moved(page) == (0, -80)
    assert page.evaluate("scrollY") == at


def test_zoomed_faces_are_moved_by_buttons(served: Served) -> None:
    pick(served)
    page = at_pair(served)
    assert page.is_disabled("[data-pan=left]")
    page.focus("[data-stage]")
    for _ in range(6):
        page.keyboard.press("+")
    for way, place in (("left", (40, 0)), ("up", (40, 40)), ("right", (0, 40)), ("down", (0, 0))):
        page.click(f"[data-pan={way}]")
        assert moved(page) == place
    accessible(page)


def test_what_is_typed_is_not_bold_as_its_label_is(served: Served) -> None:
    page = served.page()
    page.goto(f"{served.url}/sign-in")
    weights = [
        page.eval_on_selector(one, "one => getComputedStyle(one).fontWeight") for one in ("label", "[name=name]")
    ]
    assert weights == ["600", "400"]
