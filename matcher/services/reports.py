"""Reports of the public: taken in at once, looked at by the models afterwards.

Taking in keeps everything before it answers, and runs no model: so many people can report at once, and nothing that was
answered is lost. The reporter gets a code, with which they see what became of it, add something or take it back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from matcher.domain.cases import Photo, PhotoState
from matcher.domain.codes import code_of, new_code, parse_code, spoken
from matcher.domain.ids import CaseId, PhotoId, SightingId, id_text, new_id
from matcher.domain.people import Language, PersonId
from matcher.domain.publications import CODE_LETTERS
from matcher.domain.records import HowSeen, Report, Sighting
from matcher.domain.reports import RECEIPT_LETTERS, Doubt, PublicReport, ReportState, Via
from matcher.errors import Conflict, NotFound, PhotoRefused, TooMany, WrongUse
from matcher.images.decode import SourceImage, open_image
from matcher.images.likeness import likeness
from matcher.images.metadata import strip_metadata
from matcher.interchange.cells import text
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.details import parsed, sighting_fields
from matcher.services.inputs import PhotoInput, ReasonCode, Who, photo_name, read_photo
from matcher.services.photos import Owner, original_digest
from matcher.services.report_doubts import of_words
from matcher.services.sealed_text import seal_text
from matcher.services.sightings import SubmissionKey, content_digest, existing
from matcher.store.database import Reading, Transaction
from matcher.wording import Wording

MOST_PHOTOS = 5
LONGEST_NOTE, LONGEST_CONTACT = 2000, 200
PUBLIC = "the public"  # the actor of what a reporter does
CONTACT = "contact"  # under this name it is sealed
# What is refused is so many times what waits for a person: not even the address that a mobile network shares sends it.
REFUSED_FROM = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """What somebody reports. `card` is the code of the card on which it is told, `told` the fields of a sighting.

    `sender` is where it comes from, such as an IP address, of which a keyed digest is kept for a day. `trap` and
    `seconds` are what the form noticed: the text in the field that people do not see, and how long it took. `adds_to`
    is the receipt of a report that this one adds to: it needs no photo, and goes with that one when it is taken back.
    """

    told: Mapping[str, Any]
    via: Via = Via.FORM
    card: str | None = None
    contact: str | None = None
    language: Language | None = None
    sender: str | None = None
    account: PersonId | None = None
    key: str | None = None
    trap: str = ""
    seconds: float | None = None
    adds_to: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a reporter is told at once: the code, and whether this very report was there already."""

    code: str
    id: str
    repeated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _TakenPhoto:
    """A photo that was read and stripped of metadata, in which nobody looked for faces."""

    data: bytes
    image: SourceImage
    digest: str
    original_digest: str
    likeness: int


@dataclass(frozen=True, slots=True)
class _Content:
    """Digests by which the same report is known when it is sent again: of all of it, and without what is told beside
    the sighting.
    """

    whole: str
    sighting: str

    @classmethod
    def of(cls, context: Context, new: NewReport, report: Report, photos: Sequence[PhotoInput]) -> _Content:
        told = {name: getattr(new, name) for name in ("contact", "card", "language", "adds_to")}
        beside = {name: what for name, what in told.items() if what}
        originals = [original_digest(context, read_photo(one)) for one in photos]
        return cls(
            content_digest(context, report, originals, beside),
            content_digest(context, report, originals),
        )


def accept(context: Context, new: NewReport, photos: Sequence[PhotoInput]) -> Receipt:
    """Take a report in and answer with its code.

    The same `key` with the same content gives the report that exists, under its code, and with other content
    `Conflict`. `WrongUse` for what cannot be meant, `PhotoRefused` names a photo that is none, `TooMany` if so much
    came from there that nobody can have written it, `NotFound` for a receipt that there is not, to add to.
    """
    report, contact = _report(new), short("contact", new.contact, LONGEST_CONTACT)
    _require_something(new, report, photos)
    key, content = SubmissionKey.of(new.key, new.account), _Content.of(context, new, report, photos)
    code = _code(context, new)
    with context.store.read() as reading:  # asked first: what is there already is answered, however much came since
        known = _known(context, reading, key, content)
        if known is None:
            _has_room(context, reading, new)
    if known is not None:
        return Receipt(spoken(code), id_text(known), repeated=True)
    taken = _take(context, photos)
    sighting = Sighting(id=SightingId(new_id()), created_at=context.clock(), **_plain(report))
    for one in taken:
        context.blobs.put(id_text(sighting.id), one.digest, one.data)
    sealed = None if contact is None else seal_text(context, sighting.id, CONTACT, contact)
    with context.store.write() as transaction:
        known = _known(context, transaction, key, content)
        if known is not None:
            return Receipt(spoken(code), id_text(known), repeated=True)
        beyond = not _has_room(context, transaction, new)
        public = _public(context, transaction, new, sighting, code)
        doubts = of_words(report, trap=new.trap, seconds=new.seconds, now=sighting.created_at)
        public = replace(public, contact=sealed, doubts=doubts | ({Doubt.MANY} if beyond else set()))
        transaction.sightings.add(sighting, None if key is None else (key.digest(context), content.whole))
        if public.adds_to is not None:
            transaction.sightings.merge(sighting.id, first_of(transaction, public.adds_to))
        _add_photos(context, transaction, sighting, taken)
        transaction.reports.add(public)
        trace = Trace("report.receive", [sighting.id], details={"photos": len(taken), "via": new.via.value})
        record(context, transaction, Who(PUBLIC, ReasonCode.SIGHTING), trace)
    return Receipt(spoken(code), id_text(sighting.id))


def code_from(context: Context, words: str) -> str:
    """A code that is the same for the same words, and that nobody without our key can tell."""
    return code_of(int.from_bytes(context.key.secret(words)[:10], "big"), RECEIPT_LETTERS)


def receipt_digest(context: Context, code: str) -> str:
    """What is kept of a code."""
    return context.key.digest(code.encode(), "receipt")


def parts_of(reading: Reading, report: PublicReport) -> list[PublicReport]:
    """All that came by the code of a report: the first one, and what was added to it."""
    return reading.reports.with_additions(report.adds_to or report.sighting_id)


def first_of(reading: Reading, sighting_id: SightingId) -> SightingId:
    """The sighting beside which one is shown: merging never makes chains."""
    found = reading.sightings.get(sighting_id)
    return sighting_id if found is None else found.merged_into or sighting_id


def by_receipt(context: Context, reading: Reading, given: str) -> PublicReport:
    """The report of a code as somebody typed it; `NotFound` without saying more."""
    code = parse_code(given, RECEIPT_LETTERS)
    found = None if code is None else reading.reports.by_receipt(receipt_digest(context, code))
    if found is None:
        raise NotFound(Wording("There is no report of this code (any more): look at the letters again."))
    return found


def _report(new: NewReport) -> Report:
    """What was told, with what its way in says of it."""
    told = dict(new.told)
    if new.via is Via.INSTITUTION:
        told.setdefault("how_seen", HowSeen.INSTITUTION)
    short("note", told.get("note"), LONGEST_NOTE)
    short("place", told.get("place"), LONGEST_CONTACT)
    return Report(**sighting_fields(told))


def _has_room(context: Context, reading: Reading, new: NewReport) -> bool:
    """Whether fewer came from there within the hour than the settings say; `TooMany` where nobody can have written
    them. What comes between waits for a person, as many people may share one address.
    """
    if new.sender is None:
        return True
    settings, now = context.settings, context.clock()
    is_form = new.via is Via.FORM
    most = settings.reports_per_hour if is_form else settings.partner_reports_per_hour
    sent = reading.reports.sent_since(sender_digest(context, new.sender), hour_of(now))
    if sent >= most * (REFUSED_FROM if is_form else 1):
        raise TooMany(
            Wording("Too many reports came from there within the hour. Try again later; if it is urgent, call."),
            seconds=seconds_left(now),
        )
    return sent < most


def hour_of(now: datetime) -> datetime:
    """When the hour began in which senders are counted."""
    return now.replace(minute=0, second=0, microsecond=0)


def seconds_left(now: datetime) -> int:
    """After how many seconds the next hour begins."""
    return math.ceil((hour_of(now) + timedelta(hours=1) - now).total_seconds())


def sender_digest(context: Context, sender: str) -> str:
    """What is kept of where a report came from, for a day."""
    return context.key.digest(sender.encode(), "sender")


def short(name: str, given: object, longest: int) -> str | None:
    """A text of so many characters at most, without spaces around it; nothing is `None`."""
    if given is None:
        return None
    told: str = parsed(name, given, text)
    if len(told) > longest:
        parts = {"field": name, "length": len(told), "longest": longest}
        raise WrongUse(Wording("{field} is {length} characters long: at most {longest} are possible.", **parts))
    return told or None


def _require_something(new: NewReport, report: Report, photos: Sequence[PhotoInput]) -> None:
    """`WrongUse` for a report without a photo, or what is added without anything; `PhotoRefused` for too many."""
    if not photos and new.adds_to is None:
        raise WrongUse(Wording("A report needs at least one photo of the child who was seen."))
    if not photos and not report.note and not report.place:
        raise WrongUse(Wording("Add a photo or some words."))
    if len(photos) > MOST_PHOTOS:
        raise PhotoRefused(
            Wording("{count} photos were sent: send the best {most}.", count=len(photos), most=MOST_PHOTOS)
        )


def _known(context: Context, reading: Reading, key: SubmissionKey | None, content: _Content) -> SightingId | None:
    """The report that came under a key; `Conflict` if it was another one.

    Before revision 0019 only the sighting was in the digest, so that one with more beside it is from then. To know
    those again can go with the release after 0.1: nobody sends the same again after so long.
    """
    try:
        return existing(context, reading, key, content.whole)
    except Conflict:
        known = existing(context, reading, key, content.sighting)
        kept = None if known is None else reading.reports.get(known)
        if kept is None or not (kept.contact or kept.language or kept.about):
            raise
        return known


def _public(context: Context, reading: Reading, new: NewReport, sighting: Sighting, code: str) -> PublicReport:
    """What is kept of a report beside its sighting; one that adds to another is about what that one is about."""
    before = None if new.adds_to is None else by_receipt(context, reading, new.adds_to)
    about = _about(reading, new.card)
    return PublicReport(
        sighting_id=sighting.id,
        receipt=receipt_digest(context, code),
        state=ReportState.QUEUED,
        via=new.via,
        account=new.account,
        about=before.about if about is None and before is not None else about,
        adds_to=None if before is None else before.adds_to or before.sighting_id,
        language=new.language,
        sender=None if new.sender is None else sender_digest(context, new.sender),
        words=None if not sighting.note else context.key.digest(sighting.note.casefold().encode(), "words"),
        received_at=sighting.created_at,
    )


def _take(context: Context, photos: Sequence[PhotoInput]) -> list[_TakenPhoto]:
    """Photos as they are kept, of which one that is given twice counts once."""
    taken = {}
    for given in photos:
        name, original = photo_name(given), read_photo(given)
        data = strip_metadata(original, open_image(original, name).media_type, name)
        digest, image = context.key.digest(data, "photo"), open_image(data, name)
        # To look at the whole finds out a photo that breaks off, while its sender can still send another.
        taken[digest] = _TakenPhoto(data, image, digest, original_digest(context, original), likeness(image))
    return list(taken.values())


def _code(context: Context, new: NewReport) -> str:
    """A random code; for a report with a key the very same one each time, so that a repeated one has its answer."""
    if new.key is None:
        return new_code(RECEIPT_LETTERS)
    whose = "" if new.account is None else id_text(new.account)
    return code_from(context, f"receipt of {whose}/{new.key}")


def _about(reading: Reading, card: str | None) -> CaseId | None:
    """The case of a card's code; none for a code that there is not: the report counts whatever was typed."""
    code = None if card is None else parse_code(card, CODE_LETTERS)
    found = None if code is None else reading.cards.by_code(code)
    return None if found is None else found.case_id


def _add_photos(context: Context, transaction: Transaction, sighting: Sighting, taken: Sequence[_TakenPhoto]) -> None:
    """Keep the records of photos whose bytes are kept, and what they look like."""
    stored = [_photo(context, one, sighting.id, position) for position, one in enumerate(taken)]
    for photo in stored:
        transaction.photos.add(photo)
    alike = {photo.id: one.likeness for photo, one in zip(stored, taken, strict=True)}
    transaction.reports.note_likenesses(alike, sighting.created_at)


def _photo(context: Context, taken: _TakenPhoto, owner: SightingId, position: int) -> Photo:
    return Photo(
        id=PhotoId(new_id()),
        sighting_id=owner,
        position=position,
        blob=f"{Owner(sighting_id=owner).text}/{taken.digest}",
        digest=taken.digest,
        original_digest=taken.original_digest,
        media_type=taken.image.media_type,
        width=taken.image.width,
        height=taken.image.height,
        size=len(taken.data),
        state=PhotoState.WAITING,
        created_at=context.clock(),
    )


def _plain(report: Report) -> dict[str, Any]:
    return {name: getattr(report, name) for name in Report.__dataclass_fields__}
