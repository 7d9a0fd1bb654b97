"""From a card that was approved to what is given out of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from matcher.domain.cards import Card
from matcher.domain.codes import spoken
from matcher.domain.faces import Box
from matcher.domain.publications import Publication
from matcher.errors import NotFound, WrongUse
from matcher.images.decode import open_image
from matcher.services import pictures
from matcher.services.context import Context
from matcher.wording import Wording


def card_of(context: Context, published: Publication) -> Card:
    """The card as it is given out today, with its photo. `WrongUse` while `public_url` is not set."""
    with context.store.read() as reading:
        if published.face_id not in reading.faces.photos_of([published.face_id]):
            raise NotFound(Wording("The photo of card {card} is gone.", card=spoken(published.code)))
    portrait = pictures.portrait(context, published.face_id)
    image = open_image(portrait, "the photo of a card")
    left, top, right, bottom = pictures.face_in_portrait(context, published.face_id)
    return Card(
        code=spoken(published.code),
        facts=published.facts,
        photo=portrait,
        face=Box(left * image.width, top * image.height, right * image.width, bottom * image.height),
        phone=published.phone,
        report_url=report_address(context, published.code),
        expires=local_day(context, published.expires_at - timedelta(seconds=1)),
        made_on=local_day(context, context.clock()),
        office=context.settings.public_name,
    )


def report_address(context: Context, code: str) -> str:
    """Where the public tells of a sighting of the child on a card."""
    return f"{_root(context)}/report?card={code}"


def photo_address(context: Context, code: str) -> str:
    """Where the photo of a card lies."""
    return f"{_root(context)}/c/{code}/photo.jpg"


def _root(context: Context) -> str:
    root = context.settings.public_url
    if root is None:
        raise WrongUse(
            Wording("Where is the form for sightings? Set 'public_url' to the address at which the public finds it.")
        )
    return root.rstrip("/")


def local_day(context: Context, at: datetime) -> date:
    """The day of a time where the public is."""
    return at.astimezone(ZoneInfo(context.settings.public_zone)).date()
