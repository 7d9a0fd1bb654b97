"""The README's pictures: MATCHER_BROWSER_REPORT=docs python -m pytest tests/e2e/test_pictures.py

The poster's takes pypdfium2, which nothing else needs: pip install pypdfium2
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import PIL.Image
import pytest
from browsers import REPORT, Served
from desks import Desk, acting_of, fill
from offices import Office, opened
from pictures import child, group, saved
from publishing import allow
from reviews import Clock

from matcher import Matcher
from matcher.demo.identity import Identity
from matcher.demo.render import random_view, render_photo
from matcher.domain.people import Language
from matcher.domain.publications import CardId
from matcher.images.crops import to_jpeg
from matcher.services.context import now_utc
from matcher.services.handing_out import CardForm, Rendering, card_file, live_cards
from matcher.services.inputs import CasePhoto
from matcher.web.languages import speech
from matcher.web.public.app import create_public_app

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


GIRL = {
    "name": "Daisy Larkin",
    "sex": "female",
    "age": 7,
    "missing_since": "2019-05-03T16:30+01:00",
    "last_seen_place": "Riverside bus station, Northgate",
    "height_cm": 121,
    "weight_kg": 23.5,
    "marks": "mole on the left cheek",
    "clothing": "yellow raincoat, blue rubber boots",
}
BOY = {
    "name": "欧阳小川",
    "sex": "male",
    "age": 6,
    "missing_since": "2021-10-02T17:10+08:00",
    "last_seen_place": "云南省丽江市古城区长途汽车站",
    "height_cm": 115,
    "weight_kg": 20.5,
    "marks": "右耳下有一颗痣",
    "clothing": "蓝色外套，黑色运动裤",
}
SETTINGS = 'public_url = "https://find.example"\npublic_phone = "116 000"\npublic_name = "Missing children unit"\n'


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    """A girl and a boy, whose cards the public sees."""
    for one in opened(home, Clock(now_utc()), SETTINGS):
        for number, seed, taken, details in (("NG-7", 23, "2018-11-20", GIRL), ("LJ-12", 40, "2021-04-18", BOY)):
            drawn = render_photo(Identity.random(seed, details is GIRL), random_view(9, 6), 600, 800, 0.55)
            photo = CasePhoto(to_jpeg(drawn, 92), taken=date.fromisoformat(taken))
            one.matcher.add_case(number, [photo], actor="me", **details)
            allow(one, number)
            cards = one.matcher.public.cards
            cards.approve(one.officer, cards.draft(one.officer, number).id)
        yield one


def kept(data: bytes, name: str, width: int) -> None:
    """A picture at the size in which the README shows it."""
    picture = PIL.Image.open(io.BytesIO(data)).convert("RGB")
    small = picture.resize((width, round(width * picture.height / picture.width)), PIL.Image.Resampling.LANCZOS)
    small.quantize(256).save(Path(REPORT or "") / f"{name}.png", optimize=True)


def test_pictures_of_what_the_public_sees(office: Office, chromium: Browser) -> None:
    import pypdfium2

    context = office.matcher.context
    cards = {one.facts.name: one for one in live_cards(context, office.officer, CardForm.PNG)}
    girl, boy = cards[GIRL["name"]], cards[BOY["name"]]

    def made(card: CardId, form: CardForm, language: Language) -> bytes:
        return card_file(context, card, Rendering(form, (speech(language).reader,)))

    kept(made(girl.id, CardForm.PNG, Language.ENGLISH), "card-message", 640)
    kept(made(boy.id, CardForm.PNG, Language.CHINESE), "card-message-zh", 640)
    kept(made(boy.id, CardForm.SQUARE, Language.CHINESE), "card-square-zh", 420)
    poster = io.BytesIO()
    page = pypdfium2.PdfDocument(made(girl.id, CardForm.PDF, Language.ENGLISH))[0]
    page.render(scale=2).to_pil().save(poster, "PNG")
    kept(poster.getvalue(), "card-poster", 420)
    public = Served(SimpleNamespace(app=create_public_app(context, secure=False)), chromium)
    for card, language, name in ((girl, Language.ENGLISH, "report"), (boy, Language.CHINESE, "report-zh")):
        form = public.page(phone=True)
        form.goto(f"{public.url}/report?card={card.code}&lang={language.value}")
        public.picture(form, name)
    public.stop()
    assert public.troubles == []
