"""`Alerts`: the public is asked to look out for a child, as `Matcher.public.alerts` gives it.

An alert shows a card that an officer approved. It is a draft until it is issued; an actual one takes two officers, and
so does each change of it: one proposes, another agrees. To cancel takes one, and happens at once. Its area grows by its
schedule alone: that was decided with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from matcher.accounts.rights import Acting, Right, rights_of
from matcher.domain.alerts import (
    Alert,
    AlertEnd,
    AlertId,
    AlertState,
    Bulletin,
    BulletinKind,
    Circle,
    Meant,
    Proposal,
    Terms,
    check_move,
)
from matcher.domain.cases import Case
from matcher.domain.codes import spoken
from matcher.domain.consents import Scope, allowed
from matcher.domain.ids import new_id, parse_id
from matcher.domain.publications import Publication
from matcher.errors import Conflict, MoveNotAllowed, NotFound, NotPermitted, WrongUse
from matcher.interchange.cells import one_of
from matcher.interchange.geojson import geometry
from matcher.services import alert_endings, cases
from matcher.services.alert_terms import NewTerms, require_wider, terms_of_case, whole_terms
from matcher.services.alert_views import AlertView, view
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.services.telling import content_of, photo_note, tell
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording

GROWN_AT_ONCE = 100  # alerts of one transaction: other writers wait for it
_NOTHING_PROPOSED = Wording("Nobody proposes anything about this alert.")
_SCHEDULE = "schedule"  # who lets an area grow


class Alerts:
    """Alerts of one home. `acting` is who is signed in."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def draft(self, acting: Acting, case_id: str, new: NewTerms | None = None) -> AlertView:
        """Write an alert about an open case that has a live card; nobody outside hears of it.

        `WrongUse` where neither the terms nor the case say where, or since when.
        """
        acting.require(Right.CASE_WRITE)
        cases.check_number(case_id)
        now = self._context.clock()
        with self._context.store.write() as transaction:
            case = cases.require_case(transaction, case_id)
            card = _card(transaction, case, now)
            alert = Alert(
                id=AlertId(new_id()),
                case_id=case.id,
                card_id=card.id,
                state=AlertState.DRAFT,
                terms=whole_terms(self._context, new or NewTerms(), terms_of_case(case)),
                drafted_by=acting.name,
                drafted_at=now,
                updated_at=now,
            )
            transaction.alerts.add(alert)
            return self._done(transaction, acting, "alert.draft", alert)

    def issue(self, acting: Acting, alert: str, meant: Meant | str) -> AlertView:
        """Issue a draft: a test or exercise at once, an actual one as soon as another officer has agreed."""
        wanted = one_of(Meant)(meant)
        found = self._require(acting, alert)
        check_move(found.state, AlertState.ISSUED)
        return self._put(acting, found, found.terms, wanted)

    def update(self, acting: Acting, alert: str, new: NewTerms) -> AlertView:
        """Change what an alert says: of a draft, a test or an exercise at once, of an actual one as soon as another
        officer has agreed. No area becomes smaller: whoever was told of the alert is told of its end.
        """
        found = self._require(acting, alert)
        if found.state is AlertState.CANCELLED:
            raise MoveNotAllowed(Wording("The alert is cancelled: write a new one."))
        terms = whole_terms(self._context, new, found.terms)
        if found.state is AlertState.DRAFT:
            with self._context.store.write() as transaction:
                now = _unchanged(transaction, found)
                changed = replace(now, terms=terms, proposal=None, updated_at=self._context.clock())
                transaction.alerts.update(changed)
                return self._done(transaction, acting, "alert.change", changed)
        require_wider(found.terms, terms, self._context.clock())
        if found.meant is None:
            raise ValueError("an issued alert is meant in some way")
        return self._put(acting, found, terms, found.meant)

    def approve(self, acting: Acting, alert: str, *, seen: datetime | None = None) -> AlertView:
        """Agree to what another officer proposes, which then happens. `seen`: the `updated_at` of what was looked at.

        `NotPermitted` for one's own proposal, `Conflict` without one or if it is another by now.
        """
        found = self._require(acting, alert)
        proposal = found.proposal
        if proposal is None:
            raise Conflict(_NOTHING_PROPOSED)
        if seen not in (None, found.updated_at):
            raise Conflict(Wording("The alert was changed meanwhile: look at what is proposed now."))
        if proposal.by == acting.name:
            raise NotPermitted(Wording("An actual alert takes two people: another officer has to agree."))
        self._require_proposer(proposal)
        if found.state is AlertState.ISSUED:  # its area may have grown since this was proposed
            require_wider(found.terms, proposal.terms, self._context.clock())
        people = tuple(sorted({proposal.by, acting.name}))
        return self._tell(acting, found, proposal.terms, proposal.meant, people)

    def decline(self, acting: Acting, alert: str, *, reason: str) -> AlertView:
        """Let what is proposed not happen, one's own too: all stays as it is. `Conflict` where nothing is proposed."""
        acting.require(Right.PUBLISH)
        if not reason.strip():
            raise WrongUse(Wording("Why should it not happen? Give a reason."))
        with self._context.store.write() as transaction:
            found = require(transaction, alert)
            if found.proposal is None:
                raise Conflict(_NOTHING_PROPOSED)
            declined = replace(found, proposal=None, updated_at=self._context.clock())
            transaction.alerts.update(declined)
            return self._done(transaction, acting, "alert.decline", declined, reason)

    def cancel(self, acting: Acting, alert: str, *, reason: str) -> AlertView:
        """End an alert at once, a draft too, and tell whoever was told of it."""
        acting.require(Right.PUBLISH)
        if not reason.strip():
            raise WrongUse(Wording("Why is the alert cancelled? Give a reason."))
        with self._context.store.write() as transaction:
            found = require(transaction, alert)
            if found.state is AlertState.CANCELLED:
                raise MoveNotAllowed(Wording("The alert is cancelled already."))
            who = Who.of(acting, ReasonCode.PUBLICATION, reason)
            over = alert_endings.cancel(self._context, transaction, found, AlertEnd.OFFICER, who)
            return view(transaction, over, self._context.clock())

    def alert(self, acting: Acting, alert: str) -> AlertView:
        """One alert."""
        acting.require(Right.CASE_READ)
        with self._context.store.read() as reading:
            return view(reading, require(reading, alert), self._context.clock())

    def bulletins(self, acting: Acting, alert: str) -> Sequence[Bulletin]:
        """All that was told of an alert, in its order."""
        acting.require(Right.CASE_READ)
        with self._context.store.read() as reading:
            return reading.alerts.bulletins_of(require(reading, alert).id)

    def of_case(self, acting: Acting, case_id: str) -> list[AlertView]:
        """All alerts of a case, newest first."""
        acting.require(Right.CASE_READ)
        cases.check_number(case_id)
        with self._context.store.read() as reading:
            case = cases.require_case(reading, case_id)
            return [view(reading, one, self._context.clock()) for one in reading.alerts.of_case(case.id)]

    def listed(self, acting: Acting, *, ended: bool = False, limit: int | None = None) -> list[AlertView]:
        """Drafts and issued alerts, newest first; `ended`: those that were cancelled or have run out instead."""
        acting.require(Right.CASE_READ)
        now = self._context.clock()
        with self._context.store.read() as reading:
            return [view(reading, one, now) for one in reading.alerts.listed(now, ended=ended, limit=limit)]

    def _require(self, acting: Acting, alert: str) -> Alert:
        acting.require(Right.PUBLISH)
        with self._context.store.read() as reading:
            return require(reading, alert)

    def _require_proposer(self, proposal: Proposal) -> None:
        """One of the two people must not be somebody who may not do this any more."""
        with self._context.store.read() as reading:
            person = reading.people.by_name(proposal.by)
        if person is None or not person.active or Right.PUBLISH not in rights_of(person.roles):
            told = {"who": proposal.by}
            raise NotPermitted(
                Wording("{who}, who proposed it, may not issue alerts any more: propose it yourself.", **told)
            )

    def _put(self, acting: Acting, found: Alert, terms: Terms, meant: Meant) -> AlertView:
        """Do what is wanted where one person may; else keep it as a proposal."""
        if meant is not Meant.ACTUAL:
            return self._tell(acting, found, terms, meant, (acting.name,))
        now = self._context.clock()
        with self._context.store.write() as transaction:
            _require_allowed(transaction, _unchanged(transaction, found), terms, now)
            proposal = Proposal(terms=terms, meant=meant, by=acting.name, at=now)
            waiting = replace(found, proposal=proposal, updated_at=now)
            transaction.alerts.update(waiting)
            return self._done(transaction, acting, "alert.propose", waiting)

    def _tell(self, acting: Acting, found: Alert, terms: Terms, meant: Meant, people: tuple[str, ...]) -> AlertView:
        with self._context.store.read() as reading:
            card = reading.cards.get(found.card_id)
        photo = photo_note(self._context, card.face_id) if card is not None else {}
        now = self._context.clock()
        with self._context.store.write() as transaction:
            card = _require_allowed(transaction, _unchanged(transaction, found), terms, now)
            first = found.state is AlertState.DRAFT
            told = replace(
                found,
                state=AlertState.ISSUED,
                terms=terms,
                meant=meant,
                proposal=None,
                grows_at=terms.growth.next_change(terms.since, now),
                issued_by=people if first else found.issued_by,
                issued_at=now if first else found.issued_at,
                updated_at=now,
            )
            kind = BulletinKind.ALERT if first else BulletinKind.UPDATE
            number = tell(self._context, transaction, told, kind, content_of(card, terms, photo))
            told = replace(told, bulletin=number)
            transaction.alerts.update(told)
            return self._done(transaction, acting, "alert.issue" if first else "alert.update", told)

    def _done(
        self, transaction: Transaction, acting: Acting, action: str, alert: Alert, reason: str | None = None
    ) -> AlertView:
        radius = round(alert.terms.circle(self._context.clock()).radius_km)
        details = {"meant": None if alert.meant is None else alert.meant.value, "radius_km": radius}
        trace = Trace(action, [alert.case_id, alert.id], details=details)
        record(self._context, transaction, Who.of(acting, ReasonCode.PUBLICATION, reason), trace)
        return view(transaction, alert, self._context.clock())


def grow_due(context: Context) -> int:
    """Let the areas grow whose time has come, and tell so: how many. Safe to call from several processes at once."""
    now, count = context.clock(), 0
    while True:
        with context.store.read() as reading:
            due = reading.alerts.growing(now, GROWN_AT_ONCE)
        if not due:
            return count
        # Most of the work, before others wait for it; whoever else lets the same ones grow does it for nothing.
        drawn = {circle: geometry(circle) for circle in {one.terms.circle(now) for one in due}}
        with context.store.write() as transaction:
            due = transaction.alerts.growing(now, GROWN_AT_ONCE)
            for one in due:
                _grow(context, transaction, one, now, drawn)
        count += len(due)


def _grow(
    context: Context, transaction: Transaction, alert: Alert, now: datetime, drawn: Mapping[Circle, Mapping[str, Any]]
) -> None:
    before = None if alert.bulletin is None else transaction.alerts.bulletin(alert.bulletin)
    grown = replace(alert, grows_at=alert.terms.growth.next_change(alert.terms.since, now), updated_at=now)
    circle = alert.terms.circle(now)
    if before is not None and before.circle != circle:
        number = tell(context, transaction, grown, BulletinKind.UPDATE, before.content, drawn)
        grown = replace(grown, bulletin=number)
        trace = Trace("alert.grow", [alert.case_id, alert.id], details={"radius_km": circle.radius_km})
        record(context, transaction, Who(_SCHEDULE, ReasonCode.PUBLICATION), trace)
    transaction.alerts.update(grown)


def require(reading: Reading, given: str) -> Alert:
    """The alert of a shown id; `NotFound` names it."""
    found = reading.alerts.get(AlertId(parse_id(given)))
    if found is None:
        raise NotFound(
            Wording("There is no alert '{alert}'.", alert=given), step="`matcher alert list` shows all alerts."
        )
    return found


def _unchanged(transaction: Transaction, found: Alert) -> Alert:
    """The alert as it was looked at; `Conflict` if somebody changed it meanwhile."""
    now = transaction.alerts.get(found.id)
    if now is None or now != found:
        raise Conflict(Wording("The alert was changed meanwhile: look at it again."))
    return now


def _card(reading: Reading, case: Case, now: datetime) -> Publication:
    card = reading.cards.live_of(case.id)
    if card is None or not card.shown(now):
        raise MoveNotAllowed(
            Wording("Case '{case}' has no card that the public sees: approve one first.", case=case.number)
        )
    return card


def _require_allowed(reading: Reading, alert: Alert, terms: Terms, now: datetime) -> Publication:
    """The card that an alert shows, if both may be shown now."""
    case = reading.cases.by_ids([alert.case_id])[alert.case_id]
    if not allowed(reading.consents.of_case(case.id), Scope.ALERTS):
        raise WrongUse(
            Wording("Nobody consents to alerts for case '{case}': record a consent first.", case=case.number),
            step=f"`matcher case consent add {case.number} --by … --scope alerts` records one.",
        )
    card = _card(reading, case, now)
    if card.id != alert.card_id:
        told = {"card": spoken(card.code)}
        raise Conflict(Wording("The public sees another card, {card}, by now: write a new alert.", **told))
    if terms.expires_at <= now:
        raise WrongUse(Wording("The alert has run out: give it a later end first."))
    if terms.expires_at > card.expires_at:
        raise WrongUse(
            Wording(
                "The card runs out at {time} UTC, before the alert does: approve a new card, or end the alert earlier.",
                time=f"{card.expires_at:%Y-%m-%d %H:%M}",
            )
        )
    return card
