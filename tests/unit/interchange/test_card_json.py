"""A card for other programs: its keys are those that are described, its values those of the card."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from card_samples import ADDRESS, CHINESE_FACTS, EN, ZH, card, photo

from matcher.domain.cards import CardFacts
from matcher.interchange.card_json import KEYS, card_json
from matcher.interchange.card_sheet import card_sheet


def paths(told: dict[str, Any], above: str = "") -> list[str]:
    """The keys of an object, those of objects in it with a point between; words are described as one."""
    found = []
    for key, value in told.items():
        inner = isinstance(value, dict) and key != "words"
        found += paths(value, f"{above}{key}.") if inner else [f"{above}{key}"]
    return found


def test_keys_are_those_that_are_described_and_always_there() -> None:
    for made in (card(), card(CardFacts())):
        assert paths(json.loads(card_json(made, (EN,)))) == list(KEYS)


def test_what_is_told_of_a_child() -> None:
    made = card(CHINESE_FACTS)
    text = card_json(made, photo_url="https://cards.example.org/1.jpg")
    told = json.loads(text)
    assert (told["format"], told["version"], told["code"]) == ("sighting-matcher.card", 1, "K7Q-4MZ")
    assert (told["made_on"], told["expires"], told["words"]) == ("2024-05-06", "2024-08-03", {})
    assert told["child"] == {
        "name": "欧阳○○",
        "sex": "female",
        "age_then": 7,
        "age_now": 12,
        "missing_since": "2019-05-03",
        "days_missing": 1830,
        "place": CHINESE_FACTS.place,
        "height_cm": 121,
        "weight_kg": 23.5,
        "marks": CHINESE_FACTS.marks,
        "clothing": CHINESE_FACTS.clothing,
    }
    assert told["photo"] == {
        "url": "https://cards.example.org/1.jpg",
        "media_type": "image/jpeg",
        "size": len(photo()),
        "sha256": hashlib.sha256(photo()).hexdigest(),
        "age": 6,
        "year": 2018,
    }
    assert told["contact"] == {"office": None, "phone": "116 000", "report_url": ADDRESS}
    assert "欧阳" in text and text.endswith("}\n")


def test_unknown_is_null() -> None:
    child = json.loads(card_json(card(CardFacts())))["child"]
    assert child.pop("sex") == "unknown"
    assert set(child.values()) == {None}


def test_ages_are_as_coarse_as_on_the_card() -> None:
    told = json.loads(card_json(card(CardFacts(age_then=6.97, photo_age=1.43))))
    assert (told["child"]["age_then"], told["photo"]["age"]) == (6, 1.42)


def test_the_words_are_those_of_the_card() -> None:
    made = card(CHINESE_FACTS)
    words = json.loads(card_json(made, (EN, ZH)))["words"]
    assert list(words) == ["en", "zh-Hans"]
    for reader in (EN, ZH):
        sheet, said = card_sheet(made, reader), words[reader.language]
        lines = [text for line in said.pop("lines") for text in line.values()]
        assert sorted([*said.values(), *lines]) == sorted(text for text in sheet.texts if text != sheet.phone)
        assert "title, name, about, photo_note, advice, call, report, code, valid" in KEYS["words"]
        assert ", ".join(said) == "title, name, about, photo_note, advice, call, report, code, valid"


def test_any_text_can_be_written() -> None:
    odd = '\ud800 "\\ \u202e</script>'
    told = json.loads(card_json(card(CardFacts(name=odd, marks=odd))).encode("utf-8"))
    assert told["child"]["name"] == odd.replace("\ud800", "?")
