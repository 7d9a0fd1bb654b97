"""Who visits a page of the public: nobody who is known; from where, and in which language it is read."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, Response

from matcher.domain.people import Language
from matcher.domain.publications import Publication
from matcher.errors import NotPermitted
from matcher.interchange.card_page import dialled
from matcher.services.cards import shown_card
from matcher.services.context import Context
from matcher.services.public_side import PublicSide
from matcher.web.forms import form_request
from matcher.web.languages import speech
from matcher.web.pages import language_of
from matcher.web.pages import page as any_page
from matcher.web.public.links import Links, choose
from matcher.web.public.trouble import Trouble
from matcher.web.security import is_own_page
from matcher.wording import Wording

_FOREIGN = Wording("This form is not from a page of ours: load the page anew.")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: networks of telephones speak to the old internet through it
_LONGEST_TIME = 24 * 3600  # seconds that a form may lie open and still tell how long it took


class Visitor:
    """A request of somebody who is not known."""

    def __init__(self, request: Request) -> None:
        self.context: Context = request.app.state.context
        self.request = request

    @property
    def side(self) -> PublicSide:
        """The use cases of the public side."""
        return PublicSide(self.context)

    @property
    def address(self) -> str | None:
        """Where the request comes from; a server that is called by itself has no such place.

        Of an IPv6 address its network of 64 bits, in which one device has as many addresses as it likes; of one that
        stands for an IPv4 address, which all lie in one such network, that address.
        """
        host = None if self.request.client is None else self.request.client.host
        try:
            address = ipaddress.ip_address(host or "")
        except ValueError:
            return host
        if isinstance(address, ipaddress.IPv4Address):
            return host
        old = ipaddress.IPv4Address(int(address) % 2**32) if address in _NAT64 else address.ipv4_mapped
        return str(old or ipaddress.ip_network((address, 64), strict=False).network_address)

    @property
    def language(self) -> Language:
        """The language in which pages are answered."""
        return language_of(self.request)

    def card(self, code: str | None) -> Publication | None:
        """The card of a code, or the one that took its place, if the public may see it now."""
        with self.context.store.read() as reading:
            return shown_card(reading, code, self.context.clock())

    @property
    def zone(self) -> ZoneInfo:
        """Where the public is."""
        return ZoneInfo(self.context.settings.public_zone)

    @property
    def today(self) -> date:
        """The day there."""
        return self.context.clock().astimezone(self.zone).date()

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page of the public. A page with a form may be given its `problem`, and what was `given` in it; it says when
        one is over by itself.
        """
        problem: Trouble | None = values.get("problem")
        known: dict[str, Any] = {
            "lang": self.language.value,
            "link": Links(self.request),
            "emergency": self.context.settings.public_emergency,
            "phone": self.context.settings.public_phone,
            "dialled": dialled,
            "office": self.context.settings.public_name,
            "local": self._local,
            "zone_name": speech(self.language).zone,
            "problem": None,
            "given": {},
        }
        answer = any_page(self.request, f"public/{template}", status=status, **{**known, **values})
        if problem is not None and problem.seconds is not None:
            answer.headers["Retry-After"] = str(problem.seconds)
        return answer

    def _local(self, at: datetime) -> str:
        """A time as the clocks show it where the public is."""
        return speech(self.language).local(at, self.zone)

    def started(self) -> str:
        """What a form carries to tell later when it was given out: seconds, and a proof that they are ours."""
        seconds = f"{self.context.clock().timestamp():.0f}"
        return f"{seconds}.{self._proof(seconds)}"

    def seconds_since(self, started: str) -> float | None:
        """How long ago a form was given out; `None` if it does not tell, or tells what we did not give out."""
        seconds, _, proof = started.partition(".")
        if (
            not seconds.isascii()
            or not seconds.isdigit()
            or not hmac.compare_digest(proof.encode(), self._proof(seconds).encode())
        ):
            return None
        passed = self.context.clock().timestamp() - int(seconds)
        return passed if 0 <= passed <= _LONGEST_TIME else None

    def _proof(self, seconds: str) -> str:
        return self.context.key.digest(seconds.encode(), "form")[:32]


def visitor(request: Request, lang: str | None = None) -> Visitor:
    """The visitor of a request; `lang` chooses another language than the browser asks for."""
    choose(request, lang)
    return Visitor(request)


def problem_page(request: Request, status: int, message: str) -> Response:
    """The answer to what no form can show, or to an address that leads nowhere: no dependency chose its language."""
    choose(request, getattr(request.state, "language", None) or request.query_params.get("lang"))
    return Visitor(request).page("problem.html", status=status, missing=status == 404, message=message)


async def sent_form(request: Request) -> AsyncIterator[FormData]:
    """A form that one of our pages sent, whole; its files go when it is answered."""
    if not is_own_page(request.headers):
        raise NotPermitted(_FOREIGN)
    async with form_request(request).form() as given:
        choose(request, given.get("lang"))
        yield given


Anybody = Annotated[Visitor, Depends(visitor)]
Sent = Annotated[FormData, Depends(sent_form)]
