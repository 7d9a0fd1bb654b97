"""Photos of sightings in which no face can be used: people look at them."""

from __future__ import annotations

from dataclasses import replace

from matcher.domain.cases import Photo, PhotoState
from matcher.domain.ids import PhotoId, SightingId, parse_id
from matcher.domain.reviews import RecusedBy
from matcher.errors import Conflict, NotFound, WrongUse
from matcher.services import sighting_views
from matcher.services.auditing import Trace, record
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.views import SightingView
from matcher.store.database import Transaction
from matcher.wording import Wording


def sheet(context: Context, sighting: str, who: Who) -> SightingView:
    """A sighting with its photos and faces, and no candidate.

    It tells where and how the child was seen: the look is audited, and an account is recused from its candidates.
    """
    sighting_id = SightingId(parse_id(sighting))
    with context.store.write() as transaction:
        view = sighting_views.of_sighting(transaction, sighting_id, candidates=False)
        transaction.recusals.from_sightings(who.actor, [sighting_id], RecusedBy.SIGHTING, context.clock())
        record(context, transaction, who, Trace("sighting.triage", [sighting_id]))
    return view


def set_aside(context: Context, photo: str, who: Who) -> None:
    """Say, having looked, that no face of a photo can be used. `WrongUse` without a note."""
    if not (who.note or "").strip():
        raise WrongUse(Wording("Why can no face of this photo be used? Say what you see."))
    _move(context, photo, (PhotoState.NO_USABLE_FACE, PhotoState.SET_ASIDE), who)


def bring_back(context: Context, photo: str, who: Who) -> None:
    """Let people look again at a photo that was set aside."""
    _move(context, photo, (PhotoState.SET_ASIDE, PhotoState.NO_USABLE_FACE), who)


def _move(context: Context, shown_id: str, move: tuple[PhotoState, PhotoState], who: Who) -> None:
    with context.store.write() as transaction:
        photo = _of_sighting(transaction, shown_id)
        if photo.state is not move[0]:
            told = {"photo": shown_id, "state": photo.state.value, "wanted": move[0].value}
            raise Conflict(Wording("Photo '{photo}' is '{state}', not '{wanted}': nothing was changed.", **told))
        transaction.photos.update(replace(photo, state=move[1]))
        trace = Trace("sighting.photo", [photo.id], details={"state": move[1].value})
        record(context, transaction, who, trace)


def _of_sighting(transaction: Transaction, shown_id: str) -> Photo:
    photo = transaction.photos.get(PhotoId(parse_id(shown_id)))
    if photo is None or photo.sighting_id is None:
        raise NotFound(Wording("There is no photo '{photo}' of a sighting.", photo=shown_id))
    return photo
