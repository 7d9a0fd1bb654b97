"""Contradictions raise flags; what is unknown raises none."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from matcher.domain.cases import CaseDetails, Photo, PhotoState, Sex
from matcher.domain.ids import CaseId, PhotoId
from matcher.domain.positions import Position
from matcher.domain.records import Flag
from matcher.matching.plausibility import Observation, age_at, flags

MISSING = datetime(2020, 6, 1, 12, tzinfo=timezone.utc)
BEIJING, SHANGHAI = Position(39.9042, 116.4074), Position(31.2304, 121.4737)  # 1,067 km apart


def photo(taken: date | None = None, age: float | None = None) -> Photo:
    return Photo(
        id=PhotoId(1),
        case_id=CaseId(2),
        position=0,
        blob="x/y",
        digest="d",
        original_digest="o",
        media_type="image/jpeg",
        width=100,
        height=100,
        size=1,
        taken=taken,
        age=age,
        state=PhotoState.READY,
        created_at=MISSING,
    )


def raised(case: CaseDetails, seen: Observation, of: Photo | None = None, travel_kmh: float = 900) -> set[Flag]:
    return set(flags(case, of or photo(), seen, travel_kmh))


def test_nothing_known_raises_nothing() -> None:
    assert raised(CaseDetails(), Observation()) == set()


@pytest.mark.parametrize(
    ("recorded", "apparent", "flagged"),
    [
        (Sex.FEMALE, Sex.MALE, True),
        (Sex.MALE, Sex.FEMALE, True),
        (Sex.MALE, Sex.MALE, False),
        (Sex.UNKNOWN, Sex.MALE, False),
        (Sex.OTHER, Sex.MALE, False),
    ],
)
def test_sex(recorded: Sex, apparent: Sex, flagged: bool) -> None:
    assert (Flag.SEX_DIFFERS in raised(CaseDetails(sex=recorded), Observation(apparent_sex=apparent))) is flagged


@pytest.mark.parametrize(("apparent", "flagged"), [(8, False), (11, False), (11.1, True), (4.9, True)])
def test_age_is_compared_with_the_age_when_seen(apparent: float, flagged: bool) -> None:
    case = CaseDetails(age=5, missing_since=MISSING)
    seen = Observation(seen_at=MISSING + timedelta(days=3 * 365.2425), apparent_age=apparent)
    assert (Flag.AGE_DIFFERS in raised(case, seen)) is flagged


def test_age_from_the_birth_date() -> None:
    assert age_at(CaseDetails(born=date(2010, 1, 1)), date(2020, 1, 1)) == pytest.approx(10, abs=0.01)
    assert age_at(CaseDetails(), date(2020, 1, 1)) is None


def test_seen_before_missing_allows_a_day_of_doubt() -> None:
    case = CaseDetails(missing_since=MISSING)
    assert Flag.SEEN_BEFORE_MISSING not in raised(case, Observation(seen_at=MISSING - timedelta(hours=24)))
    assert Flag.SEEN_BEFORE_MISSING in raised(case, Observation(seen_at=MISSING - timedelta(hours=25)))


@pytest.mark.parametrize(("hours", "flagged"), [(1, True), (2, False), (0, True), (-5, True)])
def test_distance_against_time(hours: float, flagged: bool) -> None:
    case = CaseDetails(missing_since=MISSING, last_seen=BEIJING)
    seen = Observation(seen_at=MISSING + timedelta(hours=hours), position=SHANGHAI)
    assert (Flag.TOO_FAR_TOO_SOON in raised(case, seen)) is flagged


def test_a_short_way_is_never_too_far() -> None:
    case = CaseDetails(missing_since=MISSING, last_seen=BEIJING)
    near = Position(BEIJING.lat + 0.1, BEIJING.lon)
    assert Flag.TOO_FAR_TOO_SOON not in raised(case, Observation(seen_at=MISSING, position=near))


def test_years_between_photo_and_sighting() -> None:
    seen = Observation(seen_at=MISSING)
    assert Flag.YEARS_APART in raised(CaseDetails(), seen, photo(taken=date(2013, 1, 1)))
    assert Flag.YEARS_APART not in raised(CaseDetails(), seen, photo(taken=date(2016, 1, 1)))
    case = CaseDetails(born=date(2008, 6, 1))
    assert Flag.YEARS_APART in raised(case, seen, photo(age=4))
    assert Flag.YEARS_APART not in raised(case, seen, photo(age=7))


def test_infants() -> None:
    assert Flag.INFANT in raised(CaseDetails(), Observation(), photo(age=2.9))
    assert Flag.INFANT not in raised(CaseDetails(), Observation(), photo(age=3))
    assert Flag.INFANT in raised(CaseDetails(born=date(2018, 1, 1)), Observation(), photo(taken=date(2019, 1, 1)))
