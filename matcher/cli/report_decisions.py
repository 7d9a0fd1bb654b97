"""`matcher report …` for those who decide: what becomes of a report, and of a dispute of the public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from matcher.cli.app import (
    App,
    ask,
    home_option,
    json_option,
    no_actor_option,
    print_json,
    reason_option,
    say,
    yes_option,
)
from matcher.cli.session import signed_in
from matcher.domain.public_words import REPORT_STATES

if TYPE_CHECKING:
    from matcher.services.report_desk import ReportLine

_why = click.option("--reason", required=True, help="Why, in your own words.")


@click.command("release")
@click.argument("report_id", metavar="ID")
@reason_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def release(app: App, report_id: str, reason: str | None, as_json: bool) -> None:
    """Let report ID be searched for, which waits for a person or was taken for a duplicate."""
    with app.open() as matcher:
        line = matcher.public.reports.release(signed_in(matcher), report_id, reason=reason)
    _print(line, as_json)


@click.command("refuse")
@click.argument("report_id", metavar="ID")
@_why
@yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def refuse(app: App, report_id: str, reason: str, yes: bool, as_json: bool) -> None:
    """Say that report ID is spam or abuse: it is not searched for, and erased after the setting refused_days."""
    with app.open() as matcher:
        acting, days = signed_in(matcher), matcher.context.settings.refused_days
        ask(f"Nobody is searched for by report {report_id}, and it is erased after {days:g} days. Refuse it?", yes)
        line = matcher.public.reports.refuse(acting, report_id, reason=reason)
    _print(line, as_json)


@click.command("keep")
@click.argument("report_id", metavar="ID")
@_why
@no_actor_option
@json_option
@home_option
@click.pass_obj
def keep(app: App, report_id: str, reason: str, as_json: bool) -> None:
    """As an officer: keep report ID although its reporter took it back. Who agrees says `matcher sighting erase ID`."""
    with app.open() as matcher:
        line = matcher.public.reports.keep(signed_in(matcher), report_id, reason=reason)
    _print(line, as_json)


@click.command("merge")
@click.argument("report_id", metavar="ID")
@click.argument("into", metavar="OTHER")
@no_actor_option
@home_option
@click.pass_obj
def merge(app: App, report_id: str, into: str) -> None:
    """Show report or sighting ID beside OTHER, since both tell of the same. Both stay what they are."""
    with app.open() as matcher:
        matcher.public.reports.merge(signed_in(matcher), report_id, into)
    say(f"{report_id} is shown beside {into}; `matcher report split {report_id}` undoes it.")


@click.command("split")
@click.argument("report_id", metavar="ID")
@no_actor_option
@home_option
@click.pass_obj
def split(app: App, report_id: str) -> None:
    """Show report or sighting ID by itself again; one that was taken for a duplicate is searched for."""
    with app.open() as matcher:
        matcher.public.reports.split(signed_in(matcher), report_id)
    say(f"{report_id} is shown by itself.")


@click.command("contact")
@click.argument("report_id", metavar="ID")
@_why
@no_actor_option
@json_option
@home_option
@click.pass_obj
def contact(app: App, report_id: str, reason: str, as_json: bool) -> None:
    """As an officer: show how the reporter of ID can be reached. The look and the reason are recorded."""
    with app.open() as matcher:
        found = matcher.public.reports.contact(signed_in(matcher), report_id, reason=reason)
    if as_json:
        print_json({"contact": found})
    else:
        say(found or "That was not told, or is erased.")


@click.command("decide-dispute")
@click.argument("dispute_id", metavar="ID")
@click.option(
    "--uphold/--dismiss",
    "upheld",
    default=None,
    help="It is right: the case is hidden, its card goes and its alerts are cancelled; or it is not.",
)
@_why
@yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def decide_dispute(app: App, /, dispute_id: str, upheld: bool | None, reason: str, yes: bool, as_json: bool) -> None:
    """As an officer: decide about dispute ID of the public. What is upheld hides the case; you then close, erase or
    reopen it."""
    if upheld is None:
        raise click.UsageError("Give --uphold or --dismiss.")
    with app.open() as matcher:
        acting = signed_in(matcher)
        if upheld:
            ask("The case is hidden, its card is taken back and its alerts are cancelled. Go on?", yes)
        view = matcher.public.disputes.decide(acting, dispute_id, upheld=upheld, reason=reason)
    if as_json:
        print_json(view)
    elif upheld:
        say(f"Upheld: case {view.case_id} is {view.status.value}, and nothing of it is public.")
    else:
        say(f"Dismissed: nothing changes for case {view.case_id}.")


def _print(line: ReportLine, as_json: bool) -> None:
    if as_json:
        print_json(line)
    else:
        say(f"Report {line.id}: {line.state.value} ({REPORT_STATES[line.state]}).")


DECISIONS = (release, refuse, keep, merge, split, contact, decide_dispute)
