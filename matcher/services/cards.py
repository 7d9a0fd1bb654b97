"""`Cards`: what the public may see of a case, as `Matcher.public.cards` gives it.

Somebody who looks after cases drafts a card, an officer approves it. From then on it shows what was approved, whatever
changes of the case. It goes when the case ends or is disputed, and when nobody consents to publication any more, each
time in the same step.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from matcher.accounts.rights import Acting, Right
from matcher.domain.alerts import Meant
from matcher.domain.cards import CardFacts, NamePolicy, facts_of
from matcher.domain.cases import Case, PhotoState
from matcher.domain.codes import new_code, parse_code, spoken
from matcher.domain.consents import Scope, allowed
from matcher.domain.ids import FaceId, id_text, new_id, parse_id
from matcher.domain.publications import CODE_LETTERS, CardEnd, CardId, CardState, Publication
from matcher.errors import Conflict, MoveNotAllowed, NotFound, NotPermitted, WrongUse
from matcher.interchange.cells import one_of, text
from matcher.services import alert_endings, cases
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.details import parsed
from matcher.services.inputs import ReasonCode, Who, check_text
from matcher.services.pictures import portrait_likeness
from matcher.services.telling import photo_note
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording

_LONGEST_PHONE, _FEWEST_DIGITS = 40, 3  # as a card takes it


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    """What is to be drafted; `photo` is the id of a case photo, `None` its newest with a usable face.

    `phone` is whom people call, by default the setting `public_phone`.
    """

    policy: NamePolicy | str = NamePolicy.FULL
    photo: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """A card as the desk sees it. `shown`: the public sees it now; `outdated`: the case says something else by now."""

    id: str
    code: str
    case_id: str
    state: CardState
    shown: bool
    outdated: bool
    policy: NamePolicy
    facts: CardFacts
    face: str
    phone: str
    expires_at: datetime
    drafted_by: str
    drafted_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ended_at: datetime | None
    ended_because: CardEnd | None
    ended_by: str | None


class Cards:
    """Cards of one home. `acting` is who is signed in."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def draft(self, acting: Acting, case_id: str, new: NewCard | None = None) -> CardView:
        """Write a card of an open case, for an officer to approve; nobody outside sees it.

        `WrongUse` without a photo with a usable face, or without a telephone number.
        """
        acting.require(Right.CASE_WRITE)
        new = new or NewCard()
        cases.check_number(case_id)
        phone = _phone(new.phone or self._context.settings.public_phone)
        policy, now = one_of(NamePolicy)(new.policy), self._context.clock()
        with self._context.store.write() as transaction:
            case = _open_case(transaction, case_id)
            face = _face(transaction, case, new.photo)
            card = Publication(
                id=CardId(new_id()),
                case_id=case.id,
                code=new_code(CODE_LETTERS),
                state=CardState.DRAFT,
                policy=policy,
                facts=_facts(transaction, case, policy, face),
                face_id=face,
                phone=phone,
                expires_at=now + timedelta(days=self._context.settings.card_days),
                drafted_by=acting.name,
                drafted_at=now,
            )
            transaction.cards.add(card)
            _record(self._context, transaction, acting, "card.draft", card)
            return _view(transaction, card, now)

    def approve(self, acting: Acting, card: str) -> CardView:
        """Show a drafted card to the public, in place of one that is shown; alerts go on with it.

        `WrongUse` without somebody's consent to publication, `Conflict` if the case says something else by now,
        `NotPermitted` for one's own draft where it changes what an actual alert says.
        """
        acting.require(Right.PUBLISH)
        now = self._context.clock()
        with self._context.store.read() as reading:
            face = require(reading, card).face_id
        photo, alike = photo_note(self._context, face), portrait_likeness(self._context, face)
        with self._context.store.write() as transaction:
            found = require(transaction, card)
            if found.state is not CardState.DRAFT:
                told = {"card": spoken(found.code), "state": found.state.value}
                raise MoveNotAllowed(Wording("The card {card} is '{state}': draft a new one.", **told))
            case = _open_case(transaction, transaction.cases.by_ids([found.case_id])[found.case_id].number)
            _require_consent(transaction, case)
            if _facts(transaction, case, found.policy, found.face_id) != found.facts:
                told = {"card": spoken(found.code), "case": case.number}
                raise Conflict(
                    Wording("Case '{case}' was changed since the card {card} was drafted: draft a new one.", **told)
                )
            before = transaction.cards.live_of(case.id)
            if before is not None:
                _require_another_person(transaction, before, found, acting, now)
                transaction.cards.withdraw(before.id, now, CardEnd.REPLACED, acting.name)
            expires_at = now + timedelta(days=self._context.settings.card_days)
            transaction.cards.approve(found.id, acting.name, now, expires_at)
            transaction.cards.note_likeness(found.id, alike)
            if before is not None:
                who = Who.of(acting, ReasonCode.PUBLICATION)
                alert_endings.move_to_card(self._context, transaction, before, found, photo, who)
            _record(self._context, transaction, acting, "card.approve", found)
            return _view(transaction, require(transaction, card), now)

    def withdraw(self, acting: Acting, card: str, *, reason: str) -> CardView:
        """Take a card back at once, a draft too; alerts that show it are cancelled. `Conflict` if it is over."""
        acting.require(Right.PUBLISH)
        if not reason.strip():
            raise WrongUse(Wording("Why is the card withdrawn? Give a reason."))
        with self._context.store.write() as transaction:
            found = require(transaction, card)
            if found.state is CardState.WITHDRAWN:
                raise Conflict(Wording("The card {card} is withdrawn already.", card=spoken(found.code)))
            who = Who.of(acting, ReasonCode.PUBLICATION, reason)
            alert_endings.withdraw_card(self._context, transaction, found, CardEnd.OFFICER, who)
            return _view(transaction, require(transaction, card), self._context.clock())

    def card(self, acting: Acting, card: str) -> CardView:
        """One card, by its id or its code."""
        acting.require(Right.CASE_READ)
        with self._context.store.read() as reading:
            return _view(reading, require(reading, card), self._context.clock())

    def of_case(self, acting: Acting, case_id: str) -> list[CardView]:
        """All cards of a case, newest first."""
        acting.require(Right.CASE_READ)
        cases.check_number(case_id)
        with self._context.store.read() as reading:
            case = cases.require_case(reading, case_id)
            return [_view(reading, one, self._context.clock()) for one in reading.cards.of_case(case.id)]

    def listed(self, acting: Acting, state: CardState | str | None = None, limit: int | None = None) -> list[CardView]:
        """Cards, newest first; all, or those of one state."""
        acting.require(Right.CASE_READ)
        wanted = None if state is None else one_of(CardState)(state)
        with self._context.store.read() as reading:
            return [_view(reading, one, self._context.clock()) for one in reading.cards.in_state(wanted, limit)]


def shown_card(reading: Reading, code: str | None, now: datetime) -> Publication | None:
    """The card of a code, as people write it, if the public may see it now; of one that was replaced the one that took
    its place, since links to it are out there and the child is still missed.
    """
    plain = None if code is None else parse_code(code, CODE_LETTERS)
    found = None if plain is None else reading.cards.by_code(plain)
    if found is not None and found.ended_because is CardEnd.REPLACED:
        found = reading.cards.live_of(found.case_id)
    return found if found is not None and found.shown(now) else None


def require(reading: Reading, given: str) -> Publication:
    """The card of a shown id or code; `NotFound` names it."""
    code, found = parse_code(given, CODE_LETTERS), None
    if code is not None:
        found = reading.cards.by_code(code)
    else:
        with suppress(WrongUse):  # it may be meant as either, and neither is there
            found = reading.cards.get(CardId(parse_id(given)))
    if found is None:
        raise NotFound(Wording("There is no card '{card}'.", card=given), step="`matcher card list` shows all cards.")
    return found


def _open_case(reading: Reading, number: str) -> Case:
    case = cases.require_case(reading, number)
    if not case.status.searched:
        told = {"case": number, "status": case.status.value}
        raise MoveNotAllowed(Wording("Case '{case}' is '{status}': only an open case is shown to the public.", **told))
    return case


def _require_another_person(
    reading: Reading, shown: Publication, draft: Publication, acting: Acting, now: datetime
) -> None:
    """What an actual alert says is changed by two people, and its card is most of what it says."""
    actual = any(one.meant is Meant.ACTUAL and one.active(now) for one in reading.alerts.of_card(shown.id))
    if actual and draft.drafted_by == acting.name:
        told = {"card": spoken(draft.code)}
        raise NotPermitted(
            Wording("An actual alert would show the card {card}, which you drafted: somebody else approves it.", **told)
        )


def _require_consent(reading: Reading, case: Case) -> None:
    if not allowed(reading.consents.of_case(case.id), Scope.PUBLICATION):
        raise WrongUse(
            Wording("Nobody consents to publication for case '{case}': record a consent first.", case=case.number),
            step=f"`matcher case consent add {case.number} --by … --scope publication` records one.",
        )


def _face(reading: Reading, case: Case, wanted: str | None) -> FaceId:
    """The chosen face of the photo that is named, else of the newest; all other faces on it are hidden."""
    usable = [one for one in reading.photos.of_case(case.id) if one.state is PhotoState.READY]
    if wanted is not None:
        usable = [one for one in usable if id_text(one.id) == id_text(parse_id(wanted))]
    if not usable:
        told = {"case": case.number}
        raise WrongUse(
            Wording("Case '{case}' has no such photo with a usable, chosen face.", **told)
            if wanted
            else Wording("Case '{case}' has no photo with a usable, chosen face yet: add one.", **told)
        )
    newest = max(usable, key=lambda one: (one.taken is not None, one.taken or date.min, one.created_at))
    return next(face.id for face in reading.faces.of_photo(newest.id) if face.choice is not None)


def _facts(reading: Reading, case: Case, policy: NamePolicy, face: FaceId) -> CardFacts:
    """What a card with this face would tell of a case now."""
    photo = reading.photos.get(reading.faces.photos_of([face])[face])
    if photo is None:
        return facts_of(case.details, policy)
    return facts_of(case.details, policy, photo_age=photo.age, photo_taken=photo.taken)


def _phone(given: str | None) -> str:
    phone: str = parsed("phone", given or "", text)
    if not phone:
        raise WrongUse(
            Wording("Whom do people call? Give a telephone number, or set 'public_phone' in the settings."),
            step="`matcher card draft CASE --phone NUMBER`, or 'public_phone' in the settings, says whom people call.",
        )
    check_text("The telephone number", phone, _LONGEST_PHONE)
    if sum(map(str.isdigit, phone)) < _FEWEST_DIGITS:
        raise WrongUse(Wording("'{phone}' is no telephone number that a card can show.", phone=phone))
    return phone


def _record(context: Context, transaction: Transaction, acting: Acting, action: str, card: Publication) -> None:
    trace = Trace(action, [card.case_id, card.id, card.face_id], details={"policy": card.policy.value})
    record(context, transaction, Who.of(acting, ReasonCode.PUBLICATION), trace)


def _view(reading: Reading, card: Publication, now: datetime) -> CardView:
    case = reading.cases.by_ids([card.case_id])[card.case_id]
    same = {name: getattr(card, name) for name in CardView.__dataclass_fields__ if hasattr(card, name)}
    told = {
        "id": id_text(card.id),
        "case_id": case.number,
        "face": id_text(card.face_id),
        "shown": card.shown(now),
        "outdated": _facts(reading, case, card.policy, card.face_id) != card.facts,
    }
    return CardView(**{**same, **told})
