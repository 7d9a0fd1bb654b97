"""Alerts in words: what was told as data, said in both languages, as CAP documents and entries of feeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from matcher.domain.alerts import Bulletin, BulletinKind, Meant
from matcher.domain.cards import Card
from matcher.domain.codes import spoken
from matcher.domain.ids import id_text
from matcher.domain.people import Language
from matcher.interchange.cap import CapAlert, CapKind, CapStatus, Info, Reference, Resource, cap_xml
from matcher.interchange.card_sheet import card_sheet, headline
from matcher.services.card_making import local_day, report_address
from matcher.services.context import Context
from matcher.store.publications import facts_of_document
from matcher.web.languages import Speech, speech
from matcher.wording import Wording, said

_STATUS = {Meant.TEST: CapStatus.TEST, Meant.EXERCISE: CapStatus.EXERCISE, Meant.ACTUAL: CapStatus.ACTUAL}
_KIND = {BulletinKind.ALERT: CapKind.ALERT, BulletinKind.UPDATE: CapKind.UPDATE, BulletinKind.CANCEL: CapKind.CANCEL}
EVENT = Wording("Missing child")


def host(context: Context) -> str:
    """Who we are in documents: the name of the public server."""
    return urlsplit(context.settings.public_url or "").hostname or "sighting-matcher"


def address(context: Context, path: str) -> str:
    """The whole address of a page of ours."""
    return f"{(context.settings.public_url or '').rstrip('/')}{path}"


def cap_alert(context: Context, told: Bulletin, before: Sequence[Bulletin]) -> CapAlert:
    """A bulletin as a CAP document, which names those `before` it of the same alert."""
    sender = host(context)
    return CapAlert(
        identifier=_identifier(told),
        sender=sender,
        sent=told.at,
        status=_STATUS[told.meant],
        kind=_KIND[told.kind],
        references=tuple(Reference(sender, _identifier(one), one.at) for one in before),
        infos=tuple(_info(context, told, speech(language)) for language in Language) if told.content else (),
    )


def cap_of(context: Context, told: Sequence[Bulletin]) -> bytes:
    """The last of what was told of an alert (≥ 1, in its order) as a CAP document."""
    return cap_xml(cap_alert(context, told[-1], told[:-1]))


def card_of(context: Context, told: Bulletin) -> Card:
    """The card of a bulletin, without its photo."""
    content = told.content
    if content is None or told.expires_at is None:
        raise ValueError("a cancellation shows no card")
    made_on = local_day(context, told.at)
    return Card(
        code=spoken(content["code"]),
        facts=facts_of_document(content["facts"]),
        photo=b"",
        phone=content["phone"],
        report_url=report_address(context, content["code"]),
        expires=max(made_on, local_day(context, told.expires_at - timedelta(seconds=1))),
        made_on=made_on,
    )


def area_words(told: Bulletin, spoken_in: Speech) -> str:
    """The area in words."""
    if told.circle is None or told.content is None:
        raise ValueError("a cancellation has no area")
    centre, km = told.circle.centre, f"{told.circle.radius_km:g}"
    place = told.content["place"] or f"{centre.lat:.3f}, {centre.lon:.3f}"
    return said(Wording("Within {km} km of {place}", km=km, place=place), spoken_in.say)


def _identifier(told: Bulletin) -> str:
    return f"{id_text(told.alert_id)}-{told.number}"


def _info(context: Context, told: Bulletin, spoken_in: Speech) -> Info:
    content, circle, expires = told.content, told.circle, told.expires_at
    if content is None or circle is None or expires is None:
        raise ValueError("a cancellation says nothing")
    card, code, photo = card_of(context, told), content["code"], content["photo"]
    sheet = card_sheet(card, spoken_in.reader)
    lines = [f"{line.heading}: {line.text}" for line in sheet.lines]
    return Info(
        language=sheet.language,
        event=spoken_in.say(EVENT),
        headline=headline(card, spoken_in.reader),
        description="\n".join([*([content["note"]] if content["note"] else []), sheet.about, *lines]),
        instruction=f"{sheet.advice} {sheet.call} {sheet.phone}",
        area=area_words(told, spoken_in),
        circle=circle,
        effective=told.at,
        expires=expires,
        sender_name=context.settings.public_name or host(context),
        contact=sheet.phone,
        web=address(context, f"/c/{code}"),
        resources=(
            Resource(
                sheet.photo_says, "image/jpeg", photo["size"], address(context, f"/c/{code}/photo.jpg"), photo["sha1"]
            ),
        ),
    )
