"""What is said of a similarity, when nothing can be said, and in which words."""

from __future__ import annotations

import re

import numpy as np
import pytest

from matcher.domain.ages import AgeBand
from matcher.domain.chances import Chance, Insufficient, Meaning
from matcher.domain.records import Flag
from matcher.domain.scores import unit
from matcher.matching.meaning import Circumstances, meanings, shares, within
from matcher.matching.sentences import people, sentence
from matcher.matching.significance import GalleryStatistics

BAND = AgeBand.FROM_9


@pytest.fixture(scope="module")
def statistics() -> GalleryStatistics:
    """120 children of 9 to 12, 110 copies of one face of 13 to 17, 30 adults."""
    random = np.random.default_rng(0)
    vectors = unit(np.vstack((random.normal(size=(150, 16)), np.repeat(random.normal(size=(1, 16)), 110, axis=0))))
    bands = [BAND] * 120 + [AgeBand.ADULT] * 30 + [AgeBand.FROM_13] * 110
    return GalleryStatistics.measure(vectors, np.arange(260), bands)


def one_chance(statistics: GalleryStatistics, band: AgeBand, score: float, growth: float = 1.0) -> Chance | None:
    found = statistics.chances(band, np.array([score]), growth)
    return None if found is None else found[0]


def meaning(statistics: GalleryStatistics | None, circumstances: Circumstances, score: float) -> Meaning:
    (told,) = meanings(statistics, [circumstances], [score])
    return told


def chance(rate: float, low: float | None = None, high: float | None = None, **changes: object) -> Chance:
    lookalikes = float(-np.log1p(-min(rate, 0.9999999)))
    values = {
        "rate": rate,
        "low": rate / 2 if low is None else low,
        "high": min(1.0, rate * 2) if high is None else high,
        "at_most": False,
        "lookalikes": lookalikes,
        "false_match_rate": lookalikes / 350,
        "children": 350,
    }
    return Chance(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("circumstances", "reason"),
    [
        (Circumstances(AgeBand.INFANT), Insufficient.INFANT),
        (Circumstances(BAND, apparent_age=2.9), Insufficient.INFANT),
        (Circumstances(BAND, apparent_age=3.0), None),
        (Circumstances(BAND, (Flag.SEX_DIFFERS, Flag.YEARS_APART)), Insufficient.YEARS_APART),
        (Circumstances(BAND, (Flag.SEX_DIFFERS,)), None),
        (Circumstances(BAND, poor=True), Insufficient.POOR_QUALITY),
        (Circumstances(AgeBand.UNKNOWN), Insufficient.AGE_UNKNOWN),
        (Circumstances(AgeBand.ADULT), Insufficient.TOO_FEW),
        (Circumstances(AgeBand.FROM_3), Insufficient.TOO_FEW),
        (Circumstances(AgeBand.FROM_13), Insufficient.NO_SPREAD),
        (Circumstances(BAND), None),
    ],
)
def test_a_number_or_the_reason_why_not(
    statistics: GalleryStatistics, circumstances: Circumstances, reason: Insufficient | None
) -> None:
    told = meaning(statistics, circumstances, 0.3)
    assert (told.insufficient, told.chance is None, told.band) == (reason, reason is not None, circumstances.band)


def test_each_of_a_list_has_its_own_meaning(statistics: GalleryStatistics) -> None:
    listed = [Circumstances(BAND), Circumstances(AgeBand.UNKNOWN), Circumstances(BAND), Circumstances(AgeBand.FROM_13)]
    told = meanings(statistics, listed, [0.1, 0.2, 0.3, 0.4], growth=2.0)
    assert [one.insufficient for one in told] == [None, Insufficient.AGE_UNKNOWN, None, Insufficient.NO_SPREAD]
    assert [told[0].chance, told[2].chance] == [one_chance(statistics, BAND, score, 2.0) for score in (0.1, 0.3)]
    assert meanings(statistics, [], []) == []


def test_without_statistics_nothing_is_said() -> None:
    assert meaning(None, Circumstances(BAND), 0.3).insufficient is Insufficient.NO_STATISTICS
    # What would be missing after a reindex, too, is said first.
    assert meaning(None, Circumstances(AgeBand.UNKNOWN), 0.3).insufficient is Insufficient.AGE_UNKNOWN


def test_how_many_there_are_and_how_many_it_takes(statistics: GalleryStatistics) -> None:
    told = meaning(statistics, Circumstances(AgeBand.ADULT), 0.3)
    assert (told.children, told.needed) == (30, 100)
    assert meaning(statistics, Circumstances(AgeBand.FROM_3), 0.3).children == 0


def test_a_meaning_is_one_thing_or_the_other() -> None:
    with pytest.raises(ValueError, match="a chance or the reason"):
        Meaning(BAND)
    with pytest.raises(ValueError, match="a chance or the reason"):
        Meaning(BAND, chance=chance(0.1), insufficient=Insufficient.INFANT)


def test_a_working_point_is_shared_among_the_bands(statistics: GalleryStatistics) -> None:
    # 110 copies of one photo are children of their own: nobody said that they are one.
    assert shares(statistics) == pytest.approx({BAND: 120 / 260, AgeBand.ADULT: 30 / 260, AgeBand.FROM_13: 110 / 260})
    assert within(chance(0.19), share=0.5, target=0.36)  # 1 − √(1 − 0.36) is 0.2
    assert within(chance(0.2 - 1e-12), share=0.5, target=0.36)
    assert not within(chance(0.21), share=0.5, target=0.36)
    assert within(chance(0.36), share=1.0, target=0.36)
    assert within(chance(0.03, at_most=True), share=0.01, target=0.001)  # nobody can be told to be rarer
    # If every band uses up its share, the whole gallery is at its target.
    spent = [1 - (1 - 0.1) ** share for share in shares(statistics).values()]
    assert 1 - np.prod([1 - rate for rate in spent]) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            Meaning(BAND, chance(0.025, 0.0125, 0.05)),
            "About 1 in 40 searches with an unrelated person finds someone this similar among the 350 children aged "
            "9–12 in this gallery (between 1 in 80 and 1 in 20).",
        ),
        (
            Meaning(AgeBand.ADULT, chance(0.0003421, 0.0003421, 0.0003421, children=4000)),
            "About 1 in 2,900 searches with an unrelated person finds someone this similar among the 4,000 people of "
            "18 and more in this gallery.",
        ),
        (
            Meaning(BAND, chance(3 / 350, high=3 / 350, at_most=True)),  # 116.7, and a bound is never made smaller
            "Fewer than 1 in 110 searches with an unrelated person find someone this similar among the 350 children "
            "aged 9–12 in this gallery.",
        ),
        (
            Meaning(BAND, chance(0.6)),
            "More than half of the searches with an unrelated person find someone this similar among the 350 children "
            "aged 9–12 in this gallery.",
        ),
        (
            Meaning(BAND, chance(0.95)),
            "A search with an unrelated person usually finds several this similar among the 350 children aged 9–12 in "
            "this gallery.",
        ),
        (Meaning(BAND, chance(0.5, 0.4, 0.6)), "About 5 in 10 searches with an unrelated person find someone"),
        (Meaning(BAND, chance(0.31, 0.0, 0.95)), "(between 1 in 1,000,000 and 10 in 10)."),
        (Meaning(BAND, chance(0.099, 0.05, 0.1)), "About 1 in 10 searches with an unrelated person finds someone"),
        (
            Meaning(AgeBand.FROM_3, insufficient=Insufficient.TOO_FEW, children=12, needed=100),
            "What this similarity means cannot be said: only 12 children aged 3–5 were in this gallery when it was "
            "last measured, 100 are needed.",
        ),
        (Meaning(AgeBand.INFANT, insufficient=Insufficient.INFANT), "under 3 years faces say too little."),
        (Meaning(AgeBand.UNKNOWN, insufficient=Insufficient.AGE_UNKNOWN), "add its date or the age."),
    ],
)
def test_sentences(told: Meaning, said: str) -> None:
    assert said in sentence(told)


def test_every_reason_and_band_has_words() -> None:
    for reason in Insufficient:
        told = Meaning(BAND, insufficient=reason, children=3, needed=100)
        assert re.fullmatch(r"What this similarity means cannot be said: .+\.", sentence(told))
    assert [people(band) for band in AgeBand] == [
        "children under 3",
        "children aged 3–5",
        "children aged 6–8",
        "children aged 9–12",
        "children aged 13–17",
        "people of 18 and more",
        "people of unknown age",
    ]


def test_no_sentence_holds_a_percentage_or_speaks_of_sameness() -> None:
    rates = [10.0**-power for power in range(7)] + [0.5, 0.51, 0.3, 0.999]
    every = [sentence(Meaning(BAND, chance(rate, at_most=few))) for rate in rates for few in (False, True)]
    every += [sentence(Meaning(band, insufficient=reason)) for band in AgeBand for reason in Insufficient]
    for said in every:
        assert not re.search(r"%|per ?cent|probab|likely|match(?!er)|same|certain|confiden|identif", said), said


@pytest.mark.parametrize(
    ("age", "band"),
    [
        *((0, "0-2"), (2.99, "0-2"), (3, "3-5"), (5.9, "3-5"), (6, "6-8"), (9, "9-12"), (12.99, "9-12")),
        *((13, "13-17"), (17.99, "13-17"), (18, "18+"), (90, "18+"), (None, "unknown")),
    ],
)
def test_bands_count_completed_years(age: float | None, band: str) -> None:
    assert AgeBand.of(age).value == band
