"""Statistics carried over few changes are nearly those of a new measurement, or are refused."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.domain.ages import AgeBand
from matcher.domain.scores import unit
from matcher.matching import carrying
from matcher.matching.carrying import Members, Newcomers, carried
from matcher.matching.significance import GalleryStatistics

COUNT, DIM = 2000, 16
BAND = AgeBand("6-8")


@pytest.fixture(autouse=True)
def _small_galleries_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "_FEWEST", 1000)


def gallery(count: int = COUNT) -> tuple[Members, np.ndarray]:
    random = np.random.default_rng(3)
    vectors = unit(random.normal(size=(count, DIM)) + 0.5)
    return Members(np.arange(count) * 10, np.arange(count) + 5), vectors


def measured(members: Members, vectors: np.ndarray, kin: list[frozenset[int]] | None = None) -> GalleryStatistics:
    return GalleryStatistics.measure(vectors, members.case_ids, [BAND] * len(vectors), kin=kin or [])


def came(members: Members, vectors: np.ndarray, before: Members) -> Newcomers:
    new = ~np.isin(members.face_ids, before.face_ids)
    return Newcomers(members.face_ids[new], vectors[new])


def after(
    before: GalleryStatistics, members: Members, now: Members, new: np.ndarray, kin: list[frozenset[int]]
) -> GalleryStatistics | None:
    return carried(before, members, now, came(now, new, members), kin)


def changed(members: Members, vectors: np.ndarray) -> tuple[Members, np.ndarray]:
    """Without ten faces, and with five others in between."""
    kept = np.setdiff1d(np.arange(COUNT), np.arange(100, 1100, 100))
    faces = np.concatenate((members.face_ids[kept], np.arange(5) * 1000 + 3))
    order = np.argsort(faces)
    cases = np.concatenate((members.case_ids[kept], np.arange(5) + 10**6))
    extra = unit(np.random.default_rng(4).normal(size=(5, DIM)) + 0.5)
    return Members(faces[order], cases[order]), np.concatenate((vectors[kept], extra))[order]


def test_nothing_changed_carries_everything() -> None:
    members, vectors = gallery()
    before = measured(members, vectors)
    found = after(before, members, members, vectors, [])
    assert found is not None
    assert np.array_equal(found.levels, before.levels)
    assert np.array_equal(found.normaliser.cohort, before.normaliser.cohort)
    assert (found.bands, found.changes) == (before.bands, 0)


def test_few_changes_give_nearly_what_a_new_measurement_gives() -> None:
    members, vectors = gallery()
    before = measured(members, vectors)
    now, new = changed(members, vectors)
    found = after(before, members, now, new, [])
    assert found is not None
    assert found.changes == 15
    assert found.levels == pytest.approx(measured(now, new).levels, abs=0.05)
    probe = unit(np.random.default_rng(9).normal(size=(1, DIM)) + 0.5)[0]
    told = found.comparable(probe, new, now.case_ids, found.levels)
    assert told == pytest.approx(measured(now, new).comparable(probe, new, now.case_ids), abs=0.05)


def test_faces_that_went_are_no_strangers_any_more() -> None:
    members, vectors = gallery()
    before = measured(members, vectors)
    now, new = changed(members, vectors)
    found = after(before, members, now, new, [])
    assert found is not None
    cohort = set(now.face_ids[found.normaliser.rows].tolist())
    assert cohort == set(members.face_ids[before.normaliser.rows].tolist()) & set(now.face_ids.tolist())
    assert len(cohort) < len(before.normaliser.rows)
    assert np.array_equal(found.normaliser.families, np.sort(now.case_ids[found.normaliser.rows]))


def test_changes_add_up_until_a_new_measurement_is_due() -> None:
    members, vectors = gallery()
    before = measured(members, vectors)
    now, new = changed(members, vectors)
    found = after(before, members, now, new, [])
    assert found is not None
    assert after(found, now, members, vectors, []) is None  # 30 changes of 2000


def test_a_small_gallery_is_measured_anew() -> None:
    members, vectors = gallery(900)
    assert after(measured(members, vectors), members, members, vectors, []) is None


def test_strangers_that_turn_out_to_be_kin_ask_for_a_new_measurement() -> None:
    members, vectors = gallery()
    before = measured(members, vectors, [frozenset({5, 6})])
    now, new = changed(members, vectors)
    for kin, met in (
        ([frozenset({5, 6})], False),
        ([], False),
        ([frozenset({5, 6, 10**6})], False),  # one that came is a sibling
        ([frozenset({5, 7})], True),
        ([frozenset({5, 6}), frozenset({8, 10**6}), frozenset({9, 10**6})], True),
    ):
        found = after(before, members, now, new, kin)
        assert (found is None) is met
        if found is not None:
            assert len(set(found.normaliser.families.tolist())) == len(found.normaliser.rows)


def test_a_face_that_came_back_is_looked_at_again() -> None:
    """Its vector may be another one now."""
    members, vectors = gallery()
    before = measured(members, vectors)
    row = int(before.normaliser.rows[0])
    back = Newcomers(members.face_ids[row : row + 1], vectors[:1])
    found = carried(before, members, members, back, [])
    assert found is not None
    assert found.changes == 2
    assert members.face_ids[row] not in members.face_ids[found.normaliser.rows]
    assert found.levels[row] == pytest.approx(
        found.levels_of(vectors[:1], members.case_ids[row : row + 1])[0], abs=1e-5
    )
