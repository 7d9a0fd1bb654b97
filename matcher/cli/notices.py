"""`matcher notices …`: what is to leave this installation by e-mail and webhook."""

from __future__ import annotations

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, say
from matcher.errors import SomeRefused, WrongUse


@click.group()
def notices() -> None:
    """E-mail and webhooks that tell who has to decide: what waits, and sending it."""


@notices.command("send")
@click.option("--again", is_flag=True, help="Try those once more that were given up.")
@json_option
@home_option
@click.pass_obj
def send(app: App, again: bool, as_json: bool) -> None:
    """Send what is due; exit code 3 if a message was given up."""
    from matcher.delivery.sending import require_secrets, send_due
    from matcher.domain.messages import MessageState
    from matcher.services.outbox import count, revive

    with app.open() as matcher:
        if not matcher.context.settings.send_messages:
            raise WrongUse("This home sends nothing: 'send_messages' is false in its settings.")
        require_secrets(matcher.context)
        if again:
            revive(matcher.context)
        done = send_due(matcher.context)
        waiting, dead = (count(matcher.context, state) for state in (MessageState.WAITING, MessageState.DEAD))
    sent, given_up = done[MessageState.SENT], done[MessageState.DEAD]
    if as_json:
        print_json({"sent": sent, "given_up": given_up, "waiting": waiting, "dead": dead})
    else:
        say(f"{sent} sent, {waiting} waiting, {dead} dead.")
    if given_up:
        raise SomeRefused(f"{given_up} messages were given up now: see why with `matcher notices list`.")


@notices.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@json_option
@home_option
@click.pass_obj
def list_(app: App, limit: int, as_json: bool) -> None:
    """List what waits and what was given up, without what it says."""
    from matcher.domain.messages import MessageState
    from matcher.services.outbox import listed

    with app.open() as matcher:
        found = listed(matcher.context, (MessageState.WAITING, MessageState.DEAD), limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.id, one.channel, one.to, one.kind, one.about, one.state, one.attempts, one.due_at, one.error)
        for one in found
    ]
    columns = ("MESSAGE", "BY", "TO", "WHAT", "ABOUT", "STATE", "ATTEMPTS", "DUE", "LAST ERROR")
    print_table(columns, rows, "Nothing waits, and nothing was given up.")
