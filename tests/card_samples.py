"""Cards of children who do not exist, for tests."""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from matcher.demo.identity import Identity
from matcher.demo.render import random_view, render_photo
from matcher.domain.cards import Card, CardFacts
from matcher.domain.cases import Sex
from matcher.domain.people import Language
from matcher.errors import ExtraMissing
from matcher.images.crops import to_jpeg
from matcher.images.fonts import missing_letters
from matcher.web.languages import speech

EN, ZH = speech(Language.ENGLISH).reader, speech(Language.CHINESE).reader
ADDRESS = "https://report.example.org/c/K7Q4MZ"


@functools.cache
def photo(width: int = 450, height: int = 600) -> bytes:
    """A synthetic child, as JPEG."""
    return to_jpeg(render_photo(Identity.random(12), random_view(9, 7), width, height, 0.55), 90)


def card(facts: CardFacts | None = None, **changes: Any) -> Card:
    """A card of a girl who went missing at seven, five years ago."""
    given = {
        "code": "K7Q-4MZ",
        "facts": facts or ENGLISH_FACTS,
        "photo": photo(),
        "phone": "116 000",
        "report_url": ADDRESS,
        "expires": date(2024, 8, 3),
        "made_on": date(2024, 5, 6),
    }
    return Card(**given | changes)


ENGLISH_FACTS = CardFacts(
    name="Daisy Larkin",
    sex=Sex.FEMALE,
    age_then=7.0,
    missing_since=date(2019, 5, 3),
    place="Riverside bus station, Northgate",
    height_cm=121,
    weight_kg=23.5,
    marks="small scar above the left eyebrow",
    clothing="yellow raincoat, blue rubber boots",
    photo_age=6.0,
    photo_year=2018,
)
CHINESE_FACTS = replace(
    ENGLISH_FACTS,
    name="欧阳○○",
    place="云南省丽江市古城区长途汽车站",
    marks="左眉上方有一道小疤痕，右耳下有一颗痣",
    clothing="黄色雨衣，蓝色雨靴",
)


def _chinese_can_be_drawn() -> bool:
    try:
        missing_letters(["王欧阳寻人启事"])
    except ExtraMissing:
        return "CI" in os.environ  # where a missing font is to be noticed
    return True


needs_chinese_font = pytest.mark.skipif(
    not _chinese_can_be_drawn(), reason="no Chinese font here: install fonts-noto-cjk"
)
