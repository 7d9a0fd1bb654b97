"""Fields and confirmations as callers write them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from matcher.domain.cases import CaseDetails, Circumstance, Confirmation, ConfirmationKind, LegalBasis, Sex
from matcher.domain.records import Report
from matcher.errors import WrongUse
from matcher.services.details import case_fields, confirmation, sighting_fields


def test_erasing_any_field_leaves_what_a_new_case_has() -> None:
    full = CaseDetails(
        name="Li",
        other_names=("Nana",),
        sex=Sex.MALE,
        circumstance=Circumstance.LOST,
        legal_basis=LegalBasis.COURT_ORDER,
    )
    every = dict.fromkeys(CaseDetails.__dataclass_fields__)
    assert replace(full, **case_fields(every)) == CaseDetails()


def test_a_report_field_of_none_is_one_left_out() -> None:
    assert Report(**sighting_fields(dict.fromkeys(Report.__dataclass_fields__))) == Report()


@pytest.mark.parametrize("kind", ["dna", " DNA ", ConfirmationKind.DNA])
def test_a_confirmation_by_word_or_member(kind: Any) -> None:
    assert confirmation((kind, "L-17")) == Confirmation(ConfirmationKind.DNA, "L-17")


@pytest.mark.parametrize("given", [("dna",), ("dna", None), ("dna", "L", 3), "dna", 17, ("luck", "L"), ("dna", " ")])
def test_half_a_confirmation_is_wrong_use(given: Any) -> None:
    with pytest.raises(WrongUse, match=r"[cC]onfirmation"):
        confirmation(given)


def test_positions_that_no_number_can_hold_are_refused() -> None:
    with pytest.raises(WrongUse, match="a pair of latitude and longitude"):
        case_fields({"last_seen": (10**400, 1)})
