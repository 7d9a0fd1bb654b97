"""What the public may see, as files that somebody hands on: to a printer, to a partner without a program, to a map.

Of a card nothing is given out that the public does not see at that moment, of an alert what was told of it last; each
time is recorded once, before it happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from pathlib import Path

from matcher.accounts.rights import Acting, Right
from matcher.domain.alerts import AlertState, Bulletin
from matcher.domain.codes import spoken
from matcher.domain.publications import CardId, CardState, Publication
from matcher.domain.reviews import RecusedBy
from matcher.errors import Conflict, NotFound
from matcher.interchange.card_json import card_json
from matcher.interchange.card_page import card_page
from matcher.interchange.card_pdf import card_pdf
from matcher.interchange.card_png import Shape, card_png
from matcher.interchange.card_sheet import card_sheet
from matcher.services import alerts, cards
from matcher.services.auditing import Trace, record
from matcher.services.card_making import card_of, photo_address, report_address
from matcher.services.context import Context
from matcher.services.inputs import ReasonCode, Who
from matcher.wording import Reader, Wording


class CardForm(str, Enum):
    """What a card can be given out as."""

    PNG = "png"  # for message boxes
    SQUARE = "square"
    PDF = "pdf"  # a poster
    HTML = "html"
    JSON = "json"

    @property
    def ending(self) -> str:
        """How names of its files end."""
        return "square.png" if self is CardForm.SQUARE else self.value


@dataclass(frozen=True, slots=True)
class Rendering:
    """How cards are to be made: for whom, and with a font that is asked before the machine's.

    All forms but JSON, which holds the words of every reader, are for the first one.
    """

    form: CardForm
    readers: tuple[Reader, ...]
    font: Path | None = None


def live_cards(context: Context, acting: Acting, form: CardForm, card: str | None = None) -> list[Publication]:
    """The cards that the public sees now, newest first, or the one of a shown id or code; the handing out is recorded.

    `Conflict` for a card that the public does not see, `WrongUse` while `public_url` is not set.
    """
    acting.require(Right.CASE_READ)
    report_address(context, "")
    now = context.clock()
    with context.store.write() as transaction:
        if card is None:
            found = [one for one in transaction.cards.in_state(CardState.LIVE) if one.shown(now)]
            objects: Sequence[int] = ()
        else:
            one = cards.require(transaction, card)
            if not one.shown(now):
                raise _not_shown(one)
            found, objects = [one], (one.case_id, one.id, one.face_id)
        trace = Trace("card.export", objects, details={"count": len(found), "form": form.value})
        record(context, transaction, Who.of(acting, ReasonCode.PUBLICATION), trace)
    return found


def card_file(context: Context, card: CardId, how: Rendering) -> bytes:
    """A card as it is given out. `Conflict` if the public does not see it any more, `ExtraMissing` as for each form."""
    with context.store.read() as reading:
        found = reading.cards.get(card)
    if found is None:
        raise NotFound(Wording("There is no such card any more."))
    if not found.shown(context.clock()):
        raise _not_shown(found)
    made = card_of(context, found)
    if how.form is CardForm.JSON:
        return card_json(made, how.readers, photo_address(context, found.code)).encode()
    sheet = card_sheet(made, how.readers[0])
    if how.form is CardForm.PDF:
        return card_pdf(sheet, how.font)
    if how.form is CardForm.HTML:
        return card_page(sheet).encode()
    return card_png(sheet, Shape.MESSAGE if how.form is CardForm.PNG else Shape.SQUARE, how.font)


def preview(context: Context, acting: Acting, card: str, how: Rendering) -> bytes:
    """A drafted card as the picture that the public would see, which says that it is a draft: for who decides about it.

    The look is recorded and recuses from the case. `Conflict` for a card that is no draft; otherwise as `card_file`.
    """
    acting.require(Right.CASE_READ)
    with context.store.write() as transaction:
        found = cards.require(transaction, card)
        if found.state is not CardState.DRAFT:
            told = {"card": spoken(found.code), "state": found.state.value}
            raise Conflict(Wording("The card {card} is '{state}' and no draft any more.", **told))
        transaction.recusals.from_cases(acting.name, [found.case_id], RecusedBy.CASE, context.clock())
        trace = Trace("card.preview", [found.case_id, found.id, found.face_id])
        record(context, transaction, Who.of(acting, ReasonCode.PUBLICATION), trace)
    until = context.clock() + timedelta(days=context.settings.card_days)  # as if it were approved now
    sheet = card_sheet(card_of(context, replace(found, expires_at=until)), how.readers[0])
    marked = replace(sheet, title=how.readers[0].say(_DRAFT))
    return card_png(marked, Shape.SQUARE if how.form is CardForm.SQUARE else Shape.MESSAGE, how.font)


def told_of(context: Context, acting: Acting, alert: str) -> list[Bulletin]:
    """All that was told of an alert, in its order, to give the last of it out; recorded.

    `Conflict` for a draft, of which nothing was told yet, and for one that has run out, of which nothing is told any
    more; `WrongUse` while `public_url` is not set.
    """
    acting.require(Right.CASE_READ)
    report_address(context, "")
    with context.store.write() as transaction:
        found = alerts.require(transaction, alert)
        told = transaction.alerts.bulletins_of(found.id)
        if not told:
            raise Conflict(Wording("Nothing was told of this alert yet: issue it first."))
        if found.state is AlertState.ISSUED and not found.active(context.clock()):
            raise Conflict(Wording("The alert has run out: nothing is told of it any more."))
        trace = Trace("alert.export", [found.case_id, found.id], details={"count": 1})
        record(context, transaction, Who.of(acting, ReasonCode.PUBLICATION), trace)
    return told


def active_alerts(context: Context, acting: Acting) -> list[Bulletin]:
    """The newest words of each actual alert that is heard now, the latest first; recorded.

    `WrongUse` while `public_url` is not set.
    """
    acting.require(Right.CASE_READ)
    report_address(context, "")
    with context.store.write() as transaction:
        found = transaction.alerts.active(context.clock(), limit=_EVERY)
        trace = Trace("alert.export", details={"count": len(found)})
        record(context, transaction, Who.of(acting, ReasonCode.PUBLICATION), trace)
    return found


_DRAFT = Wording("Draft, not approved")
_EVERY = 2**31 - 1  # alerts of one file


def _not_shown(card: Publication) -> Conflict:
    told = {"card": spoken(card.code), "state": card.state.value}
    if card.state is CardState.LIVE:
        return Conflict(Wording("The card {card} has run out: draft a new one.", card=told["card"]))
    return Conflict(Wording("The card {card} is '{state}': only what the public sees is given out.", **told))
