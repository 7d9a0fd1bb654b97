"""The demo's people: complete, deterministic, and honest about what each sighting shows."""

from __future__ import annotations

from itertools import pairwise

import pytest

from matcher.demo.cast import Group, Kind, Portrait, demo_cast
from matcher.domain.cases import CaseDetails
from matcher.errors import WrongUse


def test_the_same_seed_gives_the_same_people() -> None:
    assert demo_cast(7) == demo_cast(7)
    assert demo_cast(7) != demo_cast(8)


def test_cases_are_complete() -> None:
    cases = demo_cast().cases
    assert [case.number for case in cases] == [f"DEMO-{number:03d}" for number in range(1, 25)]
    for case in cases:
        details = case.details
        assert details.name
        assert details.born is not None
        assert details.missing_since is not None
        assert CaseDetails(**case.fields) == details
        assert len(case.photos) >= 2
        for photo in case.photos:
            assert photo.taken is not None
            assert details.born < photo.taken < details.missing_since.date()
        for newer, older in pairwise(case.photos):
            assert newer.taken != older.taken


def test_files_have_names_of_their_own() -> None:
    cast = demo_cast()
    files = [photo.file for case in cast.cases for photo in case.photos] + [one.file for one in cast.sightings]
    assert len(set(files)) == len(files)


def test_sightings_show_what_they_say() -> None:
    cast = demo_cast()
    kinds = [one.kind for one in cast.sightings]
    assert set(kinds) == set(Kind)
    assert kinds.count(Kind.NO_FACE) == 1
    children = {case.number: case.photos[0].subject for case in cast.cases}
    for one in cast.sightings:
        if one.truth is None:
            assert one.kind in {Kind.STRANGER, Kind.NO_FACE}
            continue
        enrolled, subject = children[one.truth], one.photo.subject
        assert isinstance(enrolled, Portrait)
        shown = [who for who, _ in subject.people] if isinstance(subject, Group) else [subject.who]  # type: ignore[union-attr]
        assert enrolled.who in shown


def test_nobody_is_seen_before_going_missing() -> None:
    cast = demo_cast()
    missing = {case.number: case.details.missing_since for case in cast.cases}
    for one in cast.sightings:
        since = missing.get(one.truth or "")
        assert since is None or one.seen_at.date() > since.date()


def test_strangers_are_enrolled_nowhere() -> None:
    cast = demo_cast()
    enrolled = {case.photos[0].subject.who for case in cast.cases}  # type: ignore[union-attr]
    strangers = [one.photo.subject.who for one in cast.sightings if one.kind is Kind.STRANGER]  # type: ignore[union-attr]
    assert strangers
    assert not enrolled.intersection(strangers)


def test_the_last_two_are_siblings_who_look_alike() -> None:
    first, second = demo_cast().cases[-2:]
    assert second.sibling_of == first.number
    one, other = first.photos[0].subject, second.photos[0].subject
    assert isinstance(one, Portrait)
    assert isinstance(other, Portrait)
    assert one.who != other.who
    assert one.who.skin == other.who.skin


@pytest.mark.parametrize("children", [3, 501])
def test_numbers_of_children_have_limits(children: int) -> None:
    with pytest.raises(WrongUse, match="children"):
        demo_cast(children=children)


def test_one_sighting_lies_on_its_side() -> None:
    (turned,) = (one for one in demo_cast().sightings if one.kind is Kind.TURNED)
    image = turned.photo.image()
    assert image.shape[1] > image.shape[0]
    assert turned.photo.jpeg().startswith(b"\xff\xd8")
