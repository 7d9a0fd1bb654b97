"""The desk in a real browser: the way of a pair, by mouse and by keyboard alone, on a telephone, light and dark."""

from __future__ import annotations

import pytest
from accounts import PASSWORD
from browsers import Served, accessible, judge, pick
from desks import acting_of

from matcher.domain.people import Language

# Playwright's own event loop leaves a socket to the collector, and axe's package opens its file so, too.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


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
    officer.select_option("[name=kind]", "dna")
    officer.fill("[name=reference]", "L-7")
    officer.select_option("[name=status]", "located_alive")
    officer.click("text=Confirm and end the case")
    officer.wait_for_selector("text=The pair is decided: confirmed")
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
    page.wait_for_selector("[name=name]:focus")  # which the browser gives a moment after the page has come
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
