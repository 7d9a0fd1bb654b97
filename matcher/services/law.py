"""What the doctor says of consents, and of how many people a home holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matcher.domain.cases import CaseStatus
from matcher.domain.consents import GUARDED_UNTIL, lacks_guardian, search_withdrawn
from matcher.matching.plausibility import age_at
from matcher.services.context import Context
from matcher.services.findings import Finding
from matcher.store.database import Reading

FILED_FROM = 100_000  # people


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """How many people a home holds at most: each case is one, and each face of a sighting that is kept as numbers.

    It is an upper bound: the same person may be in several sightings, and be the child of a case.
    """

    cases: int
    sighting_faces: int

    @property
    def at_most(self) -> int:
        return self.cases + self.sighting_faces

    def __str__(self) -> str:
        parts = f"{self.cases:,} cases and {self.sighting_faces:,} faces of sightings"
        return f"at most {self.at_most:,} different people: {parts}, each counted as a person of its own"


def count_people(reading: Reading) -> PeopleCount:
    """The counts of one state of the database."""
    return PeopleCount(sum(reading.cases.count_by_status().values()), reading.faces.count_of_sightings())


def _people(context: Context) -> Finding:
    with context.store.read() as reading:
        count = count_people(reading)
    if count.at_most < FILED_FROM:
        return Finding("people", True, str(count))
    step = (
        "In China, Article 15 of the Security Management Measures for the Application of Facial Recognition Technology "
        "asks for a filing with the provincial cyberspace authority within 30 working days: ask a lawyer."
    )
    return Finding("people", None, f"{count}.", step)


def _consents(context: Context) -> Finding:
    today = context.clock().date()
    with context.store.read() as reading:
        cases = reading.cases.list(status=CaseStatus.OPEN)
        consents = reading.consents.of_cases(case.id for case in cases)
    unguarded = [
        case.number
        for case in cases
        if lacks_guardian(age_at(case.details, today), case.details.legal_basis, consents[case.id])
    ]
    withdrawn = [case.number for case in cases if search_withdrawn(consents[case.id])]
    if withdrawn:
        text = f"open cases whose consent to the search was withdrawn: {len(withdrawn)}, the first is '{withdrawn[0]}'."
        return Finding("consents", None, text, "An officer decides whether another legal basis carries each of them.")
    if unguarded:
        text = f"open cases of children under {GUARDED_UNTIL} without a guardian's consent or another legal basis: "
        step = "Record consents with `matcher case consent add`, or the basis with `matcher case update`."
        return Finding("consents", None, f"{text}{len(unguarded)}, the first is '{unguarded[0]}'.", step)
    return Finding("consents", True, f"none is missing for a child known to be under {GUARDED_UNTIL}")


CHECKS: tuple[tuple[str, Callable[[Context], Finding]], ...] = (("consents", _consents), ("people", _people))
