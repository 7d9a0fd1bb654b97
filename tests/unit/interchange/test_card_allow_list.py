"""Nothing of a case gets out on a card but what is on the list: each field is filled with words that are looked for."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime, timedelta, timezone

import PIL.Image
import pypdf
import pytest
from card_samples import EN, ZH, card, needs_chinese_font

from matcher.domain.cards import Card, NamePolicy, facts_of
from matcher.domain.cases import CaseDetails, Circumstance, LegalBasis, Sex
from matcher.domain.positions import Position
from matcher.interchange.card_json import card_json
from matcher.interchange.card_page import card_page
from matcher.interchange.card_pdf import card_pdf
from matcher.interchange.card_png import Shape, card_png
from matcher.interchange.card_sheet import card_sheet

DETAILS = CaseDetails(
    name="Vanilla Quincunx",
    other_names=("Zorkmid", "Xylophone"),
    sex=Sex.FEMALE,
    born=date(2011, 11, 23),
    height_cm=137,
    weight_kg=31.5,
    marks="freckledmarks",
    clothing="polkadotclothes",
    circumstance=Circumstance.TRAFFICKED,
    missing_since=datetime(2019, 5, 3, 17, 48, 29, tzinfo=timezone(timedelta(hours=8))),
    last_seen_place="harbourplace",
    last_seen=Position(12.345678, 98.765432),
    police_reference="POLICEREF-4711",
    legal_basis=LegalBasis.COURT_ORDER,
    consent="consentform",
)
# What would give a field away, in whatever form it were written.
SECRETS = {
    "other_names": ["zorkmid", "xylophone"],
    "born": ["2011", "23 nov", "nov 23", "11-23", "23.11", "11月23"],
    "circumstance": ["traffick", "拐", "贩"],
    "last_seen": ["12.34", "98.76"],
    "police_reference": ["policeref", "4711"],
    "legal_basis": ["court", "法院"],
    "consent": ["consent"],
    "missing_since": ["17:48", "48:29", "09:48", "17时", "+08"],  # the hour, which the day does not tell
    "name": ["vanilla", "quincunx"],  # when only initials are shown
}
SHOWN = ["sex", "height_cm", "weight_kg", "marks", "clothing", "last_seen_place"]
UNSET = ["age"]  # takes the place of an unknown birth date


def test_every_field_of_a_case_is_looked_for_or_shown() -> None:
    assert sorted([*SECRETS, *SHOWN, *UNSET]) == sorted(one.name for one in fields(CaseDetails))
    assert all(getattr(DETAILS, name) for name in (*SECRETS, *SHOWN))


def written(card: Card) -> dict[str, str]:
    """All text in all outputs, small and in one line, without pictures."""
    found = {"json": card_json(card, (EN, ZH), "https://cards.example.org/photo.jpg"), "card": repr(card)}
    for reader in (EN, ZH):
        sheet = card_sheet(card, reader)
        found[f"sheet {reader.language}"] = repr(sheet)
        found[f"page {reader.language}"] = re.sub(
            r"base64,[\w+/=]+|<style>.*?</style>", "", card_page(sheet), flags=re.S
        )
        pdf = pypdf.PdfReader(io.BytesIO(card_pdf(sheet)))
        found[f"pdf {reader.language}"] = "".join(page.extract_text() for page in pdf.pages) + str(pdf.metadata)
    found["json"] = re.sub(r'"sha256": "\w+"', "", found["json"])
    return {name: " ".join(text.lower().split()) for name, text in found.items()}


@pytest.mark.parametrize("policy", NamePolicy)
def test_no_field_that_is_not_on_the_list_gets_out(policy: NamePolicy) -> None:
    outputs = written(card(facts_of(DETAILS, policy)))
    assert len(outputs) == 8
    secrets = SECRETS if policy is not NamePolicy.FULL else {k: v for k, v in SECRETS.items() if k != "name"}
    for output, text in outputs.items():
        for name, words in secrets.items():
            assert [word for word in words if word in text] == [], f"{name} in {output}"


def test_what_is_on_the_list_gets_out_everywhere() -> None:
    outputs = written(card(facts_of(DETAILS, NamePolicy.FULL)))
    for output, text in outputs.items():
        for word in ("vanilla quincunx", "137", "31.5", "freckledmarks", "polkadotclothes", "harbourplace"):
            assert word in text, f"{word} in {output}"


@needs_chinese_font
@pytest.mark.parametrize("shape", Shape)
def test_a_picture_holds_pixels_and_nothing_else(shape: Shape) -> None:
    data = card_png(card_sheet(card(facts_of(DETAILS, NamePolicy.FULL)), ZH), shape)
    with PIL.Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size, image.info) == ("PNG", shape.size, {})
    assert set(chunks(data)) == {b"IHDR", b"IDAT", b"IEND"}


def chunks(png: bytes) -> Iterator[bytes]:
    """The names of a PNG's parts."""
    place = 8
    while place < len(png):
        yield png[place + 4 : place + 8]
        place += 12 + int.from_bytes(png[place : place + 4], "big")
