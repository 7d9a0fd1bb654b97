"""`matcher retention …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, say, who_options

if TYPE_CHECKING:
    from matcher.services.retention import Leaving


@click.group()
def retention() -> None:
    """What has been kept for as long as its rule allows."""


@retention.command("plan")
@click.option(
    "--ahead", type=click.FloatRange(min=0, max=36500), default=0, help="What goes within so many days from now."
)
@json_option
@home_option
@click.pass_obj
def plan(app: App, ahead: float, as_json: bool) -> None:
    """Show what would go, by which rule and since when it may; nothing is changed."""
    with app.open() as matcher:
        found = matcher.endings.retention_plan(ahead_days=ahead)
    if as_json:
        print_json(found)
        return
    rows = [(one.rule, one.case_id or one.id, one.since, one.due, _remark(one)) for one in found.leaving]
    print_table(("RULE", "WHAT", "KEPT SINCE", "UNTIL", "REMARK"), rows, "Nothing has been kept long enough to go.")
    if found.removes:
        say(f"Cases and sightings that go: {found.removes}, a share of {found.share:.3f} of this home.")
    if found.large:
        say("That is a large share: `matcher retention apply` takes --accept-large.")


def _remark(one: Leaving) -> str | None:
    if one.rule.value == "refused_days":
        return "a person refused it"
    return "nobody has looked at it" if one.unseen else None


@retention.command("apply")
@click.option("--accept-large", is_flag=True, help="Go on although more than 5 in 100 cases and sightings go.")
@who_options
@json_option
@home_option
@click.pass_obj
def apply(app: App, /, accept_large: bool, as_json: bool, **who: Any) -> None:
    """Erase what `retention plan` shows."""
    with app.open() as matcher:
        done = matcher.endings.apply_retention(accept_large=accept_large, **who)
    if as_json:
        print_json(done)
        return
    say(f"Erased: {done.cases} cases, {done.sightings} sightings; vectors of {done.bystanders} bystanders' faces.")
    if done.kept:
        say(f"Kept, since something happened to them meanwhile: {done.kept}.")
    if done.cases or done.sightings:
        say("The next `matcher reindex` completes the proof; `matcher erasure list` shows what is awaited.")
