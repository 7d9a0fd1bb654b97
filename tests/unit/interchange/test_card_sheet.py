"""The words of a card in both languages, for whatever is known."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date

import pytest
from card_samples import CHINESE_FACTS, EN, ENGLISH_FACTS, ZH, card

from matcher.domain.cards import CardFacts
from matcher.domain.cases import Sex
from matcher.interchange.card_sheet import CardSheet, card_sheet
from matcher.wording import ENGLISH, Reader


def lines(sheet: CardSheet) -> list[tuple[str, str]]:
    return [(line.heading, line.text) for line in sheet.lines]


def test_a_card_in_english() -> None:
    sheet = card_sheet(card())
    assert (sheet.language, sheet.title, sheet.name) == ("en", "MISSING", "Daisy Larkin")
    assert sheet.about == "Girl, 7 years old when missing, about 12 years old today"
    assert lines(sheet) == [
        ("Missing since", "3 May 2019 (for 5 years)"),
        ("Last seen at", "Riverside bus station, Northgate"),
        ("Height, weight", "121 cm, 23.5 kg when missing"),
        ("Marks", "small scar above the left eyebrow"),
        ("Clothing", "yellow raincoat, blue rubber boots"),
    ]
    assert sheet.photo_note == "Photo taken in 2018, when 6 years old. The face may look different today."
    assert sheet.advice == (
        "Please do not approach or follow the child or anyone with the child. "
        "You need not be sure: say what you saw, where and when."
    )
    assert (sheet.call, sheet.phone) == ("Have you seen this face? Call", "116 000")
    assert (sheet.report, sheet.code) == ("Or scan to report", "Case code K7Q-4MZ")
    assert sheet.valid == "As of 6 May 2024. Valid until 3 August 2024: please do not share it after that day."


def test_a_card_in_chinese() -> None:
    sheet = card_sheet(card(CHINESE_FACTS), ZH)
    assert (sheet.language, sheet.title, sheet.name) == ("zh-Hans", "寻人启事", "欧阳○○")
    assert sheet.about == "女孩，失踪时7岁，现在约12岁"
    assert lines(sheet)[:3] == [
        ("失踪时间", "2019年5月3日（已5年）"),
        ("最后出现地点", "云南省丽江市古城区长途汽车站"),
        ("身高、体重", "失踪时121厘米，23.5公斤"),
    ]
    assert sheet.photo_note == "照片摄于2018年，当时6岁。如今相貌可能已有变化。"
    assert "请不要靠近孩子或同行的人，也不要跟随。不必确定" in sheet.advice
    assert sheet.valid == "信息截至2024年5月6日。有效期至2024年8月3日，此后请勿转发。"


def test_who_issues_a_card_stands_on_it() -> None:
    assert card_sheet(card(office="Hangzhou Office")).call == "Have you seen this face? Call Hangzhou Office"
    assert card_sheet(card(office="杭州寻人办公室"), ZH).call == "您见过这张面孔吗？请致电杭州寻人办公室"
    assert card_sheet(card()).call == "Have you seen this face? Call"


def test_nothing_is_left_in_english_on_a_chinese_card() -> None:
    for facts in (CHINESE_FACTS, CardFacts(), CardFacts(age_then=0.5, missing_since=date(2024, 5, 5))):
        for text in card_sheet(card(facts), ZH).texts:
            assert not re.search("[A-Za-z]{2}", text.replace("K7Q-4MZ", "")), text


def test_english_days_are_the_same_with_and_without_the_desk() -> None:
    for day in (
        date(2024, 1, 1),
        date(2019, 5, 31),
        date(2020, 2, 29),
        *(date(2021, month, 9) for month in range(1, 13)),
    ):
        assert ENGLISH.day(day) == EN.day(day)


ABOUT = [
    (Sex.FEMALE, 7.0, date(2024, 2, 3), "Girl, 7 years old when missing"),  # no birthday since that anybody knows of
    (Sex.MALE, 7.0, date(2023, 5, 3), "Boy, 7 years old when missing, about 8 years old today"),
    (Sex.UNKNOWN, 7.0, None, "7 years old when missing"),
    (Sex.OTHER, None, date(2020, 1, 1), ""),
    (Sex.FEMALE, 0.0, date(2024, 5, 1), "Girl, less than a month old when missing"),
    (Sex.FEMALE, 0.0, date(2024, 4, 1), "Girl, less than a month old when missing, about 1 month old today"),
    (Sex.MALE, 0.5, date(2023, 5, 6), "Boy, 6 months old when missing, about 18 months old today"),
    (Sex.MALE, 1.5, date(2023, 5, 6), "Boy, 18 months old when missing, about 2 years old today"),
    (Sex.FEMALE, 17.0, date(2003, 5, 6), "Girl, 17 years old when missing, about 38 years old today"),
    (Sex.FEMALE, 19.0, date(2024, 5, 6), "Woman, 19 years old when missing"),
]


@pytest.mark.parametrize(("sex", "age", "since", "about"), ABOUT)
def test_sex_and_ages(sex: Sex, age: float | None, since: date | None, about: str) -> None:
    sheet = card_sheet(card(CardFacts(name="X", sex=sex, age_then=age, missing_since=since)))
    assert (sheet.name, sheet.about) == ("X", about)


@pytest.mark.parametrize(
    ("sex", "age", "name"),
    [
        (Sex.FEMALE, 7.0, "Girl"),
        (Sex.MALE, None, "Boy"),
        (Sex.UNKNOWN, None, "Child"),
        (Sex.OTHER, 7.0, "Child"),
        (Sex.MALE, 18.0, "Man"),
        (Sex.OTHER, 30.0, "Person"),
    ],
)
def test_without_a_name_one_word_stands_in_its_place_and_is_not_said_again(
    sex: Sex, age: float | None, name: str
) -> None:
    sheet = card_sheet(card(CardFacts(sex=sex, age_then=age)))
    assert sheet.name == name
    assert name not in sheet.about


HOW_LONG = [
    (date(2024, 5, 6), "since today"),
    (date(2024, 5, 5), "for 1 day"),
    (date(2024, 4, 20), "for 16 days"),
    (date(2024, 3, 7), "for 60 days"),
    (date(2024, 3, 6), "for 2 months"),
    (date(2022, 5, 7), "for 23 months"),
    (date(2022, 5, 6), "for 2 years"),
    (date(1994, 5, 6), "for 30 years"),
]


@pytest.mark.parametrize(("since", "told"), HOW_LONG)
def test_how_long(since: date, told: str) -> None:
    (line,) = card_sheet(card(CardFacts(missing_since=since))).lines
    assert line.text.endswith(f"({told})")


def test_height_and_weight_together_and_alone() -> None:
    def told(**known: float) -> list[tuple[str, str]]:
        return lines(card_sheet(card(CardFacts(**known))))

    assert told(height_cm=120.6, weight_kg=23.46) == [("Height, weight", "121 cm, 23.5 kg when missing")]
    assert told(height_cm=50) == [("Height", "50 cm when missing")]
    assert told(weight_kg=20) == [("Weight", "20 kg when missing")]
    assert told() == []


NOTES = [
    (None, None, "When this photo was taken is not known. The face may look different today."),
    (6.5, None, "Photo taken when 6 years old. The face may look different today."),
    (None, 2018, "Photo taken in 2018. The face may look different today."),
    (1.2, 2018, "Photo taken in 2018, when 14 months old. The face may look different today."),
]


@pytest.mark.parametrize(("age", "year", "note"), NOTES)
def test_when_the_photo_was_taken(age: float | None, year: int | None, note: str) -> None:
    assert card_sheet(card(CardFacts(photo_age=age, photo_year=year))).photo_note == note


def test_who_is_grown_up_by_now_is_not_called_a_child() -> None:
    def advice(age: float, since: date | None) -> str:
        return card_sheet(card(CardFacts(age_then=age, missing_since=since))).advice

    assert "the child" in advice(7, date(2013, 5, 7)) and "this person" in advice(7, date(2013, 5, 6))
    assert "this person" in advice(18, None)


def test_no_sentence_is_sure_of_anything() -> None:
    for sheet in (card_sheet(card()), card_sheet(card(CHINESE_FACTS), ZH)):
        text = " ".join(sheet.texts)
        assert not re.search(r"%|\b(identified|match|certainly|is the child)\b|确认|就是|肯定", text)


def test_what_people_wrote_is_not_translated() -> None:
    facts = replace(ENGLISH_FACTS, name="Marks", place="Clothing", marks="MISSING {day}", clothing="Boy")
    sheet = card_sheet(card(facts), ZH)
    assert sheet.name == "Marks"
    assert [line.text for line in sheet.lines if "失踪" not in line.text][-3:] == ["Clothing", "MISSING {day}", "Boy"]


def test_every_text_is_said_by_the_reader() -> None:
    marked = Reader("x", lambda text: f"⟦{text}⟧", str, lambda day: f"⟦{day}⟧")
    sheet = card_sheet(card(CardFacts(age_then=3.0, missing_since=date(2019, 1, 1), height_cm=90)), marked)
    for text in (*sheet.texts, sheet.report_page, sheet.photo_says):
        assert text.startswith("⟦") or text == "116 000", text


def test_all_that_is_written_is_listed() -> None:
    sheet = card_sheet(card())
    apart = {"language", "lines", "photo", "face", "photo_says", "report_page", "report_url"}
    assert {one.name for one in fields(CardSheet)} - apart == {
        one.name for one in fields(CardSheet) if getattr(sheet, one.name) in sheet.texts
    }
    assert "photo=" not in repr(sheet)
