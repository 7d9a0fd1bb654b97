"""Cards as posters: one page with all words, small, the same each time, in letters that are there."""

from __future__ import annotations

import builtins
import io
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from card_samples import ADDRESS, CHINESE_FACTS, EN, ENGLISH_FACTS, ZH, card
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.domain.cards import CardFacts
from matcher.errors import ExtraMissing
from matcher.images import fonts
from matcher.interchange import card_pdf as module
from matcher.interchange.card_pdf import card_pdf
from matcher.interchange.card_sheet import CardSheet, card_sheet

SHEETS = [card_sheet(card(), EN), card_sheet(card(CHINESE_FACTS), ZH)]


def page(data: bytes) -> pypdf.PageObject:
    (only,) = pypdf.PdfReader(io.BytesIO(data)).pages
    return only


def words(data: bytes) -> str:
    return "".join(page(data).extract_text().split())


def used_fonts(data: bytes) -> dict[str, bool]:
    """The fonts of the page, and whether each is in the file."""
    found = {}
    for one in page(data)["/Resources"]["/Font"].values():
        font = one.get_object()
        inner = font.get("/DescendantFonts", [font])[0].get_object().get("/FontDescriptor", {})
        found[font["/BaseFont"]] = any(key.startswith("/FontFile") for key in inner)
    return found


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.language)
def test_all_words_are_on_one_page(sheet: CardSheet) -> None:
    data = card_pdf(sheet)
    text = words(data)
    for said in sheet.texts:
        assert "".join(said.split()) in text, said
    width, height = page(data).mediabox[2:]
    assert (round(width), round(height)) == (595, 842)
    assert len(data) < 400_000
    assert not any(used_fonts(data).values()), "no font is put into the file"
    assert [one.get_object()["/A"]["/URI"] for one in page(data)["/Annots"]] == [ADDRESS]


def test_a_file_tells_neither_who_made_it_nor_when() -> None:
    first, second = card_pdf(SHEETS[0]), card_pdf(SHEETS[0])
    assert first == second
    about = pypdf.PdfReader(io.BytesIO(first)).metadata
    assert about is not None and about.title == "MISSING: Daisy Larkin" and not about.author
    assert "2000" in str(about.creation_date)


@pytest.mark.parametrize("facts", [CardFacts(), replace(ENGLISH_FACTS, name="N" * 60, marks="long " * 100 + "x" * 400)])
def test_any_length_of_text_fits_one_page(facts: CardFacts) -> None:
    sheet = card_sheet(card(facts))
    assert "".join(sheet.valid.split()) in words(card_pdf(sheet))


@given(st.text(alphabet=st.characters(max_codepoint=0x24F) | st.sampled_from("王（，。○😀\u202e\ud800"), max_size=80))
@settings(max_examples=25, deadline=None)
def test_no_text_breaks_it(marks: str) -> None:
    sheet = card_sheet(card(replace(ENGLISH_FACTS, marks=marks or None)))
    try:
        data = card_pdf(sheet)
    except ExtraMissing as error:
        assert any(letter in str(error) for letter in marks)
    else:
        assert "116000" in words(data)


def test_letters_of_no_font_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "faces_with", lambda letter, bold, file: iter(()))
    module._font_of.cache_clear()
    try:
        for name, code in (("\u1d00", "U+1D00"), ("محمد", "U+062D"), ("ด\u0e34", "U+0E14"), ("\U00020000", "U+20000")):
            with pytest.raises(ExtraMissing, match=f"no letters for .*{code}".replace("+", r"\+")):
                card_pdf(card_sheet(card(replace(ENGLISH_FACTS, name=name))))
        odd = card_sheet(card(replace(ENGLISH_FACTS, name="Mia \U0001f600")))
        assert "Mia" in words(card_pdf(odd)), "signs that are no letters are left out"
    finally:
        module._font_of.cache_clear()


def test_other_letters_are_put_into_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    monkeypatch.setattr(module, "faces_with", lambda letter, bold, _: iter([fonts.Face(str(file))]))
    module._font_of.cache_clear()
    try:
        data = card_pdf(card_sheet(card(replace(ENGLISH_FACTS, name="Łucja Žižek"))))
    finally:
        module._font_of.cache_clear()
    assert "ŁucjaŽižek" in words(data)
    inside = [name for name, there in used_fonts(data).items() if there]
    assert len(inside) == 1 and "DejaVuSans" in inside[0]
    assert len(data) < 400_000


def test_a_named_font_takes_the_place_of_the_one_that_is_not_shipped() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    sheet = card_sheet(card(replace(ENGLISH_FACTS, name="Ελενη")))
    assert not any(used_fonts(card_pdf(sheet)).values())
    assert any(used_fonts(card_pdf(sheet, file)).values())


@pytest.mark.parametrize("library", ["reportlab", "segno"])
def test_without_a_library_one_line_says_what_to_install(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: object, **more: object) -> object:
        if name.partition(".")[0] == library:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ExtraMissing, match=r"pip install 'sighting-matcher\[web\]'"):
        card_pdf(card_sheet(card(report_url="https://elsewhere.example.org/")))
