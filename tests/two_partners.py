"""Two partners, one of which may misbehave, and alerts that both are told of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from offices import START, Office, opened
from publishing import admin, alerted, missing, published, second_officer
from receivers import Event, HookServer, hook_server
from reviews import Clock

from matcher.accounts.rights import Acting
from matcher.delivery.sending import send_due
from matcher.domain.messages import MessageState
from matcher.services.alert_views import AlertView
from matcher.services.alerts import grow_due
from matcher.services.outbox import MessageView, listed
from matcher.services.partners import PartnerView

SETTINGS = 'control_rate = 0.0\npublic_url = "https://find.example"\n'


@dataclass
class Two:
    """Two partners, and alerts about which there is something to tell."""

    office: Office
    bad: HookServer
    good: HookServer
    acting: Acting
    second: Acting
    secrets: dict[str, str]

    def alert(self, number: str = "A-1", **terms: object) -> AlertView:
        """One more bulletin: a child is missed."""
        missing(self.office, number, seed=int(number[2:]))
        published(self.office, number)
        return alerted(self.office, self.second, number, **terms)

    def _last(self) -> int:
        with self.office.matcher.context.store.read() as reading:
            return reading.alerts.last_bulletin()

    def step(self, kind: str) -> None:
        if kind == "alert":
            self.alert()
        elif kind == "update":
            before = self._last()
            self.office.clock.forward(hours=1)
            grow_due(self.office.matcher.context)  # or a postman that is at work was quicker
            assert self._last() == before + 1
        else:
            self.office.matcher.close_case("A-1", status="returned", actor="me")

    def send(self) -> dict[MessageState, int]:
        return send_due(self.office.matcher.context)

    def messages(self, *states: MessageState) -> list[MessageView]:
        return list(listed(self.office.matcher.context, states or tuple(MessageState)))

    def waiting(self) -> int:
        return len(self.messages(MessageState.WAITING))

    def view(self, name: str = "bad") -> PartnerView:
        (found,) = (one for one in self.office.matcher.public.partners.listed(self.acting) if one.name == name)
        return found


def two_partners(home: Path, settings: str = SETTINGS) -> Iterator[Two]:
    """A home with both, and their servers."""
    with hook_server() as bad, hook_server() as good:
        for office in opened(home, Clock(START), settings):
            partners, acting = office.matcher.public.partners, admin(office)
            secrets = {name: partners.add(acting, name, one.url)[0] for name, one in (("bad", bad), ("good", good))}
            yield Two(office, bad, good, acting, second_officer(office), secrets)


def events(server: HookServer) -> list[dict]:
    """What a partner was told, each event once, at its first time."""
    return list({event["id"]: event for event in (json.loads(one.body) for one in server.events)}.values())


def told(server: HookServer) -> list[dict]:
    return [event["data"] for event in events(server)]


def kinds(server: HookServer) -> list[str]:
    return [one["kind"] for one in told(server)]


def numbers(server: HookServer) -> list[int]:
    """The number of each attempt."""
    return [json.loads(one.body)["data"]["number"] for one in server.events]


def sent_at(event: Event) -> float:
    return float(event.headers["Matcher-Signature"].split(",")[0].removeprefix("t="))
