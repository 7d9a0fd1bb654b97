"""What ends cards and alerts, always in the step that made them wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from matcher.domain.alerts import Alert, AlertEnd, AlertState, BulletinKind
from matcher.domain.consents import Scope, allowed
from matcher.domain.ids import CaseId, FaceId
from matcher.domain.publications import CardEnd, CardState, Publication
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.telling import content_of, tell
from matcher.store.database import Transaction
from matcher.wording import Wording

_FOR_ALERT = {CardEnd.CASE: AlertEnd.CASE, CardEnd.CONSENT: AlertEnd.CONSENT}


def end_of_case(context: Context, transaction: Transaction, case_id: CaseId, who: Who) -> int:
    """A case is open no more: all that the public sees of it goes. How many alerts were cancelled."""
    return _end_all(context, transaction, case_id, CardEnd.CASE, who)


def end_without_consent(context: Context, transaction: Transaction, case_id: CaseId, who: Who) -> list[str]:
    """End what nobody consents to any more; what to say of it."""
    consents = transaction.consents.of_case(case_id)
    if not allowed(consents, Scope.PUBLICATION):
        count = len(transaction.cards.of_case(case_id))
        ended = _end_all(context, transaction, case_id, CardEnd.CONSENT, who)
        return _notices(ended, count)
    if not allowed(consents, Scope.ALERTS):
        running = [one for one in transaction.alerts.of_case(case_id) if one.state is not AlertState.CANCELLED]
        for one in running:
            cancel(context, transaction, one, AlertEnd.CONSENT, who)
        return _notices(len(running), 0)
    return []


def end_of_restored(context: Context, transaction: Transaction, who: Who) -> tuple[int, int]:
    """Take back all that a home showed when its backup was made: how many cards and alerts.

    What was taken back after that is not known to it, and would be shown again; officers look at each anew. Bulletins
    go on with higher numbers than any that was told after the backup: seconds since 1970, of which there are more.
    """
    now = context.clock()
    transaction.alerts.go_on_behind(int(now.timestamp()), now)
    live = transaction.cards.in_state(CardState.LIVE)
    return len(live), sum(withdraw_card(context, transaction, one, CardEnd.RESTORED, who) for one in live)


def withdraw_of_faces(context: Context, transaction: Transaction, faces: Iterable[FaceId], who: Who) -> list[str]:
    """These faces are not the child's, as was thought: cards that show one go; what to say of it."""
    wrong = [card for card in transaction.cards.of_faces(faces) if card.state is not CardState.WITHDRAWN]
    alerts = sum(withdraw_card(context, transaction, card, CardEnd.FACE, who) for card in wrong)
    shown = Wording("Cards that showed another face as the child's were withdrawn: {count}.", count=len(wrong))
    return ([shown] if wrong else []) + _cancelled(alerts)


def withdraw_card(context: Context, transaction: Transaction, card: Publication, because: CardEnd, who: Who) -> int:
    """Take back a card and cancel the alerts that show it: how many those were."""
    transaction.cards.withdraw(card.id, context.clock(), because, who.actor)
    trace = Trace("card.withdraw", [card.case_id, card.id], details={"because": because.value})
    record(context, transaction, who, trace)
    running = [one for one in transaction.alerts.of_card(card.id) if one.state is not AlertState.CANCELLED]
    for one in running:
        cancel(context, transaction, one, _FOR_ALERT.get(because, AlertEnd.CARD), who)
    return len(running)


def cancel(context: Context, transaction: Transaction, alert: Alert, because: AlertEnd, who: Who) -> Alert:
    """End an alert, and tell all who were told of it."""
    now = context.clock()
    told = alert.state is AlertState.ISSUED
    number = tell(context, transaction, alert, BulletinKind.CANCEL, None) if told else alert.bulletin
    over = replace(
        alert,
        state=AlertState.CANCELLED,
        proposal=None,
        grows_at=None,
        bulletin=number,
        updated_at=now,
        ended_at=now,
        ended_because=because,
        ended_by=who.actor,
    )
    transaction.alerts.update(over)
    trace = Trace("alert.cancel", [alert.case_id, alert.id], details={"because": because.value, "told": told})
    record(context, transaction, who, trace)
    return over


def move_to_card(
    context: Context,
    transaction: Transaction,
    old: Publication,
    new: Publication,
    photo: Mapping[str, Any],
    who: Who,
) -> None:
    """Let the alerts that showed one card show another of the same child, and tell so where they are active; what was
    proposed about them has to be proposed anew.
    """
    now = context.clock()
    for one in transaction.alerts.of_card(old.id):
        if one.state is AlertState.CANCELLED:
            continue
        # Whoever agrees to a proposal has looked at the card that was there.
        moved = replace(one, card_id=new.id, proposal=None, updated_at=now)
        if one.active(now):
            trace = Trace("alert.update", [one.case_id, one.id], details={"card": "replaced"})
            record(context, transaction, who, trace)
            number = tell(context, transaction, moved, BulletinKind.UPDATE, content_of(new, moved.terms, photo))
            moved = replace(moved, bulletin=number)
        transaction.alerts.update(moved)


def _end_all(context: Context, transaction: Transaction, case_id: CaseId, because: CardEnd, who: Who) -> int:
    running = [one for one in transaction.cards.of_case(case_id) if one.state is not CardState.WITHDRAWN]
    return sum(withdraw_card(context, transaction, one, because, who) for one in running)


def _notices(alerts: int, cards: int) -> list[str]:
    notices: list[str] = []
    if cards:
        notices.append(Wording("Nobody consents to publication any more: the cards of the case are withdrawn."))
    return notices + _cancelled(alerts)


def _cancelled(alerts: int) -> list[str]:
    return [Wording("Alerts of the case that were cancelled: {count}.", count=alerts)] if alerts else []
