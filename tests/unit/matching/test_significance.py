"""Chances measured on galleries whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.domain.ages import AgeBand
from matcher.domain.chances import Chance
from matcher.domain.scores import unit
from matcher.errors import Damaged
from matcher.matching.significance import METHODS, NEEDED, GalleryStatistics
from matcher.matching.statistics_files import ARRAYS, TABLE, decoded, encoded

BAND = AgeBand.FROM_6


def one_chance(statistics: GalleryStatistics, band: AgeBand, score: float, growth: float = 1.0) -> Chance | None:
    found = statistics.chances(band, np.array([score]), growth)
    return None if found is None else found[0]


def faces(count: int, seed: int = 0, dim: int = 24) -> np.ndarray:
    """Faces of different children: directions around a common mean."""
    return unit(np.random.default_rng(seed).normal(size=(count, dim)) + 3 * np.eye(dim)[0])


def measured(vectors: np.ndarray, **how: object) -> GalleryStatistics:
    return GalleryStatistics.measure(vectors, np.arange(len(vectors)), [BAND] * len(vectors), **how)


def best(statistics: GalleryStatistics, vectors: np.ndarray, probes: np.ndarray) -> np.ndarray:
    cases = np.arange(len(vectors))
    return np.array([statistics.comparable(probe, vectors, cases, statistics.levels).max() for probe in probes])


@pytest.mark.parametrize("method", ["cosine", *METHODS])
def test_promises_are_kept_by_searches_with_strangers(method: str) -> None:
    vectors, probes = faces(400), faces(600, seed=1)
    statistics = measured(vectors, method=method)
    chances = statistics.chances(BAND, best(statistics, vectors, probes))
    assert chances is not None
    promised = np.array([chance.rate for chance in chances])
    for rate in (0.5, 0.3, 0.1):
        assert (promised <= rate).mean() == pytest.approx(rate, rel=0.5)


def test_chances_by_their_definitions() -> None:
    vectors = faces(300)
    statistics = measured(vectors)
    sample = statistics.bands[BAND].tail.sample  # type: ignore[union-attr]
    assert np.all(np.diff(sample[150:152]) > 0)
    chance = one_chance(statistics, BAND, float(sample[151]))
    assert chance is not None
    assert (chance.rate, chance.children, chance.at_most) == (pytest.approx(149 / 300), 300, False)
    assert chance.lookalikes == pytest.approx(-np.log(151 / 300))
    assert chance.false_match_rate == pytest.approx(-np.log(151 / 300) / 300)
    assert 0 < chance.low < 0.5 < chance.high < 1


def test_no_rate_is_told_below_what_the_searches_that_were_measured_can_tell() -> None:
    statistics = measured(faces(200))
    for growth in (1.0, 0.4):  # the same after half of the gallery was closed
        chance = one_chance(statistics, BAND, 5.0, growth)
        assert chance is not None
        assert (chance.rate, chance.at_most) == (pytest.approx(3 / 200), True)
        assert chance.low <= chance.rate <= chance.high
    assert chance.children == 80


def test_a_gallery_that_grew_finds_more_strangers() -> None:
    statistics = measured(faces(200))
    score = float(np.quantile(statistics.bands[BAND].tail.sample, 0.8))  # type: ignore[union-attr]
    then, now = one_chance(statistics, BAND, score), one_chance(statistics, BAND, score, growth=3.0)
    assert then is not None and now is not None
    assert now.rate == pytest.approx(1 - (1 - then.rate) ** 3)
    assert now.lookalikes == pytest.approx(3 * then.lookalikes)
    assert now.false_match_rate == pytest.approx(then.false_match_rate)


def test_each_band_has_its_own_table_and_too_few_have_none() -> None:
    vectors = faces(2 * NEEDED + 20)
    bands = [BAND] * NEEDED + [AgeBand.ADULT] * (NEEDED - 1) + [AgeBand.UNKNOWN] * 21
    statistics = GalleryStatistics.measure(vectors, np.arange(len(vectors)), bands)
    assert {band: (one.children, one.tail is None) for band, one in statistics.bands.items()} == {
        BAND: (NEEDED, False),
        AgeBand.ADULT: (NEEDED - 1, True),
        AgeBand.UNKNOWN: (21, True),
    }
    assert one_chance(statistics, AgeBand.ADULT, 0.5) is None
    assert one_chance(statistics, AgeBand.FROM_9, 0.5) is None
    # A child in the band is compared with the band only, whoever else is more alike.
    near = unit(vectors[:1] + 0.01 * vectors[NEEDED : NEEDED + 1])[0]
    with_double = np.vstack((vectors, near))
    again = GalleryStatistics.measure(with_double, np.arange(len(with_double)), [*bands, AgeBand.UNKNOWN])
    assert again.bands[BAND].tail.sample.max() < 0.6  # type: ignore[union-attr]


def test_children_count_once_however_many_photos_they_have() -> None:
    vectors = np.repeat(faces(60), 3, axis=0)
    statistics = GalleryStatistics.measure(vectors, np.repeat(np.arange(60), 3), [BAND] * 180)
    assert statistics.bands[BAND].children == 60
    assert statistics.bands[BAND].tail is None


def doubled(count: int, closeness: float) -> np.ndarray:
    """Children of whom each even one has a look-alike after it."""
    vectors = faces(count)
    vectors[1::2] = unit(vectors[::2] + closeness * faces(count // 2, seed=8))
    return vectors


def test_declared_relatives_are_no_strangers() -> None:
    vectors = doubled(300, 0.35)
    kin = [frozenset((case, case + 1)) for case in range(0, 300, 2)]
    apart, together = measured(vectors), measured(vectors, kin=kin)
    score = 0.4
    rates = [one_chance(statistics, BAND, score) for statistics in (apart, together)]
    assert rates[0] is not None and rates[1] is not None
    assert rates[0].rate > 0.5
    assert rates[1].rate < 0.05
    assert together.bands[BAND].children == 150
    chain = measured(vectors, kin=[frozenset((0, 1)), frozenset((1, 2)), frozenset((2, 5))])
    assert {case: chain.kin[case] for case in (0, 1, 2, 5)} == {0: 0, 1: 0, 2: 0, 5: 0}


def test_copies_of_one_photo_in_two_cases_are_left_out() -> None:
    vectors = faces(300)
    clean = measured(vectors).bands[BAND]
    vectors[1:6:2] = unit(vectors[0:6:2] + 0.02 * faces(3, seed=8))  # three photos twice, saved anew
    with_copies = measured(vectors).bands[BAND]
    assert (clean.copies, with_copies.copies) == (0, 6)
    assert clean.tail is not None and with_copies.tail is not None
    assert with_copies.tail.sample.max() < clean.tail.sample.max() + 0.1


def test_faces_that_crowd_together_are_no_copies() -> None:
    vectors = doubled(300, 0.02)  # every second child has a double: this is how alike children are here
    crowded = measured(vectors).bands[BAND]
    assert crowded.copies == 0
    assert crowded.tail is not None
    assert np.median(crowded.tail.sample) > 0.4


def test_equal_similarities_have_no_tail() -> None:
    vectors = np.eye(150, dtype=np.float32)  # everybody is equally unlike everybody
    statistics = measured(vectors, method="cosine")
    assert statistics.bands[BAND].children == 150
    assert statistics.bands[BAND].tail is None
    assert one_chance(statistics, BAND, 0.5) is None


@pytest.mark.parametrize("count", [0, 1, 2])
def test_tiny_galleries_are_measured_without_complaint(count: int) -> None:
    statistics = measured(faces(count))
    assert statistics.levels.shape == (count,)
    assert one_chance(statistics, BAND, 0.5) is None


def test_large_bands_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.matching.significance._MOST_PROBES", 128)
    monkeypatch.setattr("matcher.matching.significance._ROWS", 50)
    statistics = measured(faces(300))
    assert statistics.bands[BAND].children == 300
    assert len(statistics.bands[BAND].tail.sample) == 128  # type: ignore[union-attr]


def test_silent_bands_are_counted_only() -> None:
    bands = [BAND] * 110 + [AgeBand.INFANT] * 120
    statistics = GalleryStatistics.measure(faces(230), np.arange(230), bands, silent={AgeBand.INFANT})
    told = {band: (one.children, one.tail is None) for band, one in statistics.bands.items()}
    assert told == {BAND: (110, False), AgeBand.INFANT: (120, True)}


def test_a_search_never_multiplies_by_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    """BLAS's threads hang a process that forks meanwhile; einsum has none."""
    vectors = faces(300)
    statistics = measured(vectors)
    files = encoded(statistics)

    def refuse(left: np.ndarray, right: np.ndarray, *, bulk: bool) -> np.ndarray:
        assert not bulk
        return np.einsum("ik,jk->ij", left, right).astype(np.float32)

    monkeypatch.setattr("matcher.matching.comparable._products", refuse)
    statistics.comparable(faces(1, seed=2)[0], vectors, np.arange(300))
    decoded(files[TABLE], files[ARRAYS], vectors, "here")


def test_the_sample_is_the_best_stranger_of_each_face() -> None:
    vectors = faces(120)
    statistics = measured(vectors, method="cosine")
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    sample = statistics.bands[BAND].tail.sample  # type: ignore[union-attr]
    assert sample == pytest.approx(np.sort(cosines.max(axis=1)), abs=1e-5)


def test_statistics_survive_their_files() -> None:
    vectors = faces(220)
    bands = [BAND] * 150 + [AgeBand.ADULT] * 70
    kin = [frozenset((3, 4))]
    before = GalleryStatistics.measure(vectors, np.arange(220), bands, kin=kin)
    files = encoded(before)
    assert files == encoded(
        GalleryStatistics.measure(vectors, np.arange(220), bands, kin=kin)
    )  # nothing is left to chance
    after = decoded(files[TABLE], files[ARRAYS], vectors, "here")
    assert after is not None
    assert (after.kin, list(after.bands)) == (before.kin, list(before.bands))
    probe = faces(1, seed=4)[0]
    scores = before.comparable(probe, vectors[:9], np.arange(9))
    assert np.array_equal(after.comparable(probe, vectors[:9], np.arange(9)), scores)
    assert after.chances(BAND, scores) == before.chances(BAND, scores)
    assert encoded(after) == files


def test_levels_of_faces_that_came_since_are_those_of_a_stranger_to_none_of_their_own() -> None:
    vectors = faces(200)
    statistics = measured(vectors)
    assert statistics.levels_of(vectors[:5], np.arange(5)) == pytest.approx(statistics.levels[:5], abs=1e-5)


@pytest.mark.parametrize(
    ("table", "arrays"),
    [
        (b"{}", None),
        (b"[1]", None),
        (b"\xff", None),
        (None, b""),
        (None, b"PK\x03\x04 no archive"),
        (b'{"version": 1, "method": "magic", "bands": {"9-1": {}}, "kin": []}', None),
    ],
)
def test_damaged_files_are_named(table: bytes | None, arrays: bytes | None) -> None:
    vectors = faces(110)
    files = encoded(measured(vectors))
    with pytest.raises(Damaged, match="statistics in 'here'.*matcher reindex"):
        decoded(table or files[TABLE], files[ARRAYS] if arrays is None else arrays, vectors, "here")


def test_files_of_another_gallery_are_damaged_and_of_another_version_ignored() -> None:
    files = encoded(measured(faces(110)))
    with pytest.raises(Damaged, match="another gallery"):
        decoded(files[TABLE], files[ARRAYS], faces(111), "here")
    newer = files[TABLE].replace(b'"version": 1', b'"version": 2')
    assert decoded(newer, files[ARRAYS], faces(110), "here") is None
