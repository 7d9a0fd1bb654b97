"""Comparisons on paper: PDF and HTML say the same, in two languages, and a redacted one tells nobody who it is."""

from __future__ import annotations

import base64
import builtins
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.domain.reviews import Feature
from matcher.errors import ExtraMissing
from matcher.images.crops import to_jpeg
from matcher.interchange.review_page import review_page
from matcher.interchange.review_pdf import review_pdf
from matcher.interchange.review_sheet import REMOVED, Compared, FeatureLine, Headings, ReviewSheet, redacted
from matcher.services.views import NOTICE


def picture(shade: int, width: int = 80, height: int = 100) -> bytes:
    return to_jpeg(np.full((height, width, 3), shade, np.uint8))


ENGLISH = ReviewSheet(
    language="en",
    headings=Headings(),
    notice=NOTICE,
    sighting=Compared(picture(10), picture(20, 300, 200)),
    case=Compared(picture(30), picture(40, 200, 900)),
    features=(
        FeatureLine("Ears", "similar", "attached lobes, as Mei wears them"),
        FeatureLine("Scars", "dissimilar", "Lin Mei, seen at Lijiang station"),
        FeatureLine("Neck"),
    ),
    verdict="possible resemblance",
    note="Zeng said so of SH-7",
    case_number="SH-7",
    people=("Lin Mei", "Zeng Tao"),
    place="Lijiang station",
    time="2026-03-01 17:40",
)
CHINESE = replace(
    ENGLISH,
    language="zh-Hans",
    headings=Headings(title="两张面部照片的比对", sighting="目击照片", case_photo="案件照片", feature="特征"),
    notice="可能相似，须由人工审查；并非身份认定",
    features=(FeatureLine("耳朵", "相似", "耳垂与脸相连，林小梅也是如此。" * 3), FeatureLine("眉毛", "不可见")),
    verdict="可能相似",
    note="左眉有疤痕 scar",
    people=("林小梅",),
)
HIDDEN = Compared(picture(70), picture(50)), Compared(picture(80), picture(60))
GIVEN = ("SH-7", "Lin Mei", "Mei", "Zeng", "Tao", "Lijiang station", "2026-03-01 17:40")


def words(data: bytes) -> str:
    """All text of a PDF in one line, without spaces at the ends of lines that were wrapped."""
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).split())


class Read(HTMLParser):
    """The tags, text and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data + " " if self.tags and self.tags[-1] != "style" else ""


def test_both_forms_say_all_that_was_put_in() -> None:
    for text in (words(review_pdf(ENGLISH)), Read(review_page(ENGLISH)).text):
        said = [cell for line in ENGLISH.features for cell in (line.name, line.likeness, line.note) if cell]
        for word in (*said, NOTICE, "Verdict: possible resemblance", "Note: Zeng said so of SH-7", "SH-7", *GIVEN):
            assert word in text, word
        assert "Zeng Tao" in text and Headings().redacted not in text


def test_without_a_verdict_none_is_named() -> None:
    waiting = replace(ENGLISH, verdict=None, note=None)
    for text in (words(review_pdf(waiting)), Read(review_page(waiting)).text):
        assert "Verdict" not in text and "None" not in text


def test_chinese_is_there_in_a_font_that_is_not_shipped() -> None:
    data = review_pdf(CHINESE)
    text = words(data).replace(" ", "")
    for word in (
        "两张面部照片的比对",
        "耳朵",
        "相似",
        "左眉有疤痕scar",
        "可能相似，须由人工审查",
        CHINESE.features[0].note,
    ):
        assert word and word in text, word
    assert b"STSong-Light" in data and b"FontFile" not in data
    page = review_page(CHINESE)
    assert '<html lang="zh-Hans">' in page and "耳垂与脸相连" in page


def test_all_four_pictures_are_there_and_faces_are_equally_large() -> None:
    reader = pypdf.PdfReader(io.BytesIO(review_pdf(ENGLISH)))
    found = [image.data for page in reader.pages for image in page.images]
    given = [ENGLISH.sighting.aligned, ENGLISH.case.aligned, ENGLISH.sighting.original, ENGLISH.case.original]
    assert sorted(found) == sorted(given)
    sizes: list[tuple[float, float]] = []

    def note(operator: bytes, operands: list[float], matrix: list[float], _text: list[float]) -> None:
        if operator == b"Do":
            sizes.append((round(float(matrix[0]), 3), round(float(matrix[3]), 3)))

    reader.pages[0].extract_text(visitor_operand_before=note)
    assert sizes.count((236.0, 295.0)) == 2 and len(sizes) == 4
    page = review_page(ENGLISH)
    for jpeg in given:
        assert f'src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"' in page


def test_a_redacted_one_holds_none_of_the_given_words() -> None:
    hidden = redacted(ENGLISH, *HIDDEN)
    data, page = review_pdf(hidden), review_page(hidden)
    for text in (words(data), Read(page).text):
        for word in GIVEN:
            assert word.lower() not in text.lower(), word
        assert Headings().redacted in text and f"attached lobes, as {REMOVED} wears them" in text.replace(
            "???", REMOVED
        )
        assert "dissimilar" in text and "possible resemblance" in text
    images = [image.data for page in pypdf.PdfReader(io.BytesIO(data)).pages for image in page.images]
    assert sorted(images) == sorted([picture(shade) for shade in (50, 60, 70, 80)])
    shown = (ENGLISH.sighting.original, ENGLISH.case.original, ENGLISH.sighting.aligned, ENGLISH.case.aligned)
    assert not any(base64.b64encode(jpeg).decode() in page for jpeg in shown)
    chinese = redacted(CHINESE, *HIDDEN)
    assert "林小梅" not in words(review_pdf(chinese)).replace(" ", "") + review_page(chinese)


def test_blotting_takes_whole_words_of_names_whatever_their_case() -> None:
    sheet = replace(ENGLISH, people=("Al Li",), features=(), note="AL also saw al li and Li; Lima, sh-7")
    assert redacted(sheet, *HIDDEN).note == f"{REMOVED} also saw {REMOVED} and {REMOVED}; Lima, {REMOVED}"
    nobody = replace(ENGLISH, people=(), case_number=None, place=" ", time=None)
    assert redacted(nobody, *HIDDEN).note == ENGLISH.note


def test_a_file_tells_neither_who_made_it_nor_when() -> None:
    first, second = review_pdf(ENGLISH), review_pdf(ENGLISH)
    assert first == second
    about = pypdf.PdfReader(io.BytesIO(first)).metadata
    assert about is not None and about.title == "Comparison of two faces" and not about.author
    assert "2000" in str(about.creation_date)


ATTACKS = (
    "</td></tr></table><script>alert(1)</script>",
    '<img src="/etc/hostname" width="99" height="99"/>',
    '"><svg onload=alert(1)> & &amp; &lt;',
    '<font name="nowhere">a</font></para><a href="http://x.example/">b</a>',
    "]]> <!-- <para> <br <b>",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_words_stays_text(attack: str) -> None:
    headings = Headings(title=attack, feature=attack, redacted=attack)
    sheet = replace(
        ENGLISH,
        language='en" onclick="x',
        headings=headings,
        notice=attack,
        features=(FeatureLine(attack, attack, attack),),
        verdict=attack,
        note=attack,
        people=(attack,),
        redacted=True,
    )
    page, plain = Read(review_page(sheet)), Read(review_page(ENGLISH))
    assert set(page.tags) <= set(plain.tags) and {name for name, _ in page.attributes} == {
        name for name, _ in plain.attributes
    }
    assert page.text.count(attack) >= 7
    data = review_pdf(sheet)
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert words(data).replace(" ", "").count(attack.replace(" ", "")) >= 7
    assert sum(len(each.images) for each in reader.pages) == 4
    assert not any("/Annots" in each for each in reader.pages), "no link"


@pytest.mark.parametrize(
    "note", ["long " * 3000, "x" * 5000, "长" * 4000, "line\n" * 300, "\0\x1b\t\r\n", "😀 \ud800 \u202e ﷽ ا", ""]
)
def test_any_note_can_be_printed(note: str) -> None:
    sheet = replace(ENGLISH, features=(FeatureLine("Ears", "similar", note),) * 2, note=note, verdict="possible")
    data = review_pdf(sheet)
    assert "possible" in words(data)
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert all(NOTICE in " ".join(page.extract_text().split()) for page in reader.pages)
    assert review_page(sheet).encode("utf-8").endswith(b"</html>\n")


@given(st.text(max_size=80))
@settings(max_examples=40, deadline=None)
def test_no_text_breaks_the_pdf(note: str) -> None:
    reader = pypdf.PdfReader(io.BytesIO(review_pdf(replace(ENGLISH, note=note, place=note))))
    assert NOTICE in " ".join(reader.pages[-1].extract_text().split())


def test_the_whole_list_of_features_fits_two_pages() -> None:
    lines = tuple(FeatureLine(feature.value, "not comparable", "a note of a few words") for feature in Feature)
    assert len(pypdf.PdfReader(io.BytesIO(review_pdf(replace(ENGLISH, features=lines)))).pages) == 2


def test_the_page_needs_nothing_else() -> None:
    page = review_page(ENGLISH)
    assert not re.search(r"""(src|href)=["'](?!data:)|<script|@import|url\(""", page)
    assert "@media print" in page and "default-src 'none'" in page


def test_a_sheet_has_no_place_for_a_score() -> None:
    names = {*ReviewSheet.__dataclass_fields__, *Compared.__dataclass_fields__, *FeatureLine.__dataclass_fields__}
    assert not any(word in name for name in names for word in ("score", "rank", "similarity", "percent", "chance"))
    for text in (words(review_pdf(ENGLISH)), Read(review_page(ENGLISH)).text):
        assert not re.search(r"%|score|rank|similarity", text)


def test_without_reportlab_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: object, **more: object) -> object:
        if name.partition(".")[0] == "reportlab":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ExtraMissing, match=r"pip install 'sighting-matcher\[web\]'"):
        review_pdf(ENGLISH)
