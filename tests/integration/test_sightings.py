"""Sightings: every face is searched, nothing is lost, nothing is doubled."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from pictures import child, group, nobody, small

from matcher import Matcher
from matcher.config import Home
from matcher.domain.cases import PhotoState
from matcher.domain.ids import SightingId, parse_id
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.services.context import Context, now_utc

ME = "hotline"


def register(matcher: Matcher, *seeds: int, **details: object) -> None:
    for seed in seeds:
        matcher.add_case(f"A-{seed}", photos=[child(seed)], actor=ME, **details)


def test_a_sighting_gets_candidates_that_stay(matcher: Matcher) -> None:
    register(matcher, 1, 2, 3)
    sighting = matcher.submit_sighting([child(2, 1)], actor=ME, place="East gate", seen_at="2024-05-01T10:00+08:00")
    assert [(one.case_id, one.rank) for one in sighting.candidates][:1] == [("A-2", 1)]
    assert [one.rank for one in sighting.candidates] == [1, 2, 3]
    assert all(-1 <= one.similarity <= 1 for one in sighting.candidates)
    assert "not an identification" in sighting.notice
    assert matcher.sighting(sighting.id) == sighting
    (listed,) = matcher.sightings()
    assert (listed.id, listed.photos, listed.candidates, listed.needs_triage) == (sighting.id, 1, 3, False)


def test_candidates_remember_what_they_were_found_with(matcher: Matcher) -> None:
    register(matcher, 1)
    sighting = matcher.submit_sighting([child(1, 1)], actor=ME)
    with matcher.context.store.read() as reading:
        (candidate,) = reading.candidates.of_sighting(SightingId(parse_id(sighting.id)))
        assert candidate.space == matcher.space.name
        assert candidate.snapshot == f"live@{reading.gallery.counter()}"
        assert candidate.software


def test_all_faces_of_all_photos_are_searched(matcher: Matcher) -> None:
    register(matcher, 3, 4, 5)
    sighting = matcher.submit_sighting([group(3, 9, 4), child(5, 1)], actor=ME)
    assert [len(photo.faces) for photo in sighting.photos] == [3, 1]
    best = {face.candidates[0].case_id for photo in sighting.photos for face in photo.faces}
    assert best >= {"A-3", "A-4", "A-5"}


def test_the_list_has_the_length_that_was_asked_for(matcher: Matcher) -> None:
    register(matcher, 1, 2, 3)
    assert len(matcher.submit_sighting([child(1, 1)], actor=ME, top=2).candidates) == 2


@pytest.mark.parametrize(("photo", "reason"), [(nobody(), "no_face"), (small(child(1), 34), None)])
def test_a_photo_without_a_usable_face_is_kept_for_people(matcher: Matcher, photo: bytes, reason: str | None) -> None:
    sighting = matcher.submit_sighting([photo], actor=ME)
    assert sighting.photos[0].state is PhotoState.NO_USABLE_FACE
    assert sighting.photos[0].reason is not None
    if reason:
        assert sighting.photos[0].reason.value == reason
    assert sighting.needs_triage
    assert [one.id for one in matcher.sightings(needs_triage=True)] == [sighting.id]
    assert matcher.sightings(needs_triage=False) == []


def test_handing_in_twice_stores_once(matcher: Matcher) -> None:
    register(matcher, 1)
    first = matcher.submit_sighting([child(1, 1)], actor=ME, idempotency_key="k", note="by the river")
    second = matcher.submit_sighting([child(1, 1)], actor=ME, idempotency_key="k", note="by the river")
    assert (second.id, first.repeated, second.repeated) == (first.id, False, True)
    with pytest.raises(Conflict, match="another sighting"):
        matcher.submit_sighting([child(1, 1)], actor=ME, idempotency_key="k", note="by the lake")
    assert len(matcher.sightings()) == 1
    assert len(list(matcher.context.blobs.list())) == 2, "one case photo, one sighting photo"


def test_the_same_photo_twice_in_one_sighting_counts_once(matcher: Matcher) -> None:
    assert len(matcher.submit_sighting([child(1), child(1)], actor=ME).photos) == 1


def test_a_case_registered_while_a_sighting_is_searched_is_not_missed(home: Path) -> None:
    """The clock is read between search and transaction: there another process registers the child."""
    with Matcher.open(home) as other:

        def clock() -> datetime:
            if not other.cases():
                register(other, 1)
            return now_utc()

        with Matcher(Context(Home(home), clock=clock)) as matcher:
            sighting = matcher.submit_sighting([child(1, 1)], actor=ME)
    assert [one.case_id for one in sighting.candidates] == ["A-1"]


def test_a_case_closed_while_a_photo_is_searched_is_not_given_out(home: Path) -> None:
    """Between the model and the audit entry: the search is repeated under the lock."""
    with Matcher.open(home) as other:
        register(other, 1, 2)
        with Matcher.open(home) as matcher:
            find = matcher.context.gallery.search
            calls = []

            def search(probes, *, cases):  # type: ignore[no-untyped-def]
                result = find(probes, cases=cases)
                if not calls:
                    other.close_case("A-1", status="returned", actor=ME)
                calls.append(result)
                return result

            matcher.context.gallery.search = search  # type: ignore[method-assign]
            result = matcher.match(child(1, 1), actor=ME, reason="test")
    assert [one.case_id for one in result.faces[0].candidates] == ["A-2"]
    assert len(calls) == 2


def test_a_moment_may_be_written_in_any_zone(matcher: Matcher) -> None:
    first = matcher.submit_sighting([child(1)], actor=ME, idempotency_key="k", seen_at="2024-05-01T09:15+08:00")
    again = matcher.submit_sighting([child(1)], actor=ME, idempotency_key="k", seen_at="2024-05-01T01:15Z")
    assert (again.id, again.repeated) == (first.id, True)


def test_contradictions_are_flagged_and_stay_in_the_list(matcher: Matcher) -> None:
    register(matcher, 1, sex="female", born="2015-01-01", missing_since="2024-01-01", last_seen=(39.9, 116.4))
    sighting = matcher.submit_sighting(
        [child(1, 1)],
        actor=ME,
        seen_at=datetime(2023, 6, 1, tzinfo=timezone.utc),
        position=(31.2, 121.5),
        apparent_sex="male",
        apparent_age=15,
    )
    (candidate,) = sighting.candidates
    flags = {flag.value for flag in candidate.flags}
    assert flags == {"sex_differs", "age_differs", "seen_before_missing", "too_far_too_soon"}


def test_wrong_reports(matcher: Matcher) -> None:
    for wrong, expected in (
        ({"seen_at": datetime(2024, 1, 1)}, ""),  # noqa: DTZ001 - taken as UTC
        ({"position": (95, 0)}, "off the globe"),
        ({"how_seen": "telepathy"}, "one of in_person"),
        ({"apparent_age": 200}, "apparent age is 200"),
        ({"mood": "sad"}, "Unknown field 'mood'"),
    ):
        if expected:
            with pytest.raises(WrongUse, match=expected):
                matcher.submit_sighting([child(1)], actor=ME, **wrong)
    with pytest.raises(WrongUse, match="at least one photo"):
        matcher.submit_sighting([], actor=ME)
    with pytest.raises(NotFound):
        matcher.sighting("0000000000001")
    with pytest.raises(WrongUse, match="is not an id"):
        matcher.sighting("nonsense")
    assert matcher.sightings() == []


def test_the_audit_entry_names_probe_space_snapshot_and_candidates(matcher: Matcher) -> None:
    register(matcher, 1)
    sighting = matcher.submit_sighting([child(1, 1)], actor=ME)
    entry = matcher.audit()[-1].entry
    assert entry.action == "sighting.submit"
    assert entry.objects == (sighting.id,)
    assert entry.candidates == tuple(one.id for one in sighting.candidates)
    assert entry.space == matcher.space.name
    assert entry.snapshot is not None
    assert len(entry.probe_digests) == 1
