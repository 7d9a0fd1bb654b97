"""E-mail: one message to one person, over a connection of its own."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing, suppress
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from matcher.config import Settings
from matcher.delivery.words import words_of
from matcher.domain.ids import id_text
from matcher.domain.messages import Message

TIMEOUT = 10.0  # seconds for each answer of the mail server
_SUBJECTS = {
    "pair": "sighting-matcher: a pair waits for you",
    "dispute": "sighting-matcher: somebody disputes a card",
}
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Undeliverable(Exception):
    """No further attempt would help."""


def mail(message: Message, address: str | None, settings: Settings, now: datetime) -> EmailMessage:
    """The e-mail. Its Message-ID is the same at each attempt; no name is in it, only addresses.

    `Undeliverable` without an address, and for anything but exactly one: it cannot add a header or a receiver.
    """
    if address is None:
        raise Undeliverable
    said = words_of(message, settings)
    written = EmailMessage(policy=SMTP)
    try:
        written["To"] = Address(addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:  # the parser stumbles over an empty text
        raise Undeliverable from error
    written["From"] = Address(addr_spec=settings.mail_from or "")
    written["Subject"] = _SUBJECTS[message.kind.partition(".")[0]]
    written["Date"] = format_datetime(now)
    written["Message-ID"] = f"<{id_text(message.id)}@{_domain(settings)}>"
    written["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in return
    lines = [said.sentence, said.advice, "", f"{said.about.capitalize()}: {said.id}"]
    if said.address is not None:
        lines.append(f"{said.page.capitalize()}: {said.address}")
    written.set_content("\n".join(lines) + "\n")
    return written


def send(written: EmailMessage, settings: Settings) -> None:
    """Hand an e-mail to the mail server; any exception means that it did not say that it took it."""
    with closing(_connected(settings)) as server:
        if settings.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())  # never goes on in the open
        if settings.smtp_user is not None and settings.smtp_password is not None:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(written, to_addrs=[written["To"].addresses[0].addr_spec])
        with suppress(OSError):  # it was taken: a failed farewell changes nothing
            server.quit()


def _connected(settings: Settings) -> smtplib.SMTP:
    host, port = settings.smtp_host or "", settings.smtp_port or _PORTS[settings.smtp_security]
    name = _domain(settings)  # this machine's own name is nobody's business
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(host, port, name, timeout=TIMEOUT, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, name, timeout=TIMEOUT)


def _domain(settings: Settings) -> str:
    return (settings.mail_from or "").partition("@")[2]
