"""`Partners`: services that are told of alerts by signed webhooks, as `Matcher.public.partners` gives it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from matcher.accounts.rights import Acting, Right
from matcher.config import webhook_problem
from matcher.domain.ids import id_text, new_id
from matcher.domain.messages import Channel, Message, MessageId
from matcher.domain.partners import FAREWELL, Partner, PartnerId
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who, check_text
from matcher.services.sealed_text import seal_text
from matcher.store.database import Reading, Transaction
from matcher.store.keystore import PARTNERS
from matcher.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerView:
    """A partner as administrators see it; `failing_since`: it took nothing since then."""

    id: str
    name: str
    url: str
    tests: bool
    created_at: datetime
    ended_at: datetime | None
    failures: int
    failing_since: datetime | None
    retry_at: datetime | None


class Partners:
    """Partners of one home. `acting` is who is signed in."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, acting: Acting, name: str, url: str, *, tests: bool = False) -> tuple[str, PartnerView]:
        """Add a partner: the secret by which it knows that an event is ours, shown this once, and its record.

        It is told of what is issued from now on; what is active now it finds in the feed. `tests`: of tests and
        exercises too. `Conflict` for a name that is taken, `WrongUse` for an address without https.
        """
        acting.require(Right.PARTNERS)
        check_text("The name of a partner", name, 100)
        if not name.strip() or name != name.strip():
            raise WrongUse(Wording("A partner needs a name without spaces around it."))
        partner = Partner(
            id=PartnerId(new_id()), name=name, url=_checked(url), tests=tests, created_at=self._context.clock()
        )
        secret = secrets.token_urlsafe(32)
        sealed = seal_text(self._context, PARTNERS, name, secret)
        with self._context.store.write() as transaction:
            if transaction.partners.by_name(name) is not None:
                raise Conflict(Wording("There is a partner '{name}' already.", name=name))
            transaction.partners.add(partner, sealed)
            self._record(transaction, acting, "partner.add", partner)
        return secret, _view(partner)

    def renew_secret(self, acting: Acting, name: str) -> str:
        """Another secret for a partner, which holds from the next event on; `Conflict` for one that ended."""
        acting.require(Right.PARTNERS)
        secret = secrets.token_urlsafe(32)
        sealed = seal_text(self._context, PARTNERS, name, secret)
        with self._context.store.write() as transaction:
            partner = _require_active(transaction, name)
            transaction.partners.change(partner, sealed)
            self._record(transaction, acting, "partner.renew_secret", partner)
        return secret

    def end(self, acting: Acting, name: str) -> PartnerView:
        """Tell a partner that it is told nothing more, so that it takes all cards away; `Conflict` if it has ended."""
        acting.require(Right.PARTNERS)
        now = self._context.clock()
        with self._context.store.write() as transaction:
            partner = _require_active(transaction, name)
            ended = replace(partner, ended_at=now, retry_at=None)
            transaction.partners.change(ended)
            transaction.outbox.drop(partner.id, now)
            farewell = Message(
                id=MessageId(new_id()),
                channel=Channel.PARTNER,
                kind=FAREWELL,
                about=partner.id,
                partner_id=partner.id,
                created_at=now,
                due_at=now,
            )
            transaction.outbox.add([farewell])
            self._record(transaction, acting, "partner.end", partner)
        return _view(ended)

    def try_now(self, acting: Acting, name: str) -> PartnerView:
        """Let a partner that failed be told again at once, instead of after its rest, and all that it refused, too.

        `Conflict` for one that ended.
        """
        acting.require(Right.PARTNERS)
        with self._context.store.write() as transaction:
            tried = replace(_require_active(transaction, name), retry_at=None)
            transaction.partners.change(tried)
            transaction.outbox.hasten(tried.id, self._context.clock())
            self._record(transaction, acting, "partner.try", tried)
            return _view(tried)

    def partner(self, acting: Acting, name: str) -> PartnerView:
        """The partner of a name; `Conflict` for one that has ended."""
        acting.require(Right.PARTNERS)
        with self._context.store.read() as reading:
            return _view(_require_active(reading, name))

    def listed(self, acting: Acting) -> list[PartnerView]:
        """All partners by name, those that ended among them."""
        acting.require_one_of(Right.PARTNERS, Right.STATUS)
        with self._context.store.read() as reading:
            return [_view(one) for one in reading.partners.list()]

    def _record(self, transaction: Transaction, acting: Acting, action: str, partner: Partner) -> None:
        trace = Trace(action, [partner.id])
        record(self._context, transaction, Who.of(acting, ReasonCode.ACCOUNTS), trace)


def _require(reading: Reading, name: str) -> Partner:
    found = reading.partners.by_name(name)
    if found is None:
        told = Wording("There is no partner '{name}'.", name=name)
        raise NotFound(told, step="`matcher partner list` shows all partners.")
    return found


def _require_active(reading: Reading, name: str) -> Partner:
    found = _require(reading, name)
    if not found.active:
        raise Conflict(Wording("The partner '{name}' has ended already.", name=name))
    return found


def _checked(url: str) -> str:
    problem = webhook_problem(url)
    if problem is not None:
        raise WrongUse(Wording("'{url}' cannot be told anything: {problem}.", url=url, problem=problem))
    return url


def _view(partner: Partner) -> PartnerView:
    same = {name: getattr(partner, name) for name in PartnerView.__dataclass_fields__ if name != "id"}
    return PartnerView(id=id_text(partner.id), **same)
