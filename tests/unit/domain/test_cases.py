"""The whole table of moves, the proofs that a move needs, and what may be written about a child."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import product

import pytest

from matcher.domain.cases import (
    MOVES,
    CaseDetails,
    CaseStatus,
    Confirmation,
    ConfirmationKind,
    Photo,
    PhotoState,
    check_move,
)
from matcher.errors import MoveNotAllowed, WrongUse

PROOF = Confirmation(ConfirmationKind.DNA, "LAB-7")
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)

# Written out a second time on purpose: rows are the present status, columns the next, in the same order.
TABLE = """
                  open disputed alive dead returned hoax unfounded withdrawn expired
open               .    x        x     x    x        x    x         x         x
disputed           x    .        x     x    x        x    x         x         x
located_alive      x    .        .     x    .        .    .         .         .
located_deceased   x    .        x     .    .        .    .         .         .
returned           x    .        x     x    .        x    x         .         .
hoax               x    .        .     .    .        .    x         .         .
unfounded          x    .        .     .    .        x    .         .         .
withdrawn          x    .        x     x    x        x    x         .         .
expired            x    .        x     x    x        x    x         x         .
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]
ALLOWED = {
    (CaseStatus(row[0]), new) for row in ROWS for new, mark in zip(CaseStatus, row[1:], strict=True) if mark == "x"
}


@pytest.mark.parametrize(("old", "new"), list(product(CaseStatus, CaseStatus)))
def test_every_move_of_the_table(old: CaseStatus, new: CaseStatus) -> None:
    proof = PROOF if new.needs_confirmation else None
    if (old, new) in ALLOWED:
        check_move("A-1", old, new, proof)
    else:
        with pytest.raises(MoveNotAllowed, match=f"Case 'A-1' is '{old.value}' and cannot become '{new.value}'"):
            check_move("A-1", old, new, proof)


def test_the_table_has_a_row_for_every_status() -> None:
    assert set(MOVES) == set(CaseStatus)
    assert all(CaseStatus.OPEN in MOVES[status] for status in CaseStatus if status is not CaseStatus.OPEN)


def test_only_open_cases_are_searched() -> None:
    assert [status for status in CaseStatus if status.searched] == [CaseStatus.OPEN]


@pytest.mark.parametrize("new", [CaseStatus.LOCATED_ALIVE, CaseStatus.LOCATED_DECEASED])
def test_no_child_is_located_without_a_proof(new: CaseStatus) -> None:
    with pytest.raises(WrongUse, match=r"only with a confirmation from outside \(dna, family, institution, police\)"):
        check_move("A-1", CaseStatus.OPEN, new, None)


@pytest.mark.parametrize("kind", ConfirmationKind)
def test_every_kind_of_proof_will_do(kind: ConfirmationKind) -> None:
    check_move("A-1", CaseStatus.OPEN, CaseStatus.LOCATED_ALIVE, Confirmation(kind, "ref"))


@pytest.mark.parametrize("new", [status for status in CaseStatus if not status.needs_confirmation])
def test_other_moves_take_no_proof(new: CaseStatus) -> None:
    old = CaseStatus.EXPIRED if new is CaseStatus.OPEN else CaseStatus.OPEN
    with pytest.raises(WrongUse, match="takes no confirmation"):
        check_move("A-1", old, new, PROOF)


@pytest.mark.parametrize("reference", ["", " ", "\n\t"])
def test_a_proof_can_be_looked_up(reference: str) -> None:
    with pytest.raises(WrongUse, match="needs the reference"):
        Confirmation(ConfirmationKind.POLICE, reference)


RANGES = [("age", 0, 120), ("height_cm", 20, 250), ("weight_kg", 0.3, 300)]


@pytest.mark.parametrize(("name", "low", "high"), RANGES)
def test_the_ends_of_a_range_are_inside(name: str, low: float, high: float) -> None:
    for value in (low, high, None):
        assert getattr(CaseDetails(**{name: value}), name) == value


@pytest.mark.parametrize(("name", "low", "high"), RANGES)
def test_beyond_a_range(name: str, low: float, high: float) -> None:
    for value in (low - 0.01, high + 0.01, float("nan"), float("inf")):
        with pytest.raises(WrongUse, match=f"{name} is .*: expected {low:g} … {high:g}"):
            CaseDetails(**{name: value})


def test_missing_since_needs_a_zone() -> None:
    with pytest.raises(WrongUse, match="needs a time zone"):
        CaseDetails(missing_since=datetime(2026, 1, 2))  # noqa: DTZ001 - this is the fault


def test_nobody_goes_missing_before_birth() -> None:
    CaseDetails(born=NOW.date(), missing_since=NOW)
    with pytest.raises(WrongUse, match="before the birth date 2026-01-03"):
        CaseDetails(born=NOW.date() + timedelta(days=1), missing_since=NOW)


def photo(**owner: int) -> Photo:
    return Photo(
        id=1,
        position=0,
        blob="b",
        digest="d",
        original_digest="o",
        media_type="image/jpeg",
        width=1,
        height=1,
        size=1,
        taken=date(2020, 1, 1),
        state=PhotoState.READY,
        created_at=NOW,
        **owner,
    )


def test_a_photo_has_one_owner() -> None:
    assert photo(case_id=5).case_id == 5 and photo(sighting_id=6).sighting_id == 6
    for owner in ({}, {"case_id": 5, "sighting_id": 6}):
        with pytest.raises(ValueError, match="one case or to one sighting"):
            photo(**owner)
