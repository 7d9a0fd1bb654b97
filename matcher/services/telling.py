"""What is told of an alert: a bulletin, and a message to each partner, in the transaction of the change itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from matcher.domain.alerts import Alert, Bulletin, BulletinKind, Circle, Meant, Terms
from matcher.domain.ids import FaceId, new_id
from matcher.domain.messages import Channel, Message, MessageId
from matcher.domain.publications import Publication
from matcher.interchange.geojson import geometry
from matcher.services import pictures
from matcher.services.context import Context
from matcher.store.database import Transaction
from matcher.store.publications import facts_document

_NOTHING: Mapping[Circle, Mapping[str, Any]] = {}
# What happened, as partners are told it: the words of their events' types.
_HAPPENED = {
    BulletinKind.ALERT: "alert.issued",
    BulletinKind.UPDATE: "alert.updated",
    BulletinKind.CANCEL: "alert.cancelled",
}


def photo_note(context: Context, face_id: FaceId) -> Mapping[str, Any]:
    """What tells a card's photo from any other; ask before a transaction begins, since the photo is read."""
    photo = pictures.portrait(context, face_id)
    # CAP 1.2 wants SHA-1; it is to notice errors of transport, and secures nothing.
    return {"sha1": hashlib.sha1(photo, usedforsecurity=False).hexdigest(), "size": len(photo)}


def content_of(card: Publication, terms: Terms, photo: Mapping[str, Any]) -> dict[str, Any]:
    """What a bulletin says: the card as it was approved, and the area in words."""
    return {
        "code": card.code,
        "facts": facts_document(card.facts),
        "phone": card.phone,
        "photo": dict(photo),
        "place": terms.place,
        "note": terms.note,
    }


def tell(
    context: Context,
    transaction: Transaction,
    alert: Alert,
    kind: BulletinKind,
    content: Mapping[str, Any] | None,
    drawn: Mapping[Circle, Mapping[str, Any]] = _NOTHING,
) -> int:
    """Keep a bulletin about an alert as it is now, with a message for each partner; its number.

    `drawn`: the geometries of some circles, which take long to draw while other writers wait.
    """
    now, over = context.clock(), kind is BulletinKind.CANCEL
    if alert.meant is None:
        raise ValueError("an alert that was never issued has nothing to tell")
    circle = alert.terms.circle(now)
    bulletin = Bulletin(
        number=0,
        alert_id=alert.id,
        kind=kind,
        meant=alert.meant,
        at=now,
        expires_at=None if over else alert.terms.expires_at,
        circle=None if over else circle,
        content=None if over or content is None else {**content, "geometry": drawn.get(circle) or geometry(circle)},
    )
    number = transaction.alerts.tell(bulletin)
    transaction.outbox.add(
        Message(
            id=MessageId(new_id()),
            channel=Channel.PARTNER,
            kind=_HAPPENED[kind],
            about=number,
            partner_id=partner.id,
            created_at=now,
            due_at=now,
        )
        for partner in transaction.partners.list()
        if partner.active and (partner.tests or alert.meant is Meant.ACTUAL)
    )
    return number
