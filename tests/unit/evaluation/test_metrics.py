"""Every number of a report, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from evaluations import enrolled, mated, stranger, trials
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.domain.ages import AgeBand
from matcher.domain.intervals import wilson
from matcher.evaluation.outcomes import Outcomes
from matcher.evaluation.rates import Miss, Share, estimates, threshold
from matcher.evaluation.report import report
from matcher.evaluation.trials import Kind, Portrait, Probe

ABCD = ("A", "B", "C", "D")
# Best scores of ten strangers: 0.1, 0.2 … 1.0.
TEN = [stranger(f"s{number}", scores=dict.fromkeys(ABCD, number / 10)) for number in range(1, 11)]


def point(found, method, fpir):
    return next(one for one in found.identification if (one.method, one.fpir) == (method, fpir))


def test_ranks_count_ties_against_the_system_and_failures_stay_in() -> None:
    gallery = [*enrolled(*ABCD), *enrolled("F", "G", "H"), Portrait(photo="E/1.jpg", subject="E", failure="no_face")]
    found = report(
        trials(
            gallery,
            [
                mated("A", scores={"A": 0.9, "B": 0.8, "C": 0.1, "D": 0.0, "F": 0.0, "G": 0.0, "H": 0.0}),  # rank 1
                mated("A", scores={"A": 0.5, "B": 0.5, "C": 0.1, "D": 0.0, "F": 0.0, "G": 0.0, "H": 0.0}),  # tie: 2
                mated("B", scores={"A": 0.6, "B": 0.2, "C": 0.7, "D": 0.2, "F": 0.2, "G": 0.3, "H": 0.2}),  # rank 7
                mated("B", failure="too_small"),  # was not acquired
                mated("E", scores={"A": 0.3, "B": 0.2, "C": 0.1, "D": 0.0, "F": 0.0, "G": 0.0, "H": 0.0}),  # no mate
            ],
        )
    )
    misses = {line.rank: line.miss for line in found.investigation}
    assert (misses[1].value, misses[1].count, misses[1].of) == (0.8, 4, 5)
    assert (misses[5].value, misses[5].count) == (0.6, 3)
    assert misses[10] is None and misses[50] is None  # lists as long as the gallery
    counts = found.counts
    assert (counts.subjects, counts.enrolled, counts.gallery_photos) == (8, 7, 8)
    assert (counts.mated, counts.mated_subjects, counts.nonmated) == (5, 3, 0)
    assert (counts.fte.count, counts.fte.of, counts.fte.rate, counts.fte.reasons) == (1, 8, 0.125, {"no_face": 1})
    assert (counts.fta.count, counts.fta.of, counts.fta.reasons) == (1, 5, {"too_small": 1})
    assert all(one.fnir is None and one.threshold is None and one.realised is None for one in found.identification)


def test_misses_at_a_false_positive_rate_at_equality() -> None:
    just_above = float(np.nextafter(0.7, 1))
    probes = [mated("A", scores={"A": score}) for score in (0.7, just_above, 0.95, 1.0)]
    found = report(trials(enrolled(*ABCD), [*TEN, *probes]))
    first = point(found, "cosine", 0.3)  # three of ten may pass: 0.8, 0.9 and 1.0
    assert first.threshold == just_above and first.realised == 0.3
    assert (first.fnir.count, first.fnir.of) == (1, 4)  # 0.7 itself stays below, the next number is at the threshold
    second = point(found, "cosine", 0.1)
    assert second.threshold == np.nextafter(0.9, 1) and second.realised == 0.1
    assert second.fnir.count == 2
    for fpir in (0.01, 0.003):  # ten strangers resolve no such rate
        unresolved = point(found, "cosine", fpir)
        assert unresolved.threshold is None and unresolved.fnir is None and unresolved.realised is None
    assert "10 non-mated probes resolve no false positive rate below 1 in 10: not 0.01, 0.003." in found.limits


def test_a_failure_is_no_false_positive_and_a_miss_and_counts_in_both() -> None:
    failed = [stranger(f"f{number}", failure="no_face") for number in range(10)]
    probes = [mated("A", scores={"A": 0.45}), mated("A", failure="no_face")]
    found = report(trials(enrolled(*ABCD), [*TEN, *failed, *probes]))
    # Six of twenty may pass: 0.5 to 1.0 do, and 0.4 is the first that does not.
    first = point(found, "cosine", 0.3)
    assert first.threshold == np.nextafter(0.4, 1) and first.realised == 0.3
    assert (first.fnir.count, first.fnir.of) == (1, 2)


def test_where_every_candidate_may_pass_no_threshold_is_needed() -> None:
    failed = [stranger(f"f{number}", failure="no_face") for number in range(8)]
    probes = [mated("A", scores={"A": -0.9}), mated("A", failure="no_face")]
    found = report(trials(enrolled(*ABCD), [*TEN[:2], *failed, *probes]))
    every = point(found, "cosine", 0.3)  # three of ten may pass, and two are all that there are
    assert (every.threshold, every.realised) == (None, 0.2)
    assert (every.fnir.count, every.fnir.of) == (1, 2)  # the failure alone


def test_equal_scores_pass_together_or_not_at_all() -> None:
    assert threshold(np.array([0.9, 0.9, 0.9, *[0.1] * 7]), 0.1) == np.nextafter(0.9, 1)  # of three, one may not pass
    assert threshold(np.array([0.9, 0.9, 0.9, *[0.1] * 7]), 0.3) == np.nextafter(0.1, 1)
    assert threshold(np.full(100, 0.5), 0.29) == np.nextafter(0.5, 1)  # 0.29 · 100 is 28.999… in floating point
    assert threshold(np.arange(100.0), 0.29) == np.nextafter(70.0, 100)
    assert threshold(np.zeros(9), 0.1) is None


def test_all_similarities_equal_is_said() -> None:
    even = dict.fromkeys(ABCD, 0.5)
    found = report(
        trials(enrolled(*ABCD), [stranger(f"s{n}", scores=even) for n in range(10)] + [mated("A", scores=even)])
    )
    assert found.investigation[0].miss.value == 1.0  # the right one is not ahead of the three others
    assert point(found, "cosine", 0.3).fnir.value == 1.0
    assert "All best similarities are equal: these scores tell nobody apart." in found.limits


def test_promises_are_counted_per_band_against_what_strangers_found() -> None:
    gallery = [*enrolled("A", "B", age=7), *enrolled("C", age=10), *enrolled("D", age=1)]
    searches = [
        stranger("s1", scores={"A": 0.9, "B": 0.8, "C": 0.7}, promised={"A": 0.01, "B": 0.2, "C": 0.5}),
        stranger("s2", scores={"A": 0.9, "B": 0.8}, promised={"A": 0.1, "B": 0.5}),  # no candidate of 9 to 12
        stranger("s3", scores={"A": 0.9, "C": 0.8}, promised={"C": 0.2}),  # could not be judged for 6 to 8
        stranger("s4", failure="no_face"),  # no search
        mated("A", scores={"A": 0.9}, promised={"A": 0.001}),  # no stranger
    ]
    promised = report(trials(gallery, searches)).promises
    counted = {(one.band, one.promised): (one.realised.count, one.realised.of) for one in promised}
    assert [counted[AgeBand.FROM_6, rate] for rate in (0.3, 0.1, 0.03, 0.01)] == [(2, 2), (2, 2), (1, 2), (1, 2)]
    assert [counted[AgeBand.FROM_9, rate] for rate in (0.3, 0.1, 0.03, 0.01)] == [(1, 3), (0, 3), (0, 3), (0, 3)]
    assert {band for band, _ in counted} == {AgeBand.FROM_6, AgeBand.FROM_9}
    assert promised[0].realised.low == pytest.approx(wilson(2, 2)[0])  # all of two people
    counted_anew = next(one.realised for one in promised if one.promised == 0.03 and one.band is AgeBand.FROM_6)
    assert (counted_anew.low, counted_anew.high) == (None, None)  # two people drawn anew say nothing


def test_few_people_have_no_interval_however_many_their_probes() -> None:
    probes = [mated("A", scores={"A": 0.9, "B": 0.8 + 0.2 * (number % 2), "C": 0.1, "D": 0.1}) for number in range(40)]
    miss = report(trials(enrolled(*ABCD), probes)).investigation[0].miss
    assert (miss.count, miss.of, miss.low, miss.high) == (20, 40, None, None)


def test_pairs_judged_different_are_held_against_the_threshold_and_are_no_strangers() -> None:
    pairs = [replace(mated("A", scores={"A": score}), subject="X") for score in (0.75, 0.65)]
    found = report(trials(enrolled(*ABCD), [*TEN, *pairs]))
    above = point(found, "cosine", 0.3).excluded_above
    assert (above.count, above.of) == (1, 2)
    assert (found.counts.excluded, found.counts.nonmated, found.counts.mated) == (2, 10, 0)
    assert point(found, "cosine", 0.3).fnir is None


def test_wilsons_interval() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for count, of, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(count, of) == pytest.approx((low, high), abs=5e-5)


def test_strata_by_single_years_with_counts_and_refusals() -> None:
    gallery = enrolled(*(f"p{number}" for number in range(60)))
    gallery = [replace(one, age=8.5 if n < 25 else 9 if n < 50 else 40.0) for n, one in enumerate(gallery)]
    scores = {one.subject: 0.0 for one in gallery}
    searches = [
        mated(one.subject, scores={**scores, one.subject: 0.9 if n % 5 else -0.1}, age=one.age + 2, eye_distance=50.0)
        for n, one in enumerate(gallery)
        for _ in range(2)
    ]
    found = report(trials(gallery, searches))
    ages = {one.group: one for one in found.strata if one.attribute.startswith("age at capture")}
    assert list(ages) == ["8", "9", "30 to 45"]
    assert (ages["8"].mated, ages["8"].subjects, ages["8"].rank_miss.count) == (50, 25, 10)
    assert (ages["8"].rank_miss.of, ages["8"].refused, ages["8"].fnir, ages["8"].fpir) == (50, None, None, None)
    small = ages["30 to 45"]
    assert small.refused == "20 probes of 10 people: at least 30 of 20 are needed"
    assert small.rank_miss is None and small.mated == 20
    assert (
        "By age at capture of the gallery photo, years, too few probes or people to say anything: 30 to 45 (20 of 10); "
        "at least 30 probes of 20 people are needed."
    ) in found.limits
    bands = {one.group: (one.mated, one.refused) for one in found.strata if one.attribute.startswith("band of age")}
    assert bands == {"6-8": (50, None), "9-12": (50, None), "18+": (20, small.refused)}
    assert list(bands) == ["6-8", "9-12", "18+"]
    (gap,) = (one for one in found.strata if one.attribute == "years between the photos")
    assert (gap.group, gap.mated, gap.rank_miss.count) == ("1 to 3", 120, 24)
    (quality,) = (one for one in found.strata if one.attribute.startswith("distance"))
    assert quality.group == "48 to 64"
    assert not [one for one in found.strata if one.attribute == "sex"]
    assert "Not known for any mated probe: sex." in found.limits


def test_strata_of_the_probe_have_false_positives_at_the_common_threshold() -> None:
    gallery = enrolled(*(f"p{number}" for number in range(40)))
    searches = [
        *(mated(one.subject, scores={one.subject: 0.55}, sex="female") for one in gallery),
        *(stranger(f"s{n}", scores={"p0": n / 100}, sex="female" if n < 50 else "male") for n in range(100)),
    ]
    (women,) = report(trials(gallery, searches)).strata
    # Ten of a hundred strangers may pass: 0.90 to 0.99, all of them men.
    assert (women.group, women.fpir.count, women.fpir.of, women.nonmated) == ("female", 0, 50, 50)
    assert women.fnir.value == 1.0 and women.rank_miss.value == 0.0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=12),
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), min_size=10, max_size=30),
    st.sampled_from((0.1, 0.3)),
)
def test_a_weighted_rate_is_the_rate_of_repeated_probes(sought, best, fpir) -> None:
    scores = np.array([*sought, *(score for score, _ in best)], float)
    mated_probes = np.arange(len(scores)) < len(sought)
    weights = np.array([1] * len(sought) + [weight for _, weight in best])
    scores[scores == 6] = -np.inf  # a failure
    weighted = Miss(scores, mated_probes, scores, ~mated_probes, fpir).replicates(weights[None].astype(float))
    repeated = Miss(*(np.repeat(column, weights) for column in (scores, mated_probes, scores, ~mated_probes)), fpir)
    count, of = repeated.counted()
    assert weighted == pytest.approx([count / of])


def test_intervals_resample_people_not_probes() -> None:
    # Ten people, each missed always or never: their hundred probes are ten observations.
    people = np.repeat(np.arange(10), 10)
    missed = people < 5
    every = np.ones(100, bool)
    (by_person,) = estimates([Share(missed, every)], people, np.ones(100, np.int64), seed=3)
    (by_probe,) = estimates([Share(missed, every)], np.arange(100), np.ones(100, np.int64), seed=3)
    assert by_person.value == by_probe.value == 0.5
    assert by_person.low == pytest.approx(0.2, abs=0.05) and by_person.high == pytest.approx(0.8, abs=0.05)
    assert by_probe.low == pytest.approx(0.4, abs=0.03) and by_probe.high == pytest.approx(0.6, abs=0.03)
    again = estimates([Share(missed, every)], people, np.ones(100, np.int64), seed=3)
    assert again == [by_person]


def test_an_interval_of_none_or_all_is_not_empty() -> None:
    people, every = np.repeat(np.arange(20), 3), np.ones(60, bool)
    none, everybody = estimates([Share(~every, every), Share(every, every)], people, np.ones(60, np.int64), seed=0)
    assert (none.low, none.high) == wilson(0, 20)
    assert (everybody.low, everybody.high) == wilson(20, 20)


def test_the_sought_subject_of_several_photos_is_the_one_of_its_row() -> None:
    gallery = [*enrolled("A", age=3), Portrait(photo="A/2.jpg", subject="A", age=9), *enrolled("B")]
    made = trials(gallery, [mated("A", scores={"A": 0.9}), mated("A", failure="no_face")])
    # `trials` enters the last photo of a subject.
    assert [mate.age for mate in Outcomes.of(made).mates] == [9, 3]


def test_kinds_and_sought_subjects_fit() -> None:
    with pytest.raises(ValueError, match="seeks"):
        Probe(photo="x", subject="A", kind=Kind.NONMATED, sought="A")
    with pytest.raises(ValueError, match="own subject"):
        Probe(photo="x", subject="A", kind=Kind.MATED, sought="B")
    with pytest.raises(ValueError, match="own subject"):
        Probe(photo="x", subject="A", kind=Kind.EXCLUDED, sought="A")
