"""What a program may get wrong when it calls the library: each is told in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pictures import child

from matcher import Matcher
from matcher.domain.cases import CaseStatus, ConfirmationKind
from matcher.errors import WrongUse

Call = Callable[[Any], Any]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda matcher: matcher.submit_sighting(b"photo", actor="li"), "expected a list of photos"),
        (lambda matcher: matcher.submit_sighting("a.jpg", actor="li"), "expected a list of photos"),
        (lambda matcher: matcher.add_case("A-2", "a.jpg", actor="li"), "expected a list of photos"),
        (lambda matcher: matcher.update_case("A-1", b"photo", actor="li"), "expected a list of photos"),
        (lambda matcher: matcher.submit_sighting([17], actor="li"), "a path or bytes, not int"),
        (lambda matcher: matcher.add_case(17, actor="li"), "is no text"),
        (lambda matcher: matcher.update_case(17, actor="li"), "is no text"),
        (lambda matcher: matcher.close_case(17, status="returned", actor="li"), "is no text"),
        (lambda matcher: matcher.reopen_case(17, actor="li", reason="why"), "is no text"),
        (lambda matcher: matcher.case(17), "is no text"),
        (lambda matcher: matcher.relate_cases("A-1", 17, kind="twin", actor="li"), "is no text"),
        (lambda matcher: matcher.relate_cases("A-1", "A-1", kind="twin", actor="li"), "related to itself"),
        (lambda matcher: matcher.relate_cases("A-1", "A-2", kind=17, actor="li"), "one of sibling, twin, duplicate"),
        (lambda matcher: matcher.unrelate_cases(17, "A-1", actor="li"), "is no text"),
        (lambda matcher: matcher.reopen_case("A-1", actor="li", reason=" "), "Give a reason"),
        (lambda matcher: matcher.add_case("A-2", actor=17), "actor 17 is no text"),
        (lambda matcher: matcher.match(child(1), actor="li", reason="tip", top=0), "top is 0"),
        (lambda matcher: matcher.submit_sighting([child(1)], actor="li", top=0), "top is 0"),
        (lambda matcher: matcher.submit_sighting([child(1)], actor="li", top=10_001), "top is 10001"),
    ],
)
def test_wrong_calls_are_wrong_use_and_change_nothing(matcher: Matcher, call: Call, expected: str) -> None:
    matcher.add_case("A-1", actor="li")
    before = len(matcher.audit())
    with pytest.raises(WrongUse, match=expected):
        call(matcher)
    assert len(matcher.audit()) == before


def test_members_and_their_words_mean_the_same(matcher: Matcher) -> None:
    for status in (CaseStatus.LOCATED_ALIVE, "located_alive"):
        for kind in (ConfirmationKind.DNA, "dna"):
            number = f"{status!r} {kind!r}"
            matcher.add_case(number, actor="li")
            view = matcher.close_case(number, status=status, confirmation=(kind, "L-17"), actor="li")
            assert view.status is CaseStatus.LOCATED_ALIVE
