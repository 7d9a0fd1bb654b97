"""How what is kept about people ends, as `Matcher.endings` gives it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from matcher.accounts.rights import Acting, Right
from matcher.domain.ids import id_text, parse_id
from matcher.errors import WrongUse
from matcher.services import cases, erasing, erasure_list, erasure_statement, retention, subjects
from matcher.services.context import Context
from matcher.services.erasing import ErasureView
from matcher.services.erasure_statement import Verification
from matcher.services.inputs import ReasonCode, Who
from matcher.services.retention import RetentionPlan, RetentionView
from matcher.services.subjects import SubjectView


class Endings:
    """Erasure and its proof. `acting` is who is signed in; `actor` a name that somebody gave."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def erase_case(self, acting: Acting, case_id: str) -> ErasureView:
        """Erase everything about a case, by its number; it cannot be taken back."""
        acting.require(Right.CASE_CLOSE)
        cases.check_number(case_id)
        with self._context.store.read() as reading:
            found = cases.require_case(reading, case_id)
        return erasing.erase_case(self._context, id_text(found.id), Who.of(acting, ReasonCode.CLOSURE))

    def erase_sighting(self, acting: Acting, sighting_id: str) -> ErasureView:
        """Erase everything about a sighting; it cannot be taken back."""
        acting.require(Right.CASE_CLOSE)
        return erasing.erase_sighting(self._context, sighting_id, Who.of(acting, ReasonCode.CLOSURE))

    def erasures(self) -> Sequence[ErasureView]:
        """What was erased, in the order of time, and what of its proof is awaited."""
        return erasing.listed(self._context)

    def finish(self, *, actor: str) -> Sequence[ErasureView]:
        """Try to complete and to prove all erasures, as each reindex does; those that were not proved before."""
        return erasing.finish(self._context, Who(actor, ReasonCode.MAINTENANCE))

    def tombstone(self, erased_id: str) -> str:
        """What is kept of an erasure, as JSON: with it, another copy of this home can be searched."""
        return erasure_statement.to_json(erasing.tombstone(self._context, erased_id))

    def verify_erasure(self, erased_id: str, *, tombstone: str | None = None) -> Verification:
        """Search everything for remains of what had this id, and sign what came of it; nothing is changed.

        `tombstone` is that of another copy of this home. `NotFound` if nothing of this id was erased.
        """
        if tombstone is None:
            return erasure_statement.verify(self._context, erasing.tombstone(self._context, erased_id))
        erasure = erasure_statement.from_json(tombstone)
        if erasure.id != parse_id(erased_id):
            raise WrongUse(f"This is the tombstone of '{id_text(erasure.id)}', not of '{erased_id}': give its own.")
        return erasure_statement.verify(self._context, erasure)

    def export_subject(self, acting: Acting, subject: str, file: IO[bytes], *, note: str | None = None) -> SubjectView:
        """Write everything that is held about a case (by number) or a sighting (by id) to an open file, as a ZIP."""
        acting.require(Right.CASE_CLOSE)
        found = subjects.find(self._context, subject)
        return subjects.export(self._context, found, Who.of(acting, ReasonCode.CLOSURE, note), file)

    def retention_plan(self, *, ahead_days: float = 0) -> RetentionPlan:
        """What the rules of retention would let go now, or within so many days; nothing is changed."""
        return retention.plan(self._context, ahead_days=ahead_days)

    def apply_retention(self, *, actor: str, reason: str | None = None, accept_large: bool = False) -> RetentionView:
        """Let go what is due; `Conflict` if that were more than 5 in 100 of the home, unless `accept_large`."""
        who = Who(actor, ReasonCode.MAINTENANCE, reason)
        return retention.apply(self._context, who, accept_large=accept_large)

    @property
    def erasure_list(self) -> Path:
        """The file outside the home that lists what was erased."""
        return erasure_list.path_of(self._context)

    @property
    def public_key(self) -> str:
        """The key by which others check this home's statements, for the office to publish."""
        return self._context.signer.public


def check_statement(document: object, public_key: str | None = None) -> dict[str, Any]:
    """The statement of a signed document; `Damaged` unless it was signed, by this key if one is given."""
    return erasure_statement.checked(document, public_key)
