"""Consents: recorded, and withdrawn with what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from matcher.accounts.rights import Acting, Right
from matcher.domain.cases import Case, CaseStatus
from matcher.domain.consents import Consent, ConsentId, Giver, Scope, search_withdrawn, stands_alone
from matcher.domain.ids import new_id, parse_id
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.interchange.cells import one_of, text
from matcher.services import alert_endings, case_views, cases
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.details import parsed
from matcher.services.inputs import ReasonCode, Who
from matcher.services.views import CaseView
from matcher.store.database import Transaction
from matcher.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    """A consent as it is told; `given_at` is an aware time, `None` now."""

    giver: Giver | str
    scopes: Iterable[Scope | str]
    name: str | None = None
    relationship: str | None = None
    document: str | None = None
    given_at: datetime | None = None


class Consents:
    """`Matcher.consents`. They are read with their case."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, acting: Acting, case_id: str, new: NewConsent, *, note: str | None = None) -> CaseView:
        """Record that somebody allows something for a case."""
        acting.require(Right.CASE_WRITE)
        view = add(self._context, case_id, new, Who.of(acting, ReasonCode.REGISTRATION, note))
        return self._seen(acting, view)

    def withdraw(
        self, acting: Acting, consent: str, scope: Scope | str | None = None, *, note: str | None = None
    ) -> CaseView:
        """Record that a consent, or one scope of it, is taken back; `warnings` say what followed.

        It takes no right to close cases: that a case is closed because its consent is gone is the family's decision.
        """
        acting.require(Right.CASE_WRITE)
        wanted = None if scope is None else one_of(Scope)(scope)
        view = withdraw(self._context, consent, wanted, Who.of(acting, ReasonCode.CORRECTION, note))
        return self._seen(acting, view)

    def _seen(self, acting: Acting, view: CaseView) -> CaseView:
        case_views.recuse(self._context, view.case_id, Who.of(acting, ReasonCode.REVIEW))
        return view


def add(context: Context, number: str, new: NewConsent, who: Who) -> CaseView:
    """Record a consent for a case; `WrongUse` for one without a scope, or given in the future."""
    cases.check_number(number)
    now = context.clock()
    given_at = new.given_at or now
    if given_at > now:
        raise WrongUse(f"A consent cannot be given on {given_at:%Y-%m-%d}, which is to come.")
    scopes = {one_of(Scope)(scope) for scope in new.scopes}
    with context.store.write() as transaction:
        case = cases.require_case(transaction, number)
        consent = Consent(
            id=ConsentId(new_id()),
            case_id=case.id,
            giver=one_of(Giver)(new.giver),
            scopes=tuple(scope for scope in Scope if scope in scopes),
            given_at=given_at,
            recorded_by=who.actor,
            recorded_at=now,
            name=_told("name", new.name),
            relationship=_told("relationship", new.relationship),
            document=_told("document", new.document),
        )
        transaction.consents.add(consent)
        details = {"giver": consent.giver.value, "scopes": ",".join(consent.scopes)}
        record(context, transaction, who, Trace("consent.add", [case.id, consent.id], details=details))
        notices = case_views.guardian_notice(transaction, case, now.date())
        return case_views.of_case(transaction, case, notices)


def withdraw(context: Context, shown_id: str, scope: Scope | None, who: Who) -> CaseView:
    """Take back a consent, or one scope of it: what remains is recorded anew, from the same paper.

    Without a consent to search and without another legal basis, an open case leaves every search in the same step. With
    another basis it stays, and `warnings` say so. `NotFound`, `Conflict` if it is withdrawn already.
    """
    number, now = ConsentId(parse_id(shown_id)), context.clock()
    with context.store.write() as transaction:
        consent = transaction.consents.get(number)
        if consent is None:
            raise NotFound(f"There is no consent '{shown_id}': `matcher case consent list CASE` shows those of a case.")
        if consent.withdrawn_at is not None:
            raise Conflict(
                f"The consent '{shown_id}' was withdrawn at {consent.withdrawn_at:%Y-%m-%d %H:%M} UTC already."
            )
        if scope is not None and scope not in consent.scopes:
            raise WrongUse(f"The consent '{shown_id}' does not allow {scope.value}: {', '.join(consent.scopes)}.")
        transaction.consents.withdraw(number, now, who.actor)
        _keep_rest(transaction, consent, scope, now, who)
        details = {"scopes": ",".join(consent.scopes) if scope is None else scope.value}
        record(context, transaction, who, Trace("consent.withdraw", [consent.case_id, number], details=details))
        case = transaction.cases.by_ids([consent.case_id])[consent.case_id]
        notices = alert_endings.end_without_consent(context, transaction, case.id, who)
        notices += _follow(context, transaction, case, who)
        now_case = transaction.cases.by_ids([case.id])[case.id]
        return case_views.of_case(transaction, now_case, notices)


def _keep_rest(transaction: Transaction, consent: Consent, scope: Scope | None, now: datetime, who: Who) -> None:
    rest = tuple(one for one in consent.scopes if scope not in (None, one))
    if rest:
        anew = replace(consent, id=ConsentId(new_id()), scopes=rest, recorded_at=now, recorded_by=who.actor)
        transaction.consents.add(anew)


def _follow(context: Context, transaction: Transaction, case: Case, who: Who) -> list[str]:
    """Take a case out of the search when nothing allows it any more; what to say of it."""
    if not case.status.searched or not search_withdrawn(transaction.consents.of_case(case.id)):
        return []
    basis = case.details.legal_basis
    if stands_alone(basis):
        told = {"case": case.number, "basis": basis.value}
        return [
            Wording(
                "Nobody consents to the search of case '{case}' any more; it goes on by its legal basis '{basis}'. An "
                "officer should decide whether it may.",
                **told,
            )
        ]
    cases.close(context, transaction, case, (CaseStatus.WITHDRAWN, None), who)
    return [Wording("Case '{case}' is closed as withdrawn: nothing allows a search for it any more.", case=case.number)]


def _told(name: str, value: str | None) -> str | None:
    return None if value is None else parsed(name, value, text) or None
