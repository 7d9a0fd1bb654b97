"""`matcher watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from matcher.cli.app import App, home_option, json_option, print_json, who_options

if TYPE_CHECKING:
    from matcher.services.watch_views import WatchView


@click.command()
@who_options
@json_option
@home_option
@click.pass_obj
def watch(app: App, actor: str, reason: str | None, as_json: bool) -> None:
    """Compare new cases with earlier sightings, and the other way round. Safe to kill and to repeat."""
    with app.open() as matcher:
        done = matcher.watch(actor=actor, reason=reason)
    if as_json:
        print_json(done)
    else:
        _print(done)


def _print(done: WatchView) -> None:
    since = "the first watch" if done.since is None else f"since {done.since:%Y-%m-%d %H:%M} UTC"
    click.echo(
        f"{done.cases} new cases ({done.case_faces} faces) met {done.streamed} faces of sightings; "
        f"{done.sighting_faces} faces of sightings met all cases; {since}."
    )
    click.echo(f"{done.new} new pairs for reviewers: {done.lists} new lists, {done.reopened} asked again.")
    skipped = done.skipped
    click.echo(
        f"Not asked: {skipped.known} known already, {skipped.judged} with reviewers or decided, {skipped.off_list} not "
        f"on the face's list, {skipped.cut} beyond the working point, {skipped.ended} ended meanwhile."
    )
    before = "" if done.standing_before is None else f", {done.standing_before} before"
    click.echo(f"{done.standing} pairs stand{before}; {done.gone} are gone since.")
    if done.unreached:
        click.echo(f"{done.unreached} faces of sightings are not found by the present models: no watch reaches them.")
    for pair in done.new_pairs:
        click.echo(f"new: case {pair.case}, sighting {pair.sighting}")
    for gone in done.gone_pairs:
        click.echo(f"gone: case {gone.case}, sighting {gone.sighting}, {gone.because}")
    click.echo(f"{done.seconds:.1f} s.")
