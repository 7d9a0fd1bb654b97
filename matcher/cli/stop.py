"""`matcher stop` and `matcher start`."""

from __future__ import annotations

import click

from matcher.cli.app import App, home_option, json_option, print_json, say, shown, who_options


@click.command()
@who_options
@json_option
@home_option
@click.pass_obj
def stop(app: App, actor: str, reason: str | None, as_json: bool) -> None:
    """Make the home read-only at once, in every process: nothing is changed or searched until `matcher start`."""
    with app.open() as matcher:
        made = matcher.stop_switch.stop(actor=actor, reason=_reason(reason))
    if as_json:
        print_json(made)
    else:
        say(f"Stopped at {shown(made.at)} by {made.by}. It can be read; `matcher start --reason …` lets it go on.")


@click.command()
@who_options
@json_option
@home_option
@click.pass_obj
def start(app: App, actor: str, reason: str | None, as_json: bool) -> None:
    """Let a stopped home go on."""
    with app.open() as matcher:
        ended = matcher.stop_switch.start(actor=actor, reason=_reason(reason))
    if as_json:
        print_json(ended)
    else:
        say(f"Started again: it was stopped at {shown(ended.at)} by {ended.by}.")


def _reason(given: str | None) -> str:
    if not given:
        raise click.UsageError("Why? Give --reason: it is kept in the audit log.")
    return given
