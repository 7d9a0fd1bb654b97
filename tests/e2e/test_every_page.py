"""Every page in Chinese, wide and light, narrow and dark; where pictures are wanted, in all looks of both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from browsers import REPORT, Served, accessible
from desks import SECRETS, Desk, acting_of
from pictures import child, group, nobody, saved
from public_desk import CASE, carded, disputed, failing, reported, second

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

WIDTHS = {"wide": {"width": 1280, "height": 900}, "narrow": {"width": 390, "height": 844}}
LOOKS = [("wide", "light"), ("narrow", "dark")] + ([("wide", "dark"), ("narrow", "light")] if REPORT else [])
NUMBER = f"{SECRETS[1]}2"


class Viewer:
    """Somebody at the desk, each of whose pages is judged in every look."""

    def __init__(self, served: Served, name: str, language: str) -> None:
        served.desk.matcher.accounts.set_language(acting_of(served.desk, name), language)
        self.served, self.language = served, language
        self.page = served.signed_in(name)

    def sees(self, path: str) -> Page:
        self.page.goto(f"{self.served.url}{path}")
        return self.judged()

    def shows(self, pattern: str) -> None:
        """Follow the first link of this pattern of the page's address."""
        found = re.search(f'href="({pattern})"', self.page.content())
        assert found is not None, pattern
        self.sees(found[1])

    def judged(self) -> Page:
        """The page as it is, in every look; then as it was."""
        look(self.served, self.page, self.language)
        return self.page

    def sends(self, form: str) -> Page:
        """Send the form that ends at a path, and see what comes."""
        with self.page.expect_navigation():
            self.page.click(f"form[action$='{form}'] button:visible >> nth=0")
        return self.judged()


def look(served: Served, page: Page, language: str) -> None:
    assert page.get_attribute("html", "lang") == language
    name = re.sub(r"\W+", "-", re.sub(r"/[0-9a-z]{13}\b", "", urlsplit(page.url).path)).strip("-")
    for width, theme in LOOKS:
        page.set_viewport_size(WIDTHS[width])  # type: ignore[arg-type]  # a plain dictionary is what it takes
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
        accessible(page)
        served.picture(page, f"{name}-{language}-{width}-{theme}")
    page.set_viewport_size(WIDTHS["wide"])  # type: ignore[arg-type]


Of = Callable[[str], Viewer]


def decide(of: Of) -> None:
    """A list, a pair that two agree on, and what the officer sees of it."""
    li = of("li")
    li.sees("/queue")
    li.sends("/queue/next")
    li.page.check("[name=pick] >> nth=0")
    li.sends("/seal")
    for name in ("wang", "zhao"):
        one = of(name)
        one.sees("/queue")
        one.sends("/queue/next")
        one.page.check("[value=potential]")
        one.sends("/seal")
    one.sends("/reveal")
    one.sees("/quality")
    chen = of("chen")
    known = {"last_seen": (30.25, 120.16), "last_seen_place": "West Lake", "missing_since": "2024-05-01T08:00Z"}
    for number in (1, 2, 3):  # one of them was picked
        chen.served.desk.matcher.update_case(f"{SECRETS[1]}{number}", actor="x", **known)
    chen.sees(f"/cases/map?case={NUMBER}")
    for path in ("/inbox", "/decisions"):
        chen.sees(path)
    chen.shows(r"/decisions/\w{13}")
    chen.page.fill("form[action$='/refute'] [name=note]", "an older child")
    chen.sends("/refute")
    zhou = of("zhou")
    for path in ("/decisions?state=excluded", "/reviewers", "/search"):
        zhou.sees(path)


def register(of: Of, folder: Path) -> None:
    """Cases and sightings, with photos of which a person has to choose."""
    chen = of("chen")
    for path in ("/cases", "/cases/new"):
        chen.sees(path)
    chen.page.fill("[name=case_id]", "B-1")
    chen.page.set_input_files("[name=photo]", saved(folder, "two.jpg", group(7, 8)))
    chen.sends("/cases")
    chen.sees("/cases/waiting")
    chen.sees(f"/case?number={NUMBER}")
    chen.page.select_option("form[action='/case/end'] [name=status]", "hoax")
    chen.page.fill("form[action='/case/end'] [name=note]", "the caller took it back")
    chen.sends("/case/end")
    ma = of("ma")
    ma.sees("/sightings/new")
    files = [saved(folder, "wall.jpg", nobody()), saved(folder, "two.jpg", group(1, 3))]
    ma.page.set_input_files("[name=photo]", files)
    ma.sends("/sightings")
    ma.sees("/sightings?triage=1")
    ma.shows(r"/sightings/\w{13}")
    chen.sees(urlsplit(ma.page.url).path + "/candidates")
    chen.sees("/search")
    chen.page.set_input_files("[name=photo]", saved(folder, "call.jpg", child(3, 2)))
    chen.page.fill("[name=reason]", "a call from the station")
    chen.sends("/search")


def publish(of: Of, desk: Desk) -> None:
    """A card, an alert, what the public says, and the partners that are told."""
    second(desk)
    chen, other, root = of("chen"), of("second"), of("root")
    here = f"/case/public?number={CASE}"
    card = carded(desk)
    chen.sees(here)
    chen.page.fill("form[action$='/card'] [name=phone]", "110 120")
    chen.sends("/public/card")
    chen.page.fill("form[action$='/alert'] [name=steps]", "soon")
    chen.page.select_option("form[action$='/alert'] [name=schedule]", "own")
    chen.sends("/public/alert")
    chen.page.fill("form[action$='/alert'] [name=steps]", "0:5, 2:50")
    chen.sends("/public/alert")
    alert = urlsplit(chen.page.url).path
    with chen.page.expect_navigation():
        chen.page.click("[name=meant][value=actual]")
    other.sees(alert)
    other.sends("/agree")
    chen.sees(f"/case?number={CASE}")
    chen.sees("/alerts")
    for one in (reported(desk, card=card.code), reported(desk, child(2, 8), told={"how_seen": "social_media"})):
        chen.sees(f"/reports/{one.id}")
    chen.sees("/reports")
    chen.page.goto(f"{chen.served.url}/reports/{one.id}")
    chen.page.fill("form[action$='/contact'] [name=note]", "which way they went")
    chen.sends("/contact")
    disputed(desk, card)
    chen.sees("/disputes")
    chen.page.fill("[name=note]", "not her mother")
    chen.page.click("[name=answer][value=dismiss]")
    chen.judged()
    chen.sees("/sightings/" + one.id)
    chen.sees(alert)
    chen.page.fill("form[action$='/cancel'] [name=note]", "found at her aunt's")
    chen.sends("/cancel")
    chen.sees("/alerts?ended=1")
    root.sees("/partners")
    root.page.fill("[name=name]", "ring")
    root.page.fill("[name=url]", "https://ring.example/a-rather-long-address/that-is-told-of-alerts")
    root.sends("/partners")
    failing(desk, "ring")
    root.sees("/partners")


def watch(of: Of) -> None:
    """Accounts, the audit, the state of the home, and what cannot be had."""
    root, sun = of("root"), of("sun")
    for path in ("/people", "/people/account?name=li", "/account"):
        root.sees(path)
    for path in ("/audit", "/status", "/queue", "/nowhere"):
        sun.sees(path)


@pytest.fixture(params=["zh-Hans"] + (["en"] if REPORT else []))
def of(request: pytest.FixtureRequest, served: Served) -> Of:
    """Whoever is asked for, with pages in a language."""
    return lambda name: Viewer(served, name, request.param)


def refused(served: Served) -> list[str]:
    """The status of each refusal: a browser's log has nothing else."""
    return [re.sub(r".*status of (\d+).*", r"\1", trouble) for trouble in served.troubles]


def test_pages_of_decisions(of: Of, served: Served) -> None:
    decide(of)
    assert refused(served) == []


def test_pages_of_casework(of: Of, served: Served, tmp_path: Path) -> None:
    register(of, tmp_path)
    assert refused(served) == []


def test_pages_of_what_the_public_sees_and_says(of: Of, served: Served) -> None:
    publish(of, served.desk)
    assert refused(served) == ["400"]


def test_pages_of_accounts_and_of_what_cannot_be_had(of: Of, served: Served) -> None:
    watch(of)
    assert refused(served) == ["403", "404"]
