"""Officers are told of disputes of the public by e-mail and webhook: where to look, and only while there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from offices import START, Office, opened
from publishing import missing, published
from receivers import HookServer, MailServer, hook_server, mail_server
from reviews import Clock

from matcher import Matcher
from matcher.delivery.sending import send_due
from matcher.domain.messages import MessageState
from matcher.services.context import Context
from matcher.services.outbox import listed


@pytest.fixture
def letters() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


@pytest.fixture
def office(home: Path, letters: MailServer, hook: HookServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("MATCHER_WEBHOOK_SECRET", "only the receiver knows")
    settings = {
        "control_rate": 0.0,
        "smtp_host": "127.0.0.1",
        "smtp_port": letters.port,
        "smtp_security": "none",
        "mail_from": "desk@example.org",
        "webhook_url": hook.url,
        "desk_url": "https://desk.example.org",
    }
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
    for one in opened(home, Clock(START), f"{lines}\n"):
        with one.matcher.context.store.write() as transaction:
            officer = transaction.people.by_name("officer")
            assert officer is not None
            transaction.people.update(replace(officer, email="gao@example.org"))
        yield one


def disputed(office: Office) -> str:
    missing(office)
    disputes = office.matcher.public.disputes
    disputes.open(published(office).code, "self", contact="139", note="it is me")
    return disputes.waiting(office.officer)[-1].id


def test_officers_are_told_where_disputes_are(office: Office, letters: MailServer, hook: HookServer) -> None:
    dispute = disputed(office)
    assert send_due(office.matcher.context) == {MessageState.SENT: 2}
    (letter,), (event,) = letters.letters, hook.events
    assert letter.message.get_content().replace("\r\n", "\n") == (
        "Somebody says that a card should not be shown: an officer has to look at once.\n"
        "Look at the disputes on the desk, or with `matcher report disputes`.\n\n"
        f"Dispute: {dispute}\nDisputes: https://desk.example.org/disputes\n"
    )
    told = json.loads(event.body)
    assert (told["subject"], told["data"]) == (
        dispute,
        {
            "text": "Somebody says that a card should not be shown: an officer has to look at once.",
            "dispute": dispute,
            "disputes": "https://desk.example.org/disputes",
        },
    )


@pytest.mark.parametrize("happened", ["dismissed", "upheld", "erased"])
def test_nobody_is_told_of_a_dispute_that_is_decided_or_gone(office: Office, hook: HookServer, happened: str) -> None:
    hook.answer = 503
    dispute = disputed(office)
    assert send_due(office.matcher.context) == {MessageState.SENT: 1, MessageState.WAITING: 1}
    if happened == "erased":
        office.matcher.endings.erase_case(office.officer, "A-1")
    else:
        disputes, upheld = office.matcher.public.disputes, happened == "upheld"
        disputes.decide(office.officer, dispute, upheld=upheld, reason="she was called")
    office.clock.forward(hours=1)
    assert send_due(office.matcher.context) == {}
    assert len(hook.events) == 1
    assert listed(office.matcher.context, [MessageState.WAITING]) == []


def test_what_happens_while_nothing_is_sent_is_told_afterwards(office: Office, hook: HookServer) -> None:
    context = office.matcher.context
    context.home.write_setting("send_messages", "false")
    with Matcher(Context(context.home, clock=office.clock)) as silent:
        missing(office)
        silent.public.disputes.open(published(office).code, "self", contact="139", note="it is me")
        assert send_due(silent.context) == {}
    assert send_due(context) == {MessageState.SENT: 2}
    assert len(hook.events) == 1
