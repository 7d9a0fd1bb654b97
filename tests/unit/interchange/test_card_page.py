"""Cards as pages: complete, escaped, without script, and fit for telephones and screen readers."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from browsers import CHROMIUM, NARROWEST, QUIET
from card_samples import ADDRESS, CHINESE_FACTS, EN, ENGLISH_FACTS, ZH, card

from matcher.domain.cards import CardFacts
from matcher.interchange import card_layout
from matcher.interchange.card_page import _STYLE, card_page
from matcher.interchange.card_sheet import CardSheet, card_sheet

SHEETS = [card_sheet(card(), EN), card_sheet(card(CHINESE_FACTS), ZH), card_sheet(card(CardFacts()), EN)]


class Read(HTMLParser):
    """The tags, text and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, *one) for one in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data + " " if self.tags and self.tags[-1] != "style" else ""

    def of(self, tag: str, name: str) -> list[str | None]:
        return [value for at, key, value in self.attributes if (at, key) == (tag, name)]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: f"{sheet.language} {sheet.name}")
def test_all_words_are_on_the_page(sheet: CardSheet) -> None:
    page = Read(card_page(sheet))
    for said in (*sheet.texts, sheet.report_page, sheet.report_url):
        assert said in page.text, said
    assert page.of("html", "lang") == [sheet.language]
    assert page.of("img", "alt") == [sheet.photo_says]
    assert page.of("a", "href") == ["tel:116000", ADDRESS]
    assert "h1" in page.tags and "main" in page.tags


def test_the_page_needs_nothing_else_and_its_photo_tells_nothing_more() -> None:
    page = card_page(SHEETS[0])
    assert not re.search(r"""src=["'](?!data:)|<script|@import|url\(""", page)
    assert "default-src 'none'" in page and "noindex" in page
    (source,) = Read(page).of("img", "src")
    assert source is not None
    with PIL.Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) as image:
        assert (image.format, image.size) == ("JPEG", (800, 960)) and not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_every_number_is_a_link_of_its_own() -> None:
    numbers = Read(card_page(card_sheet(card(phone="110 / +86 10 1234 5678")))).of("a", "href")
    assert numbers[:2] == ["tel:110", "tel:+861012345678"]


ATTACKS = (
    "</dd></dl><script>alert(1)</script>",
    '"><svg onload=alert(1)> & &amp; &lt;',
    "]]> <!-- <style> \ud800",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_words_stays_text(attack: str) -> None:
    told = replace(ENGLISH_FACTS, name=attack, place=attack, marks=attack, clothing=attack)
    page = card_page(card_sheet(card(told, phone='1"><b>10', report_url="https://x/?a=1&b=<i>'\"")))
    read, plain = Read(page), Read(card_page(SHEETS[0]))
    assert read.tags == plain.tags
    assert [one[:2] for one in read.attributes] == [one[:2] for one in plain.attributes]
    assert read.text.count(attack.replace("\ud800", "?")) >= 4
    assert page.encode("utf-8").endswith(b"</html>\n")


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_letters_are_far_darker_or_lighter_than_what_is_behind_them() -> None:
    look = card_layout
    pairs = [(look.WHITE, look.RED), (look.WHITE, look.SEA), (look.WHITE, look.SLATE), (look.PALE, look.SEA)]
    pairs += [(look.INK, look.WHITE), (look.RED, look.WHITE), (look.SEA, look.WHITE)]
    assert all(contrast(*pair) >= 7 for pair in pairs)
    assert contrast(look.GREY, look.WHITE) >= 4.5
    # The page has the same colours.
    assert set(re.findall(r"#[0-9a-f]{6}", _STYLE)) - {"#eceae6"} <= {
        colour for name, colour in vars(look).items() if name.isupper() and str(colour).startswith("#")
    }


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_in_a_browser(tmp_path: Path) -> None:
    """No barrier that axe knows, nothing wider than a narrow telephone, a code that can be read, no error."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    sync = pytest.importorskip("playwright.sync_api")
    long = card_sheet(card(replace(ENGLISH_FACTS, name="N" * 60, marks="x" * 500, place="word " * 90)))
    with sync.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for sheet in (*SHEETS, long):
            file = tmp_path / "card.html"
            file.write_text(card_page(sheet), encoding="utf-8")
            for width in (NARROWEST, 1200):
                page = browser.new_page(viewport={"width": width, "height": 900})
                troubles: list[str] = []
                page.on("console", lambda said, into=troubles: into.append(said.text))
                page.goto(file.as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                found = axe.Axe().run(page).response["violations"]
                assert [one["id"] for one in found] == [] and troubles == []
                shot = cv2.imdecode(np.frombuffer(page.screenshot(full_page=True), np.uint8), cv2.IMREAD_COLOR)
                assert cv2.QRCodeDetector().detectAndDecode(shot)[0] == ADDRESS
                page.close()
        browser.close()
