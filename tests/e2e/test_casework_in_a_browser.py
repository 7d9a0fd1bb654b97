"""Officers, intake and administrators in a real browser, and what their looks mean for the reviewers' work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browsers import Served, accessible, judge, pick
from desks import SECRETS
from pictures import child, group, nobody, saved

# Playwright's own event loop leaves a socket to the collector, and axe's package opens its file so, too.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

NUMBER = f"{SECRETS[1]}2"


def test_a_face_is_chosen_and_the_child_is_then_found(served: Served, tmp_path: Path) -> None:
    page = served.signed_in("chen")
    page.click("text=Cases")
    accessible(page)
    page.click("text=New case")
    page.fill("[name=case_id]", "B-1")
    page.fill("[name=name]", "Zhang")
    page.set_input_files("[name=photo]", saved(tmp_path, "two.jpg", group(7, 8)))
    accessible(page)
    page.click("text=Register")
    page.wait_for_selector("text=Several faces")
    accessible(page)
    page.check("[name=face][value='2']")
    page.click("text=This is the child")
    page.wait_for_selector("text=Several faces", state="detached")
    accessible(page)
    page.goto(f"{served.url}/cases/waiting")
    page.wait_for_selector("text=No photo waits for a choice")
    accessible(page)
    assert served.desk.matcher.gallery_status().size == 4
    assert served.troubles == []


def test_whoever_searched_for_a_child_is_not_asked_about_it(served: Served, tmp_path: Path) -> None:
    pick(served)
    page = served.signed_in("zhou")
    page.goto(f"{served.url}/queue")
    page.wait_for_selector("button:text-is('Claim')")
    page.click("text=Search")
    accessible(page)
    page.set_input_files("[name=photo]", saved(tmp_path, "call.jpg", child(2, 3)))
    page.fill("[name=reason]", "a call from the station")
    page.click("button:text-is('Search')")
    page.wait_for_selector("text=What was found")
    accessible(page)
    page.click("text=Queue")
    page.wait_for_selector("text=Nothing waits for you here")
    assert served.troubles == []


def test_an_exclusion_does_not_come_back_after_a_reindex(served: Served) -> None:
    pick(served)
    judge(served, "wang", "no_candidate")
    judge(served, "zhao", "no_candidate")
    served.desk.matcher.reindex(actor="night")
    for name in ("li", "wang", "zhao", "zhou"):
        page = served.signed_in(name)
        page.goto(f"{served.url}/queue")
        page.wait_for_selector("text=Nothing waits for you here")
    page.goto(f"{served.url}/decisions?state=excluded")
    page.click("tbody a")
    page.wait_for_selector("text=excluded")
    accessible(page)
    assert served.troubles == []


def test_a_sighting_is_taken_in_marked_and_triaged_on_a_telephone(served: Served, tmp_path: Path) -> None:
    page = served.signed_in("ma", phone=True)
    page.goto(f"{served.url}/sightings/new")
    accessible(page)
    files = [saved(tmp_path, "wall.jpg", nobody()), saved(tmp_path, "two.jpg", group(1, 3))]
    page.set_input_files("[name=photo]", files)
    page.fill("[name=place]", "market")
    page.click("text=Take in")
    page.wait_for_selector("text=no face was found")
    accessible(page)
    page.click("text=Look at it")
    page.wait_for_selector("text=Set aside")
    accessible(page)
    page.click("text=This face is meant >> nth=1")
    page.wait_for_selector("text=this one is meant")
    page.fill("[name=note]", "a wall")
    page.click("text=Set aside")
    page.wait_for_selector("text=Somebody looked")
    accessible(page)
    page.goto(f"{served.url}/sightings?triage=1")
    page.wait_for_selector("text=No photo waits")
    accessible(page)
    officer = served.signed_in("chen", dark=True)
    officer.goto(f"{served.url}/sightings")
    officer.click("tbody a >> nth=0")
    officer.click("text=Show its candidates")
    officer.wait_for_selector(f"text={NUMBER}")
    accessible(officer)
    officer.click(f"text={NUMBER} >> nth=0")
    officer.wait_for_selector("text=Sightings with this child among their candidates")
    accessible(officer)
    assert served.troubles == []


@pytest.mark.parametrize("dark", [False, True])
def test_pages_of_accounts(served: Served, dark: bool) -> None:
    page = served.signed_in("root", dark=dark, phone=dark)
    page.click("text=People")
    accessible(page)
    page.click("tbody a:text-is('ma')")
    page.click("text=Make a key")
    accessible(page)
    page.fill("[name=label]", "intake program")
    page.check("[name=scope][value=sighting_submit]")
    page.click("button:text-is('Make')")
    secret = page.inner_text("[role=status] code")
    assert re.fullmatch(r"\S{30,}", secret)
    assert served.troubles == []
    page.reload()  # sends the form once more
    page.wait_for_selector("text=has a key 'intake program' already")
    page.goto(f"{served.url}/account")
    accessible(page)
    page.select_option("[name=language]", "zh-Hans")
    page.click("main button >> nth=0")
    page.wait_for_selector("html[lang=zh-Hans]")
    accessible(page)
    assert len(served.troubles) == 1, "the conflict"
