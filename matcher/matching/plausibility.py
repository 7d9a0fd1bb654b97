"""What is written about a child, held against what is said of a sighting. Contradictions are flagged, never filtered.

Real deployments failed on details that a look at the record would have shown (boys proposed for girls, places missing),
and records are often wrong themselves: so a flag is a caution for people and moves no candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from matcher.domain.cases import CaseDetails, Photo, Sex
from matcher.domain.positions import Position
from matcher.domain.records import Flag, Sighting

_YEAR = timedelta(days=365.2425)
_CLOCK_TOLERANCE = timedelta(days=1)  # "missing since" is often known by the day only, in an unnamed time zone
_NEAR_KM = 20.0  # below this, the inaccuracy of both places outweighs the distance
LONG_GAP_YEARS = 6.0  # beyond, a face carries little information (anchor: operators of a 60,000-photo service)
_INFANT_YEARS = 3.0  # below, faces are not yet stable enough for recognition


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of the moment in which a probe photo was taken; every field may be unknown."""

    seen_at: datetime | None = None
    position: Position | None = None
    apparent_sex: Sex = Sex.UNKNOWN
    apparent_age: float | None = None

    @classmethod
    def of(cls, sighting: Sighting) -> Observation:
        """What a sighting tells."""
        return cls(sighting.seen_at, sighting.position, sighting.apparent_sex, sighting.apparent_age)


def flags(
    case: CaseDetails, photo: Photo, seen: Observation, travel_kmh: float, *, related: bool = False
) -> tuple[Flag, ...]:
    """All cautions for one candidate, in the order of `Flag`; what is unknown raises none.

    `related` tells that a declared sibling or twin of the child has an open case, too.
    """
    raised = {
        Flag.SEX_DIFFERS: _sex_differs(case.sex, seen.apparent_sex),
        Flag.AGE_DIFFERS: _age_differs(case, seen),
        Flag.SEEN_BEFORE_MISSING: _seen_before_missing(case, seen),
        Flag.TOO_FAR_TOO_SOON: _too_far_too_soon(case, seen, travel_kmh),
        Flag.YEARS_APART: _years_apart(case, photo, seen),
        Flag.INFANT: _infant(case, photo),
        Flag.RELATED_ENROLLED: related,
    }
    return tuple(flag for flag in Flag if raised[flag])


def age_at(case: CaseDetails, day: date) -> float | None:
    """The age in years on a day, from the birth date or the age when it went missing; `None` if unknown."""
    if case.born is not None:
        return (day - case.born) / _YEAR
    if case.age is not None and case.missing_since is not None:
        return case.age + (day - case.missing_since.date()) / _YEAR
    return None


def age_in_photo(case: CaseDetails, taken: date | None, age: float | None) -> float | None:
    """The child's age in years in a photo: as given, else from the photo's date; `None` if unknown."""
    if age is not None:
        return age
    return age_at(case, taken) if taken is not None else None


def _sex_differs(recorded: Sex, apparent: Sex) -> bool:
    return {recorded, apparent} == {Sex.FEMALE, Sex.MALE}


def _age_differs(case: CaseDetails, seen: Observation) -> bool:
    if seen.apparent_age is None or seen.seen_at is None:
        return False
    expected = age_at(case, seen.seen_at.date())
    if expected is None:
        return False
    # People guess a child's age within about three years, an adult's within about a quarter.
    return abs(expected - seen.apparent_age) > max(3.0, 0.25 * expected)


def _seen_before_missing(case: CaseDetails, seen: Observation) -> bool:
    if case.missing_since is None or seen.seen_at is None:
        return False
    return seen.seen_at < case.missing_since - _CLOCK_TOLERANCE


def _too_far_too_soon(case: CaseDetails, seen: Observation, travel_kmh: float) -> bool:
    if case.missing_since is None or case.last_seen is None or seen.seen_at is None or seen.position is None:
        return False
    hours = max((seen.seen_at - case.missing_since) / timedelta(hours=1), 0.0)
    distance = case.last_seen.distance_km(seen.position)
    return distance > _NEAR_KM and distance > hours * travel_kmh


def _years_apart(case: CaseDetails, photo: Photo, seen: Observation) -> bool:
    if seen.seen_at is None:
        return False
    if photo.taken is not None:
        return abs(seen.seen_at.date() - photo.taken) > LONG_GAP_YEARS * _YEAR
    age_seen, age_then = age_at(case, seen.seen_at.date()), age_in_photo(case, photo.taken, photo.age)
    return age_seen is not None and age_then is not None and abs(age_seen - age_then) > LONG_GAP_YEARS


def _infant(case: CaseDetails, photo: Photo) -> bool:
    age = age_in_photo(case, photo.taken, photo.age)
    return age is not None and age < _INFANT_YEARS
