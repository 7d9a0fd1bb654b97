"""Sends what is due, tries again what failed, gives up after about three days.

A message is sent at least once. It may come twice, with the same id, if a sender dies between the receiver's answer and
its own note of it, or if that answer is lost.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import TracebackType

from matcher.delivery import mail, partner_event, webhook
from matcher.domain.ids import id_text
from matcher.domain.messages import Channel, MessageState
from matcher.errors import WrongUse
from matcher.services.alerts import grow_due
from matcher.services.context import Context
from matcher.services.outbox import Errand, begin, end, end_with_partner, secret_of

ATTEMPTS = 20  # with the waits below, the last one comes 69 hours after the first
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
_JITTER = 0.2  # so that what failed together does not come back together
LONGEST_TRIED = timedelta(days=3)  # a partner may be down for a weekend
# A partner that answers so does not take this very message. With any other failure it is the partner that fails: one
# that does not know us (401, 403) or has moved (404, 410) takes no other message either.
_UNWRITTEN = "unwritten"  # what it tells cannot be made an event, which is no partner's fault
_REFUSED = frozenset({"http_400", "http_413", "http_415", "http_422", _UNWRITTEN})
_SENDERS = 4  # so that receivers who hang up late, or never, do not hold up the others
_LEASE = timedelta(minutes=10)  # longer than an attempt takes: a mail server answers a dozen times

_log = logging.getLogger("matcher.delivery")


def require_secrets(context: Context) -> None:
    """`WrongUse` where a way out is set without the secret that it needs."""
    lacking = context.settings.lacking_secrets()
    if lacking:
        raise WrongUse(f"No message can be sent: {'; '.join(lacking)}.")


def send_due(context: Context, stop: threading.Event | None = None) -> Counter[MessageState]:
    """Try each message that is due once; how many were sent, wait for another attempt, or died of this one.

    Ask `require_secrets` first: without its secret a message fails as if nobody took it.
    """
    done: Counter[MessageState] = Counter()
    while not (stop is not None and stop.is_set()):
        taken = begin(context, _LEASE)
        if taken is None:
            break
        message = taken.message
        error, hopeless = None, False
        try:
            error = _send(context, taken)
        except mail.Undeliverable:
            error, hopeless = "no_address", True
        except Exception as caught:  # noqa: BLE001 - whatever it is, the other messages go on
            error = type(caught).__name__  # its words may hold an address or a password
        state = _end(context, taken, error, hopeless=hopeless)
        if state is MessageState.DEAD:
            _log.error(f"message {id_text(message.id)} is given up after {message.attempts} attempts: {error}")
        done[state] += 1
    return done


def _end(context: Context, taken: Errand, error: str | None, *, hopeless: bool) -> MessageState:
    message, partner = taken.message, taken.partner
    if partner is None:
        return end(context, message, error, None if hopeless else wait_after(message.attempts))
    refused = error in _REFUSED
    rest = None if error is None or refused else _longer(partner.failures + 1)
    now = context.clock()
    # It may have waited for long before anybody tried, as where a home sends nothing at first.
    tried = message.attempts > LONGEST_TRIED.days if refused else now - (partner.failing_since or now) > LONGEST_TRIED
    dead = error is not None and tried and now - message.created_at > LONGEST_TRIED
    return end_with_partner(context, taken, error, rest=rest, dead=dead)


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts that failed: 1 minute, then twice as long each time up to 6 hours.

    Up to a fifth more or less, by chance. `None` when there were enough.
    """
    if attempts >= ATTEMPTS:
        return None
    return _longer(attempts)


def _longer(attempts: int) -> timedelta:
    wait = min(_FIRST_WAIT * (1 << min(attempts - 1, 20)), _LONGEST_WAIT)
    return wait * secrets.SystemRandom().uniform(1 - _JITTER, 1 + _JITTER)


def _send(context: Context, taken: Errand) -> str | None:
    """Send one message; a word for why it was not taken."""
    settings, now, message = context.settings, context.clock(), taken.message
    if message.channel is Channel.EMAIL:
        mail.send(mail.mail(message, taken.address, settings, now), settings)
        return None
    if taken.partner is not None:
        try:
            body = partner_event.event(taken, settings.public_url)
        except (LookupError, TypeError, ValueError):
            return _UNWRITTEN
        status = webhook.post(body, taken.partner.url, secret_of(context, taken), now.timestamp())
    elif settings.webhook_url is not None and settings.webhook_secret is not None:
        secret = settings.webhook_secret.get_secret_value()
        status = webhook.post(webhook.event(message, settings), settings.webhook_url, secret, now.timestamp())
    else:
        raise ValueError("no webhook is set")
    return None if 200 <= status < 300 else f"http_{status}"


class Postman:
    """Lets the areas of alerts grow and sends what is due, every few seconds in threads, inside a `with` block."""

    def __init__(self, context: Context, every: float = 5.0) -> None:
        self._context = context
        self._every = every
        self._stop = threading.Event()
        # Daemons: a receiver that does not answer must not keep the process from ending.
        self._threads = [
            threading.Thread(target=work, name="postman", daemon=True)
            for work in (self._work, *[self._help] * (_SENDERS - 1))
        ]

    def __enter__(self) -> Postman:
        require_secrets(self._context)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(2 * webhook.TIMEOUT)

    def _work(self) -> None:
        told: list[str] = []
        while not self._stop.is_set():
            # Whatever keeps areas from growing, the end of an alert must be told.
            troubles = [
                *_trouble("areas of alerts cannot grow", lambda: grow_due(self._context)),
                *_trouble("messages cannot be sent", lambda: send_due(self._context, self._stop)),
            ]
            for trouble in troubles:
                if trouble not in told:  # once, not every few seconds
                    _log.error(trouble)
            told = troubles
            self._stop.wait(self._every)

    def _help(self) -> None:
        while not self._stop.is_set():
            with suppress(Exception):  # the first one has it too, and tells it
                send_due(self._context, self._stop)
            self._stop.wait(self._every)


def _trouble(what: str, step: Callable[[], object]) -> list[str]:
    """Do one step; in words what kept it from being done, if anything did."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - the desk must go on, and so must the next round
        return [f"{what}: {type(error).__name__}"]
    return []
