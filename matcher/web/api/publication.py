"""What the public sees of a case: cards, alerts, and consents to both."""

from __future__ import annotations

from matcher.domain.alerts import Growth
from matcher.domain.positions import Position
from matcher.domain.publications import CardState
from matcher.interchange.cells import instant, moment
from matcher.services.alert_terms import NewTerms
from matcher.services.alert_views import AlertView
from matcher.services.cards import CardView, NewCard
from matcher.services.consents import NewConsent
from matcher.services.details import parsed
from matcher.services.views import CaseView
from matcher.web import apart
from matcher.web.api.answers import BulletinView, of_bulletin
from matcher.web.api.bodies import Reason
from matcher.web.api.caller import router_of
from matcher.web.api.parameters import (
    AlertId,
    CardName,
    CaseNumber,
    CaseReader,
    CaseWriter,
    ConsentId,
    Limit,
    Publisher,
)
from matcher.web.api.public_bodies import Agreement, AlertTerms, CardOrder, ConsentOrder, ConsentWithdrawal, Issue
from matcher.web.parts import Whole, whole

router = router_of("Cards and alerts")

# Consents


@router.post("/cases/{case}/consents", status_code=201, summary="Record a consent")
def add_consent(caller: CaseWriter, case: CaseNumber, given: ConsentOrder) -> CaseView:
    """Record that somebody allows something for a case; whoever does is recused from it."""
    at = None if given.given_at is None else parsed("given_at", given.given_at, moment)
    new = NewConsent(given_at=at, **given.model_dump(exclude={"given_at"}))
    return caller.consents.add(caller.acting, case, new)


@router.post("/consents/{consent}/withdraw", summary="Withdraw a consent")
def withdraw_consent(caller: CaseWriter, consent: ConsentId, given: ConsentWithdrawal) -> CaseView:
    """Record that a consent, or one scope of it, is taken back; `warnings` say what followed from it."""
    return caller.consents.withdraw(caller.acting, consent, given.scope, note=given.note)


# Cards


@router.get("/cards", summary="Cards")
def cards(caller: CaseReader, state: CardState | None = None, limit: Limit = 50) -> Whole[CardView]:
    """Cards of all cases, newest first."""
    return whole(caller.public.cards.listed(caller.acting, state, limit + 1), limit)


@router.get("/cases/{case}/cards", summary="Cards of a case")
def case_cards(caller: CaseReader, case: CaseNumber) -> Whole[CardView]:
    """All cards of a case, newest first."""
    return whole(caller.public.cards.of_case(caller.acting, case))


@router.post("/cases/{case}/cards", status_code=201, summary="Draft a card")
def draft_card(caller: CaseWriter, case: CaseNumber, given: CardOrder) -> CardView:
    """Write a card of an open case, for an officer to approve; nobody outside sees it."""
    return caller.public.cards.draft(caller.acting, case, NewCard(**given.model_dump()))


@router.get("/cards/{card}", summary="A card")
def card(caller: CaseReader, card: CardName) -> CardView:
    """One card, by its id or its code."""
    return caller.public.cards.card(caller.acting, card)


@router.post("/cards/{card}/approve", summary="Approve a card")
@apart.pictures
def approve_card(caller: Publisher, card: CardName) -> CardView:
    """Show a drafted card to the public, in place of one that is shown; alerts go on with it."""
    return caller.public.cards.approve(caller.acting, card)


@router.post("/cards/{card}/withdraw", summary="Withdraw a card")
def withdraw_card(caller: Publisher, card: CardName, given: Reason) -> CardView:
    """Take a card back at once, a draft too; alerts that show it are cancelled."""
    return caller.public.cards.withdraw(caller.acting, card, reason=given.note)


# Alerts


@router.get("/alerts", summary="Alerts")
def alerts(caller: CaseReader, ended: bool = False, limit: Limit = 50) -> Whole[AlertView]:
    """Drafts and running alerts, newest first; `ended`: those that were cancelled or have run out instead."""
    return whole(caller.public.alerts.listed(caller.acting, ended=ended, limit=limit + 1), limit)


@router.get("/cases/{case}/alerts", summary="Alerts of a case")
def case_alerts(caller: CaseReader, case: CaseNumber) -> Whole[AlertView]:
    """All alerts of a case, newest first."""
    return whole(caller.public.alerts.of_case(caller.acting, case))


@router.post("/cases/{case}/alerts", status_code=201, summary="Draft an alert")
def draft_alert(caller: CaseWriter, case: CaseNumber, given: AlertTerms) -> AlertView:
    """Write an alert about an open case that has a card; nobody outside hears of it."""
    return caller.public.alerts.draft(caller.acting, case, _terms(given))


@router.get("/alerts/{alert}", summary="An alert")
def alert(caller: CaseReader, alert: AlertId) -> AlertView:
    """One alert, with what is proposed of it."""
    return caller.public.alerts.alert(caller.acting, alert)


@router.get("/alerts/{alert}/bulletins", summary="What was told of an alert")
def bulletins(caller: CaseReader, alert: AlertId) -> Whole[BulletinView]:
    """All that was told of an alert, in its order."""
    return whole([of_bulletin(one) for one in caller.public.alerts.bulletins(caller.acting, alert)])


@router.patch("/alerts/{alert}", summary="Change an alert")
@apart.pictures
def change_alert(caller: Publisher, alert: AlertId, given: AlertTerms) -> AlertView:
    """Change what an alert says; of an actual one this is a proposal, for another officer to agree to."""
    return caller.public.alerts.update(caller.acting, alert, _terms(given))


@router.post("/alerts/{alert}/issue", summary="Issue an alert")
@apart.pictures
def issue_alert(caller: Publisher, alert: AlertId, given: Issue) -> AlertView:
    """Issue a draft: a test or exercise at once, an actual one when another officer has agreed."""
    return caller.public.alerts.issue(caller.acting, alert, given.meant)


@router.post("/alerts/{alert}/agree", summary="Agree to what is proposed")
@apart.pictures
def agree(caller: Publisher, alert: AlertId, given: Agreement) -> AlertView:
    """Agree to what another officer proposes, which then happens; 409 if it is another by now than what was seen."""
    return caller.public.alerts.approve(caller.acting, alert, seen=given.seen)


@router.post("/alerts/{alert}/decline", summary="Decline what is proposed")
def decline(caller: Publisher, alert: AlertId, given: Reason) -> AlertView:
    """Let what is proposed not happen, one's own too: all stays as it is; 409 if nothing is proposed."""
    return caller.public.alerts.decline(caller.acting, alert, reason=given.note)


@router.post("/alerts/{alert}/cancel", summary="Cancel an alert")
def cancel_alert(caller: Publisher, alert: AlertId, given: Reason) -> AlertView:
    """End an alert at once, a draft too, and tell whoever was told of it."""
    return caller.public.alerts.cancel(caller.acting, alert, reason=given.note)


def _terms(given: AlertTerms) -> NewTerms:
    return NewTerms(
        centre=None if given.centre is None else Position(given.centre.lat, given.centre.lon),
        place=given.place,
        growth=_growth(given),
        since=None if given.since is None else parsed("since", given.since, moment),
        expires_at=None if given.expires_at is None else parsed("expires_at", given.expires_at, instant),
        note=given.note,
    )


def _growth(given: AlertTerms) -> Growth | str | None:
    if isinstance(given.growth, list):
        return Growth(tuple((step.hours, step.radius_km) for step in given.growth))
    return given.growth
