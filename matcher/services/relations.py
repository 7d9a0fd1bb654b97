"""Relations between cases: declared, corrected and withdrawn by people."""

from __future__ import annotations

from matcher.domain.cases import Case
from matcher.domain.relations import CaseRelation, RelationKind, ordered
from matcher.errors import WrongUse
from matcher.services import case_views
from matcher.services.auditing import Trace, record
from matcher.services.cases import check_number, require_case
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.views import CaseView
from matcher.store.database import Transaction
from matcher.wording import Wording


def relate(context: Context, number: str, other: str, kind: RelationKind, who: Who) -> CaseView:
    """Declare how two cases are related, instead of anything declared before; the same again changes nothing."""
    with context.store.write() as transaction:
        case, second = _pair(transaction, number, other)
        known = transaction.relations.between(case.id, second.id)
        if known is not None and known.kind is kind:
            notice = f"Cases '{number}' and '{other}' are related as {kind.value} already: nothing was changed."
            return case_views.of_case(transaction, case, [notice])
        low, high = ordered(case.id, second.id)
        transaction.relations.put(CaseRelation(first=low, second=high, kind=kind, actor=who.actor, at=context.clock()))
        replaced = None if known is None else known.kind.value
        details = {"kind": kind.value, "replaced": replaced}
        record(context, transaction, who, Trace("case.relate", [case.id, second.id], details=details))
        notices = [] if replaced is None else [f"'{kind.value}' replaces '{replaced}', which was declared before."]
        return case_views.of_case(transaction, case, notices)


def unrelate(context: Context, number: str, other: str, who: Who) -> CaseView:
    """Withdraw what was declared about two cases; where there was nothing, nothing changes."""
    with context.store.write() as transaction:
        case, second = _pair(transaction, number, other)
        known = transaction.relations.between(case.id, second.id)
        if known is None:
            notice = f"Nothing was declared about cases '{number}' and '{other}': nothing was changed."
            return case_views.of_case(transaction, case, [notice])
        transaction.relations.remove(case.id, second.id)
        trace = Trace("case.unrelate", [case.id, second.id], details={"kind": known.kind.value})
        record(context, transaction, who, trace)
        return case_views.of_case(transaction, case)


def _pair(transaction: Transaction, number: str, other: str) -> tuple[Case, Case]:
    for given in (number, other):
        check_number(given)
    if number == other:
        raise WrongUse(Wording("Case '{case}' cannot be related to itself: name two cases.", case=number))
    return require_case(transaction, number), require_case(transaction, other)
