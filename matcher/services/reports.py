"""Reports of the public: taken in at once, looked at by the models afterwards.

Taking in keeps everything before it answers, and runs no model: so many people can report at once, and nothing that was
answered is lost. The reporter gets a code, with which they see what became of it, add something or take it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.domain.cases import Photo, PhotoState
from matcher.domain.codes import code_of, new_code, parse_code, spoken
from matcher.domain.ids import CaseId, PhotoId, SightingId, id_text, new_id
from matcher.domain.people import Language, PersonId
from matcher.domain.publications import CODE_LETTERS
from matcher.domain.records import HowSeen, Report, Sighting
from matcher.domain.reports import RECEIPT_LETTERS, PublicReport, ReportState, Via
from matcher.errors import NotFound, PhotoRefused, TooMany, WrongUse
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """What somebody reports. `card` is the code of the card on which it is told, `told` the fields of a sighting.

    `sender` is where it comes from, such as an IP address, of which a keyed digest is kept for a day. `trap` and
    `seconds` are what the form noticed: the text in the field that people do not see, and how long it took. `adds_to`
    is the receipt of a report that this one adds to.
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


def accept(context: Context, new: NewReport, photos: Sequence[PhotoInput]) -> Receipt:
    """Take a report in and answer with its code.

    The same `key` with the same content gives the report that exists, under its code. `WrongUse` for what cannot be
    meant, `PhotoRefused` names a photo that is none, `TooMany` if too many came from there, `NotFound` for a receipt
    that there is not, to add to.
    """
    report = _report(new)
    contact = short("contact", new.contact, LONGEST_CONTACT)
    sender = None if new.sender is None else sender_digest(context, new.sender)
    require_room(context, new.sender, new.via)
    taken = _take(context, photos)
    code = _code(context, new)
    key = SubmissionKey.of(new.key, new.account)
    content = content_digest(context, report, [one.original_digest for one in taken])
    sighting = Sighting(id=SightingId(new_id()), created_at=context.clock(), **_plain(report))
    with context.store.read() as reading:
        known = existing(context, reading, key, content)
    if known is not None:
        return Receipt(spoken(code), id_text(known), repeated=True)
    for one in taken:
        context.blobs.put(id_text(sighting.id), one.digest, one.data)
    sealed = None if contact is None else seal_text(context, sighting.id, CONTACT, contact)
    with context.store.write() as transaction:
        known = existing(context, transaction, key, content)
        if known is not None:
            return Receipt(spoken(code), id_text(known), repeated=True)
        before = None if new.adds_to is None else by_receipt(context, transaction, new.adds_to)
        transaction.sightings.add(sighting, None if key is None else (key.digest(context), content))
        if before is not None:
            transaction.sightings.merge(sighting.id, _first(transaction, before.sighting_id))
        _add_photos(context, transaction, sighting, taken)
        public = PublicReport(
            sighting_id=sighting.id,
            receipt=receipt_digest(context, code),
            state=ReportState.QUEUED,
            via=new.via,
            account=new.account,
            about=_about(transaction, new.card),
            language=new.language,
            sender=sender,
            contact=sealed,
            words=None if not report.note else context.key.digest(report.note.casefold().encode(), "words"),
            doubts=of_words(report, trap=new.trap, seconds=new.seconds, now=sighting.created_at),
            received_at=sighting.created_at,
        )
        transaction.reports.add(public)
        trace = Trace("report.receive", [sighting.id], details={"photos": len(taken), "via": new.via.value})
        record(context, transaction, Who(PUBLIC, ReasonCode.SIGHTING), trace)
    return Receipt(spoken(code), id_text(sighting.id))


def receipt_digest(context: Context, code: str) -> str:
    """What is kept of a code."""
    return context.key.digest(code.encode(), "receipt")


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


def require_room(context: Context, sender: str | None, via: Via = Via.FORM) -> None:
    """`TooMany` where so much came from there that nobody can have written it; people are told to wait."""
    if sender is None:
        return
    settings, now = context.settings, context.clock()
    most = settings.reports_per_hour if via is Via.FORM else settings.partner_reports_per_hour
    hour = now.replace(minute=0, second=0, microsecond=0)
    with context.store.read() as reading:
        if reading.reports.sent_since(sender_digest(context, sender), hour) >= most:
            raise TooMany(
                Wording("Too many reports came from there within the hour. Try again later; if it is urgent, call.")
            )


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


def _take(context: Context, photos: Sequence[PhotoInput]) -> list[_TakenPhoto]:
    if not photos:
        raise WrongUse(Wording("A report needs at least one photo of the child who was seen."))
    if len(photos) > MOST_PHOTOS:
        raise PhotoRefused(
            Wording("{count} photos were sent: send the best {most}.", count=len(photos), most=MOST_PHOTOS)
        )
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
    number = int.from_bytes(context.key.secret(f"receipt of {whose}/{new.key}")[:10], "big")
    return code_of(number, RECEIPT_LETTERS)


def _first(reading: Reading, sighting_id: SightingId) -> SightingId:
    """The sighting beside which one is shown: merging never makes chains."""
    found = reading.sightings.get(sighting_id)
    return found.merged_into or found.id if found is not None else sighting_id


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
