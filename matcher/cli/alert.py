"""`matcher alert …`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.alert_export import export
from matcher.cli.alert_view import print_alert, print_alerts, print_proposal
from matcher.cli.app import App, ask, home_option, json_option, no_actor_option, print_json, say, yes_option
from matcher.cli.session import signed_in
from matcher.domain.alerts import Growth, Meant
from matcher.domain.positions import Datum
from matcher.interchange import cells

if TYPE_CHECKING:
    from matcher.services.alert_terms import NewTerms

_SCHEDULES = ("tuanyuan", "near")


@click.group()
def alert() -> None:
    """Alerts: the public is asked to look out for a child whose card it sees."""


def _terms_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where an alert is heard, how far by when, until when, in which words."""
    datums = click.Choice([datum.value for datum in Datum])
    options = (
        click.option(
            "--schedule",
            type=click.Choice(_SCHEDULES),
            help="How far it is heard: tuanyuan 100, 200, 300, 500 km from hour 0, 1, 2, 3 on; near 10 km.",
        ),
        click.option(
            "--grow",
            multiple=True,
            metavar="HOURS:KM",
            help="A schedule of your own: from so many hours on, within so many km. Repeatable; the first from hour 0.",
        ),
        click.option("--lat", type=float, help="Latitude of the centre, degrees; default: where the child was seen."),
        click.option("--lon", type=float, help="Longitude of the centre, degrees."),
        click.option("--datum", type=datums, default="wgs84", help="gcj02 for positions of Chinese map apps."),
        click.option("--place", help="Where the centre lies, in words."),
        click.option("--since", help="The time from which on the hours count; default: when the child went missing."),
        click.option("--expires", help="When it ends by itself; default: after the setting alert_days."),
        click.option("--note", help="A few sentences for the public."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _terms(given: dict[str, Any]) -> NewTerms:
    from matcher.services.alert_terms import NewTerms
    from matcher.services.details import parsed

    if given["schedule"] and given["grow"]:
        raise click.UsageError("Give --schedule or --grow, one of them.")
    where = {name: given[name] for name in ("lat", "lon") if given[name] is not None}
    times = {
        name: None if given[name] is None else parsed(name, given[name], cells.instant) for name in ("since", "expires")
    }
    return NewTerms(
        centre=cells.position({**where, "datum": given["datum"]}),
        place=given["place"],
        growth=_growth(given["grow"]) if given["grow"] else given["schedule"],
        since=times["since"],
        expires_at=times["expires"],
        note=given["note"],
    )


def _growth(steps: tuple[str, ...]) -> Growth:
    found = []
    for step in steps:
        hours, _, radius = step.partition(":")
        try:
            found.append((float(hours), float(radius)))
        except ValueError as error:
            wrong = f"--grow {step}: write HOURS:KM, for example 0:5 and then 6:20."
            raise click.UsageError(wrong) from error
    return Growth(tuple(found))


@alert.command("draft")
@click.argument("case_id", metavar="CASE")
@_terms_options
@no_actor_option
@json_option
@home_option
@click.pass_obj
def draft(app: App, /, case_id: str, as_json: bool, **given: Any) -> None:
    """Draft an alert about open case CASE, whose card the public sees; nobody outside hears of it."""
    with app.open() as matcher:
        view = matcher.public.alerts.draft(signed_in(matcher), case_id, _terms(given))
    print_alert(view, as_json)
    if not as_json:
        say(f"Next: `matcher alert issue {view.id} --meant …`.")


@alert.command("issue")
@click.argument("alert_id", metavar="ALERT")
@click.option(
    "--meant",
    required=True,
    type=click.Choice([meant.value for meant in Meant]),
    help="How it is meant: an actual one reaches the public and takes two officers, a test or an exercise one.",
)
@no_actor_option
@json_option
@home_option
@click.pass_obj
def issue(app: App, alert_id: str, meant: str, as_json: bool) -> None:
    """Issue the drafted ALERT: a test or exercise at once, an actual one when another officer has agreed."""
    with app.open() as matcher:
        view = matcher.public.alerts.issue(signed_in(matcher), alert_id, meant)
    print_alert(view, as_json)


@alert.command("update")
@click.argument("alert_id", metavar="ALERT")
@_terms_options
@no_actor_option
@json_option
@home_option
@click.pass_obj
def update(app: App, /, alert_id: str, as_json: bool, **given: Any) -> None:
    """Change what ALERT says; of an actual one when another officer has agreed. No area becomes smaller."""
    if all(value is None or value == () for name, value in given.items() if name != "datum"):
        raise click.UsageError("Nothing to change: give an option.")
    with app.open() as matcher:
        view = matcher.public.alerts.update(signed_in(matcher), alert_id, _terms(given))
    print_alert(view, as_json)


@alert.command("approve")
@click.argument("alert_id", metavar="ALERT")
@yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def approve(app: App, alert_id: str, yes: bool, as_json: bool) -> None:
    """Agree, as a second officer, to what is proposed about ALERT: it then happens at once."""
    with app.open() as matcher:
        acting, alerts = signed_in(matcher), matcher.public.alerts
        found = alerts.alert(acting, alert_id)
        if found.proposal is not None and not yes:
            print_proposal(found, err=True)
            ask("It is told at once, to the partners and to all who look. Agree?", yes)
        view = alerts.approve(acting, alert_id, seen=found.updated_at)
    print_alert(view, as_json)


@alert.command("decline")
@click.argument("alert_id", metavar="ALERT")
@click.option("--reason", required=True, help="Why, in your own words.")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def decline(app: App, alert_id: str, reason: str, as_json: bool) -> None:
    """Let what is proposed about ALERT not happen, by you or by another officer: all stays as it is."""
    with app.open() as matcher:
        view = matcher.public.alerts.decline(signed_in(matcher), alert_id, reason=reason)
    print_alert(view, as_json)


@alert.command("cancel")
@click.argument("alert_id", metavar="ALERT")
@click.option("--reason", required=True, help="Why, in your own words; the public is not told.")
@yes_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def cancel(app: App, alert_id: str, reason: str, yes: bool, as_json: bool) -> None:
    """End ALERT at once, and tell all who were told of it. One officer is enough; it cannot be issued again."""
    with app.open() as matcher:
        acting, alerts = signed_in(matcher), matcher.public.alerts
        found = alerts.alert(acting, alert_id)
        ask(f"Cancel the alert {found.id} about case '{found.case_id}'?", yes)
        view = alerts.cancel(acting, alert_id, reason=reason)
    print_alert(view, as_json)


@alert.command("show")
@click.argument("alert_id", metavar="ALERT")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def show(app: App, alert_id: str, as_json: bool) -> None:
    """Show ALERT, what is proposed about it and all that was told of it."""
    with app.open() as matcher:
        acting, alerts = signed_in(matcher), matcher.public.alerts
        view, told = alerts.alert(acting, alert_id), alerts.bulletins(acting, alert_id)
        address = matcher.context.settings.public_url
    print_alert(view, as_json, told, address)


@alert.command("list")
@click.option("--ended", is_flag=True, help="Those that were cancelled or ran out, instead of drafts and active ones.")
@click.option("--case", "case_id", help="Only those about this case, ended or not.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@no_actor_option
@json_option
@home_option
@click.pass_obj
def list_alerts(app: App, ended: bool, case_id: str | None, limit: int | None, as_json: bool) -> None:
    """List alerts, newest first."""
    if ended and case_id is not None:
        raise click.UsageError("--case lists all alerts about a case: leave --ended out.")
    with app.open() as matcher:
        acting, alerts = signed_in(matcher), matcher.public.alerts
        if case_id is not None:
            found = alerts.of_case(acting, case_id)[:limit]
        else:
            found = alerts.listed(acting, ended=ended, limit=limit)
    print_alerts(found, as_json)


@alert.command("advance")
@json_option
@home_option
@click.pass_obj
def advance(app: App, as_json: bool) -> None:
    """Let the areas grow whose time has come. `matcher serve` does it by itself; elsewhere let a timer do it."""
    from matcher.services.alerts import grow_due

    with app.open() as matcher:
        grown = grow_due(matcher.context)
    if as_json:
        print_json({"grown": grown})
    else:
        say(f"Areas that grew: {grown}.{' `matcher notices send` tells the partners.' if grown else ''}")


alert.add_command(export)
