"""Cards as the public and partners get them: a page, a photo, pictures, paper, data. Each asks anew whether it may."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from matcher.domain.people import Language
from matcher.domain.publications import Publication
from matcher.interchange.card_json import card_json
from matcher.interchange.card_page import card_page
from matcher.interchange.card_pdf import card_pdf
from matcher.interchange.card_png import Shape, card_png
from matcher.interchange.card_sheet import CardSheet, card_sheet
from matcher.services import pictures
from matcher.services.card_making import card_of, local_day, photo_address
from matcher.services.context import Context
from matcher.web import apart
from matcher.web.identity import public
from matcher.web.languages import speech
from matcher.web.public.visitor import Anybody, Visitor
from matcher.web.security import for_others

router = APIRouter(prefix="/c", dependencies=[Depends(public)])

_KEPT_BYTES = 64_000_000
_PNG, _PDF, _JSON = "image/png", "application/pdf", "application/json"


class Rendered:
    """What was made of cards today, as long as there is room for it. Safe across threads."""

    def __init__(self, room: int = _KEPT_BYTES) -> None:
        self._room, self._size = room, 0
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        """What is kept under a key, made first if it is not."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._size += len(made)
            while self._size > self._room and len(self._kept) > 1:
                _, old = self._kept.popitem(last=False)
                self._size -= len(old)
        return made


@router.get("/{code}")
@apart.pictures
def card(visited: Anybody, code: str) -> Response:
    """The card as a page."""
    found = visited.card(code)
    if found is None:
        return visited.page("card_gone.html", status=404)
    text = _made(visited, found, "page", lambda language: card_page(_sheet(visited.context, found, language)).encode())
    answer = Response(text, media_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _PAGE_POLICY
    return answer


# The page of a card brings its style and photo along, so that it can be handed on as one file.
_PAGE_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


@router.get("/{code}/photo.jpg")
@apart.pictures
def photo(visited: Anybody, code: str) -> Response:
    """The child's face with head and shoulders; other faces on it are hidden."""
    found = visited.card(code)
    if found is None:
        return _gone()
    return for_others(Response(pictures.portrait(visited.context, found.face_id), media_type="image/jpeg"))


@router.get("/{code}/{shape}.png")
@apart.pictures
def picture(visited: Anybody, code: str, shape: Shape) -> Response:
    """The card as a picture for a message box or a square."""
    found = visited.card(code)
    if found is None:
        return _gone()
    made = _made(
        visited, found, shape.value, lambda language: card_png(_sheet(visited.context, found, language), shape)
    )
    return for_others(Response(made, media_type=_PNG))


@router.get("/{code}/poster.pdf")
@apart.pictures
def poster(visited: Anybody, code: str) -> Response:
    """The card on A4."""
    found = visited.card(code)
    if found is None:
        return _gone()
    made = _made(visited, found, "pdf", lambda language: card_pdf(_sheet(visited.context, found, language)))
    return for_others(Response(made, media_type=_PDF))


@router.get("/{code}/card.json")
@apart.pictures
def data(visited: Anybody, code: str, words: Annotated[bool, Query()] = True) -> Response:
    """The card as data, with its words in both languages unless `words` is false."""
    found = visited.card(code)
    if found is None:
        return for_others(_gone(), read=True)
    readers = [speech(language).reader for language in Language] if words else []
    text = card_json(card_of(visited.context, found), readers, photo_address(visited.context, found.code))
    return for_others(Response(text, media_type=_JSON), read=True)


def _made(visited: Visitor, found: Publication, kind: str, make: Callable[[Language], bytes]) -> bytes:
    """What is made of a card, once a day for each language: ages and times are counted anew."""
    rendered: Rendered = visited.request.app.state.rendered
    today: date = local_day(visited.context, visited.context.clock())
    language = visited.language
    return rendered.get((found.id, kind, language, today), lambda: make(language))


def _sheet(context: Context, found: Publication, language: Language) -> CardSheet:
    return card_sheet(card_of(context, found), speech(language).reader)


def _gone() -> Response:
    return Response("This card is not shown (any more).\n", status_code=404, media_type="text/plain")
