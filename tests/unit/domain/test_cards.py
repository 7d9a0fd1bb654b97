"""What may be on a card, how old everything is on a given day, and how much of a name is shown."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime, timedelta, timezone

import pytest
from card_samples import card
from hypothesis import given
from hypothesis import strategies as st

from matcher.domain.cards import LONGEST_ADDRESS, CardFacts, NamePolicy, coarse_age, facts_of, months_between
from matcher.domain.cases import CaseDetails, Circumstance, LegalBasis, Sex
from matcher.domain.names import BLOT, shown_name
from matcher.domain.positions import Position
from matcher.errors import WrongUse

SHANGHAI = timezone(timedelta(hours=8))
SINCE = datetime(2019, 5, 3, 23, 30, tzinfo=timezone.utc)
KNOWN = CaseDetails(
    name="Daisy  Larkin ",
    sex=Sex.FEMALE,
    born=date(2012, 4, 20),
    missing_since=SINCE,
    last_seen_place=" the bus\nstation ",
    height_cm=121,
    weight_kg=23.5,
    marks="scar",
    clothing=" ",
)

INITIALS = [
    ("王小明", "王○○"),
    ("王明", "王○"),
    ("王", "王"),
    ("王 小明", "王○○"),
    ("欧阳小明", "欧阳○○"),
    ("欧阳明", "欧阳○"),
    ("歐陽小明", "歐陽○○"),
    ("欧阳", "欧○"),
    ("东方朔", "东方○"),
    ("阿依古丽·买买提", "阿○○○·买○○"),
    ("迪丽·热巴·买买提", "迪○·热○·买○○"),
    ("Daisy Larkin", "D. L."),
    ("daisy may larkin", "D. M. L."),
    ("Jean-Luc O'Brien", "J. O."),
    ("Élodie Ünal", "É. Ü."),
    ("e\u0301lodie", "É."),
    ("Жанна Ивановна", "Ж. И."),
    ("Wang 小明", "W. 小○"),
    ("(Tom)", "T."),
    ("王小明（小名）", "王○○○○"),
    ("𠮷田一", "𠮷○○"),
    ("123 !?", None),
    (" \n", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("name", "shown"), INITIALS)
def test_initials(name: str | None, shown: str | None) -> None:
    assert shown_name(name, NamePolicy.INITIALS) == shown


@given(st.text(alphabet="王欧阳诸葛李一二三四𠮷", min_size=2, max_size=8))
def test_of_a_chinese_name_no_more_than_the_family_name_is_shown(name: str) -> None:
    shown = shown_name(name, NamePolicy.INITIALS)
    assert shown is not None and len(shown) == len(name)
    assert set(shown[2:]) <= {BLOT} and shown.endswith(BLOT)


def test_a_name_is_shown_whole_or_not_at_all() -> None:
    assert shown_name(" Daisy \t Larkin", NamePolicy.FULL) == "Daisy Larkin"
    assert shown_name("Daisy Larkin", NamePolicy.HIDDEN) is None


def test_what_may_be_on_a_card() -> None:
    assert facts_of(KNOWN, NamePolicy.FULL) == CardFacts(
        name="Daisy Larkin",
        sex=Sex.FEMALE,
        age_then=7.0,
        missing_since=date(2019, 5, 3),
        place="the bus station",
        height_cm=121,
        weight_kg=23.5,
        marks="scar",
        clothing=None,
    )
    assert facts_of(KNOWN, NamePolicy.INITIALS).name == "D. L."
    assert facts_of(CaseDetails(), NamePolicy.FULL) == CardFacts()


def test_the_day_is_that_of_the_clock_where_it_happened() -> None:
    there = replace(KNOWN, missing_since=SINCE.astimezone(SHANGHAI))
    assert facts_of(there, NamePolicy.FULL).missing_since == date(2019, 5, 4)


OTHER = {
    "other_names": ("Dee",),
    "circumstance": Circumstance.TRAFFICKED,
    "last_seen": Position(1.25, 103.5),
    "police_reference": "P-77",
    "legal_basis": LegalBasis.COURT_ORDER,
    "consent": "form 3",
}
# What reaches a card from a field of a case, by the names of both. Ages come from `born`, `age` and `missing_since`.
REACHES = {
    "name": "name",
    "sex": "sex",
    "height_cm": "height_cm",
    "weight_kg": "weight_kg",
    "marks": "marks",
    "clothing": "clothing",
    "missing_since": "missing_since",
    "last_seen_place": "place",
    "born": "age_then",
    "age": "age_then",
}


def test_nothing_else_of_a_case_reaches_a_card() -> None:
    assert {one.name for one in fields(CaseDetails)} == OTHER.keys() | REACHES.keys(), "decide about the new field"
    assert {one.name for one in fields(CardFacts)} == {*REACHES.values(), "photo_age", "photo_year"}
    for name, value in OTHER.items():
        assert facts_of(replace(KNOWN, **{name: value}), NamePolicy.FULL) == facts_of(KNOWN, NamePolicy.FULL), name


AGES = [
    (date(2012, 5, 3), 7.0),  # the birthday itself
    (date(2012, 5, 4), 6.0),
    (date(2018, 5, 3), 1.0),
    (date(2017, 6, 3), 23 / 12),
    (date(2017, 5, 3), 2.0),
    (date(2018, 1, 31), 1.25),  # fifteen months on 1 May
    (date(2019, 4, 4), 0.0),
    (date(2019, 4, 3), 1 / 12),
    (date(2016, 2, 29), 3.0),
]


@pytest.mark.parametrize(("born", "age"), AGES)
def test_ages_when_missing(born: date, age: float) -> None:
    assert facts_of(replace(KNOWN, born=born), NamePolicy.FULL).age_then == age


def test_no_birth_date_can_be_told_from_an_age() -> None:
    whole_year = [date(2011, 5, 4) + timedelta(days=number) for number in range(366)]
    assert {facts_of(replace(KNOWN, born=born), NamePolicy.FULL).age_then for born in whole_year} == {7.0}


def test_an_age_that_was_told_will_do() -> None:
    assert facts_of(CaseDetails(age=6.9), NamePolicy.FULL).age_then == 6.0
    assert facts_of(CaseDetails(age=0.5), NamePolicy.FULL).age_then == 0.5
    # A birth date alone says nothing of a time that nobody knows.
    assert facts_of(CaseDetails(born=date(2012, 1, 1)), NamePolicy.FULL).age_then is None
    assert facts_of(replace(KNOWN, age=3.0), NamePolicy.FULL).age_then == 7.0


MONTHS = [
    (date(2019, 5, 3), date(2019, 5, 3), 0),
    (date(2019, 5, 3), date(2019, 6, 2), 0),
    (date(2019, 5, 3), date(2019, 6, 3), 1),
    (date(2019, 12, 31), date(2020, 1, 1), 0),
    (date(2019, 1, 31), date(2019, 2, 28), 0),
    (date(2019, 1, 31), date(2019, 3, 1), 1),
    (date(2016, 2, 29), date(2017, 2, 28), 11),
    (date(2016, 2, 29), date(2017, 3, 1), 12),
]


@pytest.mark.parametrize(("first", "last", "months"), MONTHS)
def test_whole_months(first: date, last: date, months: int) -> None:
    assert months_between(first, last) == months


def test_ages_that_are_told() -> None:
    assert [coarse_age(years) for years in (0.0, 0.99, 1.5, 1.999, 2.0, 2.99, 17.2)] == [
        0.0, 11 / 12, 1.5, 23 / 12, 2.0, 2.0, 17.0,
    ]  # fmt: skip


TIMES = [
    # missing since, made on, days, months, years, age now of a child of seven
    (date(2019, 5, 3), date(2019, 5, 3), 0, 0, 0, 7.0),
    (date(2019, 5, 3), date(2019, 5, 10), 7, 0, 0, 7.0),
    (date(2019, 5, 3), date(2024, 5, 2), 1826, 59, 4, 7 + 59 / 12),
    (date(2019, 5, 3), date(2024, 5, 3), 1827, 60, 5, 12.0),
    (date(2024, 2, 29), date(2024, 3, 1), 1, 0, 0, 7.0),
    (date(2019, 5, 4), date(2019, 5, 3), 0, 0, 0, 7.0),  # a day that has only begun farther east
]


@pytest.mark.parametrize(("since", "made", "days", "months", "years", "age"), TIMES)
def test_times(since: date, made: date, days: int, months: int, years: int, age: float) -> None:
    made_card = card(CardFacts(age_then=7.0, missing_since=since), made_on=made)
    assert (made_card.days_missing, made_card.months_missing, made_card.years_missing) == (days, months, years)
    assert made_card.age_now == pytest.approx(age)


def test_what_is_unknown_stays_so() -> None:
    nothing = card(CardFacts())
    assert nothing.days_missing is nothing.months_missing is nothing.years_missing is nothing.age_now is None
    assert card(CardFacts(age_then=3.0)).age_now is None
    assert card(CardFacts(missing_since=date(2020, 1, 1))).age_now is None


WRONG = [
    ("code", "", "case code"),
    ("code", "K7\n", "case code"),
    ("code", "x" * 25, "case code"),
    ("code", "王", "case code"),
    ("phone", "", "telephone"),
    ("phone", "call me", "telephone"),
    ("phone", "1" * 41, "telephone"),
    ("phone", "110\n119", "telephone"),
    ("report_url", "javascript:alert(1)", "address"),
    ("report_url", "https://a b", "address"),
    ("report_url", "https://x/\n", "address"),
    ("report_url", "https://x/" + "y" * 97, "address"),
    ("expires", date(2024, 5, 5), "later day"),
]


@pytest.mark.parametrize(("name", "value", "told"), WRONG)
def test_what_a_card_cannot_hold(name: str, value: object, told: str) -> None:
    with pytest.raises(WrongUse, match=told):
        card(**{name: value})


def test_what_a_card_can_hold() -> None:
    made = card(code="K", phone="110", report_url="http://x/" + "y" * 97, expires=date(2024, 5, 6))
    assert (made.code, len(made.report_url), made.expires) == ("K", LONGEST_ADDRESS, made.made_on)


def test_no_photo_is_written_to_a_log() -> None:
    assert "photo=" not in repr(card())
