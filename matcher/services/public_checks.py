"""What the doctor says of the public side: reports and disputes that wait, partners that fail, cards without an
address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from matcher.domain.cards import CardFacts
from matcher.domain.messages import Channel
from matcher.domain.publications import CardState
from matcher.domain.reports import ReportState
from matcher.errors import ExtraMissing
from matcher.images.fonts import missing_letters
from matcher.services.context import Context
from matcher.services.findings import Finding
from matcher.services.outbox import channels_of

_UNLOOKED = timedelta(minutes=15)  # a look takes seconds, and a process that died over one leaves it for ten minutes
_HELD = timedelta(hours=24)
_ANSWER = timedelta(hours=1)  # somebody says that a child who is shown is not missing, or should not be shown
_FAILING = timedelta(hours=1)


def _reports(context: Context) -> Finding:
    """Whether what the public reports is searched for, and whether people decide about what they have to."""
    now = context.clock()
    with context.store.read() as reading:
        queued = _since(reading.reports.standing(ReportState.QUEUED), now - _UNLOOKED)
        asked = [one for state in (ReportState.HELD, ReportState.WITHDRAWN) for one in reading.reports.standing(state)]
    if queued:
        text = (
            f"{len(queued)} wait for a look at their photos, the first since {_shown(queued[0])}: nobody is searched."
        )
        step = "`matcher report look` looks at them now; see why no `matcher serve` or timer does."
        return Finding("reports", False, text, step)
    held = _since(sorted(asked), now - _HELD)
    if held:
        text = f"{len(held)} wait for a person for more than a day, the first since {_shown(held[0])}."
        return Finding("reports", None, text, "See them with `matcher report list --waiting`, and decide.")
    return Finding("reports", True, f"waiting for people: {len(asked)}, none for long")


def _disputes(context: Context) -> Finding:
    with context.store.read() as reading:
        found = [one.received_at for one in reading.reports.open_disputes()]
    late = _since(found, context.clock() - _ANSWER)
    if late:
        text = f"{len(late)} disputes of cards wait for an officer, the first since {_shown(late[0])}."
        step = "An officer looks at once: `matcher report disputes`, then `matcher report decide-dispute`."
        return Finding("public disputes", None, text, step)
    waiting = f"waiting for officers: {len(found)}, none for long"
    if context.settings.public_url is not None and channels_of(context) <= {Channel.PARTNER}:
        step = "Set 'smtp_host' or 'webhook_url', so that officers are called."
        return Finding("public disputes", None, f"{waiting}; officers see one only when they look at the desk.", step)
    return Finding("public disputes", True, waiting)


def _partners(context: Context) -> Finding:
    now = context.clock()
    with context.store.read() as reading:
        active = [one for one in reading.partners.list() if one.active]
    # One that is said to fail from the future on was written by a wrong clock: for how long, nobody knows.
    failing = [one for one in active if one.failing_since and not now - _FAILING < one.failing_since <= now]
    if failing:
        named = "; ".join(f"'{one.name}' since {_shown(one.failing_since or now)}" for one in failing)
        step = (
            "Ask them; when they are well again, `matcher partner try-now NAME`. Why: `matcher notices list`. "
            "Their users hear of no alert and of no end meanwhile."
        )
        return Finding("partners", None, f"nothing reaches {named}.", step)
    return Finding(
        "partners",
        True,
        f"told of alerts: {len(active)}, none fails for long" if active else "nobody is told of alerts",
    )


def _cards(context: Context) -> Finding:
    now = context.clock()
    with context.store.read() as reading:
        found = [one.facts for one in reading.cards.in_state(CardState.LIVE) if one.shown(now)]
    shown = len(found)
    if shown and context.settings.public_url is None:
        step = "Set 'public_url' to where the public finds cards and the form."
        return Finding("cards", None, f"live: {shown}, and nothing says where the public finds them.", step)
    try:
        missing_letters(_written(found))
    except ExtraMissing as error:
        return Finding("cards", False, f"live: {shown}, and their pictures cannot be drawn. {error.message}")
    return Finding("cards", True, f"live: {shown}")


def _written(found: Iterable[CardFacts]) -> Iterator[str]:
    """What stands on cards in the words of cases, and some of the words that stand on all Chinese ones."""
    for facts in found:
        yield from filter(None, (facts.name, facts.place, facts.marks, facts.clothing, "寻找失踪儿童"))


def _since(standing: list[datetime], before: datetime) -> list[datetime]:
    return [one for one in standing if one <= before]


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


CHECKS: tuple[tuple[str, Callable[[Context], Finding]], ...] = (
    ("reports", _reports),
    ("public disputes", _disputes),
    ("partners", _partners),
    ("cards", _cards),
)
