"""Every text has its Chinese: the file is as the program is, and no page says anything that could not be translated."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable
from enum import Enum
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from desks import SECRETS, STAFF, Browser, Desk, acting_of
from pictures import child, group, nobody
from public_desk import CASE, PHONE, disputed, failing, located, reported, second
from public_walk import reporting

from matcher.domain import (
    alerts,
    cases,
    consents,
    faces,
    names,
    people,
    publications,
    quality,
    records,
    relations,
    reports,
    reviews,
)
from matcher.domain.people import Language
from matcher.errors import MatcherError
from matcher.web.languages import CHINESE, FOOTER, Speech, texts
from matcher.web.pages import environment
from matcher.web.problems import KINDS, TITLES
from matcher.web.vocabulary import ENUMERATIONS, context

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    monkeypatch.delitem(sys.modules, "translations", raising=False)
    return importlib.import_module("translations")


def test_the_file_is_as_the_program_is(script: ModuleType) -> None:
    kept, now = script.kept(), script.current()
    assert script.problems(kept, now) == [], "run: python scripts/translations.py"
    assert script.written(script.updated(kept, now)) == CHINESE.read_bytes(), "run: python scripts/translations.py"


def test_whatever_is_wrong_with_a_file_is_told(script: ModuleType) -> None:
    now = Catalog(locale="zh_Hans")
    for text in ("Missing", "Bare", "Unsure", "%(count)s faces", "{who} sees", "Bold", "Fine %(x)s", "95 %% of"):
        now.add(text)
    now.add("family", context="Circumstance")
    old = Catalog(locale="zh_Hans", fuzzy=False)
    old.add("Gone", "去")
    old.add("Bare")
    old.add("Unsure", "不", flags=["fuzzy"])
    old.add("%(count)s faces", "%(number)s 张")
    old.add("{who} sees", "看")
    old.add("Bold", "<b>")
    old.add("Fine %(x)s", "%(x)s 好")
    old.add("95 %% of", "95")
    old.add("family", "家人", context="Elsewhere")
    assert script.problems(old, now) == [
        "gone from the program: 'Gone'",
        "gone from the program: 'family' (Elsewhere)",
        "holds markup: 'Bold'",
        "marked as fuzzy: 'Unsure'",
        "not in the file: 'Missing'",
        "not in the file: 'family' (Circumstance)",
        "not translated: 'Bare'",
        "other placeholders than the English: '%(count)s faces'",
        "other placeholders than the English: '95 %% of'",
        "other placeholders than the English: '{who} sees'",
    ]


def test_translations_are_chinese_and_promise_nothing() -> None:
    file = CHINESE.read_text(encoding="utf-8")
    assert not re.search("匹配成功|身份确认|确定是|就是该|肯定", file)
    assert "不是身份认定" in Speech(Language.CHINESE).say(FOOTER)


def test_every_word_of_what_the_desk_knows_can_be_translated() -> None:
    modules = (cases, faces, people, quality, records, relations, reviews)
    modules += (alerts, consents, names, publications, reports)
    found = {one for module in modules for _, one in inspect.getmembers(module, inspect.isclass)}
    kinds = {one for one in found if issubclass(one, Enum) and one is not Enum}
    assert kinds - set(ENUMERATIONS) == {people.Language, reports.Doubt}, "languages are written in themselves"
    assert set(reports.WORDS) == set(reports.Doubt), "and doubts are said in sentences"
    assert len({kind.__name__ for kind in ENUMERATIONS}) == len(ENUMERATIONS)
    chinese = texts(Language.CHINESE)
    for kind in ENUMERATIONS:
        for member in kind:
            name = context(member)
            assert name == kind.__name__
            assert re.search("[\u4e00-\u9fff]", chinese.pgettext(name, member.value.replace("_", " "))), member


def test_every_kind_of_error_has_a_heading() -> None:
    def below(kind: type[MatcherError]) -> set[type[MatcherError]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    ours = {kind for kind in below(MatcherError) if kind.__module__ == "matcher.errors"}
    assert {kind.code for kind in ours} == set(KINDS)
    assert {kind.http_status for kind in ours} <= set(TITLES)


class Bracketed(NullTranslations):
    """A language in which every text is itself in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


class Outside(HTMLParser):
    """Texts and attributes of a page that people read, without what is in brackets or said to be in no language."""

    _SPOKEN = ("alt", "aria-label", "title", "placeholder")
    _VOID = ("input", "img", "meta", "link", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._apart: list[bool] = []  # of each open element: whether its text is not the page's
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [text for name in self._SPOKEN if (text := stripped(given.get(name) or ""))]
        if tag not in self._VOID:
            other = given.get("translate") == "no" or (tag != "html" and "lang" in given)
            self._apart.append(other or tag in {"script", "textarea", "code"} or any(self._apart[-1:]))

    def handle_endtag(self, tag: str) -> None:
        self._apart.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._apart[-1:]) and (text := stripped(data)):
            self.found.append(text)


# What no translation changes: names and numbers that people gave, ids, times, and the program's own name.
_ID = "[0-9a-hjkmnp-tv-z]{13}"
_NOBODYS = re.compile(
    rf"{'|'.join(SECRETS)}|mole <b>left</b>|\b({'|'.join(STAFF)}|second|{_ID}|UTC|sighting-matcher)\b"
    r"|\d年\d+月\d+日|\d厘米|\d kg|\d公里",
    re.IGNORECASE,
)


def stripped(text: str) -> str:
    """What is left of a text that no catalogue gave; nothing without letters."""
    while (inner := re.sub("⟦[^⟦⟧]*⟧", "", text)) != text:
        text = inner
    left = _NOBODYS.sub("", text).strip()
    return left if re.search(r"[^\W\d_]", left) else ""


def test_a_text_outside_of_the_catalogue_is_found() -> None:
    page = '<p>⟦a ⟦b⟧ c⟧ 1 · li <b lang="en">d</b> rest</p><img alt="⟦x⟧"><img alt="Face"><i>⟦e⟧</i>'
    assert Outside(f'<html lang="x">{page}</html>').found == ["rest", "Face"]


class Walk:
    """What people read at a desk, page by page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.pages: dict[str, str] = {}

    def see(self, browser: Browser, path: str, status: int = 200) -> str:
        return self.keep(f"{browser.name} {path}", browser.get(path, status).text)

    def keep(self, name: str, page: str) -> str:
        self.pages[f"{len(self.pages)} {name}"] = page
        return page


def reviewing(walk: Walk) -> None:
    """A pair, from the list to the decision and back."""
    desk = walk.desk
    nobody, li = desk.browser(), desk.browser("li")
    walk.see(nobody, "/sign-in")
    walk.keep("wrong", nobody.client.post("/sign-in", data={"name": "li", "password": "wrong"}).text)
    for path in ("/queue", "/queue?filter=pairs&sealed=1", "/inbox", "/quality", "/account"):
        walk.see(li, path)
    path = li.claim()
    walk.see(li, path)
    li.post(f"{path}/seal", pick="1", answer="picks")
    for name in ("wang", "zhao"):
        browser = desk.browser(name)
        path = browser.claim()
        walk.see(browser, "/queue")
        walk.see(browser, path)
        told = {"nose.likeness": "similar", "nose.note": SECRETS[4], "ears.note": SECRETS[4]}
        walk.keep("sealed", browser.post(f"{path}/seal", outcome="potential", note=SECRETS[4], **told).text)
        walk.keep("revealed", browser.post(f"{path}/reveal").text)
    chen, zhou = desk.browser("chen"), desk.browser("zhou")
    walk.see(chen, "/inbox")
    address = re.search(r"/decisions/\w{13}", walk.see(chen, "/decisions"))
    assert address is not None
    walk.see(chen, address[0])
    for number in (1, 2, 3):
        walk.see(chen, f"/cases/map?case={SECRETS[1]}{number}")
    chen.post(f"{address[0]}/refute", note=SECRETS[4])
    walk.see(zhou, "/decisions?state=excluded")
    walk.see(zhou, address[0])
    zhou.post(f"{address[0]}/reopen", note=SECRETS[4])
    walk.see(zhou, "/reviewers")


def casework(walk: Walk) -> None:
    """Cases, sightings, a search and accounts."""
    desk, number = walk.desk, f"{SECRETS[1]}1"
    chen, ma, zhou, root = (desk.browser(name) for name in ("chen", "ma", "zhou", "root"))
    for path in ("/cases", "/cases?status=hoax", "/cases/new", "/sightings", "/sightings?triage=1", "/sightings/new"):
        walk.see(chen, path)
    walk.keep("refused", chen.post("/cases", 400, case_id=" ").text)
    known = {"born": "2015-03-01", "height_cm": "110", "weight_kg": "18.5", "lat": "31", "lon": "121"}
    known |= {"case_id": f"{SECRETS[1]}9", "taken": "2020-01-02"}
    walk.keep("choose", chen.post("/cases", photos=[group(7, 8)], **known).text)
    chen.post("/case/relation", number=number, other=f"{SECRETS[1]}2", kind="sibling")
    walk.see(chen, f"/case?number={number}")
    proof = {"status": "located_alive", "kind": "dna", "reference": SECRETS[4], "note": SECRETS[4]}
    walk.keep("ended", chen.post("/case/end", number=number, **proof).text)
    walk.see(chen, "/cases/waiting")
    walk.keep("taken in", ma.post("/sightings", photos=[nobody(), group(2, 3)], place=SECRETS[3]).text)
    (blind,) = desk.matcher.sightings(needs_triage=True)
    for browser, path in ((ma, f"/sightings/{blind.id}"), (chen, f"/sightings/{blind.id}/candidates")):
        walk.see(browser, path)
    walk.see(chen, f"/case?number={SECRETS[1]}2")
    (photo, _) = desk.matcher.sighting(blind.id).photos
    ma.post(f"/sightings/{blind.id}/aside", photo=photo.id, note=SECRETS[4])
    walk.see(ma, f"/sightings/{blind.id}")
    walk.see(zhou, "/search")
    walk.keep("found", zhou.post("/search", photos=[child(2, 3)], reason=SECRETS[4]).text)
    walk.keep("no face", zhou.post("/search", photos=[nobody()], reason=SECRETS[4]).text)
    walk.keep("no photo", zhou.post("/search", 400, reason=SECRETS[4]).text)
    walk.see(root, "/people")
    walk.keep("key", root.post("/people/keys", name="li", label=SECRETS[4], days="30", scope="quality_own").text)
    walk.see(root, "/people/account?name=li")


def watching(walk: Walk) -> None:
    """What auditors read, and what cannot be had."""
    sun = walk.desk.browser("sun")
    for path in ("/audit", "/audit?before=1", "/status"):
        walk.see(sun, path)
    for path, status in (("/queue", 403), ("/nowhere", 404), ("/audit?before=-1", 422)):
        walk.see(sun, path, status)


def publishing(walk: Walk) -> None:
    """Cards, alerts, reports of the public, disputes and partners."""
    desk, here = walk.desk, f"/case/public?number={CASE}"
    second(desk)
    chen, ma, root, other = (desk.browser(name) for name in ("chen", "ma", "root", "second"))
    walk.see(chen, here)
    located(desk)
    walk.keep("no phone", chen.post("/case/public/card", 400, number=CASE, policy="full", phone="").text)
    ma.post("/case/public/card", number=CASE, policy="full", phone=PHONE)
    card = desk.matcher.public.cards.of_case(acting_of(desk, "chen"), CASE)[0]
    walk.see(ma, here)
    walk.keep("no consent", chen.post("/case/public/card/approve", 400, card=card.id).text)
    told = {"giver": "parent", "name": SECRETS[0], "scope": ["publication", "alerts"], "document": SECRETS[4]}
    chen.post("/case/public/consent", number=CASE, **told)
    chen.post("/case/public/card/approve", card=card.id)
    chen.post("/case/details", number=CASE, seen=seen(chen), name=SECRETS[0], lat="30", lon="120")
    walk.keep("no since", chen.post("/case/public/alert", 400, number=CASE, place=SECRETS[3], schedule="near").text)
    where = {"lat": "30", "lon": "120", "place": SECRETS[3], "since": "2024-01-01", "note": SECRETS[2]}
    page = chen.post("/case/public/alert", number=CASE, schedule="own", steps="0:5, 2.5:40", **where)
    alert = page.url.path
    walk.keep("drafted", page.text)
    walk.keep("proposed", chen.post(f"{alert}/issue", meant="actual").text)
    updated = re.search(r'name="seen" value="([^"]+)"', walk.see(other, alert))
    assert updated is not None
    for browser, path in ((other, "/alerts"), (chen, here), (chen, f"/case?number={CASE}")):
        walk.see(browser, path)
    walk.keep("agreed", other.post(f"{alert}/agree", seen=updated[1]).text)
    walk.keep("smaller", chen.post(f"{alert}/change", 400, schedule="near", **where).text)
    walk.see(chen, "/alerts")
    receipt, again = reported(desk, card=card.code), reported(desk, held=False, told={"how_seen": "social_media"})
    for path in ("/reports", "/reports?state=duplicate&witness=second_hand", "/reports?state=refused"):
        walk.see(chen, path)
    for one in (receipt, again):
        for path in (f"/reports/{one.id}", f"/sightings/{one.id}"):
            walk.see(chen, path)
    walk.keep("refused", chen.post(f"/reports/{receipt.id}/refuse", note=SECRETS[2]).text)
    walk.keep("contact", chen.post(f"/reports/{again.id}/contact", note=SECRETS[2]).text)
    dispute = disputed(desk, card)
    walk.see(chen, "/disputes")
    walk.keep("upheld", chen.post(f"/disputes/{dispute}/decide", answer="uphold", note=SECRETS[2]).text)
    for path in (here, alert, "/alerts?ended=1", f"/case?number={CASE}"):
        walk.see(chen, path)
    walk.keep("secret", root.post("/partners", name=SECRETS[0], url="https://a.example/x", tests="yes").text)
    failing(desk, SECRETS[0])
    walk.see(root, "/partners")
    root.post("/partners/end", name=SECRETS[0])
    walk.see(root, "/partners")


def seen(browser: Browser) -> str:
    """What the page of a case was made from."""
    found = re.search(r'name="seen" value="([^"]+)"', browser.get(f"/case?number={CASE}").text)
    assert found is not None
    return found[1]


WALKS = (reviewing, casework, watching, publishing, reporting)


@pytest.mark.parametrize("through", WALKS)
def test_no_page_says_what_could_not_be_translated(desk: Desk, through: Callable[[Walk], None]) -> None:
    # As Chinese, so that what stays in English is told apart, too.
    desk.app.state.templates = dict.fromkeys(Language, environment(Speech(Language.CHINESE, Bracketed())))
    walk = Walk(desk)
    through(walk)
    assert {name: left for name, page in walk.pages.items() if (left := Outside(page).found)} == {}


@pytest.mark.parametrize("through", WALKS)
def test_every_page_is_complete_in_chinese(desk: Desk, through: Callable[[Walk], None]) -> None:
    desk.app.state.templates = dict.fromkeys(Language, environment(Speech(Language.CHINESE)))
    walk = Walk(desk)
    through(walk)
    for name, page in walk.pages.items():
        assert '<html lang="zh-Hans">' in page, name
        assert through is not reporting or '<span lang="en">' not in page, f"{name}: the public is told in English"
        assert not re.search(r"%\(\w+\)|\{\w+\}|%%", page), name
