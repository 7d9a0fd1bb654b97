"""Bulletins as data for programs: what is on the list and nothing else, and links that lead somewhere."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from public_records import FACTS, bulletin

from matcher.domain.alerts import AlertId, BulletinKind, Meant
from matcher.domain.cards import CardFacts
from matcher.services.alert_data import bulletin_data
from matcher.store.publications import facts_document

CONTENT = {
    "code": "K7QF9M2P",
    "facts": facts_document(FACTS),
    "phone": "110",
    "photo": {"sha1": "00", "size": 1},
    "place": "West Lake",
    "note": None,
}
TOLD = bulletin(AlertId(7), content=CONTENT)


def test_what_is_told_of_a_child_is_this_and_what_is_added_to_cards_is_not() -> None:
    named = {field.name for field in fields(CardFacts)}
    told, photo = bulletin_data(TOLD, None)["card"], bulletin_data(TOLD, None)["photo"]
    assert set(told) == {"code", "phone"} | named - {"photo_age", "photo_year"}
    assert photo == {"sha1": "00", "size": 1, "age": FACTS.photo_age, "year": FACTS.photo_year}
    assert (told["name"], told["height_cm"], told["missing_since"]) == (
        FACTS.name,
        FACTS.height_cm,
        FACTS.missing_since.isoformat(),
    )
    more = {**CONTENT, "facts": {**CONTENT["facts"], "blood_group": "A"}, "school": "the third"}
    assert bulletin_data(replace(TOLD, content=more), None) == bulletin_data(TOLD, None)


@pytest.mark.parametrize(("meant", "linked"), [(Meant.ACTUAL, True), (Meant.TEST, False), (Meant.EXERCISE, False)])
def test_the_public_finds_documents_of_actual_alerts_only(meant: Meant, linked: bool) -> None:
    links = bulletin_data(replace(TOLD, number=3, meant=meant), "https://find.example/")["links"]
    assert ("cap" in links) is linked
    assert set(links) - {"cap"} == {"card", "photo", "picture", "report"}
    assert links.get("cap") in (None, "https://find.example/alerts/3.cap")


def test_an_end_names_its_alert_and_nothing_else() -> None:
    over = bulletin_data(bulletin(AlertId(7), BulletinKind.CANCEL), "https://find.example", before=[1])
    assert set(over) == {"version", "number", "alert", "kind", "meant", "at", "references"}
    assert over["references"] == [1]
